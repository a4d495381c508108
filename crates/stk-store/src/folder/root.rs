use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::files::{
    TEMPORARY_PREFIX, flush_folder, make_private_folder, nearest_obstacle, write_temporary,
};
use crate::OpenError;

const IGNORE_FILE: &str = ".gitignore";
const IGNORE_EVERYTHING: &[u8] = b"*\n";

/// Whether the folder `root` is there.
pub(super) fn exists(root: &Path) -> Result<bool, OpenError> {
    match fs::metadata(root) {
        Ok(found) if found.is_dir() => Ok(true),
        Ok(_) => Err(not_a_folder(root)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) if error.kind() == ErrorKind::NotADirectory => Err(not_a_folder(root)),
        Err(source) => Err(OpenError::Unreadable {
            path: root.to_owned(),
            source,
        }),
    }
}

/// Makes the folder `root` if it is not there, and proves that it can be written.
pub(super) fn prepare(root: &Path) -> Result<(), OpenError> {
    let not_writable = |source| OpenError::NotWritable {
        path: root.to_owned(),
        source,
    };
    if !exists(root)? {
        make_all(root)?;
    }
    // Also when it was found empty: whoever made it may have been killed before this line.
    let is_empty = fs::read_dir(root)
        .map_err(not_writable)?
        .filter_map(Result::ok)
        .all(|entry| {
            entry
                .file_name()
                .to_string_lossy()
                .starts_with(TEMPORARY_PREFIX)
        });
    let ignore = write_temporary(root, IGNORE_EVERYTHING).map_err(not_writable)?;
    if is_empty {
        match ignore.persist_noclobber(root.join(IGNORE_FILE)) {
            Ok(_) => flush_folder(root).map_err(not_writable)?,
            Err(error) if error.error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(not_writable(error.error)),
        }
    }
    Ok(())
}

fn make_all(folder: &Path) -> Result<(), OpenError> {
    if let Some(parent) = folder.parent()
        && !exists(parent)?
    {
        make_all(parent)?;
    }
    let made = match make_private_folder(folder) {
        // Somebody else made it just now, or `folder` ends in `..`.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        other => other,
    };
    made.and_then(|()| flush_parent(folder))
        .map_err(|source| OpenError::CannotCreate {
            path: folder.to_owned(),
            source,
        })
}

/// A parent that this user may write but not read cannot be flushed; that is no reason to refuse.
fn flush_parent(folder: &Path) -> io::Result<()> {
    match folder.parent().map_or(Ok(()), flush_folder) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        other => other,
    }
}

fn not_a_folder(root: &Path) -> OpenError {
    OpenError::NotAFolder {
        path: root.to_owned(),
        obstacle: nearest_obstacle(root),
    }
}
