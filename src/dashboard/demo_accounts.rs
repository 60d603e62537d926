//! The demonstration's accounts: one list, for the loader and for the hints at sign-in.

use crate::types::Role;

/// Of every account below. Only `sallyport demo` knows it.
pub const PASSWORD: &str = "sallyport demo 2026";

pub struct DemoAccount {
    pub role: Role,
    /// ORI or office code; empty for the operator.
    pub place: &'static str,
    pub email: &'static str,
    pub name: &'static str,
}

pub const ACCOUNTS: &[DemoAccount] = &[
    DemoAccount {
        role: Role::Reviewer,
        place: "CA0370000",
        email: "reviewer@san-diego.example",
        name: "R. Reviewer",
    },
    DemoAccount {
        role: Role::Submitter,
        place: "CA0370000",
        email: "clerk@san-diego.example",
        name: "C. Clerk",
    },
    DemoAccount {
        role: Role::Liaison,
        place: "SND",
        email: "liaison@snd.example",
        name: "L. Liaison",
    },
    DemoAccount {
        role: Role::Reviewer,
        place: "TX1010000",
        email: "reviewer@harris.example",
        name: "H. Reviewer",
    },
    DemoAccount {
        role: Role::Liaison,
        place: "HOU",
        email: "liaison@hou.example",
        name: "O. Liaison",
    },
    DemoAccount {
        role: Role::SystemAdmin,
        place: "",
        email: "admin@sallyport.example",
        name: "A. Admin",
    },
];
