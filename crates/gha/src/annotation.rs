use std::fmt;

use crate::command::command;

/// How bad an [`Annotation`] is; GitHub knows these three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Something is wrong and stops the step.
    Error,
    /// Something is probably wrong.
    Warning,
    /// Something worth knowing.
    Notice,
}

impl Severity {
    /// The word for it, in GitHub's commands and in plain output alike.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Notice => "notice",
        }
    }
}

/// A message about a place in a file, shown by GitHub beside the changed lines and on the run's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Annotation {
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong; may have several lines.
    pub message: String,
    /// The file, relative to the repository (the runner makes an absolute path under its workspace relative).
    pub file: Option<String>,
    /// The line, counted from 1.
    pub line: Option<u32>,
    /// The column, counted from 1.
    pub column: Option<u32>,
    /// A short title; GitHub shows the severity without one.
    pub title: Option<String>,
}

impl Annotation {
    /// An annotation of no file.
    pub fn new(severity: Severity, message: impl Into<String>) -> Self {
        Self {
            severity,
            message: message.into(),
            file: None,
            line: None,
            column: None,
            title: None,
        }
    }

    /// The same, of a file.
    #[must_use]
    pub fn in_file(self, file: impl Into<String>) -> Self {
        Self {
            file: Some(file.into()),
            ..self
        }
    }

    /// The same, at a line (from 1).
    #[must_use]
    pub fn at_line(self, line: u32) -> Self {
        Self {
            line: Some(line),
            ..self
        }
    }

    /// The same, at a line and column (from 1).
    #[must_use]
    pub fn at(self, line: u32, column: u32) -> Self {
        Self {
            line: Some(line),
            column: Some(column),
            ..self
        }
    }

    /// The workflow command that makes the annotation; `redact` is applied to every text before it is escaped.
    pub(crate) fn command(&self, redact: impl Fn(&str) -> String) -> String {
        let properties = [
            ("file", self.file.as_deref().map(&redact)),
            ("line", self.line.map(|line| line.to_string())),
            ("col", self.column.map(|column| column.to_string())),
            ("title", self.title.as_deref().map(&redact)),
        ];
        command(self.severity.as_str(), &properties, &redact(&self.message))
    }
}

/// `file:line:column: message`, without the parts that are absent: the plain form, which editors can jump to.
impl fmt::Display for Annotation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(formatter, "{file}:")?;
            if let Some(line) = self.line {
                write!(formatter, "{line}:")?;
                if let Some(column) = self.column {
                    write!(formatter, "{column}:")?;
                }
            }
            formatter.write_str(" ")?;
        }
        if let Some(title) = &self.title {
            write!(formatter, "{title}: ")?;
        }
        formatter.write_str(&self.message)
    }
}
