//! Where the `fake-terraform` binary is, built when it is not there yet.

use std::io;
use std::path::{Path, PathBuf};

use crate::binaries::binary;

/// The path of the `fake-terraform` binary; see [`binary`].
///
/// # Panics
///
/// When it cannot be built: a test can do nothing without it.
pub fn fake_terraform() -> PathBuf {
    binary("fake-terraform")
}

/// Puts the binary into `folder` under the name `terraform`, with `script` beside it, and returns its path there.
///
/// The head of `fake-terraform.rs` describes the script.
///
/// # Errors
///
/// When `folder` cannot be written.
pub fn install_fake_terraform(folder: &Path, script: &serde_json::Value) -> io::Result<PathBuf> {
    let program = folder.join("terraform");
    let binary = fake_terraform();
    #[cfg(unix)]
    std::os::unix::fs::symlink(binary, &program)?;
    #[cfg(not(unix))]
    std::fs::copy(binary, &program)?;
    std::fs::write(folder.join("fake-terraform.json"), script.to_string())?;
    Ok(program)
}
