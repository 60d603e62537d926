//! `sallyport import`.

use std::path::PathBuf;

use super::{Failure, ImportArgs};
use crate::config::Config;

pub fn detainers(_: &Config, _: Option<PathBuf>, _: ImportArgs) -> Result<(), Failure> {
    Err(Failure::Usage("to come".into()))
}
