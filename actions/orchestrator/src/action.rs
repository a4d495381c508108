//! The action around [`start()`](crate::start()): inputs, messages, outputs.

use std::path::Path;

use gha::{Environment, Failure, Log, OutputError, Outputs, Summary};
use stk_manifest::{Finding, Secrets};
use stk_order::{Action, DeployOrder, Step};
use stk_run::{Clock, DeployMode, RunRecord, TaskList, exit_code};

use crate::secrets::{Given, in_vain};
use crate::{
    LoadError, Request, StartError, Started, abandon, annotation, failure_in_repository,
    in_repository, load, start,
};

/// Runs the action.
///
/// # Errors
///
/// The failure to print and to exit with.
pub fn main(environment: &Environment, log: &Log) -> Result<(), Failure> {
    let folder = std::env::current_dir().map_err(|error| {
        Failure::from_error(exit_code::INPUTS, &error)
            .with_help("start the program in a folder that exists")
    })?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(exit_code::BUG, &error))?;
    runtime
        .block_on(run(environment, &folder, log))
        .map_err(|failure| failure_in_repository(failure, environment, &folder))
}

async fn run(environment: &Environment, folder: &Path, log: &Log) -> Result<(), Failure> {
    let clock = Clock::system();
    let request = Request::from_inputs(environment, folder, log)?;
    let started = orchestrate(&request, environment, log, &clock).await?;
    if let Err(error) = outputs(&started.record, environment) {
        // Nobody would learn the run's id, so nobody could run its tasks or cancel it.
        let mut failure = Failure::from_error(exit_code::INPUTS, &error)
            .with_help("check the space and the permissions of the file that GITHUB_OUTPUT names");
        if let Err(error) = end(&request, &started.record, &clock).await {
            failure.causes.extend(error.causes);
        }
        return Err(failure);
    }
    if let Err(error) = Summary::new(environment).append(&summary(&started)) {
        log.warning(&format!("the step summary could not be written: {error}"));
    }
    Ok(())
}

async fn end(request: &Request, record: &RunRecord, clock: &Clock) -> Result<(), Failure> {
    let store = stk_store::open(&request.locations.iac)
        .await
        .map_err(|error| StartError::Open(error).to_failure())?;
    abandon(record, store.as_ref(), clock)
        .await
        .map_err(|error| error.to_failure())
}

/// Reads the project, says what is odd about it, and starts a run.
///
/// # Errors
///
/// The failure to print and to exit with.
pub async fn orchestrate(
    request: &Request,
    environment: &Environment,
    log: &Log,
    clock: &Clock,
) -> Result<Started, Failure> {
    let project = load(
        &request.workdir,
        request.plugins.as_deref(),
        &request.settings.environment,
        &request.dynamic_inputs,
        Secrets::Given(&Given(&request.settings.secrets)),
    )
    .map_err(|error| {
        // What is odd often explains what is wrong: a required input is missing because its name is
        // misspelt.
        if let LoadError::Findings(findings) = &error {
            warn(findings, request, environment, log);
        }
        error.to_failure()
    })?;
    warn(&project.warnings, request, environment, log);
    if let Ok(identity) = project.manifest.project_identity() {
        // The words of the published action, which scripts look for.
        let kind = match project.manifest.kind {
            stk_manifest::Kind::App => "application",
            stk_manifest::Kind::Infra => "shared-infrastructure",
        };
        log.line(&format!("{kind} project identified, with ID: {identity}"));
    }
    let store = stk_store::open(&request.locations.iac)
        .await
        .map_err(|error| StartError::Open(error).to_failure())?;
    // Opened to find out now, and not in the middle of the deployment, whether it can be written.
    stk_store::open(&request.locations.state)
        .await
        .map_err(|error| StartError::Open(error).to_failure())?;
    let started = start(project, &request.settings, store.as_ref(), clock)
        .await
        .map_err(|error| error.to_failure())?;
    log.line(&format!(
        "✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: {}",
        started.record.run_id
    ));
    for vain in in_vain(&request.settings.secrets, &started.record) {
        log.warning(&vain);
    }
    for line in order_lines(&started.order) {
        log.line(&line);
    }
    Ok(started)
}

