//! A state, read and written as a whole.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Session, StepError, StepErrorKind};
use crate::state::StateDocument;
use crate::{Command, Step};

impl Session {
    /// Reads the state from where the backend keeps it; `None` when there is none. The directory must be initialised.
    ///
    /// Nothing that is printed is kept but the document, and none of it gets into an error.
    ///
    /// # Errors
    ///
    /// [`StepError`]; [`StepErrorKind::State`] when it is a state that cannot be understood.
    pub async fn pull_state(
        &self,
        cancel: &CancellationToken,
    ) -> Result<Option<StateDocument>, StepError> {
        let command = Command::state_pull(self.program.path(), &self.environment, &self.directory);
        let (document, too_long) = self.print(&command, cancel).await?;
        if let Some(bytes) = too_long {
            return Err(self.error(Step::StatePull, StepErrorKind::DocumentTooLong { bytes }));
        }
        if document.trim().is_empty() {
            return Ok(None);
        }
        StateDocument::from_json(&document)
            .map(Some)
            .map_err(|source| self.error(Step::StatePull, StepErrorKind::State(source)))
    }

    /// Writes the state to where the backend keeps it, whatever is there, as long as `state` is a later one of the same
    /// lineage or nothing is there. It gets there by way of a file in `folder`, which must exist and should not be the
    /// working directory. The directory must be initialised.
    ///
    /// # Errors
    ///
    /// [`StepError`]
    pub async fn push_state(
        &self,
        state: &StateDocument,
        folder: &Path,
        lock_timeout: Duration,
        cancel: &CancellationToken,
    ) -> Result<(), StepError> {
        let text = state
            .to_json()
            .map_err(|source| self.error(Step::StatePush, StepErrorKind::State(source)))?;
        let file = StateFile::create(folder, &text).map_err(|source| {
            let folder = folder.to_owned();
            self.error(Step::StatePush, StepErrorKind::StateFile { folder, source })
        })?;
        let command = Command::state_push(
            self.program.path(),
            &self.environment,
            &self.directory,
            &file.0,
            lock_timeout,
        );
        let (exit, collected) = self.run(&command, &mut |_| {}, cancel).await?;
        self.check(Step::StatePush, exit, collected, &[0], None)?;
        Ok(())
    }
}

/// A state on its way, for its owner alone; it is deleted when this value is dropped.
struct StateFile(PathBuf);

impl StateFile {
    fn create(folder: &Path, text: &str) -> io::Result<Self> {
        let path = std::path::absolute(folder)?.join("pushed.tfstate");
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut opened = options.open(&path)?;
        let file = Self(path);
        opened.write_all(text.as_bytes())?;
        Ok(file)
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        // What cannot be removed is in a folder that goes away soon.
        let _ = std::fs::remove_file(&self.0);
    }
}
