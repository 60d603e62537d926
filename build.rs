//! The schemas of the API read types by name: our alias is told to them here. The folder of the
//! dashboard's assets is made where there is none, so that a build without them works too.

fn main() {
    println!("cargo::rerun-if-changed=migrations");
    for law in ["policies", "offenses", "holidays"] {
        println!("cargo::rerun-if-changed=config/{law}");
    }
    let _ = std::fs::create_dir_all("assets");
    println!("cargo::rerun-if-changed=assets");
    utoipa_config::Config::new()
        .alias_for("Timestamp", "chrono::DateTime<chrono::Utc>")
        .write_to_file();
}
