use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use stk_run::Digest;
use tempfile::NamedTempFile;

use super::guard::{self, GuardError};
use crate::{Deleted, Key, Location, Object, PutMode, StoreError, Version};

/// What the names of unfinished files begin with. A leading `.` is in no key.
pub(super) const TEMPORARY_PREFIX: &str = ".tmp-";

/// The blocking half of the folder store: paths in, files out.
#[derive(Debug)]
pub(super) struct Files {
    location: Location,
    root: PathBuf,
}

impl Files {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            location: Location::Folder(root.clone()),
            root,
        }
    }

    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// Where the object `key` is kept.
    pub(super) fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Object>, StoreError> {
        let path = self.path(key);
        Ok(read(&path)
            .map_err(|error| self.error(key, "read", &path, error))?
            .map(|bytes| Object {
                version: version_of(&bytes),
                bytes: Bytes::from(bytes),
            }))
    }

    pub(super) fn put(
        &self,
        key: &str,
        bytes: &[u8],
        mode: &PutMode,
    ) -> Result<Version, StoreError> {
        const WRITTEN: &str = "written";
        let path = self.path(key);
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        let failed = |error| self.error(key, WRITTEN, &path, error);
        // Only spares the work: whether the object exists is decided by the rename below.
        if *mode == PutMode::Create && path.symlink_metadata().is_ok_and(|found| found.is_file()) {
            return Err(self.already_exists(key));
        }
        self.make_folders(&folder)
            .map_err(|(at, error)| self.error(key, WRITTEN, &at, error))?;
        let temporary = write_temporary(&folder, bytes)
            .map_err(|error| self.error(key, WRITTEN, &folder, error))?;

        let guard = self.guard(key, WRITTEN)?;
        self.check_case(key)?;
        match mode {
            PutMode::Create => {
                if let Err(error) = temporary.persist_noclobber(&path) {
                    return Err(match error.error.kind() {
                        ErrorKind::AlreadyExists if path.is_dir() => {
                            self.error(key, WRITTEN, &path, ErrorKind::IsADirectory.into())
                        }
                        ErrorKind::AlreadyExists => self.already_exists(key),
                        _ => failed(error.error),
                    });
                }
            }
            PutMode::Update(expected) => {
                let stored = read(&path).map_err(failed)?;
                if stored.is_none_or(|bytes| version_of(&bytes) != *expected) {
                    return Err(self.precondition(key));
                }
                temporary
                    .persist(&path)
                    .map_err(|error| failed(error.error))?;
            }
            PutMode::Overwrite => {
                temporary
                    .persist(&path)
                    .map_err(|error| failed(error.error))?;
            }
        }
        drop(guard);
        flush_folder(&folder).map_err(|error| self.error(key, WRITTEN, &folder, error))?;
        Ok(version_of(bytes))
    }

    pub(super) fn delete(
        &self,
        key: &str,
        expected: Option<&Version>,
    ) -> Result<Deleted, StoreError> {
        const REMOVED: &str = "removed";
        let path = self.path(key);
        let failed = |error| self.error(key, REMOVED, &path, error);
        if path
            .symlink_metadata()
            .is_err_and(|error| error.kind() == ErrorKind::NotFound)
        {
            return Ok(Deleted::Absent);
        }
        let guard = self.guard(key, REMOVED)?;
        if let Some(expected) = expected {
            match read(&path).map_err(failed)? {
                None => return Ok(Deleted::Absent),
                Some(bytes) if version_of(&bytes) != *expected => {
                    return Err(self.precondition(key));
                }
                Some(_) => {}
            }
        }
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Deleted::Absent),
            Err(error) => return Err(failed(error)),
        }
        drop(guard);
        let folder = path.parent().unwrap_or(&self.root);
        flush_folder(folder).map_err(|error| self.error(key, REMOVED, folder, error))?;
        Ok(Deleted::Removed)
    }

    pub(super) fn list(&self, prefix: &str) -> Result<Vec<Key>, StoreError> {
        let mut paths = Vec::new();
        let mut folders = vec![prefix.trim_end_matches('/').to_owned()];
        while let Some(folder) = folders.pop() {
            let path = self.path(&folder);
            let failed = |error| self.error(prefix, "listed", &path, error);
            let entries = match fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(failed(error)),
            };
            for entry in entries {
                let entry = entry.map_err(failed)?;
                // What is not text is no key's.
                let name = entry.file_name();
                let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                    continue;
                };
                let inside = if folder.is_empty() {
                    name.to_owned()
                } else {
                    format!("{folder}/{name}")
                };
                if entry.file_type().map_err(failed)?.is_dir() {
                    folders.push(inside);
                } else {
                    paths.push(inside);
                }
            }
        }
        paths.sort_unstable();
        Ok(paths
            .iter()
            .filter_map(|path| Key::parse(path).ok())
            .collect())
    }

    /// Makes the folders above the object `key`.
    pub(super) fn make_room(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key);
        self.make_folders(path.parent().unwrap_or(&self.root))
            .map_err(|(at, error)| self.error(key, "written", &at, error))
    }

    /// Makes `folder` and those above it up to the root, each of them flushed into its parent, so
    /// that a file that is flushed later cannot vanish with its folder.
    pub(super) fn make_folders(&self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
        if folder.is_dir() {
            return Ok(());
        }
        if let Some(parent) = folder
            .parent()
            .filter(|parent| parent.starts_with(&self.root))
        {
            self.make_folders(parent)?;
        }
        match make_private_folder(folder) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                if folder.is_dir() {
                    Ok(())
                } else {
                    Err((folder.to_owned(), ErrorKind::NotADirectory.into()))
                }
            }
            made => made
                .and_then(|()| folder.parent().map_or(Ok(()), flush_folder))
                .map_err(|error| (folder.to_owned(), error)),
        }
    }

    /// Refuses a name that differs from an existing one in nothing but case, where the file system
    /// would give the one for the other. Called with the guard's file in place, which shows whether
    /// it does.
    fn check_case(&self, key: &str) -> Result<(), StoreError> {
        if !self.root.join(guard::FILE_NAME_UPPER).exists() {
            return Ok(());
        }
        let mut folder = self.root.clone();
        for segment in key.split('/') {
            // What cannot be read now is reported by the write that follows.
            let alike = fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .filter_map(Result::ok)
                .map(|entry| entry.file_name())
                .find(|name| name != segment && name.eq_ignore_ascii_case(segment));
            if let Some(name) = alike {
                return Err(StoreError::Alike {
                    location: self.location.clone(),
                    key: key.to_owned(),
                    path: folder.join(name),
                });
            }
            folder.push(segment);
        }
        Ok(())
    }

    fn guard(&self, key: &str, operation: &'static str) -> Result<File, StoreError> {
        let path = self.root.join(guard::FILE_NAME);
        guard::take(&path, guard::PATIENCE).map_err(|error| match error {
            GuardError::Held { seconds } => StoreError::Busy {
                location: self.location.clone(),
                key: key.to_owned(),
                operation,
                path,
                seconds,
            },
            GuardError::Io(error) => self.error(key, operation, &path, error),
        })
    }

    fn already_exists(&self, key: &str) -> StoreError {
        StoreError::AlreadyExists {
            location: self.location.clone(),
            key: key.to_owned(),
        }
    }

    fn precondition(&self, key: &str) -> StoreError {
        StoreError::Precondition {
            location: self.location.clone(),
            key: key.to_owned(),
        }
    }

    pub(super) fn error(
        &self,
        key: &str,
        operation: &'static str,
        path: &Path,
        source: io::Error,
    ) -> StoreError {
        let (location, key) = (self.location.clone(), key.to_owned());
        let path = path.to_owned();
        match source.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => StoreError::Denied {
                location,
                key,
                operation,
                path,
                source,
            },
            ErrorKind::NotADirectory | ErrorKind::IsADirectory => StoreError::Blocked {
                location,
                key,
                operation,
                path: nearest_obstacle(&path),
                source,
            },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => StoreError::Full {
                location,
                key,
                operation,
                path,
                source,
            },
            _ => StoreError::Io {
                location,
                key,
                operation,
                path,
                source,
            },
        }
    }
}

