//! The program. See `cli`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sallyport::cli::main()
}
