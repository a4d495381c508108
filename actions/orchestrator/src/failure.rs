//! From errors to what is shown of them.

use std::collections::HashSet;
use std::error::Error;

use gha::Failure;
use stk_manifest::{Finding, Severity};

use crate::findings::annotation;

/// The failure that says `error`, with what a person can do about it.
///
/// The errors of the workspace each know their own help; this is the one place that joins the two.
#[must_use]
pub fn explained(exit_code: u8, error: &dyn Error, help: Option<String>) -> Failure {
    let mut failure = Failure::from_error(exit_code, error);
    failure.help.extend(help);
    failure
}

/// Adds what is wrong to a failure: one cause and one annotation for each error, each help once.
pub(crate) fn with_findings(mut failure: Failure, findings: &[Finding]) -> Failure {
    let mut said = HashSet::new();
    for finding in findings.iter().filter(|finding| finding.is_error()) {
        failure.causes.push(finding.to_string());
        if let Some(help) = &finding.help
            && said.insert(help)
        {
            failure.help.push(help.clone());
        }
        failure.annotations.push(annotation(finding));
    }
    failure
}

/// What a project with `findings` cannot do, and how many errors are the reason.
pub(crate) fn summary(findings: &[Finding]) -> String {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if errors == 1 {
        "the project cannot be deployed".to_owned()
    } else {
        format!("the project cannot be deployed: {errors} errors")
    }
}

#[cfg(test)]
mod tests {
    use stk_manifest::FindingCode;

    use super::*;

    fn finding(severity: Severity, line: u32) -> Finding {
        Finding {
            severity,
            code: FindingCode::NoDefinition,
            message: format!("message {line}"),
            file: "stk.yaml".to_owned(),
            line,
            column: 1,
            help: Some("the same help".to_owned()),
        }
    }

    #[test]
    fn errors_become_causes_and_a_help_is_said_once() {
        let findings = [
            finding(Severity::Error, 1),
            finding(Severity::Warning, 2),
            finding(Severity::Error, 3),
        ];
        let failure = with_findings(Failure::new(11, summary(&findings)), &findings);
        assert_eq!(failure.message, "the project cannot be deployed: 2 errors");
        assert_eq!(
            failure.causes,
            [
                "stk.yaml:1:1: error[STK033]: message 1",
                "stk.yaml:3:1: error[STK033]: message 3"
            ]
        );
        assert_eq!(failure.help, ["the same help"]);
        assert_eq!(failure.annotations.len(), 2);
    }
}
