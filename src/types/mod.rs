//! The words that everything else is written in. Imports nothing of ours.

pub mod a_number;
pub mod actor;
pub mod clock;
pub mod ids;
pub mod name;
pub mod ori;

pub use actor::{Actor, Role, Side};
pub use clock::{Clock, Timestamp};
