//! Files into records: bookings, notices, requests, and what releases say about the past.
//! Everything here is pure but `stage`, `apply`, `jobs` and `agencies::take`, which write what releases say about the past and
//! what a list says of agencies; what a jail's own file says is written by `custodian::imports`.

pub mod agencies;
pub mod answer;
pub mod apply;
pub mod cells;
pub mod ddp;
pub mod fields;
pub mod jobs;
pub mod mapping;
pub mod place;
pub mod records;
pub mod rejects;
pub mod spool;
pub mod stage;
pub mod table;
pub mod values;

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
