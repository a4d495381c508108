use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use crate::{error::WriteError, path};

/// Rendered files by relative path, in the order of their paths. Every path in it is safe: relative, `/` between the
/// segments, no `..`, no name that a supported system cannot store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    files: BTreeMap<String, File>,
}

/// One rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Content.
    pub bytes: Vec<u8>,
    /// Whether the owner may execute it.
    pub executable: bool,
}

impl Tree {
    /// Adds or replaces a file. The path must already be in its normal form.
    ///
    /// # Errors
    ///
    /// Says what is wrong with the path: absolute, `..`, an empty segment, a reserved name, or a folder of that name
    /// (or a file of one of its folders' names) being in the tree already.
    pub fn insert(&mut self, path: &str, file: File) -> Result<Option<File>, String> {
        if path::normalize(path)? != path {
            return Err("it holds a `.` segment".into());
        }
        if let Some(other) = self.obstacle(path) {
            return Err(format!(
                "`{other}` is in the way: one is a file and the other its folder"
            ));
        }
        Ok(self.files.insert(path.to_owned(), file))
    }

    /// The file at `path`.
    pub fn get(&self, path: &str) -> Option<&File> {
        self.files.get(path)
    }

    /// Path and file, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &File)> {
        self.files.iter().map(|(path, file)| (path.as_str(), file))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// A path of the tree that is a folder of `path`, or has `path` as a folder.
    pub(crate) fn obstacle(&self, path: &str) -> Option<&str> {
        let above = path
            .match_indices('/')
            .find_map(|(index, _)| self.files.get_key_value(&path[..index]));
        if let Some((other, _)) = above {
            return Some(other);
        }
        let folder = format!("{path}/");
        self.files
            .range(folder.clone()..)
            .next()
            .map(|(other, _)| other.as_str())
            .filter(|other| other.starts_with(&folder))
    }

    /// Writes all files below `folder`, making it and the folders between where they are missing.
    ///
    /// # Errors
    ///
    /// [`WriteError`] names the first path that could not be written. A file that exists already is an error: what is
    /// rendered is never mixed with what another run left behind.
    pub fn write_to(&self, folder: &Path) -> Result<(), WriteError> {
        let fail = |path: &Path, source| WriteError {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(|error| fail(folder, error))?;
        for (relative, file) in &self.files {
            let target = folder.join(relative);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(|error| fail(parent, error))?;
            }
            write(&target, file).map_err(|error| fail(&target, error))?;
        }
        Ok(())
    }
}

impl IntoIterator for Tree {
    type Item = (String, File);
    type IntoIter = std::collections::btree_map::IntoIter<String, File>;

    fn into_iter(self) -> Self::IntoIter {
        self.files.into_iter()
    }
}

fn write(target: &Path, file: &File) -> std::io::Result<()> {
    // `create_new` also refuses to write through a symbolic link that stands in the target's place.
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if file.executable { 0o755 } else { 0o644 });
    }
    options.open(target)?.write_all(&file.bytes)
}
