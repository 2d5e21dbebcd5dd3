//! How much memory training may use.

use std::fs;

/// How much memory training may use for the tapes of its iterations.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Budget {
    /// Half of the machine's free memory.
    #[default]
    Automatic,
    /// A number of bytes.
    Bytes(u64),
    /// No limit.
    Unlimited,
}

impl Budget {
    /// The same as a fixed number of bytes, independent of what else the machine does later.
    pub(crate) fn fixed(self) -> Self {
        Budget::Bytes(self.bytes())
    }

    /// In bytes.
    pub fn bytes(self) -> u64 {
        match self {
            Budget::Automatic => available().map_or(ASSUMED_BYTES, |bytes| (bytes / 2).max(LEAST_BYTES)),
            Budget::Bytes(bytes) => bytes,
            Budget::Unlimited => u64::MAX,
        }
    }
}

/// Free bytes assumed on a machine that does not report them.
const ASSUMED_BYTES: u64 = 2_000_000_000;

/// Free bytes always assumed.
const LEAST_BYTES: u64 = 100_000_000;

/// Free bytes, where the machine reports them (Linux): of its memory, or of what the process is allowed to use.
#[allow(clippy::disallowed_methods, reason = "the kernel's figures, no file of a script")]
fn available() -> Option<u64> {
    let line = |path: &str, name: &str| -> Option<u64> {
        let text = fs::read_to_string(path).ok()?;
        text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    let machine = line("/proc/meminfo", "MemAvailable:")?.saturating_mul(1024);
    let limit = line("/sys/fs/cgroup/memory.max", "");
    // Cached pages of files are freed when memory is needed.
    let files = line("/sys/fs/cgroup/memory.stat", "inactive_file ").unwrap_or(0);
    let used = line("/sys/fs/cgroup/memory.current", "").unwrap_or(0).saturating_sub(files);
    Some(limit.map_or(machine, |limit| machine.min(limit.saturating_sub(used))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_is_a_number() {
        assert!(Budget::Automatic.bytes() > 1_000_000);
    }
}
