use std::path::PathBuf;
use std::str::FromStr;

use secrecy::SecretString;
use thiserror::Error;

use crate::{Environment, InputSpec};

/// Why an input cannot be used. Always the caller's workflow (or command line) is at fault.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum InputError {
    /// A required input is absent, empty or only white space.
    #[error("input `{name}` is required and is empty")]
    Missing {
        /// The input, as `action.yml` spells it.
        name: String,
    },
    /// A switch has a value that is neither yes nor no.
    #[error("input `{name}` must be `true` or `false`, not `{value}`")]
    NotAFlag {
        /// The input, as `action.yml` spells it.
        name: String,
        /// What it was.
        value: String,
    },
    /// A number does not parse, or is out of range.
    #[error("input `{name}` must be a number, not `{value}` ({reason})")]
    NotANumber {
        /// The input, as `action.yml` spells it.
        name: String,
        /// What it was.
        value: String,
        /// What the number parser says.
        reason: String,
    },
    /// The value is not one of the few that are understood.
    #[error("input `{name}` must be one of {}, not `{value}`", quoted(.expected))]
    NotAChoice {
        /// The input, as `action.yml` spells it.
        name: String,
        /// What it was.
        value: String,
        /// What it may be.
        expected: Vec<String>,
    },
    /// The variable holds bytes that are not UTF-8.
    #[error("input `{name}` is not valid UTF-8")]
    NotUnicode {
        /// The input, as `action.yml` spells it.
        name: String,
    },
}

impl InputError {
    /// The input at fault, as `action.yml` spells it.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name }
            | Self::NotAFlag { name, .. }
            | Self::NotANumber { name, .. }
            | Self::NotAChoice { name, .. }
            | Self::NotUnicode { name } => name,
        }
    }

    /// What to do about it, for the `help:` line.
    pub fn help(&self) -> String {
        let name = self.name();
        format!(
            "set `{name}` under `with:` of the step; outside GitHub, the environment variable `{}`",
            variable(name)
        )
    }
}

/// The inputs of a step: the variables `INPUT_<NAME>` of an [`Environment`].
///
/// GitHub upper-cases an input's name and replaces its spaces by `_` (its toolkit's `getInput` does the same), so names are looked
/// up that way. White space around a value is dropped, as the toolkit does, and what is then empty counts as absent: an
/// `action.yml` passes every input on, the unset ones as the empty string.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    environment: &'a Environment,
    specs: &'a [InputSpec],
}

impl<'a> Inputs<'a> {
    /// The inputs in this environment.
    pub fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            specs: &[],
        }
    }

    /// The same inputs, where an absent one has its specification's default: `action.yml` fills defaults in on GitHub, nobody
    /// does when a binary is started by hand.
    #[must_use]
    pub fn with_defaults(self, specs: &'a [InputSpec]) -> Self {
        Self { specs, ..self }
    }

    /// The value, or the default of its specification; `None` when there is neither, or it is not UTF-8 (see
    /// [`Inputs::required`], which tells these apart).
    pub fn text(&self, name: &str) -> Option<&'a str> {
        let given = self.environment.get(&variable(name)).map(str::trim);
        given.filter(|value| !value.is_empty()).or_else(|| {
            let spec = self.specs.iter().find(|spec| same_name(spec.name, name))?;
            spec.default.filter(|value| !value.is_empty())
        })
    }

    /// Whether the input was given at all, defaults left aside.
    pub fn is_given(&self, name: &str) -> bool {
        Self::new(self.environment).text(name).is_some()
    }

    /// The value of an input that must be there.
    ///
    /// # Errors
    /// [`InputError::Missing`] or [`InputError::NotUnicode`].
    pub fn required(&self, name: &str) -> Result<&'a str, InputError> {
        if let Some(value) = self.text(name) {
            return Ok(value);
        }
        let name = name.to_owned();
        match self.environment.get_os(&variable(&name)) {
            Some(value) if value.to_str().is_none() => Err(InputError::NotUnicode { name }),
            _ => Err(InputError::Missing { name }),
        }
    }

    /// A switch: `true`, `yes`, `1` or `false`, `no`, `0`, in any case (`True` is what a Python-minded workflow writes).
    ///
    /// # Errors
    /// [`InputError::NotAFlag`] for anything else.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, InputError> {
        let Some(value) = self.text(name) else {
            return Ok(default);
        };
        match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok(true),
            "false" | "no" | "0" => Ok(false),
            _ => Err(InputError::NotAFlag {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// [`InputError::NotANumber`] when it does not parse as a `T`.
    pub fn number<T>(&self, name: &str, default: T) -> Result<T, InputError>
    where
        T: FromStr,
        T::Err: std::fmt::Display,
    {
        let Some(value) = self.text(name) else {
            return Ok(default);
        };
        value
            .parse()
            .map_err(|error: T::Err| InputError::NotANumber {
                name: name.to_owned(),
                value: value.to_owned(),
                reason: error.to_string(),
            })
    }

    /// One of a few words, compared without case; the spelling of `choices` is returned.
    ///
    /// # Errors
    /// [`InputError::NotAChoice`] for any other word.
    pub fn choice<'c>(
        &self,
        name: &str,
        choices: &[&'c str],
        default: &'c str,
    ) -> Result<&'c str, InputError> {
        let Some(value) = self.text(name) else {
            return Ok(default);
        };
        let found = choices
            .iter()
            .find(|choice| choice.eq_ignore_ascii_case(value));
        found.copied().ok_or_else(|| InputError::NotAChoice {
            name: name.to_owned(),
            value: value.to_owned(),
            expected: choices.iter().map(|&choice| choice.to_owned()).collect(),
        })
    }

    /// A value that must not be printed. Hand it to [`Log::mask`](crate::Log::mask) before its first use.
    pub fn secret(&self, name: &str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    /// A path. It need not be UTF-8, and is not looked up on the disk.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        if let Some(text) = self.text(name) {
            return Some(PathBuf::from(text));
        }
        let value = self.environment.get_os(&variable(name))?;
        // Valid UTF-8 that `text` did not return is blank.
        value.to_str().is_none().then(|| PathBuf::from(value))
    }
}

