//! The law as it is served: the pure rules of `policy`, asked for an agency of the registry or
//! for any place.

pub mod api;
pub mod evaluate;
pub mod library;
pub mod pages;
