//! Kleene's three values: what is not known is neither true nor false.

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tri {
    False,
    Unknown,
    True,
}

use Tri::{False, True, Unknown};

impl Tri {
    /// Both: the lesser of the two.
    pub fn and(self, other: Self) -> Self {
        self.min(other)
    }

    /// Either: the greater of the two.
    pub fn or(self, other: Self) -> Self {
        self.max(other)
    }

    /// All of them; a false one ends the search.
    pub fn all(values: impl IntoIterator<Item = Self>) -> Self {
        let mut found = True;
        for value in values {
            found = found.and(value);
            if found == False {
                break;
            }
        }
        found
    }

    /// Any of them; a true one ends the search.
    pub fn any(values: impl IntoIterator<Item = Self>) -> Self {
        let mut found = False;
        for value in values {
            found = found.or(value);
            if found == True {
                break;
            }
        }
        found
    }

    pub fn as_str(self) -> &'static str {
        match self {
            False => "false",
            Unknown => "unknown",
            True => "true",
        }
    }
}

impl std::ops::Not for Tri {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            False => True,
            Unknown => Unknown,
            True => False,
        }
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { True } else { False }
    }
}

impl From<Option<bool>> for Tri {
    fn from(value: Option<bool>) -> Self {
        value.map_or(Unknown, Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Tri; 3] = [False, Unknown, True];

    /// Learning what was unknown.
    fn learns(from: Tri, to: Tri) -> bool {
        from == Unknown || from == to
    }

    #[test]
    fn what_is_learnt_never_takes_back_what_was_known() {
        for (a, b) in ALL.iter().flat_map(|a| ALL.map(|b| (*a, b))) {
            for (c, d) in ALL.iter().flat_map(|c| ALL.map(|d| (*c, d))) {
                if learns(a, c) && learns(b, d) {
                    assert!(learns(a.and(b), c.and(d)));
                    assert!(learns(a.or(b), c.or(d)));
                    assert!(learns(!a, !c));
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_parts_never_matters() {
        for (a, b) in ALL.iter().flat_map(|a| ALL.map(|b| (*a, b))) {
            assert_eq!((a.and(b), a.or(b)), (b.and(a), b.or(a)));
            assert_eq!(!(a.and(b)), (!a).or(!b));
        }
        assert_eq!(Tri::all([]), True);
        assert_eq!(Tri::any([]), False);
    }
}
