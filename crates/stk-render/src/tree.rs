use std::{collections::BTreeMap, fs, io::Write as _, path::Path};

use crate::{
    error::{PathError, WriteError},
    path,
};

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
    /// Adds or replaces a file, and gives the one that it replaced. The path must be in its normal form.
    ///
    /// # Errors
    ///
    /// [`PathError`] says what is wrong with the path: absolute, `..`, an empty segment, a reserved name, or a folder of
    /// that name (or a file of one of its folders' names) being in the tree already.
    pub fn insert(&mut self, path: &str, file: File) -> Result<Option<File>, PathError> {
        let fail = |reason| PathError {
            path: path.to_owned(),
            reason,
        };
        if path::normalize(path).map_err(fail)? != path {
            return Err(fail("it holds a `.` segment".into()));
        }
        if let Some(other) = self.obstacle(path) {
            return Err(fail(format!(
                "`{other}` is in the tree: one would be a file and the other its folder"
            )));
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

#[cfg(test)]
mod tests {
    use super::{File, Tree};

    #[test]
    fn a_name_is_a_file_or_a_folder() {
        let file = || File {
            bytes: Vec::new(),
            executable: false,
        };
        let mut tree = Tree::default();
        assert_eq!(tree.insert("a/b", file()), Ok(None));
        assert_eq!(tree.insert("a-b", file()), Ok(None));
        assert_eq!(tree.insert("a/b", file()), Ok(Some(file())));
        for (path, message) in [
            (
                "a",
                "`a` cannot be a file of the tree: `a/b` is in the tree: one would be a file and the other its folder",
            ),
            (
                "a/b/c/d",
                "`a/b/c/d` cannot be a file of the tree: `a/b` is in the tree: one would be a file and the other its folder",
            ),
            (
                "./x",
                "`./x` cannot be a file of the tree: it holds a `.` segment",
            ),
            (
                "../x",
                "`../x` cannot be a file of the tree: `..` leaves the plugin's folder",
            ),
        ] {
            let error = tree.insert(path, file()).map_err(|error| error.to_string());
            assert_eq!(error, Err(message.to_owned()));
        }
        assert_eq!(tree.len(), 2);
    }
}
