//! The current state of a booking, from all that was stated about its release: pure, and the
//! same for every order in which the statements came.
//!
//! * A statement that another one names in `supersedes` has fallen away.
//! * What has happened (`actual`, `transfer`, `escape`, `death`) outranks what was planned; a later
//!   `returned` takes it back.
//! * Plans are `rescheduled`, `immediate`, and any plan that names what it replaces; a bare
//!   `scheduled` counts while there is none of those. The latest plan is the expected release.
//! * `cancelled` that names a plan calls off that one. Without a name its `effective_at` decides:
//!   it calls off every plan up to the first one at or after that instant, or all when none lies
//!   so late. So both readings that feeds have of that instant (when it was called off, when the
//!   release would have been) call off the same plan, and a plan for a later day stands.
//! * A `correction` means the kind of the statement that it names, with its own time; without a
//!   name it corrects what has happened, or else what is planned.

use std::collections::HashSet;

use uuid::Uuid;

use super::NoticeKind;
use crate::types::Timestamp;

/// A statement, as far as the state depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    pub id: Uuid,
    pub kind: NoticeKind,
    pub effective_at: Timestamp,
    pub supersedes: Option<Uuid>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct State {
    pub release_expected_at: Option<Timestamp>,
    pub released_at: Option<Timestamp>,
}

/// The state that follows from the statements, whatever their order.
pub fn current(statements: &[Statement]) -> State {
    let superseded: HashSet<Uuid> = statements
        .iter()
        .filter_map(|statement| statement.supersedes)
        .collect();
    let standing: Vec<(NoticeKind, &Statement)> = statements
        .iter()
        .filter(|statement| !superseded.contains(&statement.id))
        .map(|statement| (meant(statements, statement), statement))
        .collect();
    let latest = |kinds: &[NoticeKind]| {
        standing
            .iter()
            .filter(|(kind, _)| kinds.contains(kind))
            .map(|(_, statement)| statement.effective_at)
            .max()
    };
    let left = latest(&[
        NoticeKind::Actual,
        NoticeKind::Transfer,
        NoticeKind::Escape,
        NoticeKind::Death,
    ]);
    let corrected = latest(&[NoticeKind::Correction]);
    let returned = latest(&[NoticeKind::Returned]);
    let released_at = left
        .map(|at| corrected.unwrap_or(at))
        .filter(|at| returned.is_none_or(|back| back < *at));
    let expected = expected(&standing);
    State {
        release_expected_at: match (released_at, left) {
            (Some(_), _) => None,
            // A correction of what happened says nothing of what is planned.
            (None, Some(_)) => expected,
            (None, None) => expected.map(|at| corrected.unwrap_or(at)),
        },
        released_at,
    }
}

/// The latest plan that was not called off.
fn expected(standing: &[(NoticeKind, &Statement)]) -> Option<Timestamp> {
    let plans: Vec<(bool, Timestamp)> = standing
        .iter()
        .filter_map(|(kind, statement)| {
            let replaces = statement.supersedes.is_some();
            match kind {
                NoticeKind::Rescheduled | NoticeKind::Immediate => {
                    Some((true, statement.effective_at))
                }
                NoticeKind::Scheduled => Some((replaces, statement.effective_at)),
                _ => None,
            }
        })
        .collect();
    let replanned = plans.iter().any(|(replaces, _)| *replaces);
    let plans: Vec<Timestamp> = plans
        .into_iter()
        .filter(|(replaces, _)| *replaces == replanned)
        .map(|(_, at)| at)
        .collect();
    let called_off_to = standing
        .iter()
        .filter(|(kind, statement)| {
            *kind == NoticeKind::Cancelled && statement.supersedes.is_none()
        })
        .filter_map(|(_, statement)| {
            plans
                .iter()
                .filter(|at| **at >= statement.effective_at)
                .min()
                .or_else(|| plans.iter().max())
        })
        .max();
    plans
        .iter()
        .filter(|at| called_off_to.is_none_or(|to| *at > to))
        .max()
        .copied()
}

