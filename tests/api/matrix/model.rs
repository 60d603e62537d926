//! What the design says of each act in each state: a small model of its own, written from the
//! texts (the number of a promise or a section stands beside a rule) and not from the service.

use super::acts::{By, Do, Topic, Word};
use super::rules::{decide, decide_on, hand_over, hold, notice};

/// How the law answers on an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    Permitted,
    Prohibited,
    Indeterminate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Lodged by the liaison.
    Office,
    /// Typed in by the jail from a fax.
    Typed,
    NcicHit,
    /// The copy of a request that another agency passed on.
    Relay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Pending,
    Closed,
    Cancelled,
    Superseded,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Pending => "pending",
            Status::Closed => "closed",
            Status::Cancelled => "cancelled",
            Status::Superseded => "superseded",
        }
    }
}

/// Who has an event in its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    Jail,
    Both,
}

use Audience::{Both, Jail};

#[derive(Debug)]
pub enum Verdict {
    /// 2xx, and these events are new.
    Legal(Vec<(&'static str, Audience)>),
    /// 409 with one of these slugs, and a word that its detail says.
    Illegal(Vec<(&'static str, &'static str)>),
    /// 404: the caller does not know of the record.
    Unseen,
    /// The texts leave it open: no failure of the service, and nothing more may be told.
    Open,
    /// There is nothing that the act could be done on.
    Absent,
}

/// What the texts turn on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    pub origin: Origin,
    pub crossed: bool,
    pub notice_only: bool,
    pub hold_law: Leave,
    pub notify_law: Leave,
    /// The same request has crossed already.
    pub twin_crossed: bool,
    pub jail: Status,
    pub office: Status,
    pub acknowledged: bool,
    pub served: bool,
    pub hold_runs: bool,
    pub held_before: bool,
    /// The person has left this custody.
    pub left: bool,
    pub linked: bool,
    pub jail_handed_over: bool,
    pub office_handed_over: bool,
    pub jail_outcome: bool,
    /// The jail's latest outcome has not been told.
    pub kept_back: bool,
    pub claim_open: bool,
    pub claim_made: bool,
    pub relayed: bool,
    /// The latest notice: was the office told of it?
    pub last_notice: Option<bool>,
    pub last_is_release: bool,
    /// The latest notice about the release (`scheduled` to `correction`), told or not.
    pub newest_release: Option<bool>,
    /// The latest decision on telling of the release.
    pub decided: Option<Word>,
    pub told: bool,
    pub receipt: bool,
}

impl Facts {
    pub fn new(origin: Origin) -> Self {
        Self {
            origin,
            crossed: origin == Origin::Office,
            notice_only: false,
            hold_law: Leave::Permitted,
            notify_law: Leave::Permitted,
            twin_crossed: false,
            jail: Status::Pending,
            office: Status::Pending,
            acknowledged: false,
            served: false,
            hold_runs: false,
            held_before: false,
            left: false,
            linked: false,
            jail_handed_over: false,
            office_handed_over: false,
            jail_outcome: false,
            kept_back: false,
            claim_open: false,
            claim_made: false,
            relayed: false,
            last_notice: None,
            last_is_release: false,
            newest_release: None,
            decided: None,
            told: false,
            receipt: false,
        }
    }

    /// What stands against anything that tells (DESIGN 2: told only after it crossed; 5: a
    /// cancellation stops what was not yet told).
    pub fn bars_telling(&self) -> Vec<(&'static str, &'static str)> {
        let mut bars = Vec::new();
        if !self.crossed {
            bars.push((
                "illegal-transition",
                match self.origin {
                    Origin::NcicHit => "NCIC",
                    Origin::Relay => "relayed copy",
                    _ => "acknowledge",
                },
            ));
        } else if matches!(self.office, Status::Cancelled | Status::Superseded) {
            bars.push(("illegal-transition", self.office.word()));
            bars.push(("illegal-transition", "withdrawn"));
        }
        if !bars.is_empty() && matches!(self.jail, Status::Cancelled | Status::Superseded) {
            bars.push(("illegal-transition", "withdrawn"));
        }
        bars
    }

    pub fn bars_pending(&self) -> Vec<(&'static str, &'static str)> {
        match self.jail {
            Status::Pending => Vec::new(),
            status => vec![("illegal-transition", status.word())],
        }
    }

