//! The acts of the model that have rules of their own: decisions, holds, hand-overs, notices.

use super::acts::{Topic, Word};
use super::model::Audience::{Both, Jail};
use super::model::{Facts, Origin, Status, Verdict, about_release, ends_custody, judged};

/// A decision without a notice.
pub fn decide(f: &mut Facts, topic: Topic, word: Word, tell: bool) -> Verdict {
    let mut bars = f.bars_pending();
    let mut events = vec![("determination.made", Jail)];
    if word == Word::Comply {
        bars.extend(f.bars_of_claim());
        bars.extend(f.bars_of_law(topic));
    }
    if tell {
        bars.extend(f.bars_telling());
        bars.extend(f.bars_of_law(Topic::Notify));
        events.push(("decision.disclosed", Both));
    }
    if topic == Topic::Notify {
        // The newest about the release that the office was not told, if there is one.
        if word == Word::Comply && f.newest_release == Some(false) {
            bars.extend(f.bars_telling());
            events.push(("release_notice.disclosed", Both));
            f.newest_release = Some(true);
            if f.last_is_release {
                f.last_notice = Some(true);
            }
            (f.told, f.receipt) = (true, false);
        }
        f.decided = Some(word);
    }
    if tell {
        (f.told, f.receipt) = (true, false);
    }
    judged(bars, events)
}

/// A decision on the latest notice: stays possible when the case is closed.
pub fn decide_on(f: &mut Facts, word: Word) -> Verdict {
    let Some(told) = f.last_notice else {
        return Verdict::Absent;
    };
    // A decision on another kind is about that alone: each needs its own (POLICY).
    if f.last_is_release {
        f.decided = Some(word);
    }
    if word == Word::Decline {
        // What was told cannot be taken back, and nothing is said of declining a withdrawn one.
        return match told || !f.linked_and_standing() {
            true => Verdict::Open,
            false => Verdict::Legal(vec![("determination.made", Jail)]),
        };
    }
    let mut bars = f.bars_of_claim();
    bars.extend(f.bars_of_law(Topic::Notify));
    bars.extend(f.bars_telling());
    if told {
        bars.push(("illegal-transition", "told"));
    }
    let kind = match f.last_is_release {
        true => "release_notice.disclosed",
        false => "status.disclosed",
    };
    f.last_notice = Some(true);
    if f.last_is_release {
        f.newest_release = Some(true);
    }
    (f.told, f.receipt) = (true, false);
    judged(bars, vec![("determination.made", Jail), (kind, Both)])
}

/// A hold needs authority and service (promise 6).
pub fn hold(f: &mut Facts, tell: bool) -> Verdict {
    let mut bars = f.bars_pending();
    if f.notice_only {
        bars.push(("notice-only-form", "I-247G"));
    }
    if !f.served {
        bars.push(("not-served", "served"));
    }
    bars.extend(f.bars_of_claim());
    bars.extend(f.bars_of_law(Topic::Hold));
    if f.hold_runs {
        bars.push(("illegal-transition", "a hold runs already"));
    }
    if f.left || f.jail_handed_over {
        bars.push(("illegal-transition", "left"));
    }
    if tell {
        bars.extend(f.bars_telling());
        bars.extend(f.bars_of_law(Topic::Notify));
    }
    // A request gives one hold: another would extend it (promise 6).
    if f.held_before && !f.hold_runs {
        bars.push(("illegal-transition", "extend"));
    }
    (f.hold_runs, f.held_before) = (true, true);
    let mut events = vec![("hold.started", Jail)];
    if tell {
        events.push(("hold.disclosed", Both));
        (f.told, f.receipt) = (true, false);
    }
    judged(bars, events)
}

/// The jail's hand-over is known to both; it makes a relayed copy cross. What happened is
/// recorded even when it was not allowed, and when the request is over.
pub fn hand_over(f: &mut Facts) -> Verdict {
    let crosses = f.origin == Origin::Relay && !f.crossed;
    let mut bars = match (f.crossed, crosses) {
        (false, false) => f.bars_telling(),
        (false, true) => f.bars_pending(),
        (true, _) => Vec::new(),
    };
    if f.jail_handed_over {
        bars.push(("illegal-transition", "once"));
    }
    let mut events = vec![("handover.stated", Both)];
    if crosses {
        events.push(("detainer.received", Both));
        events.push(("detainer.relayed", Both));
    }
    if f.office_handed_over {
        events.push(("handover.confirmed", Both));
    }
    if f.hold_runs {
        events.push(("hold.ended", Jail));
    }
    if f.kept_back {
        events.push(("outcome.disclosed", Both));
    }
    f.crossed |= crosses;
    (f.jail_handed_over, f.hold_runs, f.kept_back) = (true, false, false);
    judged(bars, events)
}

/// A release can always be recorded (promise 7), and so can whatever else happens to a booking.
pub fn notice(f: &mut Facts, kind: &'static str) -> Verdict {
    let mut events = vec![("release_notice.recorded", Jail)];
    let told = about_release(kind) && f.covers();
    if told {
        events.push(("release_notice.disclosed", Both));
        (f.told, f.receipt) = (true, false);
    }
    if f.linked_and_standing() {
        f.linked = true;
        f.last_notice = Some(told);
        f.last_is_release = about_release(kind);
        if about_release(kind) {
            f.newest_release = Some(told);
        }
        if ends_custody(kind) {
            if f.hold_runs {
                events.push(("hold.ended", Jail));
            }
            (f.left, f.hold_runs) = (true, false);
            if f.jail == Status::Pending {
                f.jail = Status::Closed;
            }
        } else if kind == "returned" {
            f.left = false;
            if f.jail == Status::Closed && !f.jail_outcome {
                f.jail = Status::Pending;
            }
        }
    }
    Verdict::Legal(events)
}