/// The environment variable that carries an input.
fn variable(name: &str) -> String {
    format!("INPUT_{}", name.replace(' ', "_").to_uppercase())
}

fn same_name(left: &str, right: &str) -> bool {
    variable(left) == variable(right)
}

fn quoted(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const SPECS: &[InputSpec] = &[InputSpec {
        name: "TERRAFORM_PARALLELISM",
        description: "",
        default: Some("10"),
        required: false,
    }];

    fn environment() -> Environment {
        Environment::from_pairs([
            ("INPUT_WORKSPACE", "  my workspace\n"),
            ("INPUT_EMPTY", " \n"),
            ("INPUT_TWO_WORDS", "x"),
            ("INPUT_SKIP", "True"),
            ("INPUT_SKIP-DEPLOY", "NO"),
            ("INPUT_NUMBER", "12"),
            ("INPUT_HUGE", "300"),
            ("INPUT_MODE", "Unified"),
            ("INPUT_KEY", "s3cret\n"),
        ])
    }

    #[test]
    fn names_are_upper_cased_and_values_trimmed() {
        let environment = environment();
        let inputs = Inputs::new(&environment);
        assert_eq!(inputs.text("workspace"), Some("my workspace"));
        assert_eq!(inputs.text("two words"), Some("x"));
        assert_eq!(inputs.text("EMPTY"), None);
        assert_eq!(inputs.path("EMPTY"), None);
        assert_eq!(inputs.path("WORKSPACE"), Some("my workspace".into()));
        let key = inputs.secret("KEY").unwrap();
        assert_eq!(key.expose_secret(), "s3cret");
    }

    #[test]
    fn defaults_come_from_the_specification_first() {
        let environment = environment();
        let inputs = Inputs::new(&environment).with_defaults(SPECS);
        assert_eq!(inputs.number("TERRAFORM_PARALLELISM", 1u8), Ok(10));
        assert!(!inputs.is_given("TERRAFORM_PARALLELISM"));
        assert_eq!(Inputs::new(&environment).number("X", 1u8), Ok(1));
    }

    #[test]
    fn flags_and_choices() {
        let environment = environment();
        let inputs = Inputs::new(&environment);
        assert_eq!(inputs.flag("SKIP", false), Ok(true));
        assert_eq!(inputs.flag("SKIP-DEPLOY", true), Ok(false));
        assert_eq!(inputs.flag("EMPTY", true), Ok(true));
        let modes = ["per-plugin", "unified"];
        assert_eq!(inputs.choice("MODE", &modes, "per-plugin"), Ok("unified"));
        assert_eq!(
            inputs.choice("EMPTY", &modes, "per-plugin"),
            Ok("per-plugin")
        );
    }

    #[test]
    fn errors_name_the_input_and_what_was_expected() {
        let environment = environment();
        let inputs = Inputs::new(&environment);
        let errors = [
            inputs.required("EMPTY").unwrap_err(),
            inputs.flag("WORKSPACE", true).unwrap_err(),
            inputs.number("HUGE", 1u8).unwrap_err(),
            inputs
                .choice("WORKSPACE", &["stackspot", "standalone"], "stackspot")
                .unwrap_err(),
        ];
        let text: Vec<String> = errors.iter().map(ToString::to_string).collect();
        insta::assert_snapshot!(text.join("\n"), @r"
        input `EMPTY` is required and is empty
        input `WORKSPACE` must be `true` or `false`, not `my workspace`
        input `HUGE` must be a number, not `300` (number too large to fit in target type)
        input `WORKSPACE` must be one of `stackspot`, `standalone`, not `my workspace`
        ");
        insta::assert_snapshot!(errors[0].help(), @"set `EMPTY` under `with:` of the step; outside GitHub, the environment variable `INPUT_EMPTY`");
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_not_text_are_an_error_but_a_fine_path() {
        use std::ffi::OsString;
        use std::os::unix::ffi::OsStringExt;
        let bytes = OsString::from_vec(vec![b'/', 0xff]);
        let environment = Environment::from_pairs([("INPUT_WORKDIR", bytes.clone())]);
        let inputs = Inputs::new(&environment);
        let error = inputs.required("WORKDIR").unwrap_err();
        assert_eq!(
            error,
            InputError::NotUnicode {
                name: "WORKDIR".into()
            }
        );
        assert_eq!(inputs.path("WORKDIR"), Some(bytes.into()));
    }
}