/// A correction says again what the notice that it supersedes said, with another time: that one's
/// kind is meant.
fn meant(statements: &[Statement], statement: &Statement) -> NoticeKind {
    let mut at = statement;
    // A chain cannot be longer than there are statements, even if it bites its own tail.
    for _ in 0..statements.len() {
        let corrected = at
            .supersedes
            .and_then(|id| statements.iter().find(|other| other.id == id));
        match corrected {
            Some(corrected) if at.kind == NoticeKind::Correction => at = corrected,
            _ => break,
        }
    }
    at.kind
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_corrected_release_stays_a_release() {
        let at = |hour: i64| Timestamp::from_timestamp(1_764_000_000 + hour * 3600, 0).unwrap();
        let actual = Statement {
            id: Uuid::from_u128(1),
            kind: NoticeKind::Actual,
            effective_at: at(8),
            supersedes: None,
        };
        let correction = Statement {
            id: Uuid::from_u128(2),
            kind: NoticeKind::Correction,
            effective_at: at(9),
            supersedes: Some(actual.id),
        };
        let state = current(&[correction, actual]);
        assert_eq!(
            (state.released_at, state.release_expected_at),
            (Some(at(9)), None)
        );
    }

    #[test]
    fn a_plan_for_a_later_day_outlives_the_calling_off() {
        let at = |hour: i64| Timestamp::from_timestamp(1_764_000_000 + hour * 3600, 0).unwrap();
        let statement = |n: u128, kind, hour, supersedes: Option<u128>| Statement {
            id: Uuid::from_u128(n),
            kind,
            effective_at: at(hour),
            supersedes: supersedes.map(Uuid::from_u128),
        };
        use NoticeKind::{Cancelled, Rescheduled, Scheduled};
        let plan = statement(1, Scheduled, 24, None);
        let next_week = statement(2, Scheduled, 200, None);
        // The instant of the calling off, and that of the release that is called off.
        for hour in [2, 24] {
            let off = statement(3, Cancelled, hour, None);
            let only = current(&[plan.clone(), off.clone()]);
            assert_eq!(only, State::default(), "{hour}");
            let both = current(&[plan.clone(), off, next_week.clone()]);
            assert_eq!(both.release_expected_at, Some(at(200)), "{hour}");
        }
        // Planned anew with the calling off named.
        let off = statement(3, Cancelled, 2, Some(1));
        let anew = statement(4, Scheduled, 12, Some(3));
        let state = current(&[anew, plan.clone(), off]);
        assert_eq!(state.release_expected_at, Some(at(12)));
        // Of two plans, the named one is called off and no other.
        let other = statement(5, Rescheduled, 30, None);
        let off = statement(6, Cancelled, 2, Some(5));
        let state = current(&[off, plan, other]);
        assert_eq!(state.release_expected_at, Some(at(24)));
    }

    proptest! {
        #[test]
        fn the_order_of_statements_makes_no_difference(
            kinds in proptest::collection::vec(0..NoticeKind::ALL.len(), 0..7),
            seed in any::<u64>(),
        ) {
            let statements: Vec<Statement> = kinds
                .iter()
                .enumerate()
                .map(|(at, kind)| Statement {
                    id: Uuid::from_u128(at as u128 + 1),
                    kind: NoticeKind::ALL[*kind],
                    effective_at: Timestamp::from_timestamp(1_764_000_000 + (*kind as i64 * 7 + at as i64) * 3600, 0).unwrap(),
                    supersedes: (at > 2).then(|| Uuid::from_u128(at as u128 - 1)),
                })
                .collect();
            let mut shuffled = statements.clone();
            for at in (1..shuffled.len()).rev() {
                shuffled.swap(at, (seed.rotate_left(at as u32) % (at as u64 + 1)) as usize);
            }
            prop_assert_eq!(current(&statements), current(&shuffled));
        }
    }
}
