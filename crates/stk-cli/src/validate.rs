//! `stk-runtime validate`: every finding about stk.yaml and its plugins.

use gha::{Environment, Failure, Log};
use serde_json::json;
use stk_deploy::Inputs;
use stk_manifest::{Finding, FindingCode, Secrets, Severity};
use stk_run::exit_code;

use crate::arguments::{Format, Validate, current_folder, environment_name};
use crate::output::{print, print_json};
use crate::{explain, interface, project, templates};

pub(crate) fn run(call: &Validate, environment: &Environment, log: &Log) -> Result<u8, Failure> {
    if let Some(code) = &call.explain {
        return explain::run(code);
    }
    let findings = findings(call, environment)?;
    let count = |severity| {
        findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    match call.format {
        Format::Json => print_json(&json!({
            "errors": errors,
            "warnings": warnings,
            "findings": findings,
        }))?,
        Format::Text => {
            for finding in &findings {
                print(&finding.to_string())?;
                if let Some(help) = &finding.help {
                    print(&format!("  help: {help}"))?;
                }
            }
            print(&format!(
                "{}, {}",
                plural(errors, "error"),
                plural(warnings, "warning")
            ))?;
        }
    }
    if log.is_github() {
        let folder = current_folder()?;
        for finding in &findings {
            let annotation = stk_orchestrator::annotation(finding);
            log.annotate(&stk_orchestrator::in_repository(
                annotation,
                environment,
                &folder,
            ));
        }
    }
    Ok(code(&findings))
}

fn findings(call: &Validate, environment: &Environment) -> Result<Vec<Finding>, Failure> {
    let workdir = call.project.workdir(environment);
    if call.manifest_only {
        let read = project::manifest_only(&workdir)?;
        let mut findings = read.findings;
        if let Some(manifest) = &read.manifest
            && let Err(order) = project::ordered(&read.units, &[], &manifest.file)
        {
            findings.extend(order);
        }
        return Ok(findings);
    }
    let dynamic = call.plugins.dynamic(environment)?;
    let plugins = call.plugins.path(environment);
    let name = environment_name(call.env.as_deref(), environment);
    let known = name.as_deref().unwrap_or_default();
    let (project, mut findings) = stk_orchestrator::inspect(
        &workdir,
        plugins.as_deref(),
        known,
        &dynamic,
        Secrets::Later,
    )
    .map_err(|error| error.to_failure())?;
    let mut inputs = Inputs::Final;
    if name.is_none() {
        inputs = Inputs::NoEnvironment;
        // Without an environment it is no fault that an input has no value for it.
        let count = findings.len();
        findings.retain(|finding| finding.code != FindingCode::NoValueForEnvironment);
        if findings.len() < count {
            inputs = Inputs::Incomplete;
        }
    }
    if findings.iter().any(Finding::is_error) {
        inputs = Inputs::Incomplete;
    }
    if let Some(project) = project {
        if let Err(order) = project::ordered(&project.units, &[], &project.manifest.file) {
            findings.extend(order);
        }
        let look = || {
            let mut packages = templates::Packages::new();
            let mut findings = templates::check(&project, &mut packages);
            findings.extend(interface::check(
                project,
                known,
                &packages,
                inputs,
                environment,
            ));
            findings
        };
        findings.extend(
            stk_deploy::batch(look)
                .map_err(|error| Failure::from_error(exit_code::TEMPLATE, &error))?,
        );
    }
    Ok(findings)
}

/// The exit code of the first stage that finds an error: without a manifest nothing can be ordered,
/// without an order nothing is rendered.
fn code(findings: &[Finding]) -> u8 {
    let stage = |finding: &Finding| match finding.code {
        FindingCode::TemplateSyntax
        | FindingCode::NoTemplates
        | FindingCode::MissingAttribute
        | FindingCode::MissingOutput
        | FindingCode::UndefinedValue
        | FindingCode::UndeclaredSlot => exit_code::TEMPLATE,
        FindingCode::Cycle
        | FindingCode::TwoGenerators
        | FindingCode::StillRequired
        | FindingCode::NoLongerGenerated
        | FindingCode::UnknownConnection => exit_code::ORDER,
        _ => exit_code::MANIFEST,
    };
    findings
        .iter()
        .filter(|finding| finding.is_error())
        .map(stage)
        .min()
        .unwrap_or(exit_code::OK)
}

fn plural(count: usize, noun: &str) -> String {
    let ending = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{ending}")
}
