//! The current state of a booking, from all that was stated about its release: pure, and the
//! same for every order in which the statements came.

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

/// Nothing depends on the order of `statements`: superseded ones fall away, what has happened
/// outranks what was planned, and a newer plan outranks the first one.
pub fn current(statements: &[Statement]) -> State {
    let superseded: HashSet<Uuid> = statements
        .iter()
        .filter_map(|statement| statement.supersedes)
        .collect();
    let standing = || {
        statements
            .iter()
            .filter(|statement| !superseded.contains(&statement.id))
    };
    let latest = |kinds: &[NoticeKind]| {
        standing()
            .filter(|statement| kinds.contains(&meant(statements, statement)))
            .map(|statement| statement.effective_at)
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
    let planned = || {
        latest(&[NoticeKind::Rescheduled, NoticeKind::Immediate])
            .or_else(|| latest(&[NoticeKind::Scheduled]))
    };
    let called_off = standing().any(|statement| statement.kind == NoticeKind::Cancelled);
    let release_expected_at = if released_at.is_some() || called_off {
        None
    } else {
        corrected.filter(|_| left.is_none()).or_else(planned)
    };
    State {
        release_expected_at,
        released_at,
    }
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
