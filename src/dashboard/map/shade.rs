//! What is counted and how dark it is. One hue from light to dark: order is told by lightness
//! alone, so it survives colour blindness and a black-and-white printer. Pure.

use crate::reports::places::PlaceCount;
use crate::types::actor::words;

words! {
    /// What a map counts.
    Measure {
        Place = "place", Agency = "agency", Declined = "declined", DeclinedLocally = "declined_locally",
    }
}

impl Measure {
    pub fn label(self) -> &'static str {
        match self {
            Self::Place => "Detainers, by place",
            Self::Agency => "Detainers, by agency (local only)",
            Self::Declined => "Recorded as declined, by place",
            Self::DeclinedLocally => "Recorded as declined, by agency (local only)",
        }
    }

    pub fn of(self, place: &PlaceCount) -> u32 {
        match self {
            Self::Place => place.detainers,
            Self::Agency => place.local,
            Self::Declined => place.declined,
            Self::DeclinedLocally => place.local_declined,
        }
    }
}

/// One step of the scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Class {
    /// The least count that belongs to it.
    pub from: u32,
    pub fill: &'static str,
    pub label: &'static str,
}

/// Fixed steps, so that two maps can be compared.
pub const CLASSES: [Class; 6] = [
    Class {
        from: 0,
        fill: "#ffffff",
        label: "none that could be placed here",
    },
    Class {
        from: 1,
        fill: "#d6e6f4",
        label: "1 to 9",
    },
    Class {
        from: 10,
        fill: "#9fc6e3",
        label: "10 to 49",
    },
    Class {
        from: 50,
        fill: "#5a9bce",
        label: "50 to 199",
    },
    Class {
        from: 200,
        fill: "#2464a6",
        label: "200 to 999",
    },
    Class {
        from: 1_000,
        fill: "#0b2c5f",
        label: "1,000 or more",
    },
];

pub fn class(count: u32) -> &'static Class {
    CLASSES
        .iter()
        .rfind(|class| class.from <= count)
        .unwrap_or(&CLASSES[0])
}

/// 12,680.
pub fn number(count: u32) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// "166 (13.8 % of all, 18.0 % of the 922 with a reason)": which of the two is meant misleads
/// most often.
pub fn share(declined: u32, of: u32, unknown: u32) -> String {
    let with_reason = of.saturating_sub(unknown);
    let percent = |whole: u32| f64::from(declined) * 100.0 / f64::from(whole.max(1));
    if declined == 0 || with_reason == 0 {
        return number(declined);
    }
    format!(
        "{} ({:.1} % of all, {:.1} % of the {} with a reason)",
        number(declined),
        percent(of),
        percent(with_reason),
        number(with_reason)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_as_dark_as_its_class() {
        let from = |count| class(count).from;
        assert_eq!(
            [0, 1, 9, 10, 199, 200, 999, 1_000, u32::MAX].map(from),
            [0, 1, 1, 10, 50, 200, 200, 1_000, 1_000]
        );
    }

    #[test]
    fn a_share_has_both_denominators() {
        assert_eq!(
            share(5_501, 79_053, 52_263),
            "5,501 (7.0 % of all, 20.5 % of the 26,790 with a reason)"
        );
        assert_eq!(share(0, 12, 12), "0");
        assert_eq!(number(1_814_828), "1,814,828");
        assert_eq!(number(999), "999");
    }
}