/// The file that stands where a folder should be, above `path` or at it.
pub(super) fn nearest_obstacle(path: &Path) -> PathBuf {
    path.ancestors()
        .find(|ancestor| ancestor.symlink_metadata().is_ok())
        .unwrap_or(path)
        .to_owned()
}

/// Makes one folder that only its owner may enter.
pub(super) fn make_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A flushed file in `folder` with this content, readable by its owner alone, that is removed again
/// unless it is renamed.
pub(super) fn write_temporary(folder: &Path, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let mut temporary = tempfile::Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .tempfile_in(folder)?;
    temporary.write_all(bytes)?;
    temporary.as_file().sync_all()?;
    Ok(temporary)
}

/// Makes the names in `folder` survive a crash. Elsewhere than on Unix a folder cannot be opened
/// for this, and need not be.
pub(super) fn flush_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn version_of(bytes: &[u8]) -> Version {
    Version::new(Digest::of(bytes).hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_in_case_alone_are_refused_where_they_are_one() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().to_owned());
        let put = |key: &str| files.put(key, b"x", &PutMode::Overwrite);
        put("targets/Shop/dev/lock.json").unwrap();
        put("targets/shop/prod/lock.json").unwrap();

        // Stands for a file system on which `.lock` is also `.LOCK`.
        fs::write(folder.path().join(guard::FILE_NAME_UPPER), b"").unwrap();
        put("targets/Shop/dev/lock.json").unwrap_err();
        fs::remove_dir_all(folder.path().join("targets/shop")).unwrap();
        put("targets/Shop/dev/lock.json").unwrap();
        let error = put("targets/shop/dev/lock.json").unwrap_err();
        let message = error
            .to_string()
            .replace(&folder.path().display().to_string(), "/store");
        insta::assert_snapshot!(message, @"`targets/shop/dev/lock.json` in file:///store could not be written: this file system does not tell it from /store/targets/Shop");
    }

    #[test]
    fn what_the_system_says_becomes_what_a_person_can_do() {
        let files = Files::new(PathBuf::from("/store"));
        let explain = |kind: ErrorKind| {
            let path = Path::new("/store/packages/x.zip");
            let error = files.error("packages/x.zip", "written", path, kind.into());
            format!("{error}; {}", error.help().unwrap_or_default())
        };
        insta::assert_snapshot!(explain(ErrorKind::PermissionDenied), @"`packages/x.zip` in file:///store could not be written: no permission for /store/packages/x.zip; give the user that runs this read and write access to /store/packages/x.zip, or choose another folder for the store");
        insta::assert_snapshot!(explain(ErrorKind::ReadOnlyFilesystem), @"`packages/x.zip` in file:///store could not be written: no permission for /store/packages/x.zip; give the user that runs this read and write access to /store/packages/x.zip, or choose another folder for the store");
        insta::assert_snapshot!(explain(ErrorKind::StorageFull), @"`packages/x.zip` in file:///store could not be written: no space is left for /store/packages/x.zip; make room for file:///store and run this again");
        insta::assert_snapshot!(explain(ErrorKind::TimedOut), @"`packages/x.zip` in file:///store could not be written (/store/packages/x.zip);");
    }
}
