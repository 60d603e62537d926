//! `/bookings`: who is here and when they leave.

use askama::Template;

use crate::dashboard::pieces::EmptyNote;
use crate::dashboard::{Chip, Layout, Person, TextField, When};

#[derive(Template)]
#[template(path = "custodian/bookings.html")]
pub struct BookingsPage {
    pub layout: Layout,
    pub booking_number: TextField,
    pub summary: String,
    pub rows: Vec<BookingLine>,
    pub next: Option<String>,
    pub empty: Option<EmptyNote>,
}

pub struct BookingLine {
    pub number: String,
    pub href: String,
    pub person: Person,
    pub booked: Option<When>,
    pub basis: String,
    pub release: Option<When>,
    /// What of it was said to whom, or "no request".
    pub state: Chip,
}
