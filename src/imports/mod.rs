//! Files into records: bookings, notices, requests, and what releases say about the past.
//! `parse`, `place`, `ddp` and `agencies` are pure; `stage`, `apply` and `agencies::take`
//! write.

pub mod agencies;
pub mod apply;
pub mod ddp;
pub mod parse;
pub mod place;
pub mod stage;

/// A released file that tests compare with: the folder of an environment variable, or beside the
/// checkout.
#[cfg(test)]
fn shared_file(file: &str) -> Option<std::fs::File> {
    let folder = std::env::var_os("SALLYPORT_SHARED")
        .map(std::path::PathBuf::from)
        .unwrap_or_else(|| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"));
    match std::fs::File::open(folder.join(file)) {
        Ok(file) => Some(file),
        Err(error) if std::env::var("CI").as_deref() == Ok("true") => {
            panic!("{file}: {error}; in CI the released files must be there (SALLYPORT_SHARED)")
        }
        Err(_) => {
            eprintln!(
                "not run: {file} is not there; set SALLYPORT_SHARED to the folder of released files"
            );
            None
        }
    }
}