    pub fn law(&self, topic: Topic) -> Leave {
        match topic {
            Topic::Notify => self.notify_law,
            // A form that asks only for notice gives no authority to hold (promise 6).
            Topic::Hold if self.notice_only => Leave::Prohibited,
            Topic::Hold => self.hold_law,
            Topic::Transfer | Topic::Interview => Leave::Permitted,
        }
    }

    pub fn bars_of_law(&self, topic: Topic) -> Vec<(&'static str, &'static str)> {
        match self.law(topic) {
            Leave::Permitted => Vec::new(),
            Leave::Prohibited => vec![("policy-prohibits", "prohibited")],
            // It names what is missing: the fact that the test's law turns on.
            Leave::Indeterminate => vec![("policy-indeterminate", "tsdb_match")],
        }
    }

    pub fn bars_of_claim(&self) -> Vec<(&'static str, &'static str)> {
        match self.claim_open {
            true => vec![("policy-indeterminate", "claim")],
            false => Vec::new(),
        }
    }

    /// Is a covered notice told by itself (DESIGN 5; POLICY, what a decision covers)?
    pub fn covers(&self) -> bool {
        self.decided == Some(Word::Comply)
            && self.notify_law == Leave::Permitted
            && self.linked_and_standing()
            && self.crossed
            && !self.claim_open
    }

