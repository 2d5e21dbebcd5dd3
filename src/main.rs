//! The `ksr` command.

use std::process::ExitCode;

/// Tapes are many small things that come and go: faster than with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(ksr::cli::main())
}
