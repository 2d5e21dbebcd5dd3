//! The `ksr` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(ksr::cli::main())
}
