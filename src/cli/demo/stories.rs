//! What the demonstration tells: each state that a request can be in, hour by hour. Whether a
//! reviewer tells a release or must not is left to the law of the place.

/// What is known of the person's history, where California asks for it.
#[derive(Clone, Copy)]
pub enum History {
    /// Checked, and nothing in it opens any route.
    Nothing,
    /// A felony of the last fifteen years (Gov. Code 7282.5(a)).
    Burglary,
}

#[derive(Clone, Copy)]
pub enum Step {
    Lodge,
    /// The jail types in paper that came by fax.
    TypeIn,
    Acknowledge,
    /// Told to the office or not.
    Serve(bool),
    Check(History),
    Book,
    /// Booked under the same name and birth date, without an identifier.
    BookNamesake,
    /// Kind, and hours from the notice to the release (negative: before it).
    Notice(&'static str, i64),
    /// The reviewer tells the release if the law lets it, declines if the law bars it, and waits
    /// while it cannot be settled.
    Decide,
    Decline,
    /// The office confirms its latest notification, where there is one.
    Read,
    Hold,
    JailHandsOver,
    OfficeTakes,
    Claim,
    Restrict,
    /// Notice axis if it was told, custody axis, disclosed.
    JailStates(&'static str, &'static str, bool),
    OfficeStates(&'static str, &'static str),
    Cancel(&'static str),
}
use History::{Burglary, Nothing};
use Step::*;

/// Where a story happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Places {
    Jails,
    /// Where a person may be held past release on the request alone.
    Cooperating,
}
use Places::{Cooperating, Jails};

pub struct Story {
    pub places: Places,
    pub form: &'static str,
    /// Hours ago, and what happened.
    pub acts: &'static [(i64, Step)],
}

const fn story(places: Places, form: &'static str, acts: &'static [(i64, Step)]) -> Story {
    Story { places, form, acts }
}

#[rustfmt::skip]
pub const STORIES: &[Story] = &[
    // New, and one whose acknowledgement is overdue.
    story(Jails, "I-247A", &[(3, Lodge)]),
    story(Jails, "I-247A", &[(60, Lodge)]),
    story(Jails, "I-247A", &[(52, Lodge), (50, Acknowledge)]),
    story(Jails, "I-247G", &[(49, Book), (48, Lodge), (47, Acknowledge), (45, Serve(true))]),
    // A release is expected and waits for a decision.
    story(Jails, "I-247A", &[
        (73, Book), (72, Lodge), (70, Acknowledge), (69, Serve(true)), (68, Check(Burglary)), (5, Notice("scheduled", 26)),
    ]),
    story(Jails, "I-247A", &[
        (97, Lodge), (96, Acknowledge), (95, Serve(false)), (94, Book), (93, Check(Burglary)),
        (8, Notice("scheduled", 12)), (2, Notice("rescheduled", 30)),
    ]),
    // Withheld where the law has limits; nobody has to decide.
    story(Jails, "I-247A", &[
        (77, Book), (76, Lodge), (75, Acknowledge), (74, Serve(true)), (73, Check(Nothing)), (7, Notice("scheduled", 40)),
    ]),
    // Decided: told, and read by the office.
    story(Jails, "I-247A", &[
        (99, Book), (98, Lodge), (96, Acknowledge), (95, Serve(true)), (94, Check(Burglary)),
        (20, Notice("scheduled", 25)), (18, Decide),
    ]),
    story(Jails, "I-247A", &[
        (101, Book), (100, Lodge), (98, Acknowledge), (97, Serve(true)), (96, Check(Burglary)),
        (40, Notice("scheduled", 44)), (38, Decide), (37, Read),
    ]),
    story(Jails, "I-247G", &[
        (80, Book), (79, Lodge), (78, Acknowledge), (77, Serve(true)), (76, Check(Burglary)), (30, Notice("scheduled", 24)),
        (28, Decline), (6, Notice("actual", 0)),
        (5, JailStates("not_notified_declined_by_choice", "released_no_hold_requested", false)),
    ]),
    // Both sides say the same, and both sides say another thing.
    story(Jails, "I-247A", &[
        (120, Book), (119, Lodge), (118, Acknowledge), (117, Serve(true)), (116, Check(Burglary)), (60, Notice("scheduled", 30)),
        (58, Decide), (57, Read), (30, Notice("actual", 0)),
        (28, JailStates("notified_before", "dhs_arrest_at_release_no_hold", true)),
        (26, OfficeStates("notified_before", "dhs_arrest_at_release_no_hold")),
    ]),
    story(Jails, "I-247A", &[
        (122, Book), (121, Lodge), (119, Acknowledge), (118, Serve(true)), (117, Check(Burglary)), (62, Notice("immediate", 1)),
        (61, Decide), (60, Notice("actual", 0)),
        (50, JailStates("notified_before", "released_no_hold_requested", true)),
        (48, OfficeStates("notified_after_release", "dhs_no_show_hold_expired")),
    ]),
    // A citizen: claimed, then lifted by the office.
    story(Jails, "I-247A", &[(90, Lodge), (88, Acknowledge), (40, Claim), (12, Cancel("usc_or_presumptive_claim"))]),
    story(Jails, "I-247A", &[(33, Book), (32, Lodge), (31, Acknowledge), (9, Claim)]),
    // A release known before the request came.
    story(Jails, "I-247A", &[(75, Book), (70, Notice("scheduled", 90)), (60, Lodge)]),
    // Paper by fax that nobody has acknowledged; a namesake; a witness.
    story(Jails, "I-247A", &[(27, TypeIn)]),
    story(Jails, "I-247A", &[(46, Lodge), (45, Acknowledge), (44, BookNamesake)]),
    story(Jails, "I-247A", &[(55, Book), (54, Lodge), (53, Acknowledge), (20, Restrict)]),
    // Holds: one that runs, one that ended by itself, one that ended with a hand-over.
    story(Cooperating, "I-247A", &[(59, Book), (58, Lodge), (57, Acknowledge), (56, Serve(true)), (26, Hold)]),
    story(Cooperating, "I-247A", &[
        (131, Book), (130, Lodge), (129, Acknowledge), (128, Serve(true)), (100, Notice("scheduled", 12)), (99, Decide), (88, Hold),
        (40, Notice("actual", 0)), (39, JailStates("notified_before", "dhs_no_show_hold_expired", true)),
    ]),
    story(Cooperating, "I-247A", &[
        (111, Book), (110, Lodge), (109, Acknowledge), (108, Serve(true)), (90, Notice("scheduled", 30)), (89, Decide), (88, Read),
        (60, Hold), (45, JailHandsOver), (44, OfficeTakes), (43, Notice("actual", -1)),
        (42, JailStates("notified_before", "dhs_took_custody_during_hold", true)),
        (41, OfficeStates("notified_before", "dhs_took_custody_during_hold")),
    ]),
];
