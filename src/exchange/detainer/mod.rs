//! The paper: a federal request as it was sent, and what each side has told the other about it.

pub mod body;
pub mod events;
pub mod filter;
pub mod lodge;
pub mod model;
pub mod related;
pub mod request;
pub mod same;
pub mod store;

pub use body::DetainerBody;
pub use model::{Form, IllegalTransition, LiftReason, Paper, ServiceMethod, Stage, Status};
