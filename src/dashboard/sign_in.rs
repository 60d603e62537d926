//! `/sign-in`: the one page that needs nobody.

use askama::Template;

use super::{ErrorSummary, Layout, SelectField, TextField, Tokens};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub struct SignInPage {
    pub layout: Layout,
    pub tokens: Tokens,
    pub errors: ErrorSummary,
    /// `side`: an address may have an account on each.
    pub side: SelectField,
    pub email: TextField,
    pub password: TextField,
    /// Where to go afterwards: a path of ours.
    pub next: Option<String>,
    /// The demonstration's accounts, in demo mode only.
    pub demo_accounts: Vec<DemoAccount>,
}

pub struct DemoAccount {
    pub who: String,
    pub email: String,
    pub password: String,
}
