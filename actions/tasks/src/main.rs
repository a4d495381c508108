//! `stk-tasks`: the tasks action's program.

use std::process::ExitCode;

use gha::{Environment, InputSpec, Log};

fn main() -> ExitCode {
    clap::Command::new("stk-tasks")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs the tasks of a run, in order. Takes its inputs from INPUT_<NAME>.")
        .after_help(InputSpec::help(stk_tasks::INPUTS))
        .get_matches();
    let environment = Environment::from_process();
    let log = Log::to_stderr(&environment);
    match stk_tasks::main(&environment, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log.failure(&failure);
            ExitCode::from(failure.exit_code)
        }
    }
}
