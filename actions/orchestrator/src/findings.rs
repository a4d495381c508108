//! Findings as GitHub shows them.

use gha::Annotation;
use stk_manifest::{Finding, FindingCode, Severity};
use stk_order::OrderError;

/// The annotation that shows `finding` at its place.
#[must_use]
pub fn annotation(finding: &Finding) -> Annotation {
    let severity = match finding.severity {
        Severity::Error => gha::Severity::Error,
        Severity::Warning => gha::Severity::Warning,
        Severity::Note => gha::Severity::Notice,
    };
    let message = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let mut annotation = Annotation::new(severity, message)
        .in_file(finding.file.clone())
        .at(finding.line, finding.column);
    annotation.title = Some(finding.code.to_string());
    annotation
}

/// An order that does not exist, as a finding in `stk.yaml`, which is `file`.
#[must_use]
pub fn order_finding(error: &OrderError, file: &str) -> Finding {
    let at = error.at();
    Finding {
        severity: Severity::Error,
        code: match error {
            OrderError::Cycle { .. } => FindingCode::Cycle,
            OrderError::TwoGenerators { .. } => FindingCode::TwoGenerators,
            OrderError::StillRequired { .. } => FindingCode::StillRequired,
            OrderError::NoLongerGenerated { .. } => FindingCode::NoLongerGenerated,
        },
        message: error.to_string(),
        file: file.to_owned(),
        line: at.line,
        column: at.column,
        help: Some(error.help()),
    }
}