    pub fn linked_and_standing(&self) -> bool {
        !matches!(self.jail, Status::Cancelled | Status::Superseded)
    }
}

pub fn judged(
    bars: Vec<(&'static str, &'static str)>,
    events: Vec<(&'static str, Audience)>,
) -> Verdict {
    match bars.is_empty() {
        true => Verdict::Legal(events),
        false => Verdict::Illegal(bars),
    }
}

pub fn ends_custody(kind: &str) -> bool {
    matches!(kind, "actual" | "transfer" | "escape" | "death")
}

pub fn about_release(kind: &str) -> bool {
    matches!(
        kind,
        "scheduled" | "rescheduled" | "immediate" | "cancelled" | "actual" | "correction"
    )
}

/// The verdict on an act in a state, and the state after it.
pub fn judge(before: &Facts, act: Do) -> (Verdict, Facts) {
    let mut f = before.clone();
    let verdict = match act {
        Do::Acknowledge => {
            let mut bars = f.bars_pending();
            if f.acknowledged {
                bars.push(("illegal-transition", "acknowledged already"));
            }
            if f.twin_crossed {
                bars.push(("conflict", "acknowledge"));
            }
            // Always told, where there is an office that knows or may know (DESIGN 2).
            let crosses = f.origin == Origin::Typed && !f.crossed;
            let told = f.crossed || crosses;
            let mut events = vec![("detainer.acknowledged", if told { Both } else { Jail })];
            if crosses {
                events.push(("detainer.received", Both));
            }
            f.acknowledged = true;
            f.crossed = told;
            judged(bars, events)
        }
        Do::Serve(tell) => {
            let mut bars = f.bars_pending();
            // Stages follow each other: received, acknowledged, served (DESIGN 5).
            if !f.acknowledged {
                bars.push(("illegal-transition", "acknowledge"));
            }
            if f.served {
                bars.push(("illegal-transition", "recorded already"));
            }
            if tell == Some(true) {
                bars.extend(f.bars_telling());
            }
            // Told by default on paper that has crossed, not before.
            let told = tell.unwrap_or(f.crossed);
            f.served = true;
            judged(
                bars,
                vec![("detainer.served", if told { Both } else { Jail })],
            )
        }
        Do::Decide(topic, word, tell) => decide(&mut f, topic, word, tell),
        Do::DecideOn(word) => decide_on(&mut f, word),
        Do::Hold(tell) => hold(&mut f, tell),
        Do::EndHold => {
            let bars = match f.hold_runs {
                true => Vec::new(),
                false => vec![("illegal-transition", "No hold runs")],
            };
            f.hold_runs = false;
            judged(bars, vec![("hold.ended", Jail)])
        }
        Do::HandOver(By::Jail) => hand_over(&mut f),
        Do::HandOver(By::Office) => {
            if !f.crossed {
                return (Verdict::Unseen, f);
            }
            let bars = match f.office_handed_over {
                true => vec![("illegal-transition", "once")],
                false => Vec::new(),
            };
            let mut events = vec![("handover.stated", Both)];
            if f.jail_handed_over {
                events.push(("handover.confirmed", Both));
            }
            // The office's word moves no status and opens nothing.
            f.office_handed_over = true;
            judged(bars, events)
        }
        Do::Outcome(By::Jail, disclose) => {
            let mut bars = Vec::new();
            if disclose && !f.jail_handed_over {
                bars.extend(f.bars_telling());
                bars.extend(f.bars_of_law(Topic::Notify));
            }
            let mut events = vec![("outcome.stated", Jail)];
            let crosses = disclose || f.jail_handed_over;
            if crosses {
                events.push(("outcome.disclosed", Both));
            }
            (f.jail_outcome, f.kept_back) = (true, !crosses);
            if f.jail == Status::Pending {
                f.jail = Status::Closed;
            }
            judged(bars, events)
        }
        Do::Outcome(By::Office, _) => {
            if !f.crossed {
                return (Verdict::Unseen, f);
            }
            if f.office == Status::Pending {
                f.office = Status::Closed;
            }
            // Each states its own, and may state it anew (promise 9).
            Verdict::Legal(vec![("outcome.stated", Both)])
        }
        Do::Claim => {
            // It is to be looked into: a duty, which another claim opens again.
            let duty = match f.claim_made {
                true => "duty.done",
                false => "duty.created",
            };
            (f.claim_open, f.claim_made) = (true, true);
            Verdict::Legal(vec![("claim.made", Jail), (duty, Jail)])
        }
        Do::Resolve(_) => {
            if !f.claim_made {
                return (Verdict::Absent, f);
            }
            let bars = match f.claim_open {
                true => Vec::new(),
                false => vec![("illegal-transition", "resolved already")],
            };
            f.claim_open = false;
            judged(bars, vec![("claim.resolved", Jail), ("duty.done", Jail)])
        }
        Do::Relay => {
            // What stands can be passed on, once to each agency; told by another act only.
            let mut bars = match f.jail {
                Status::Cancelled | Status::Superseded => f.bars_pending(),
                _ => Vec::new(),
            };
            if f.relayed {
                bars.push(("illegal-transition", "already"));
            }
            f.relayed = true;
            judged(bars, vec![("detainer.relayed", Jail)])
        }
        Do::Restrict => Verdict::Legal(vec![("restriction.set", Jail)]),
        Do::Facts | Do::Book => {
            f.linked |= act == Do::Book;
            Verdict::Legal(Vec::new())
        }
        Do::Receipt => {
            if !f.told {
                return (Verdict::Absent, f);
            }
            let bars = match f.receipt {
                true => vec![("illegal-transition", "acknowledged already")],
                false => Vec::new(),
            };
            f.receipt = true;
            judged(bars, vec![("notification.acknowledged", Both)])
        }
        Do::Attempt => match f.told {
            true => Verdict::Legal(vec![("notification.attempted", Both)]),
            false => Verdict::Absent,
        },
        Do::Notice(kind) => notice(&mut f, kind),
        Do::Cancel | Do::CancelMany => {
            if !f.crossed {
                return (Verdict::Unseen, f);
            }
            // Judged on what the office sees, although the jail's side is closed (DESIGN 5).
            let bars = match f.office {
                Status::Pending => Vec::new(),
                status => vec![("illegal-transition", status.word())],
            };
            f.office = Status::Cancelled;
            f.hold_runs = false;
            if f.jail == Status::Pending {
                f.jail = Status::Cancelled;
            }
            judged(bars, vec![("detainer.cancelled", Both)])
        }
        // For building states alone.
        Do::Replace => {
            (f.jail, f.office) = (Status::Superseded, Status::Superseded);
            Verdict::Legal(Vec::new())
        }
        Do::TellTransfer => {
            f.crossed = true;
            Verdict::Legal(Vec::new())
        }
        Do::CancelOriginal => {
            f.jail = Status::Cancelled;
            if f.crossed {
                f.office = Status::Cancelled;
            }
            Verdict::Legal(Vec::new())
        }
    };
    (verdict, f)
}
