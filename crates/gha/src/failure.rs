use std::error::Error;

use crate::Annotation;

/// Why a step failed, ready to be shown: what, why, and what to do next. See [`Log::failure`](crate::Log::failure).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The process's exit code.
    pub exit_code: u8,
    /// What failed, and for which plugin or file.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// What to do next, one entry per piece of advice.
    pub help: Vec<String>,
    /// The places in files that are at fault.
    pub annotations: Vec<Annotation>,
}

impl Failure {
    /// A failure without causes, help or annotations.
    pub fn new(exit_code: u8, message: impl Into<String>) -> Self {
        Self {
            exit_code,
            message: message.into(),
            causes: Vec::new(),
            help: Vec::new(),
            annotations: Vec::new(),
        }
    }

    /// A failure whose message is the error's, and whose causes are the chain of its sources.
    pub fn from_error(exit_code: u8, error: &dyn Error) -> Self {
        Self::new(exit_code, error.to_string()).with_source(error.source())
    }

    /// The same, with an error and the chain of its sources as further causes.
    #[must_use]
    pub fn with_source(mut self, source: Option<&(dyn Error + 'static)>) -> Self {
        let chain = std::iter::successors(source, |&error| error.source());
        self.causes.extend(chain.map(ToString::to_string));
        self
    }

    /// The same, with one more cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }

    /// The same, with one more piece of advice.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The same, with all of these pieces of advice; an `Option` is none or one.
    #[must_use]
    pub fn with_helps(mut self, help: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.help.extend(help.into_iter().map(Into::into));
        self
    }

    /// The same, with one more place in a file.
    #[must_use]
    pub fn with_annotation(mut self, annotation: Annotation) -> Self {
        self.annotations.push(annotation);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Layer {
        text: &'static str,
        source: Option<Box<Self>>,
    }

    #[test]
    fn the_chain_of_an_error_becomes_the_causes() {
        let inner = Layer {
            text: "permission denied",
            source: None,
        };
        let middle = Layer {
            text: "cannot write `x`",
            source: Some(Box::new(inner)),
        };
        let outer = Layer {
            text: "the run was not stored",
            source: Some(Box::new(middle)),
        };
        let failure = Failure::from_error(22, &outer);
        assert_eq!(failure.message, "the run was not stored");
        assert_eq!(failure.causes, ["cannot write `x`", "permission denied"]);
    }
}
