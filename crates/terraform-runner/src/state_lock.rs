//! Who holds the lock of a state, read from the text of an error.

use crate::event::Diagnostic;

/// The holder of a state's lock.
///
/// Best effort: it is read from the sentences of an error (Terraform `internal/states/statemgr/locker.go`,
/// `LockInfo.String`), the only place where the program tells it. A field is empty when its line is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateLock {
    /// What `force-unlock` wants to be given.
    pub id: String,
    /// Where the state is.
    pub path: String,
    /// What the holder does, such as `OperationTypeApply`.
    pub operation: String,
    /// User and machine.
    pub who: String,
    /// Version of the holder's program.
    pub version: String,
    /// When it was taken.
    pub created: String,
    /// What the backend adds.
    pub info: String,
}

impl StateLock {
    /// The lock that a diagnostic tells of, if it tells of one.
    pub fn from_diagnostic(diagnostic: &Diagnostic) -> Option<Self> {
        let mut lines = diagnostic
            .detail
            .lines()
            .skip_while(|line| line.trim() != "Lock Info:");
        lines.next()?;
        let mut lock = Self::default();
        for line in lines {
            let Some((key, value)) = line.trim().split_once(':') else {
                break;
            };
            let field = match key {
                "ID" => &mut lock.id,
                "Path" => &mut lock.path,
                "Operation" => &mut lock.operation,
                "Who" => &mut lock.who,
                "Version" => &mut lock.version,
                "Created" => &mut lock.created,
                "Info" => &mut lock.info,
                _ => break,
            };
            *field = value.trim().to_owned();
        }
        (!lock.id.is_empty()).then_some(lock)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Severity;

    fn diagnostic(detail: &str) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            summary: "Error acquiring the state lock".to_owned(),
            detail: detail.to_owned(),
            address: None,
            file: None,
            line: None,
            column: None,
            source_excerpt: None,
        }
    }

    #[test]
    fn the_holder_is_read_from_the_detail() {
        let detail = "Error message: resource temporarily unavailable\nLock Info:\n  ID:        2f965d80\n  Path:      terraform.tfstate\n  Operation: OperationTypeApply\n  Who:       someone@machine\n  Version:   1.11.4\n  Created:   2026-11-23 18:10:54.4 +0000 UTC\n  Info:      \n\n\nTerraform acquires a state lock to protect the state from being written\nby multiple users at the same time. ID: not this";
        insta::assert_debug_snapshot!(StateLock::from_diagnostic(&diagnostic(detail)), @r#"
        Some(
            StateLock {
                id: "2f965d80",
                path: "terraform.tfstate",
                operation: "OperationTypeApply",
                who: "someone@machine",
                version: "1.11.4",
                created: "2026-11-23 18:10:54.4 +0000 UTC",
                info: "",
            },
        )
        "#);
    }

    #[test]
    fn other_errors_tell_of_no_lock() {
        for detail in [
            "",
            "Lock Info:",
            "Lock Info:\n  Path: x",
            "Error: Access Denied",
        ] {
            assert_eq!(
                StateLock::from_diagnostic(&diagnostic(detail)),
                None,
                "{detail}"
            );
        }
    }
}
