#![doc = include_str!("../README.md")]

mod arguments;
mod cancel;
mod deploy;
mod explain;
mod graph;
mod interface;
mod output;
mod planned;
mod project;
mod render;
mod runs;
mod status;
mod templates;
mod validate;

use std::process::ExitCode;

use clap::Parser as _;
use gha::{Environment, Failure, Log};
use stk_run::exit_code;

use crate::arguments::{Arguments, Call};

/// Runs the call that the process's arguments make.
///
/// # Errors
///
/// The failure to print and to exit with.
pub fn main(environment: &Environment, log: &Log) -> Result<ExitCode, Failure> {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => {
            let _ = usage.print();
            // `--help` and `--version` are no mistakes.
            return Ok(if usage.use_stderr() {
                ExitCode::from(exit_code::INPUTS)
            } else {
                ExitCode::SUCCESS
            });
        }
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::from_error(exit_code::BUG, &error))?;
    let code = match arguments.call {
        Call::Deploy(call) => runtime.block_on(deploy::run(&call, environment, log)),
        Call::Plan(call) => runtime.block_on(deploy::plan(&call, environment, log)),
        Call::Validate(call) => validate::run(&call, environment, log),
        Call::Graph(call) => runtime.block_on(graph::run(&call, environment)),
        Call::Render(call) => runtime.block_on(render::run(&call, environment, log)),
        Call::Status(call) => runtime.block_on(status::run(&call, environment)),
        Call::Runs(call) => runtime.block_on(runs::run(&call, environment)),
        Call::Cancel(call) => runtime.block_on(cancel::run(&call, environment, log)),
    };
    // A prompt that nobody answered leaves a thread behind; it must not keep the process.
    runtime.shutdown_background();
    match code {
        Ok(code) => Ok(ExitCode::from(code)),
        Err(failure) => {
            let folder = std::env::current_dir().unwrap_or_default();
            Err(stk_orchestrator::failure_in_repository(
                failure,
                environment,
                &folder,
            ))
        }
    }
}
