//! Errors and warnings of the program (Terraform `internal/command/views/json/diagnostic.go`).

use std::fmt;

use serde::Deserialize;

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The command fails.
    Error,
    /// The command goes on.
    Warning,
}

/// What the program says about a problem and its place.
///
/// As an [`std::error::Error`] it reads `Error: <summary> (<file> line <n>)`, the way it is listed as a cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// One sentence without a full stop, usually.
    pub summary: String,
    /// The rest; may be empty, and may have many lines.
    pub detail: String,
    /// Address of the resource that it is about.
    pub address: Option<String>,
    /// File that it is about, relative to the working directory.
    pub file: Option<String>,
    /// First line of the place in the file, counted from 1.
    pub line: Option<u32>,
    /// First column of the place in the file, counted from 1.
    pub column: Option<u32>,
    /// The source line or lines, as the program quotes them.
    pub source_excerpt: Option<String>,
}

impl Diagnostic {
    /// Whether it makes the command fail.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether it is one of the two warnings that every plan with targets, and every apply of one, gives
    /// (Terraform `internal/terraform/context_plan.go` and `context_apply.go`). Whoever chose the targets on purpose
    /// may leave exactly these out.
    pub fn is_about_targeting(&self) -> bool {
        self.severity == Severity::Warning
            && self.file.is_none()
            && self.address.is_none()
            && matches!(
                self.summary.as_str(),
                "Resource targeting is in effect" | "Applied changes may be incomplete"
            )
    }

    /// `main.tf line 3`, or the resource's address when no file is known.
    pub fn place(&self) -> Option<String> {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => Some(format!("{file} line {line}")),
            (Some(file), None) => Some(file.clone()),
            (None, _) => self.address.clone(),
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.severity {
            Severity::Error => "Error",
            Severity::Warning => "Warning",
        };
        write!(formatter, "{kind}: {}", one_line(&self.summary))?;
        match self.place() {
            Some(place) => write!(formatter, " ({place})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

/// The text with every run of white space as one space.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[derive(Deserialize)]
pub(super) struct RawDiagnostic {
    #[serde(default)]
    severity: String,
    #[serde(default)]
    summary: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    address: Option<String>,
    #[serde(default)]
    range: Option<RawRange>,
    #[serde(default)]
    snippet: Option<RawSnippet>,
}

#[derive(Deserialize)]
struct RawRange {
    filename: String,
    #[serde(default)]
    start: Option<RawPosition>,
}

#[derive(Deserialize)]
struct RawPosition {
    line: u32,
    #[serde(default)]
    column: Option<u32>,
}

#[derive(Deserialize)]
struct RawSnippet {
    code: String,
}

impl From<RawDiagnostic> for Diagnostic {
    fn from(raw: RawDiagnostic) -> Self {
        let start = raw.range.as_ref().and_then(|range| range.start.as_ref());
        Self {
            // What is not a warning is taken seriously.
            severity: if raw.severity == "warning" {
                Severity::Warning
            } else {
                Severity::Error
            },
            line: start.map(|start| start.line),
            column: start.and_then(|start| start.column),
            file: raw
                .range
                .map(|range| range.filename)
                .filter(|file| !file.is_empty()),
            address: raw.address.filter(|address| !address.is_empty()),
            summary: raw.summary,
            detail: raw.detail,
            source_excerpt: raw.snippet.map(|snippet| snippet.code),
        }
    }
}
