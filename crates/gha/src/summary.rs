use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;

use thiserror::Error;

use crate::Environment;

/// GitHub uploads nothing of a step's summary that is larger (docs.github.com, "Adding a job summary": 1 MiB a step).
const LIMIT: u64 = 1024 * 1024;

/// What stands at the end of a summary that was cut.
const POINTER: &str =
    "\n\n*The summary was cut at GitHub's limit of 1 MiB; the rest is in the log of this step.*\n";

/// A summary could not be written: the runner's disk, its permissions. Nothing that a deployment should fail for.
#[derive(Debug, Error)]
#[error("the step summary cannot be written to `{}`", path.display())]
pub struct SummaryError {
    /// The file of `GITHUB_STEP_SUMMARY`.
    pub path: PathBuf,
    /// What the operating system says.
    #[source]
    pub source: io::Error,
}

/// The markdown that GitHub shows on the page of the workflow run. Outside GitHub nothing is written.
#[derive(Debug, Clone)]
pub struct Summary {
    path: Option<PathBuf>,
}

impl Summary {
    /// The summary of the step whose environment this is (`GITHUB_STEP_SUMMARY`).
    pub fn new(environment: &Environment) -> Self {
        let path = environment.get_os("GITHUB_STEP_SUMMARY");
        let path = path.filter(|path| !path.is_empty()).map(PathBuf::from);
        Self { path }
    }

    /// Appends markdown. What would go over GitHub's limit of 1 MiB is cut at the end of a line and replaced by a sentence that
    /// points to the log; after that nothing is added.
    ///
    /// # Errors
    /// [`SummaryError`] when the file cannot be written.
    pub fn append(&self, markdown: &str) -> Result<(), SummaryError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().append(true).create(true).open(path)?;
            let used = file.metadata()?.len();
            let room = LIMIT.saturating_sub(used);
            file.write_all(fitted(markdown, room).as_bytes())
        };
        write().map_err(|source| SummaryError {
            path: path.clone(),
            source,
        })
    }
}

/// What of the text may still be written. Room for the pointer is always kept free, so a file without that room is a cut one.
fn fitted(text: &str, room: u64) -> String {
    let pointer = POINTER.len();
    let room = usize::try_from(room).unwrap_or(usize::MAX);
    if room < pointer {
        return String::new();
    }
    if text.len() <= room - pointer {
        return text.to_owned();
    }
    let mut end = room - pointer;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let kept = text.get(..end).unwrap_or_default();
    let kept = kept
        .rfind('\n')
        .and_then(|end| kept.get(..end))
        .unwrap_or_default();
    // Filled up to the limit, so that a later append sees that the summary was cut.
    let padding = " ".repeat(room - pointer - kept.len());
    format!("{kept}{padding}{POINTER}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_summary_is_cut_at_a_line_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("summary.md");
        let summary = Summary::new(&Environment::from_pairs([("GITHUB_STEP_SUMMARY", &file)]));
        summary.append("# Title\n").unwrap();
        let row = format!("| {} |\n", "é".repeat(40));
        summary.append(&row.repeat(20_000)).unwrap();
        summary.append("never seen\n").unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.len() as u64 <= LIMIT);
        assert!(text.starts_with("# Title\n| é"));
        assert!(text.ends_with(POINTER), "{:?}", &text[text.len() - 200..]);
        assert!(!text.contains("never seen"));
    }

    #[test]
    fn outside_github_nothing_happens() {
        let summary = Summary::new(&Environment::default());
        assert!(summary.append("x").is_ok());
    }

    #[test]
    fn a_folder_in_the_way_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let summary = Summary::new(&Environment::from_pairs([("GITHUB_STEP_SUMMARY", path)]));
        let error = summary.append("x").unwrap_err();
        assert_eq!(error.path, path);
    }
}
