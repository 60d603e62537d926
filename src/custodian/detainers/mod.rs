//! The case file of each request: the jail's own view, its lists and its lock.

pub mod acknowledge;
pub mod api;
pub mod case_file;
pub mod list;
pub mod papers;
pub mod serve;
pub mod typed;

pub use case_file::CaseFile;
