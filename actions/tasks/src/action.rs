//! The action around [`run`](crate::run()): inputs, signals, the step summary.

use std::path::PathBuf;

use gha::{Environment, Failure, Log, Summary};
use stk_run::{Clock, RunRecord, exit_code};

use crate::run::run_until;
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
    let mut record = None;
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
            &mut record,
        )
        .await
    });
    if let Some(record) = &record
        && let Err(error) = Summary::new(environment).append(&log.redact(&summary(record)))
    {
        log.warning(&format!("the step summary could not be written: {error}"));
    }
    done.map_err(|error| error.to_failure())
}

fn summary(record: &RunRecord) -> String {
    let mut text = format!(
        "### Deployment of {} ({})\n\nRun `{}` is **{}**.\n\n| # | task | plugin | status |\n|---|---|---|---|\n",
        record.target, record.version_tag, record.run_id, record.status
    );
    for task in &record.tasks {
        text.push_str(&format!(
            "| {} | {} | `{}` | {} |\n",
            task.order + 1,
            task.kind,
            task.alias,
            task.status
        ));
    }
    for task in &record.tasks {
        if let Some(details) = &task.error_details {
            text.push_str(&format!(
                "\n{} of `{}`:\n\n<pre>{}</pre>\n",
                task.kind,
                task.alias,
                escaped(details)
            ));
        }
    }
    text
}

/// Terraform quotes what it complains about; none of it is markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
