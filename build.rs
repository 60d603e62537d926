//! The schemas of the API read types by name: our alias is told to them here.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    utoipa_config::Config::new()
        .alias_for("Timestamp", "chrono::DateTime<chrono::Utc>")
        .write_to_file();
}
