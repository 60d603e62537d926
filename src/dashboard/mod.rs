//! The pieces that every page shares. A page is a struct of plain words and a template in
//! `templates/`; it knows no database type, and whoever fills it decides what may be said.

pub mod admin;
pub mod demo_accounts;
pub mod docs;
pub mod forms;
pub mod layout;
pub mod pieces;
pub mod problem;
pub mod sign_in;

pub use forms::{CheckField, ErrorSummary, RadioField, SelectField, TextArea, TextField, Tokens};
pub use layout::{Assets, Flash, Layout, NavItem, Place, SearchBox};
pub use pieces::{Chip, Learns, Link, Person, Shape, Step, Steps, Tone, When};

use axum::Router;

use crate::app::App;

/// The pages' routes.
pub fn routes() -> Router<App> {
    Router::new()
}
