//! The alien file number: `A` and seven to nine digits, kept as nine, shown masked.

use std::fmt;
use std::str::FromStr;

/// A normalised A-number. `Debug` and `Display` mask it, so that no log line carries it whole.
#[derive(Clone, PartialEq, Eq)]
pub struct ANumber(String);

#[derive(Debug, thiserror::Error)]
#[error("an A-number is the letter A and seven to nine digits, such as A012345678")]
pub struct ANumberError;

impl FromStr for ANumber {
    type Err = ANumberError;

    fn from_str(text: &str) -> Result<Self, ANumberError> {
        let text = text.trim();
        let digits = text.strip_prefix(['A', 'a']).unwrap_or(text);
        let digits: String = digits.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        if (7..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(format!("A{digits:0>9}")))
        } else {
            Err(ANumberError)
        }
    }
}

impl ANumber {
    /// The whole number: for sealing and for the party whose paper it is on.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// `A*****5678`.
    pub fn masked(&self) -> String {
        format!("A*****{}", &self.0[self.0.len() - 4..])
    }
}

impl fmt::Debug for ANumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seven_digits_are_padded_and_the_rest_refused() {
        assert_eq!(
            "a1234567".parse::<ANumber>().unwrap().reveal(),
            "A001234567"
        );
        assert_eq!(
            "A012-345-678".parse::<ANumber>().unwrap().masked(),
            "A*****5678"
        );
        assert!("A12".parse::<ANumber>().is_err());
        assert!("A01234567O".parse::<ANumber>().is_err());
    }
}
