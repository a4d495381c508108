//! A saved plan: a plan makes one, or its kept content does, and an apply uses it up.

use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

/// How many plans may lie in one folder at once.
const NAMES: u32 = 1000;

/// A plan that was saved and not yet applied.
///
/// The file holds every value in clear, secrets too (Terraform `internal/plans/planfile`), so only its owner can read
/// it, and it is deleted when this value is dropped.
#[derive(Debug)]
pub struct PlanFile {
    path: PathBuf,
    directory: PathBuf,
}

impl PlanFile {
    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The working directory that it was made in, and can be applied in.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file's content, to keep it elsewhere. It is as secret as a state.
    ///
    /// # Errors
    ///
    /// What the system says when it cannot be read.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        std::fs::read(&self.path)
    }

    /// A plan of which the content was kept: it is written to a new file in `folder`, which must exist, to be applied
    /// in the working directory `directory`. Terraform itself refuses it there if the state, the version or the
    /// providers have changed; that it is the plan that was approved is the caller's to check.
    ///
    /// # Errors
    ///
    /// What the system says when it cannot be written; nothing is left behind then.
    pub fn restore(content: &[u8], folder: &Path, directory: &Path) -> io::Result<Self> {
        let file = Self::create(folder, directory)?;
        std::fs::write(&file.path, content)?;
        Ok(file)
    }

    /// Makes the empty file that the program then fills: it keeps the mode of an existing file.
    pub(crate) fn create(folder: &Path, directory: &Path) -> io::Result<Self> {
        let folder = std::path::absolute(folder)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        for number in 0..NAMES {
            let path = folder.join(format!("plan-{number}.tfplan"));
            match options.open(&path) {
                Ok(_) => {
                    return Ok(Self {
                        path,
                        directory: directory.to_owned(),
                    });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other(format!("{NAMES} plans lie there already")))
    }

    /// Whether the program has written a plan.
    pub(crate) fn is_filled(&self) -> bool {
        self.path.metadata().is_ok_and(|data| data.len() > 0)
    }
}

impl Drop for PlanFile {
    fn drop(&mut self) {
        // Nothing can be done about a file that cannot be deleted; the folder is the caller's, and goes with it.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_plan_has_its_own_file_that_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let first = PlanFile::create(folder.path(), Path::new("work")).unwrap();
        let second = PlanFile::create(folder.path(), Path::new("work")).unwrap();
        assert_ne!(first.path(), second.path());
        assert!(!first.is_filled());
        std::fs::write(first.path(), "plan").unwrap();
        assert!(first.is_filled());
        drop((first, second));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_plan_comes_back_from_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let plan = PlanFile::restore(b"plan", folder.path(), Path::new("work")).unwrap();
        assert_eq!(plan.read().unwrap(), b"plan");
        assert_eq!(plan.directory(), Path::new("work"));
        let path = plan.path().to_owned();
        drop(plan);
        assert!(!path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let plan = PlanFile::create(folder.path(), Path::new("work")).unwrap();
        assert_eq!(
            plan.path().metadata().unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
}
