//! Findings as GitHub shows them.

use std::path::{Component, Path, PathBuf};

use gha::{Annotation, Context, Environment, Failure};
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

/// The same annotation with its file as GitHub needs it: relative to the repository, without `.` and
/// `..`. `folder` is where relative paths start. A file outside the repository, and any outside
/// GitHub, stays as it is.
#[must_use]
pub fn in_repository(
    mut annotation: Annotation,
    environment: &Environment,
    folder: &Path,
) -> Annotation {
    let Some(file) = &annotation.file else {
        return annotation;
    };
    let context = Context::new(environment);
    if let Some(repository) = context.workspace().filter(|_| context.is_github()) {
        let file = without_dots(&folder.join(file));
        // The folder that a process is in has no symbolic links in its path; the variable may.
        let resolved = repository.canonicalize();
        let relative = file
            .strip_prefix(without_dots(repository))
            .ok()
            .or_else(|| file.strip_prefix(resolved.as_deref().ok()?).ok());
        if let Some(relative) = relative {
            annotation.file = Some(relative.display().to_string());
        }
    }
    annotation
}

/// The same failure with the files of its annotations as GitHub needs them; see [`in_repository`].
#[must_use]
pub fn failure_in_repository(
    mut failure: Failure,
    environment: &Environment,
    folder: &Path,
) -> Failure {
    failure.annotations = failure
        .annotations
        .into_iter()
        .map(|each| in_repository(each, environment, folder))
        .collect();
    failure
}

fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use stk_manifest::Position;

    use super::*;

    #[test]
    fn an_annotation_carries_the_place_the_code_and_the_help() {
        let error = OrderError::TwoGenerators {
            connection: "topic".to_owned(),
            first: "a".to_owned(),
            second: "b".to_owned(),
            at: Position { line: 7, column: 3 },
        };
        let finding = order_finding(&error, ".stk/stk.yaml");
        let annotation = annotation(&finding);
        assert_eq!(annotation.severity, gha::Severity::Error);
        assert_eq!(annotation.file.as_deref(), Some(".stk/stk.yaml"));
        assert_eq!((annotation.line, annotation.column), (Some(7), Some(3)));
        assert_eq!(annotation.title.as_deref(), Some("STK061"));
        let help = finding.help.unwrap();
        assert_eq!(annotation.message, format!("{}\n{help}", finding.message));
    }

    #[test]
    fn files_are_relative_to_the_repository() {
        let github = Environment::from_pairs([
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_WORKSPACE", "/runner/work/shop"),
        ]);
        let file = |environment: &Environment, folder: &str, file: &str| {
            let annotation = Annotation::new(gha::Severity::Error, "").in_file(file);
            in_repository(annotation, environment, Path::new(folder)).file
        };
        let on_github = |folder, path| file(&github, folder, path).unwrap();
        assert_eq!(on_github("/runner/work/shop", "a/stk.yaml"), "a/stk.yaml");
        assert_eq!(on_github("/runner/work/shop/a", "stk.yaml"), "a/stk.yaml");
        assert_eq!(on_github("/runner/work/shop/a", "../b/x"), "b/x");
        assert_eq!(
            on_github("/elsewhere", "/runner/work/shop/stk.yaml"),
            "stk.yaml"
        );
        assert_eq!(on_github("/elsewhere", "x/stk.yaml"), "x/stk.yaml");
        let nowhere = Environment::default();
        assert_eq!(
            file(&nowhere, "/runner/work/shop", "../x").as_deref(),
            Some("../x")
        );
    }
}
