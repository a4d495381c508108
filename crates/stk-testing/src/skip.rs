//! Saying that a test could not run.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "test harness: it reads the environment, and a failure of it fails the test"
)]

use std::{fmt, io::Write};

/// Names a file to which every skipped test adds its line, so that a script can count them: the
/// test harness of Rust has no word for a test that finds out by itself that it cannot run.
pub const SKIPPED_FILE_VARIABLE: &str = "STK_TEST_SKIPPED_FILE";

/// Why a test cannot run here: one line about what is missing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "a skipped test says so: call `report`"]
pub struct Skip {
    reason: String,
}

impl Skip {
    /// Takes the first line of `reason`; the rest would not fit on the one line of [`Skip::report`].
    pub fn new(reason: impl AsRef<str>) -> Self {
        let reason = reason.as_ref().trim();
        Self {
            reason: reason
                .lines()
                .next()
                .unwrap_or_default()
                .trim_end()
                .to_owned(),
        }
    }

    /// As [`Skip::new`], for what may not be missing in continuous integration.
    ///
    /// # Panics
    ///
    /// With `CI=true` in the environment: there a prerequisite that is missing is a failure, since
    /// nobody reads the line of a test that passed.
    pub fn unless_ci(reason: impl AsRef<str>) -> Self {
        let skip = Self::new(reason);
        if is_ci(std::env::var("CI").ok().as_deref()) {
            panic!("{skip}; with CI=true this test may not be skipped");
        }
        skip
    }

    /// Prints `skipped: <test>: <reason>` on the real stderr, past the capture of the test harness,
    /// which shows nothing of a test that passes; and adds the line to the file named by
    /// [`SKIPPED_FILE_VARIABLE`], if it is set.
    pub fn report(&self, test: &str) {
        let line = format!("skipped: {test}: {self}\n");
        // One write, so that lines of parallel tests do not mix.
        let _ = std::io::stderr().write_all(line.as_bytes());
        if let Some(path) = std::env::var_os(SKIPPED_FILE_VARIABLE) {
            let file = std::fs::OpenOptions::new()
                .append(true)
                .create(true)
                .open(&path);
            if let Err(error) = file.and_then(|mut file| file.write_all(line.as_bytes())) {
                panic!("{SKIPPED_FILE_VARIABLE}={}: {error}", path.display());
            }
        }
    }
}

impl fmt::Display for Skip {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.reason)
    }
}

fn is_ci(value: Option<&str>) -> bool {
    value == Some("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(
            Skip::new("\n pip failed: \nlong story\n").to_string(),
            "pip failed:"
        );
        assert_eq!(Skip::new("").to_string(), "");
    }

    #[test]
    fn ci_is_the_word_true() {
        assert!(is_ci(Some("true")));
        assert!(!is_ci(Some("false")));
        assert!(!is_ci(Some("")));
        assert!(!is_ci(None));
    }
}
