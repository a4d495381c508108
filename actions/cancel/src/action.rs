//! The action around [`cancel`](fn@crate::cancel): inputs, messages, outputs.

use std::path::{Path, PathBuf};

use gha::{Environment, Failure, Log, Outputs};
use stk_run::{Clock, RunDocument, RunRecord, TaskStatus, exit_code};
use stk_store::Released;

use crate::{Outcome, Request, cancel};

/// The file that the cancelled run's document is written to, as the published action names it.
const DOCUMENT: &str = "run_data_output.json";

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
    let request = Request::from_inputs(environment, &folder)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(exit_code::BUG, &error))?;
    let outcome = runtime
        .block_on(cancel(&request, &Clock::system()))
        .map_err(|error| {
            let failure = Failure::from_error(error.exit_code(), &error);
            match error.help() {
                Some(help) => failure.with_help(help),
                None => failure,
            }
        })?;
    if let Some(path) = report(&outcome, &request.output_folder, log)? {
        Outputs::new(environment)
            .set("run_data", &path.to_string_lossy())
            .map_err(|error| Failure::from_error(exit_code::INPUTS, &error))?;
    }
    Ok(())
}

/// Says what happened and, for a run that has a record, writes its document into `folder`. Returns
/// the document's absolute path.
///
/// # Errors
///
/// A failure when the document cannot be written.
pub fn report(outcome: &Outcome, folder: &Path, log: &Log) -> Result<Option<PathBuf>, Failure> {
    match outcome {
        Outcome::NoRun => {
            log.line("no RUN_ID was given: no run was started, so there is nothing to cancel");
            Ok(None)
        }
        Outcome::Malformed { error } => {
            log.warning(&format!("{error}: nothing was cancelled"));
            Ok(None)
        }
        Outcome::NotFound { run_id, location } => {
            log.warning(&format!(
                "there is no run `{run_id}` in {location}: nothing was cancelled"
            ));
            Ok(None)
        }
        Outcome::NotRecorded { run_id, target } => {
            log.line(&format!(
                "run {run_id} ({target}) had not started any task; its lock is released"
            ));
            Ok(None)
        }
        Outcome::AlreadyFinished { record, lock } => {
            log.line(&format!(
                "run {} has already ended with status {}: there is nothing to cancel",
                record.run_id, record.status
            ));
            if *lock == Released::Released {
                log.line("the deployment lock that it still held is released");
            }
            write_document(record, folder).map(Some)
        }
        Outcome::Cancelled { record, lock } => {
            log.line(&format!(
                "run {} ({}) is cancelled",
                record.run_id, record.target
            ));
            match lock {
                Released::Released => {
                    log.line("its deployment lock is released: the next deployment can start");
                }
                Released::NotHeld => log.line("it held no deployment lock any more"),
                Released::HeldByOther(other) => log.line(&format!(
                    "the deployment lock belongs to run {} and was left alone",
                    other.run_id
                )),
            }
            for task in &record.tasks {
                if task.status == TaskStatus::Canceled {
                    log.warning(&format!(
                        "{} was being executed: if its runner is still alive, Terraform \
                         may go on until it ends; deploy again only when it has",
                        task.title()
                    ));
                }
            }
            write_document(record, folder).map(Some)
        }
    }
}

fn write_document(record: &RunRecord, folder: &Path) -> Result<PathBuf, Failure> {
    let path = folder.join(DOCUMENT);
    let mut text = serde_json::to_vec_pretty(&RunDocument::of(record))
        .map_err(|error| Failure::from_error(exit_code::BUG, &error))?;
    text.push(b'\n');
    std::fs::write(&path, text).map_err(|error| {
        Failure::new(
            exit_code::STORE,
            format!(
                "the run's document could not be written to {}",
                path.display()
            ),
        )
        .with_cause(error.to_string())
        .with_help("run the action in a folder that can be written")
    })?;
    Ok(path)
}
