//! A draft beside the rules: which dispositions would be other ones. Pure.

use super::evaluate::{Ask, Book};
use super::{Act, Disposition};

/// One act whose answer a draft would change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    pub act: Act,
    pub now: Disposition,
    pub would_be: Disposition,
}

/// The acts of one question on which two sets of rules differ.
pub fn changes(now: &Book, draft: &Book, ask: Ask<'_>) -> impl Iterator<Item = Change> {
    let (now, would_be) = (now.dispositions(ask), draft.dispositions(ask));
    Act::ALL
        .iter()
        .enumerate()
        .filter(move |(at, _)| now[*at] != would_be[*at])
        .map(move |(at, act)| Change {
            act: *act,
            now: now[at],
            would_be: would_be[at],
        })
}
