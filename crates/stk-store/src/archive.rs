//! Sets of files as one zip file: plugin packages and rendered IaC.

mod pack;
mod path;
mod unpack;

use std::fmt;

pub use pack::{PackError, pack};
pub use path::PathFault;
pub use unpack::{UnpackError, unpack};

/// One file of an archive. `Debug` shows the size, never the content.
#[derive(Clone, Eq, PartialEq)]
pub struct Entry {
    /// Relative path with `/` between its parts, e.g. `modules/queue/main.tf`.
    pub path: String,
    /// The content.
    pub bytes: Vec<u8>,
    /// Whether it may be executed. Other permissions are not kept.
    pub executable: bool,
}

impl fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Entry")
            .field("path", &self.path)
            .field("size", &self.bytes.len())
            .field("executable", &self.executable)
            .finish()
    }
}

/// How much an archive may hold. What is beyond is refused before it fills memory or disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Files and folders.
    pub files: usize,
    /// Bytes in one file.
    pub file_bytes: u64,
    /// Bytes in all files together.
    pub total_bytes: u64,
}

impl Default for Limits {
    /// Far above any real plugin, far below what hurts: 10,000 files, 64 MiB each, 256 MiB
    /// together.
    fn default() -> Self {
        const MIBIBYTE: u64 = 1024 * 1024;
        Self {
            files: 10_000,
            file_bytes: 64 * MIBIBYTE,
            total_bytes: 256 * MIBIBYTE,
        }
    }
}
