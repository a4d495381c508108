use std::fs::OpenOptions;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use crate::Environment;

/// Why an output could not be set.
#[derive(Debug, Error)]
pub enum OutputError {
    /// The name has other characters than letters, digits, `_` and `-`: a mistake in this program.
    #[error("`{name}` is not a name for an output")]
    InvalidName {
        /// The name.
        name: String,
    },
    /// The file of `GITHUB_OUTPUT` (or the standard output) cannot be written: the runner's disk, its permissions.
    #[error("output `{name}` cannot be written to {place}")]
    Write {
        /// The output.
        name: String,
        /// The file, or `the standard output`.
        place: String,
        /// What the operating system says.
        #[source]
        source: io::Error,
    },
}

/// The outputs of a step: appended to the file that `GITHUB_OUTPUT` names, or printed as `name=value` lines when there is none.
///
/// A value of several lines is written with a delimiter that does not occur in it, in both cases. GitHub drops a *job's* output
/// (with a warning on the run's page) when its value contains a masked value; nothing here can see or prevent that.
pub struct Outputs {
    target: Target,
}

enum Target {
    File(PathBuf),
    Writer(Mutex<Box<dyn Write + Send>>),
}

impl Outputs {
    /// The outputs of the step whose environment this is.
    pub fn new(environment: &Environment) -> Self {
        match environment.get_os("GITHUB_OUTPUT") {
            Some(file) if !file.is_empty() => Self {
                target: Target::File(file.into()),
            },
            _ => Self::to_writer(Box::new(io::stdout())),
        }
    }

    /// Outputs printed to a writer, for tests.
    pub fn to_writer(writer: Box<dyn Write + Send>) -> Self {
        Self {
            target: Target::Writer(Mutex::new(writer)),
        }
    }

    /// Sets one output. Set twice, the later value counts.
    ///
    /// # Errors
    /// [`OutputError::Write`]; [`OutputError::InvalidName`] for a name that no workflow could refer to.
    pub fn set(&self, name: &str, value: &str) -> Result<(), OutputError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || !name.bytes().all(allowed) {
            let name = name.to_owned();
            return Err(OutputError::InvalidName { name });
        }
        let entry = entry(name, value, random);
        let (place, result) = match &self.target {
            Target::File(file) => {
                let opened = OpenOptions::new().append(true).create(true).open(file);
                let result = opened.and_then(|mut file| file.write_all(entry.as_bytes()));
                (format!("`{}`", file.display()), result)
            }
            Target::Writer(writer) => {
                let mut writer = writer.lock().unwrap_or_else(PoisonError::into_inner);
                let written = writer.write_all(entry.as_bytes());
                let result = written.and_then(|()| writer.flush());
                ("the standard output".to_owned(), result)
            }
        };
        result.map_err(|source| OutputError::Write {
            name: name.to_owned(),
            place,
            source,
        })
    }
}

/// The text of one output. A carriage return too needs the long form: on Windows the runner takes it as part of the line end.
fn entry(name: &str, value: &str, mut random: impl FnMut() -> u64) -> String {
    if !value.contains(['\n', '\r']) {
        return format!("{name}={value}\n");
    }
    let mut delimiter = format!("end_{:016x}", random());
    while value.contains(&delimiter) {
        delimiter.push_str(&format!("{:016x}", random()));
    }
    format!("{name}<<{delimiter}\n{value}\n{delimiter}\n")
}

/// A number that nobody who wrote a value could foresee: the keys of a fresh hasher come from the operating system.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_line_and_of_several() {
        assert_eq!(entry("a", "b=c<<d %", || 1), "a=b=c<<d %\n");
        assert_eq!(entry("a", "", || 1), "a=\n");
        insta::assert_snapshot!(entry("a", "x\ny", || 1), @r"
        a<<end_0000000000000001
        x
        y
        end_0000000000000001
        ");
    }

    #[test]
    fn the_delimiter_never_occurs_in_the_value() {
        let value = "end_0000000000000001\nrun_id=forged";
        let mut numbers = [1, 2, 3].into_iter();
        let text = entry("a", value, || numbers.next().unwrap());
        insta::assert_snapshot!(text, @r"
        a<<end_00000000000000010000000000000002
        end_0000000000000001
        run_id=forged
        end_00000000000000010000000000000002
        ");
    }

    #[test]
    fn the_file_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("output");
        let outputs = Outputs::new(&Environment::from_pairs([("GITHUB_OUTPUT", &file)]));
        outputs.set("run_id", "01J").unwrap();
        outputs.set("tasks", "[]").unwrap();
        assert_eq!(
            std::fs::read_to_string(&file).unwrap(),
            "run_id=01J\ntasks=[]\n"
        );
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("none").join("output");
        let outputs = Outputs::new(&Environment::from_pairs([("GITHUB_OUTPUT", &missing)]));
        let error = outputs.set("run_id", "01J").unwrap_err().to_string();
        assert!(
            error.starts_with("output `run_id` cannot be written to `"),
            "{error}"
        );
        let error = outputs.set("run id", "01J").unwrap_err();
        assert_eq!(error.to_string(), "`run id` is not a name for an output");
    }

    #[test]
    fn two_random_numbers_differ() {
        assert_ne!(random(), random());
    }

    proptest::proptest! {
        /// Read back by the runner's rule: up to the first line that is the delimiter.
        #[test]
        fn a_value_cannot_end_its_own_heredoc(value in "(end_000000000000000[12]|=|<<|x|\n|\r){0,12}") {
            let mut numbers = 1..;
            let text = entry("a", &value, || numbers.next().unwrap());
            let read = match text.strip_prefix("a=") {
                Some(rest) => rest.strip_suffix('\n').unwrap().to_owned(),
                None => {
                    let mut lines = text.strip_prefix("a<<").unwrap().split('\n');
                    let delimiter = lines.next().unwrap();
                    let read: Vec<&str> = lines.by_ref().take_while(|line| *line != delimiter).collect();
                    proptest::prop_assert_eq!(lines.collect::<Vec<_>>(), [""]);
                    read.join("\n")
                }
            };
            proptest::prop_assert_eq!(read, value);
        }
    }
}
