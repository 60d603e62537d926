//! Who is asking: one role, on one side, at one agency or office.

use std::fmt;

/// The four sides of the wall. A key's id begins with its side's letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    Custodian,
    Office,
    Oversight,
    Operator,
}

impl Side {
    pub const ALL: [Side; 4] = [
        Side::Custodian,
        Side::Office,
        Side::Oversight,
        Side::Operator,
    ];

    pub fn letter(self) -> char {
        match self {
            Side::Custodian => 'c',
            Side::Office => 'o',
            Side::Oversight => 'v',
            Side::Operator => 's',
        }
    }

    pub fn from_letter(letter: char) -> Option<Self> {
        Self::ALL.into_iter().find(|side| side.letter() == letter)
    }
}

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $word:tt),* $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        $(#[$doc])*
        pub enum $name { $(#[serde(rename = $word)] $variant),* }
        impl $name {
            /// Every value, in the order of the contract.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// The word of the contract.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),* }
            }
            /// Reads a stored word; the table's CHECK holds the same list.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some($name::$variant),)* _ => None }
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(word: &str) -> Result<Self, String> {
                Self::parse(word).ok_or_else(|| {
                    let known: Vec<_> = Self::ALL.iter().map(|value| value.as_str()).collect();
                    format!("expected one of {}", known.join(", "))
                })
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What a key or account may do (DESIGN section 3).
    Role {
        Submitter = "submitter",
        Reviewer = "reviewer",
        Liaison = "liaison",
        JurisdictionAdmin = "jurisdiction_admin",
        SystemAdmin = "system_admin",
        Auditor = "auditor",
    }
}

/// A tenant as this caller stands in it: the row's number and the code that the world uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    pub id: i32,
    /// ORI of an agency, DHS code of an office.
    pub code: String,
    pub name: String,
    /// IANA name.
    pub time_zone: String,
}

/// The authenticated caller of one transaction.
#[derive(Debug, Clone)]
pub struct Actor {
    pub side: Side,
    pub role: Role,
    pub agency: Option<Tenant>,
    pub office: Option<Tenant>,
    pub jurisdiction: Option<String>,
    /// Key id or session id.
    pub credential: String,
    /// The key's or the person's name, for the record of who acted.
    pub name: String,
}

impl Actor {
    /// The acting party as the log names it: a party, never a person.
    pub fn party(&self) -> String {
        match (&self.agency, &self.office) {
            // An office's auditor reads for the office; it never acts as the office.
            _ if self.side == Side::Oversight => "oversight".to_owned(),
            (Some(agency), _) => format!("agency:{}", agency.code),
            (_, Some(office)) => format!("office:{}", office.code),
            _ => "operator".to_owned(),
        }
    }

    pub fn agency_id(&self) -> Option<i32> {
        self.agency.as_ref().map(|tenant| tenant.id)
    }

    pub fn office_id(&self) -> Option<i32> {
        self.office.as_ref().map(|tenant| tenant.id)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Side::Custodian => "custodian",
            Side::Office => "office",
            Side::Oversight => "oversight",
            Side::Operator => "operator",
        })
    }
}
