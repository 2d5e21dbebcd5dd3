//! The `ksr` command.

use std::process::ExitCode;

/// Tapes allocate and free many small objects, which is faster with this allocator than with the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(ksr::cli::main())
}
