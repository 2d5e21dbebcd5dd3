//! The `ksr` command.

use std::process::ExitCode;

/// Tapes are large and come and go; this one keeps their memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(ksr::cli::main())
}
