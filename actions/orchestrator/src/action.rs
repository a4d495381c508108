//! The action around [`start`](crate::start): inputs, messages, outputs.

use gha::{Environment, Failure, Log, Outputs, Summary};
use stk_order::{Action, DeployOrder};
use stk_run::{Clock, RunRecord, TaskList, exit_code};

use crate::{Request, StartError, Started, annotation, load, start};

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
    let request = Request::from_inputs(environment, &folder, log)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(exit_code::BUG, &error))?;
    let started = runtime.block_on(orchestrate(&request, log, &Clock::system()))?;
    outputs(&started.record, environment)
        .map_err(|error| Failure::from_error(exit_code::INPUTS, &error))?;
    if let Err(error) = Summary::new(environment).append(&summary(&started)) {
        log.warning(&format!("the step summary could not be written: {error}"));
    }
    Ok(())
}

/// Reads the project, says what is odd about it, and starts a run.
///
/// # Errors
///
/// The failure to print and to exit with.
pub async fn orchestrate(request: &Request, log: &Log, clock: &Clock) -> Result<Started, Failure> {
    let project = load(
        &request.workdir,
        request.plugins.as_deref(),
        &request.settings.environment,
        &request.dynamic_inputs,
    )
    .map_err(|error| error.to_failure())?;
    for warning in &project.warnings {
        log.annotate(&annotation(warning));
    }
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
    for line in order_lines(&started.order) {
        log.line(&line);
    }
    Ok(started)
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
            let needs: Vec<_> = step
                .needs
                .iter()
                .map(|need| match &need.from {
                    Some(from) => format!("{} from {from}", need.connection),
                    None => format!("{} from the workspace", need.connection),
                })
                .collect();
            // What a plugin that goes away needed no longer matters.
            let needs = if needs.is_empty() || step.action == Action::Destroy {
                String::new()
            } else {
                format!(" (needs {})", needs.join(", "))
            };
            format!("  {number:>width$}. {action:<7} {}{needs}", step.alias)
        })
        .collect()
}

/// In per-plugin mode nothing is prepared: every task is one of the apply tasks.
fn outputs(record: &RunRecord, environment: &Environment) -> Result<(), gha::OutputError> {
    let tasks = TaskList::of_run(record).to_single_quoted();
    let outputs = Outputs::new(environment);
    outputs.set("run_id", &record.run_id.to_string())?;
    outputs.set("tasks", &tasks)?;
    outputs.set("prepare_tasks", &TaskList::default().to_single_quoted())?;
    outputs.set("apply_tasks", &tasks)
}

fn summary(started: &Started) -> String {
    let record = &started.record;
    let mut text = format!(
        "### Deployment of {} ({})\n\nRun `{}`\n\n| # | action | plugin | needs |\n|---|---|---|---|\n",
        record.target, record.version_tag, record.run_id
    );
    for (number, step) in (1..).zip(&started.order.steps) {
        let needs: Vec<_> = step
            .needs
            .iter()
            .map(|need| {
                let from = need.from.as_deref().unwrap_or("the workspace");
                format!("`{}` from {from}", need.connection.replace('|', "\\|"))
            })
            .collect();
        let action = match step.action {
            Action::Apply => "apply",
            Action::Destroy => "**destroy**",
        };
        text.push_str(&format!(
            "| {number} | {action} | `{}` | {} |\n",
            step.alias,
            needs.join(", ")
        ));
    }
    text
}
