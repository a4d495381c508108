use std::collections::BTreeSet;
use std::io::{Cursor, Read as _};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::path::{self, PathFault};
use super::{Entry, Limits};

/// Why an archive was not unpacked. None of its files is used then.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// Not a zip file, or a damaged one.
    #[error("the archive cannot be read")]
    NotAZip {
        /// What the zip reader said.
        source: ZipError,
    },
    /// A path that is not safe to write.
    #[error("`{path}` cannot be unpacked")]
    Path {
        /// The path, with what cannot be printed escaped.
        path: String,
        /// What is wrong with it.
        #[source]
        fault: PathFault,
    },
    /// A symbolic link, a device or the like, which could lead anywhere.
    #[error("`{path}` is {kind}, and only files are unpacked")]
    NotAFile {
        /// The path.
        path: String,
        /// What it is, e.g. `a symbolic link`.
        kind: &'static str,
    },
    /// A path that stands in the archive more than once: which of them counts is anybody's guess.
    #[error("`{path}` is in the archive twice")]
    Duplicate {
        /// The path, with what cannot be printed escaped.
        path: String,
    },
    /// A file that is a folder of another file at the same time.
    #[error("`{path}` is a file and a folder at once")]
    FileAndFolder {
        /// The path.
        path: String,
    },
    /// A file is larger than [`Limits::file_bytes`], by its own account or in truth.
    #[error("`{path}` has more than {limit} bytes")]
    FileTooLarge {
        /// The path.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The files together have more bytes than [`Limits::total_bytes`].
    #[error("with `{path}` the archive has more than {limit} bytes")]
    TooLarge {
        /// The file at which the limit was passed.
        path: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// More files and folders than [`Limits::files`].
    #[error("the archive has {count} files, and at most {limit} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// A file's content is damaged, encrypted, or packed in a way that is not supported.
    #[error("`{path}` cannot be read from the archive")]
    Content {
        /// The path.
        path: String,
        /// What the zip reader said.
        source: ZipError,
    },
}

/// Unpacks a zip into memory, sorted by path. Folders of their own are left out: a folder is there
/// because a file is in it.
///
/// # Errors
///
/// [`UnpackError`], naming the file. Sizes are checked as declared before anything is read, and as
/// they really are while it is.
pub fn unpack(bytes: &[u8], limits: Limits) -> Result<Vec<Entry>, UnpackError> {
    let mut archive =
        ZipArchive::new(Cursor::new(bytes)).map_err(|source| UnpackError::NotAZip { source })?;
    if archive.len() > limits.files {
        return Err(UnpackError::TooMany {
            count: archive.len(),
            limit: limits.files,
        });
    }
    if archive.has_duplicate_names() {
        return Err(UnpackError::Duplicate {
            path: first_duplicate(bytes, &archive),
        });
    }
    let mut left = Room {
        total: limits.total_bytes,
        limits,
    };
    let mut entries = Vec::with_capacity(archive.len());
    for index in 0..archive.len() {
        let path = match archive.name_for_index(index) {
            Some(Ok(name)) => name.escape_debug().to_string(),
            _ => format!("file {}", index + 1),
        };
        let file = archive
            .by_index(index)
            .map_err(|source| UnpackError::Content { path, source })?;
        if let Some(entry) = read(file, &mut left)? {
            entries.push(entry);
        }
    }
    entries.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    match path::file_that_is_a_folder(entries.iter().map(|entry| entry.path.as_str())) {
        Some(path) => Err(UnpackError::FileAndFolder {
            path: path.to_owned(),
        }),
        None => Ok(entries),
    }
}

/// How many bytes may still be unpacked.
struct Room {
    total: u64,
    limits: Limits,
}

impl Room {
    fn check(&self, path: &str, size: u64) -> Result<(), UnpackError> {
        if size > self.limits.file_bytes {
            return Err(UnpackError::FileTooLarge {
                path: path.to_owned(),
                limit: self.limits.file_bytes,
            });
        }
        if size > self.total {
            return Err(UnpackError::TooLarge {
                path: path.to_owned(),
                limit: self.limits.total_bytes,
            });
        }
        Ok(())
    }
}

fn read(
    mut file: ZipFile<'_, Cursor<&[u8]>>,
    room: &mut Room,
) -> Result<Option<Entry>, UnpackError> {
    const TYPE_MASK: u32 = 0o170_000;
    let entry = file.entry();
    let path = std::str::from_utf8(entry.name_raw())
        .map_err(|_| UnpackError::Path {
            path: entry.name_raw().escape_ascii().to_string(),
            fault: PathFault::NotText,
        })?
        .to_owned();
    let checked = path.strip_suffix('/').unwrap_or(&path);
    path::check(checked).map_err(|fault| UnpackError::Path {
        path: path.escape_debug().to_string(),
        fault,
    })?;
    let mode = entry.unix_mode().unwrap_or_default();
    let kind = match mode & TYPE_MASK {
        0 | 0o100_000 | 0o040_000 => None,
        0o120_000 => Some("a symbolic link"),
        _ => Some("a special file"),
    };
    if let Some(kind) = kind {
        return Err(UnpackError::NotAFile { path, kind });
    }
    if entry.is_dir() || path.ends_with('/') {
        return Ok(None);
    }
    let declared = entry.size();
    room.check(&path, declared)?;

    // The declared size may lie; one byte more than is allowed is enough to know.
    let allowed = room.limits.file_bytes.min(room.total);
    let mut bytes = Vec::with_capacity(usize::try_from(declared.min(1 << 20)).unwrap_or_default());
    (&mut file)
        .take(allowed.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| UnpackError::Content {
            path: path.clone(),
            source: ZipError::Io(error),
        })?;
    let size = bytes.len() as u64;
    room.check(&path, size)?;
    room.total -= size;
    Ok(Some(Entry {
        path,
        bytes,
        executable: mode & 0o111 != 0,
    }))
}

/// Which path stands in the archive's directory twice. The zip reader keeps one of each path and
/// says only that there were more, so the directory is read once more, by the layout of section
/// 4.3.12 of PKWARE's APPNOTE. Empty when that cannot be done.
fn first_duplicate(bytes: &[u8], archive: &ZipArchive<Cursor<&[u8]>>) -> String {
    const SIGNATURE: &[u8] = b"PK\x01\x02";
    const LENGTHS: [usize; 3] = [28, 30, 32];
    const NAME: usize = 46;
    let start = usize::try_from(archive.central_directory_start()).unwrap_or(usize::MAX);
    let mut rest = bytes.get(start..).unwrap_or_default();
    let mut seen = BTreeSet::new();
    while rest.starts_with(SIGNATURE) {
        let [name, extra, comment] = LENGTHS.map(|at| match rest.get(at..at + 2) {
            Some(&[low, high]) => usize::from(u16::from_le_bytes([low, high])),
            _ => usize::MAX >> 2,
        });
        let Some(path) = rest.get(NAME..NAME + name) else {
            break;
        };
        if !seen.insert(path) {
            return path.escape_ascii().to_string();
        }
        rest = rest
            .get(NAME + name + extra + comment..)
            .unwrap_or_default();
    }
    String::new()
}
