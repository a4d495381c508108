//! What is wrong with a document, and where.

use std::fmt;

use serde::Serialize;

pub use self::code::FindingCode;

mod code;

/// A place in a text file. Both numbers count from 1; columns count characters, not bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a file: used for findings about the document as a whole.
    pub const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing to do.
    Note,
    /// Probably a mistake, but the document can be used.
    Warning,
    /// The document must not be deployed.
    Error,
}

impl Severity {
    /// `error`, `warning` or `note`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that is wrong (or odd) in a document.
///
/// `Display` is one line, `file:line:column: error[STK001]: message`; [`Finding::help`] is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Whether it stops a deployment.
    pub severity: Severity,
    /// The stable code, as listed in the crate's table of codes.
    pub code: FindingCode,
    /// What is wrong: a lowercase fragment that names the plugin and key at fault.
    pub message: String,
    /// The file as the caller named it, or `DYNAMIC_INPUTS`.
    pub file: String,
    /// Line in [`Finding::file`], from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// Where it is.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position {
            line: self.line,
            column: self.column,
        }
    }

    /// Whether it stops a deployment.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}:{}: {}[{}]: {}",
            self.file,
            self.line,
            self.column,
            self.severity.as_str(),
            self.code,
            self.message
        )
    }
}

/// What reading a document gave: as much of a value as could be read, and everything that is wrong with it.
///
/// A value can be present beside errors, so that a checker can go on and find more; whoever is about to deploy
/// uses [`Parsed::into_result`], which hands the value out only when there is no error.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed<T> {
    /// The value; `None` when nothing usable was left.
    pub value: Option<T>,
    /// All findings, in the order of the document.
    pub findings: Vec<Finding>,
}

impl<T> Parsed<T> {
    /// Whether any finding is an error.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.findings.iter().any(Finding::is_error)
    }

    /// The value and the warnings, when there is a value and no error.
    ///
    /// # Errors
    ///
    /// All findings (warnings included) when at least one of them is an error, or when there is no value.
    pub fn into_result(self) -> Result<(T, Vec<Finding>), Vec<Finding>> {
        if self.has_errors() {
            return Err(self.findings);
        }
        match self.value {
            Some(value) => Ok((value, self.findings)),
            None => Err(self.findings),
        }
    }
}

/// Most findings of one severity that are kept of one document. A hostile file could make millions, and nobody reads
/// the thousandth. Each severity has a share of its own, so that warnings never push out an error.
const MOST_FINDINGS: usize = 1_000;

/// Collects the findings of one document.
#[derive(Debug)]
pub(crate) struct Report {
    file: String,
    findings: Vec<Finding>,
    /// How many findings of each severity there were, those that were not kept included.
    counts: [usize; 3],
}

impl Report {
    pub(crate) fn new(file: &str) -> Self {
        Self {
            file: file.to_owned(),
            findings: Vec::new(),
            counts: [0; 3],
        }
    }

    pub(crate) fn error(&mut self, code: FindingCode, at: Position, message: impl Into<String>) {
        self.add(Severity::Error, code, at, message.into(), None);
    }

    pub(crate) fn error_with_help(
        &mut self,
        code: FindingCode,
        at: Position,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.add(Severity::Error, code, at, message.into(), Some(help.into()));
    }

    pub(crate) fn warning(
        &mut self,
        code: FindingCode,
        at: Position,
        message: impl Into<String>,
        help: Option<String>,
    ) {
        self.add(Severity::Warning, code, at, message.into(), help);
    }

    pub(crate) fn add(
        &mut self,
        severity: Severity,
        code: FindingCode,
        at: Position,
        message: String,
        help: Option<String>,
    ) {
        let finding = Finding {
            severity,
            code,
            message,
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            help,
        };
        self.push(finding);
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        let count = &mut self.counts[finding.severity as usize];
        *count += 1;
        if *count <= MOST_FINDINGS {
            self.findings.push(finding);
        }
    }

    /// Whether another finding of this severity would not be kept, so that its help need not be looked for.
    pub(crate) const fn is_full(&self, severity: Severity) -> bool {
        self.counts[severity as usize] >= MOST_FINDINGS
    }

    /// The findings in document order; findings of one place stay in the order in which they were made.
    pub(crate) fn finish<T>(mut self, value: Option<T>) -> Parsed<T> {
        // The document's own findings first, then those of others (a plugin's file, DYNAMIC_INPUTS).
        self.findings.sort_by(|left, right| {
            let key = |finding: &Finding| (finding.file != self.file, finding.position());
            key(left).cmp(&key(right))
        });
        self.more();
        Parsed {
            value,
            findings: self.findings,
        }
    }

    /// Says at the end how many findings were not kept.
    fn more(&mut self) {
        let [notes, warnings, errors] =
            self.counts.map(|count| count.saturating_sub(MOST_FINDINGS));
        if notes + warnings + errors == 0 {
            return;
        }
        let last = self.findings.last().map(Finding::position);
        let at = last.unwrap_or(Position::START);
        self.findings.push(Finding {
            severity: Severity::Note,
            code: FindingCode::MoreFindings,
            message: format!(
                "there are more findings than are shown: {errors} more errors, {warnings} more warnings and {notes} more notes"
            ),
            file: self.file.clone(),
            line: at.line,
            column: at.column,
            help: Some("correct what is shown, then check again".to_owned()),
        });
    }
}

/// `text` between backticks for a message: on one line, without control characters, and not endless.
pub(crate) fn quoted(text: &str) -> String {
    const LONGEST: usize = 80;
    let mut shown = String::with_capacity(text.len().min(LONGEST) + 2);
    shown.push('`');
    for (count, character) in text.chars().enumerate() {
        if count == LONGEST {
            shown.push('…');
            break;
        }
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown.push('`');
    shown
}

/// The candidate that looks most like `word`, if one is close enough to be what was meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.82)
        // `max_by` keeps the last of equals; the first in the list is the better guess and the stable one.
        .fold(None, |best: Option<(f64, &str)>, candidate| match best {
            Some(kept) if kept.0 >= candidate.0 => Some(kept),
            _ => Some(candidate),
        })
        .map(|(_, candidate)| candidate)
}
