//! A process among others.

use crate::data::ContentKey;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// A process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The name of its computer.
    pub host: String,
    /// Its number there.
    pub pid: u32,
    /// What tells apart computers, starts and name spaces in which that number is one process; empty if not known.
    pub space: String,
    /// Its number among all processes, if an engine gave it one.
    pub rank: Option<usize>,
}

impl Who {
    /// `node1:4711 (process 3)`.
    pub fn text(&self) -> String {
        let rank = self.rank.map_or(String::new(), |rank| format!(" (process {rank})"));
        format!("{}:{}{rank}", self.host, self.pid)
    }

    /// A name for files of its own.
    pub(super) fn file_name(&self) -> String {
        let all = ContentKey::new("process")
            .text(&self.host)
            .text(&self.space)
            .integer(self.rank.map_or(0, |r| r as u64 + 1));
        format!("{:016x}-{}", all.number(), self.pid)
    }

    /// Whether it is certain that it is no longer running: it was here, and is not.
    pub(super) fn is_gone(&self, here: &Who) -> bool {
        let same = !self.space.is_empty() && self.space == here.space && self.host == here.host;
        same && Path::new("/proc/self").exists() && !Path::new(&format!("/proc/{}", self.pid)).exists()
    }

    /// Whether it is certain that it is running, or suspended, on this computer.
    pub(super) fn is_there(&self, here: &Who) -> bool {
        let same = !self.space.is_empty() && self.space == here.space && self.host == here.host;
        same && Path::new(&format!("/proc/{}", self.pid)).exists()
    }

    /// The place among `count` units at which this process begins: processes are spread by the golden ratio.
    pub(super) fn place(&self, count: usize) -> usize {
        let number = self.rank.unwrap_or(self.pid as usize) as u64;
        let share = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) as f64 / 2f64.powi(64);
        ((share * count as f64) as usize).min(count.saturating_sub(1))
    }
}
