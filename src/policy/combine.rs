//! Combining what rules say: within a level, from level to level, and under each reading of a
//! contested rule. What a rule says is a set of cells, one for each disposition that is still
//! possible, and sets are combined cell by cell: an unknown fact of one level is harmless when
//! every way it may turn out ends in the same disposition.

use super::rule::Mode;
use super::{Act, Disposition};

/// What one rule, or several together, say of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    NotAddressed,
    Prohibited,
    /// Permitted within a window: a lower level may narrow it and not require it.
    Permitted,
    /// Permitted by a rule that sets a floor: a lower level may also require it.
    Open,
    Required,
    NotRequired,
    /// One level both requires and prohibits.
    Conflict,
}

use Cell::{Conflict, NotAddressed, NotRequired, Open, Permitted, Prohibited, Required};

const ALL: [Cell; 7] = [
    NotAddressed,
    Prohibited,
    Permitted,
    Open,
    Required,
    NotRequired,
    Conflict,
];

impl Cell {
    pub fn new(mode: Mode, disposition: Disposition) -> Self {
        match disposition {
            Disposition::Prohibited => Prohibited,
            Disposition::Permitted if mode == Mode::FloorRequired => Open,
            Disposition::Permitted => Permitted,
            Disposition::Required => Required,
            Disposition::NotRequired => NotRequired,
            Disposition::NotAddressed => NotAddressed,
            Disposition::Indeterminate => Conflict,
        }
    }

    /// What it means for an act once nobody is left to speak.
    fn disposition(self, act: Act) -> Disposition {
        match self {
            // Nobody gave authority to hold; the rest is the agency's choice.
            NotAddressed if act == Act::HoldPastRelease => Disposition::Prohibited,
            NotAddressed | Permitted | Open => Disposition::Permitted,
            Prohibited => Disposition::Prohibited,
            Required => Disposition::Required,
            NotRequired => Disposition::NotRequired,
            Conflict => Disposition::Indeterminate,
        }
    }
}

/// Two rules of one level. It depends on the set of cells alone, so no order matters.
pub fn beside(a: Cell, b: Cell) -> Cell {
    match (a, b) {
        (NotAddressed, other) | (other, NotAddressed) => other,
        (Conflict, _) | (_, Conflict) => Conflict,
        (Required, Prohibited) | (Prohibited, Required) => Conflict,
        (Prohibited, _) | (_, Prohibited) => Prohibited,
        (Required, _) | (_, Required) => Required,
        (NotRequired, _) | (_, NotRequired) => NotRequired,
        (Permitted, _) | (_, Permitted) => Permitted,
        (Open, Open) => Open,
    }
}

/// A level and the one below it. The lower one never widens what the upper one closed and never
/// takes away what it requires.
pub fn above(upper: Cell, lower: Cell) -> Cell {
    match (upper, lower) {
        (NotAddressed, lower) => lower,
        (Prohibited | Required | Conflict, _) => upper,
        (_, NotAddressed) => upper,
        (_, Prohibited) => Prohibited,
        // Inside a window a requirement is void, so that only the prohibition is left.
        (Permitted | NotRequired, Conflict) => Prohibited,
        (Permitted | NotRequired, _) => upper,
        (Open, lower) => lower,
    }
}

/// An advisory rule speaks where no binding one does.
pub fn advises(binding: Cell, advisory: Cell) -> Cell {
    if binding == NotAddressed {
        advisory
    } else {
        binding
    }
}

/// A set of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cells(u8);

impl Cells {
    pub fn just(cell: Cell) -> Self {
        Self(1 << cell as u8)
    }

    #[must_use]
    pub fn with(self, cell: Cell) -> Self {
        Self(self.0 | 1 << cell as u8)
    }

    #[must_use]
    pub fn without(self, cell: Cell) -> Self {
        Self(self.0 & !(1 << cell as u8))
    }

    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub fn contains(self, cell: Cell) -> bool {
        self.0 & (1 << cell as u8) != 0
    }

    /// Is every cell one of those?
    pub fn is_within(self, others: Self) -> bool {
        self.0 & !others.0 == 0
    }

    pub fn is_one(self) -> bool {
        self.0.count_ones() == 1
    }

    pub fn iter(self) -> impl Iterator<Item = Cell> {
        ALL.into_iter().filter(move |cell| self.contains(*cell))
    }

    /// Every cell with every cell.
    #[must_use]
    pub fn each(self, other: Self, join: fn(Cell, Cell) -> Cell) -> Self {
        let mut all = Self::default();
        for a in self.iter() {
            for b in other.iter() {
                all = all.with(join(a, b));
            }
        }
        all
    }

    /// The one disposition that every cell comes to, or indeterminate.
    pub fn disposition(self, act: Act) -> Disposition {
        let mut all = self.iter().map(|cell| cell.disposition(act));
        let first = all.next().unwrap_or(Disposition::Indeterminate);
        if all.all(|other| other == first) {
            first
        } else {
            Disposition::Indeterminate
        }
    }

    /// Is this the one disposition that every cell comes to?
    pub fn says(self, disposition: Disposition) -> bool {
        self != Self::default()
            && self.iter().all(|cell| {
                cell != NotAddressed && cell.disposition(Act::NotifyRelease) == disposition
            })
    }

    /// The dispositions that are possible, for the trace.
    pub fn dispositions(self) -> Vec<Disposition> {
        let mut all = Vec::with_capacity(2);
        for cell in self.iter() {
            let disposition = match cell {
                NotAddressed => Disposition::NotAddressed,
                other => other.disposition(Act::NotifyRelease),
            };
            if !all.contains(&disposition) {
                all.push(disposition);
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much may be done: nothing, at will, or it must.
    fn width(cell: Cell) -> u8 {
        match cell {
            Prohibited => 0,
            _ => 1,
        }
    }

    #[test]
    fn rules_of_one_level_have_no_order() {
        for a in ALL {
            for b in ALL {
                assert_eq!(beside(a, b), beside(b, a));
                assert_eq!(beside(a, a), a);
                for c in ALL {
                    assert_eq!(
                        beside(beside(a, b), c),
                        beside(a, beside(b, c)),
                        "{a:?} {b:?} {c:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_lower_level_never_widens_and_never_lifts_a_requirement() {
        for upper in ALL.into_iter().filter(|cell| *cell != NotAddressed) {
            for lower in ALL {
                let both = above(upper, lower);
                assert!(width(both) <= width(upper), "{upper:?} {lower:?}");
                if upper == Required {
                    assert_eq!(both, Required);
                }
                if upper == Permitted {
                    assert!(matches!(both, Permitted | Prohibited), "{lower:?}");
                }
            }
        }
    }

    #[test]
    fn a_smaller_set_never_makes_a_decided_act_indeterminate() {
        let sets = || (1u8..128).map(Cells);
        for act in Act::ALL.iter().copied() {
            for a in sets() {
                for part in sets().filter(|part| part.0 & !a.0 == 0) {
                    let (whole, less) = (a.disposition(act), part.disposition(act));
                    assert!(whole == Disposition::Indeterminate || less == whole);
                }
            }
        }
    }
}
