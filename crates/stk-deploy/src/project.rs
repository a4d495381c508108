//! A plugin's stored IaC on disk, ready for Terraform.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use stk_store::archive::Entry;
use tempfile::TempDir;
use terraform_runner::backend;

/// Why the IaC could not be laid out on disk.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// A file or folder could not be made.
    #[error("`{}` could not be written", .path.display())]
    Write {
        /// What was to be written.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The plugin renders a file that the runtime writes itself.
    #[error(
        "the plugin renders `{}`, a file that the runtime writes itself",
        backend::FILE_NAME
    )]
    BackendFile,
}

/// A folder of its own with the IaC in it. It is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct WorkFolder {
    root: TempDir,
}

impl WorkFolder {
    /// Lays out `entries` and the backend file, which keeps the state at `state`.
    pub(crate) fn create(
        temporary: &Path,
        entries: &[Entry],
        state: &Path,
    ) -> Result<Self, ProjectError> {
        let failed = |path: &Path, source| ProjectError::Write {
            path: path.to_owned(),
            source,
        };
        let root = tempfile::Builder::new()
            .prefix("stk-task-")
            .tempdir_in(temporary)
            .map_err(|source| failed(temporary, source))?;
        let folder = Self { root };
        for entry in entries {
            if entry.path == backend::FILE_NAME {
                return Err(ProjectError::BackendFile);
            }
            let path = folder.project().join(&entry.path);
            write(&path, &entry.bytes, entry.executable).map_err(|source| failed(&path, source))?;
        }
        let path = folder.project().join(backend::FILE_NAME);
        write(&path, backend::local(state).as_bytes(), false)
            .map_err(|source| failed(&path, source))?;
        let plans = folder.plans();
        std::fs::create_dir_all(&plans).map_err(|source| failed(&plans, source))?;
        Ok(folder)
    }

    /// Where Terraform runs.
    pub(crate) fn project(&self) -> PathBuf {
        self.root.path().join("project")
    }

    /// Where plan files are kept: outside the project, so that no template can read one.
    pub(crate) fn plans(&self) -> PathBuf {
        self.root.path().join("plans")
    }
}

pub(crate) fn write(path: &Path, bytes: &[u8], executable: bool) -> io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if executable { 0o700 } else { 0o600 });
    }
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path)?.write_all(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str) -> Entry {
        Entry {
            path: path.to_owned(),
            bytes: b"x".to_vec(),
            executable: false,
        }
    }

    #[test]
    fn the_folder_goes_away_with_its_value() {
        let temporary = TempDir::new().unwrap();
        let entries = [entry("main.tf"), entry("module/main.tf")];
        let folder =
            WorkFolder::create(temporary.path(), &entries, Path::new("/states/a")).unwrap();
        let project = folder.project();
        assert!(project.join("module/main.tf").exists());
        let backend = std::fs::read_to_string(project.join("stk-backend-config.tf")).unwrap();
        assert!(backend.contains("\"/states/a\""));
        drop(folder);
        assert!(!project.exists());
    }

    #[test]
    fn the_backend_file_is_the_runtimes() {
        let temporary = TempDir::new().unwrap();
        let entries = [entry("stk-backend-config.tf")];
        let error = WorkFolder::create(temporary.path(), &entries, Path::new("/s")).unwrap_err();
        insta::assert_snapshot!(error, @"the plugin renders `stk-backend-config.tf`, a file that the runtime writes itself");
    }
}
