use std::collections::BTreeSet;

/// Why a path in an archive is not written to any disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PathFault {
    /// Nothing is left to name the file.
    #[error("it is empty")]
    Empty,
    /// It begins with `/`, or with a drive.
    #[error("it is absolute")]
    Absolute,
    /// It has `..` in it.
    #[error("it leads out of its folder")]
    Upward,
    /// It has `.` or nothing between two `/`.
    #[error("it has an empty part or `.` in it")]
    EmptyPart,
    /// It has `\` in it, which means something else on every system.
    #[error("it has a backslash in it")]
    Backslash,
    /// It has a line break, a NUL or the like in it.
    #[error("it has a control character in it")]
    Control,
    /// It is not UTF-8.
    #[error("it is not text")]
    NotText,
    /// A part is longer than file systems allow (255 bytes), or the whole is (1,024 bytes).
    #[error("it is too long")]
    TooLong,
}

const LONGEST_PART: usize = 255;
const LONGEST_PATH: usize = 1024;

/// Checks the path of a file: relative, inside its folder, the same on every system.
pub(super) fn check(path: &str) -> Result<(), PathFault> {
    if path.is_empty() {
        return Err(PathFault::Empty);
    }
    if path.contains('\\') {
        return Err(PathFault::Backslash);
    }
    if path.chars().any(char::is_control) {
        return Err(PathFault::Control);
    }
    let has_drive = matches!(path.as_bytes(), [letter, b':', ..] if letter.is_ascii_alphabetic());
    if path.starts_with('/') || has_drive {
        return Err(PathFault::Absolute);
    }
    for part in path.split('/') {
        match part {
            ".." => return Err(PathFault::Upward),
            "" | "." => return Err(PathFault::EmptyPart),
            _ if part.len() > LONGEST_PART => return Err(PathFault::TooLong),
            _ => {}
        }
    }
    if path.len() > LONGEST_PATH {
        return Err(PathFault::TooLong);
    }
    Ok(())
}

/// The first path of a sorted list that is also the folder of another.
pub(super) fn file_that_is_a_folder<'a>(
    paths: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let files: BTreeSet<&str> = paths.clone().collect();
    paths
        .flat_map(|path| path.match_indices('/').map(|(end, _)| &path[..end]))
        .find(|folder| files.contains(folder))
}
