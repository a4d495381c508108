use std::io::{self, Cursor, Write as _};

use bytes::Bytes;
use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use super::path::{self, PathFault};
use super::{Entry, Limits};

/// Why files could not be packed. The plugin that they come from is at fault.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// A path that could not be unpacked safely everywhere.
    #[error("`{path}` cannot be packed")]
    Path {
        /// The path, with what cannot be printed escaped.
        path: String,
        /// What is wrong with it.
        #[source]
        fault: PathFault,
    },
    /// Two files with the same path.
    #[error("`{path}` is there twice")]
    Duplicate {
        /// The path.
        path: String,
    },
    /// A file that is a folder of another file at the same time.
    #[error("`{path}` is a file and a folder at once")]
    FileAndFolder {
        /// The path.
        path: String,
    },
    /// One file is larger than [`Limits::file_bytes`].
    #[error("`{path}` has {size} bytes, and at most {limit} are allowed")]
    FileTooLarge {
        /// The path.
        path: String,
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// All files together have more bytes than [`Limits::total_bytes`].
    #[error("the files have {size} bytes together, and at most {limit} are allowed")]
    TooLarge {
        /// Their size in bytes.
        size: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// More files than [`Limits::files`].
    #[error("there are {count} files, and at most {limit} are allowed")]
    TooMany {
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// The zip file could not be made: a fault of this program.
    #[error("`{path}` could not be written into the archive")]
    Zip {
        /// The file at which it failed.
        path: String,
        /// What the zip writer said.
        source: ZipError,
    },
}

/// Packs files into a zip. The same files give the same bytes, whatever their order: sorted by
/// path, all with the same time, and not compressed, because a compressor's next release may
/// compress differently, and the bytes' digest is what tells a changed plugin from an unchanged one.
///
/// What this packs, [`unpack`](fn@super::unpack) accepts with the default [`Limits`].
///
/// # Errors
///
/// [`PackError`], naming the file.
pub fn pack(entries: impl IntoIterator<Item = Entry>) -> Result<Bytes, PackError> {
    let mut entries: Vec<Entry> = entries.into_iter().collect();
    entries.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    check(&entries)?;

    let size = entries.iter().map(|entry| entry.bytes.len() + 256).sum();
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(size)));
    for entry in &entries {
        write(&mut writer, entry).map_err(|source| PackError::Zip {
            path: entry.path.clone(),
            source,
        })?;
    }
    let archive = writer.finish().map_err(|source| PackError::Zip {
        path: "the list of files".to_owned(),
        source,
    })?;
    Ok(archive.into_inner().into())
}

fn check(entries: &[Entry]) -> Result<(), PackError> {
    let limits = Limits::default();
    if entries.len() > limits.files {
        return Err(PackError::TooMany {
            count: entries.len(),
            limit: limits.files,
        });
    }
    let mut total = 0;
    for entry in entries {
        path::check(&entry.path).map_err(|fault| PackError::Path {
            path: entry.path.escape_debug().to_string(),
            fault,
        })?;
        let size = entry.bytes.len() as u64;
        if size > limits.file_bytes {
            return Err(PackError::FileTooLarge {
                path: entry.path.clone(),
                size,
                limit: limits.file_bytes,
            });
        }
        total += size;
    }
    if total > limits.total_bytes {
        return Err(PackError::TooLarge {
            size: total,
            limit: limits.total_bytes,
        });
    }
    if let Some([first, _]) = entries
        .array_windows()
        .find(|[left, right]: &&[Entry; 2]| left.path == right.path)
    {
        return Err(PackError::Duplicate {
            path: first.path.clone(),
        });
    }
    if let Some(path) = path::file_that_is_a_folder(entries.iter().map(|entry| entry.path.as_str()))
    {
        return Err(PackError::FileAndFolder {
            path: path.to_owned(),
        });
    }
    Ok(())
}

fn write(writer: &mut ZipWriter<Cursor<Vec<u8>>>, entry: &Entry) -> Result<(), ZipError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::DEFAULT)
        .system(System::Unix)
        .unix_permissions(if entry.executable { 0o755 } else { 0o644 });
    writer.start_file(entry.path.as_str(), options)?;
    writer
        .write_all(&entry.bytes)
        .map_err(|error: io::Error| ZipError::Io(error))
}
