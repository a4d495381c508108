//! Where a value comes from: the place that a finding about it names.

use crate::finding::{Finding, FindingCode, Position, Severity};
use crate::yaml::Places;

/// The place of a value, in stk.yaml, in plugin.yaml or in DYNAMIC_INPUTS.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin<'u> {
    pub(super) file: &'u str,
    pub(super) at: Position,
    /// The places of the value's parts, when they are known.
    places: Option<&'u Places>,
}

impl<'u> Origin<'u> {
    pub(super) fn yaml(file: &'u str, places: &'u Places) -> Self {
        Self {
            file,
            at: places.at,
            places: Some(places),
        }
    }

    pub(super) const fn flat(file: &'u str, at: Position) -> Self {
        Self {
            file,
            at,
            places: None,
        }
    }

    /// The place of the value's part at `index`; the value's own place when that is not known.
    pub(super) fn part(&self, index: usize) -> Self {
        match self.places.and_then(|places| places.parts.get(index)) {
            Some(places) => Self::yaml(self.file, places),
            None => Self::flat(self.file, self.at),
        }
    }

    pub(super) fn finding(
        &self,
        severity: Severity,
        code: FindingCode,
        message: String,
        help: Option<String>,
    ) -> Finding {
        Finding {
            severity,
            code,
            message,
            file: self.file.to_owned(),
            line: self.at.line,
            column: self.at.column,
            help,
        }
    }
}
