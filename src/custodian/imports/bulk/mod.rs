//! The plain rows of a file, many in a statement: a booking or a notice that is new and for which
//! nobody asks. Whatever is not plain (changed, asked for, a person who was here before) is left
//! to the one verb that the API uses, row by row; both leave the same records behind.

mod bookings;
mod known;
mod release_notices;
mod rows;
mod strangers;

use uuid::Uuid;

pub use self::bookings::bookings;
pub use self::known::{here, keep_hold, local_holds, of_day, sources};
pub use self::release_notices::release_notices;
use super::Became;

/// Of a row: what became of it and its booking; none when it is not plain.
pub type Plain = Option<(Became, Uuid)>;
