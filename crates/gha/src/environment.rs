use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// All environment variables of a process at one moment.
///
/// A snapshot rather than a look at the live environment: what a step was given is decided once, at its start, and everything
/// after it gets values. `Debug` prints the names alone, since values may be secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment {
    pairs: BTreeMap<OsString, OsString>,
}

impl Environment {
    /// The environment of this process. The only place of the workspace that reads it.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that the lint sends everyone else to"
    )]
    pub fn from_process() -> Self {
        Self {
            pairs: std::env::vars_os().collect(),
        }
    }

    /// An environment of exactly these variables; of two with one name, the later wins.
    pub fn from_pairs<N, V>(pairs: impl IntoIterator<Item = (N, V)>) -> Self
    where
        N: Into<OsString>,
        V: Into<OsString>,
    {
        let pairs = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()))
            .collect();
        Self { pairs }
    }

    /// The same environment with one more (or one replaced) variable. For a command line whose flags stand for inputs.
    #[must_use]
    pub fn with(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.pairs.insert(name.into(), value.into());
        self
    }

    /// The variable's value, if it is set (possibly to the empty string) and is valid UTF-8.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.get_os(name)?.to_str()
    }

    /// The variable's value as the operating system has it; for paths, which need not be UTF-8.
    pub fn get_os(&self, name: &str) -> Option<&OsStr> {
        self.pairs.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// The variables whose names and values are text.
    pub fn text_pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.pairs().iter();
        pairs.filter_map(|(name, value)| Some((name.to_str()?, value.to_str()?)))
    }

    /// Every variable, sorted by name. What a child process's environment is built from.
    pub fn pairs(&self) -> &BTreeMap<OsString, OsString> {
        &self.pairs
    }

    /// The value, if it is set, UTF-8 and not empty: for variables where empty means unset.
    pub(crate) fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Environment")
            .field("names", &self.pairs.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_process_environment_is_read() {
        let environment = Environment::from_process();
        assert!(environment.get_os("PATH").is_some());
    }

    #[test]
    fn debug_shows_names_but_no_values() {
        let environment = Environment::from_pairs([("INPUT_CLIENT_KEY", "hunter2-hunter2")]);
        let debug = format!("{environment:?}");
        assert!(debug.contains("INPUT_CLIENT_KEY"), "{debug}");
        assert!(!debug.contains("hunter2"), "{debug}");
    }

    #[test]
    fn with_replaces_a_variable() {
        let environment = Environment::from_pairs([("A", "1"), ("A", "2")]);
        assert_eq!(environment.get("A"), Some("2"));
        assert_eq!(environment.with("A", "3").get("A"), Some("3"));
    }
}
