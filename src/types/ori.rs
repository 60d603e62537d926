//! The FBI's Originating Agency Identifier: nine of `[A-Z0-9]`. O and 0 are never swapped for
//! the writer: a wrong guess sends one agency's records to another.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Ori(String);

impl Ori {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Ori {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let upper = text.trim().to_ascii_uppercase();
        if upper.len() == 9
            && upper
                .bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        {
            Ok(Self(upper))
        } else {
            Err("an ORI is nine letters and digits, such as CA0370000 (mind O and 0)".to_owned())
        }
    }
}

impl<'de> Deserialize<'de> for Ori {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Ori {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
