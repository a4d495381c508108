//! `stk-tasks`: the tasks action's program.

use std::process::ExitCode;

use gha::{Environment, InputSpec, Log};
use stk_run::exit_code;
use stk_tasks::INPUTS;

fn main() -> ExitCode {
    let usage = clap::Command::new("stk-tasks")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Runs the tasks of a run, in order.")
        .after_help(format!(
            "Inputs, as environment variables:\n{}",
            InputSpec::help(INPUTS)
        ))
        .try_get_matches();
    if let Err(usage) = usage {
        let _ = usage.print();
        // `--help` is no mistake; a stray argument is one of the inputs.
        let mistake = usage.use_stderr();
        return ExitCode::from(if mistake {
            exit_code::INPUTS
        } else {
            exit_code::OK
        });
    }
    let environment = Environment::from_process();
    let log = Log::to_stderr(&environment);
    if let Err(failure) = stk_tasks::main(&environment, &log) {
        log.failure(&failure);
        return ExitCode::from(failure.exit_code);
    }
    ExitCode::SUCCESS
}