/// Shows the findings that are no errors.
fn warn(findings: &[Finding], request: &Request, environment: &Environment, log: &Log) {
    for finding in findings.iter().filter(|finding| !finding.is_error()) {
        let annotation = annotation(finding);
        log.annotate(&in_repository(annotation, environment, &request.folder));
    }
}

/// The order for people: one line for each plugin.
#[must_use]
pub fn order_lines(order: &DeployOrder) -> Vec<String> {
    if order.steps.is_empty() {
        return vec!["there is nothing to deploy and nothing to destroy".to_owned()];
    }
    let width = order.steps.len().to_string().len();
    (1..)
        .zip(&order.steps)
        .map(|(number, step)| {
            let action = match step.action {
                Action::Apply => "apply",
                Action::Destroy => "destroy",
            };
            let needs = needs(step, |connection| connection.to_owned());
            let needs = if needs.is_empty() {
                needs
            } else {
                format!(" (needs {needs})")
            };
            format!("  {number:>width$}. {action:<7} {}{needs}", step.alias)
        })
        .collect()
}

/// What an applied plugin needs from which; what one that goes away needed no longer matters.
fn needs(step: &Step, shown: impl Fn(&str) -> String) -> String {
    let needs: Vec<_> = step
        .needs
        .iter()
        .filter(|_| step.action == Action::Apply)
        .map(|need| {
            let from = need.from.as_deref().unwrap_or("the workspace");
            format!("{} from {from}", shown(&need.connection))
        })
        .collect();
    needs.join(", ")
}

/// In per-plugin mode nothing is prepared, because a plugin is rendered with what the ones before it were applied with:
/// every task is one of the apply tasks. In unified mode the project is composed and planned before somebody approves.
fn outputs(record: &RunRecord, environment: &Environment) -> Result<(), OutputError> {
    let tasks = TaskList::of_run(record).to_single_quoted();
    let unified = record.mode == DeployMode::Unified;
    let (prepare, apply): (Vec<_>, Vec<_>) = record
        .tasks
        .iter()
        .partition(|task| unified && task.kind.prepares());
    let outputs = Outputs::new(environment);
    outputs.set("run_id", &record.run_id.to_string())?;
    outputs.set("tasks", &tasks)?;
    outputs.set("prepare_tasks", &TaskList::of(prepare).to_single_quoted())?;
    outputs.set("apply_tasks", &TaskList::of(apply).to_single_quoted())
}

/// The page of the step, in Markdown.
fn summary(started: &Started) -> String {
    let record = &started.record;
    let mut text = format!(
        "### Deployment of {} to {} ({})\n\nRun `{}`\n\n",
        plain(&record.target.project),
        plain(&record.target.environment),
        plain(&record.version_tag),
        record.run_id
    );
    if started.order.steps.is_empty() {
        text.push_str("There is nothing to deploy and nothing to destroy.\n");
        return text;
    }
    text.push_str("| # | action | plugin | needs |\n|---|---|---|---|\n");
    for (number, step) in (1..).zip(&started.order.steps) {
        let action = match step.action {
            Action::Apply => "apply",
            Action::Destroy => "**destroy**",
        };
        let needs = needs(step, plain);
        text.push_str(&format!(
            "| {number} | {action} | `{}` | {needs} |\n",
            step.alias
        ));
    }
    text
}

/// Text of the user's as Markdown that shows it as it is.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        if r"\`*_[]<>|#~&".contains(character) {
            plain.push('\\');
        }
        plain.push(if character.is_control() {
            ' '
        } else {
            character
        });
    }
    plain
}
