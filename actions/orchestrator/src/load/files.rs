//! Reading files, and showing their paths.

use std::io;
use std::path::{Component, Path, PathBuf};

/// A byte order mark and the rest are the parser's business; what is not UTF-8 never gets there.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let bytes = std::fs::read(path)?;
    String::from_utf8(bytes).map_err(|error| {
        let line = error.as_bytes()[..error.utf8_error().valid_up_to()]
            .iter()
            .filter(|byte| **byte == b'\n')
            .count();
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("it is not UTF-8 (line {})", line + 1),
        )
    })
}

/// Folders nearby that do hold a project: the one that the user probably meant.
pub(super) fn nearby(workdir: &Path) -> Vec<PathBuf> {
    let holds = |folder: &Path| folder.join(".stk").join("stk.yaml").is_file();
    // The empty path is the current folder.
    let here = if workdir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        workdir
    };
    let mut found: Vec<_> = std::fs::read_dir(here)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(tidy(&entry.ok()?.path())))
        .filter(|folder| holds(folder))
        .collect();
    found.sort();
    let parent = workdir.join("..");
    if holds(&parent) {
        found.push(parent);
    }
    found
}

/// `./` in front of a path helps nobody, and GitHub wants annotations without it.
pub(super) fn tidy(path: &Path) -> PathBuf {
    path.components()
        .filter(|part| !matches!(part, Component::CurDir))
        .collect()
}

/// `path` in messages.
pub(super) fn shown(path: &Path) -> String {
    tidy(path).display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_not_text_have_a_line() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("stk.yaml");
        std::fs::write(&file, b"one\ntwo\xff\n").unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(error.to_string(), "it is not UTF-8 (line 2)");
    }

    #[test]
    fn a_project_below_and_above_is_found() {
        let folder = tempfile::TempDir::new().unwrap();
        for project in ["a", "a/b", "a/c"] {
            let dot = folder.path().join(project).join(".stk");
            std::fs::create_dir_all(&dot).unwrap();
            std::fs::write(dot.join("stk.yaml"), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("a/none")).unwrap();
        let found = |workdir: &str| -> Vec<_> {
            nearby(&folder.path().join(workdir))
                .iter()
                .map(|path| {
                    let path = path.strip_prefix(folder.path()).unwrap();
                    path.display().to_string()
                })
                .collect()
        };
        assert_eq!(found(""), ["a"]);
        assert_eq!(found("a"), ["a/b", "a/c"]);
        assert_eq!(found("a/none"), ["a/none/.."]);
    }

    #[test]
    fn a_path_is_shown_without_dots_for_the_current_folder() {
        assert_eq!(shown(Path::new("./a/./b")), "a/b");
        assert_eq!(shown(Path::new("../a")), "../a");
        assert_eq!(shown(Path::new("/a/./b")), "/a/b");
    }
}
