//! The demonstration's accounts: made by its loader, shown on its sign-in page.

use crate::types::{Role, Side};

pub const PASSWORD: &str = "sallyport demo 2026";

pub struct DemoAccount {
    pub side: Side,
    pub role: Role,
    /// ORI of an agency or code of an office; none for the operator.
    pub place: Option<&'static str>,
    pub email: &'static str,
    pub name: &'static str,
}

const fn account(
    side: Side,
    role: Role,
    place: &'static str,
    email: &'static str,
    name: &'static str,
) -> DemoAccount {
    DemoAccount {
        side,
        role,
        place: Some(place),
        email,
        name,
    }
}

use Role::{Liaison, Reviewer, Submitter};
use Side::{Custodian, Office};

#[rustfmt::skip]
pub const ACCOUNTS: &[DemoAccount] = &[
    account(Custodian, Reviewer, "CA0370000", "reviewer@san-diego.example", "R. Sample"),
    account(Custodian, Submitter, "CA0370000", "clerk@san-diego.example", "C. Sample"),
    account(Office, Liaison, "SND", "liaison@snd.example", "L. Example"),
    DemoAccount { side: Side::Operator, role: Role::SystemAdmin, place: None, email: "admin@sallyport.example", name: "A. Operator" },
    account(Custodian, Reviewer, "CA0300000", "reviewer@orange.example", "O. Sample"),
    account(Custodian, Reviewer, "CA0380000", "reviewer@san-francisco.example", "S. Sample"),
    account(Custodian, Reviewer, "TX1010000", "reviewer@harris.example", "H. Sample"),
    account(Custodian, Reviewer, "IL0160000", "reviewer@cook.example", "K. Sample"),
    account(Office, Liaison, "LOS", "liaison@los.example", "M. Example"),
    account(Office, Liaison, "SFR", "liaison@sfr.example", "N. Example"),
    account(Office, Liaison, "HOU", "liaison@hou.example", "P. Example"),
    account(Office, Liaison, "CHI", "liaison@chi.example", "Q. Example"),
];
