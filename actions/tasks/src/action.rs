//! The action around [`run`](crate::run()): inputs, signals, the step summary.

use std::path::PathBuf;

use gha::{Environment, Failure, Log, Summary};
use stk_run::{Clock, RunRecord, Task, exit_code};

use crate::plan_summary;
use crate::run::{Last, run_until};
use crate::{Request, interrupted};

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
    // GitHub empties this folder before each job, so what a killed job leaves there does not stay.
    let temporary = environment
        .get("RUNNER_TEMP")
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(exit_code::BUG, &error))?;
    let mut last = Last::default();
    let done = runtime.block_on(async {
        let cancel = interrupted(log);
        let clock = Clock::system();
        run_until(
            &request,
            environment,
            log,
            &clock,
            &cancel,
            &temporary,
            &mut last,
        )
        .await
    });
    if let Some(record) = &last.record
        && let Err(error) = Summary::new(environment).append(&page(record, &last, log))
    {
        log.warning(&format!("the step summary could not be written: {error}"));
    }
    done.map_err(|error| {
        let mut failure = error.to_failure();
        if error.was_executed() {
            failure.help.push(
                "if the cause lies outside of the project and is mended, run this step again: the run goes on with what \
                 failed; otherwise start a new deployment"
                    .to_owned(),
            );
        }
        failure
    })
}

fn page(record: &RunRecord, last: &Last, log: &Log) -> String {
    let mut text = String::new();
    if let Some(planned) = &last.planned {
        // Part by part: a secret that is a word of Markdown must not take the page apart.
        text.push_str(&plan_summary::page(planned, &|text| log.redact(text)));
    }
    text.push_str(&log.redact(&summary(record)));
    text
}

fn summary(record: &RunRecord) -> String {
    let mut text = format!(
        "### Deployment of {} ({})\n\nRun `{}` is **{}**.\n\n| # | task | plugin | status |\n|---|---|---|---|\n",
        record.target, record.version_tag, record.run_id, record.status
    );
    for task in &record.tasks {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            task.order + 1,
            task.kind,
            shown(task),
            task.status
        ));
    }
    for task in &record.tasks {
        if let Some(details) = &task.error_details {
            text.push_str(&format!(
                "\n{} of {}:\n\n<pre>{}</pre>\n",
                task.kind,
                shown(task),
                escaped(details)
            ));
        }
    }
    text
}

fn shown(task: &Task) -> String {
    match &task.alias {
        Some(alias) => format!("`{alias}`"),
        None => "the project".to_owned(),
    }
}

/// Terraform quotes what it complains about; none of it is markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
