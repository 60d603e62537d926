//! Jurisdictions, agencies and offices: what every side reads and the operator writes.

pub mod adopted;
pub mod agencies;
pub mod api;
pub mod jurisdictions;
pub mod load;
pub mod offices;
pub mod positions;
pub mod register;

pub use adopted::adopted_positions;
