//! `stk-cancel`: the cancel action's program.

use std::process::ExitCode;

use gha::{Environment, InputSpec, Log};

fn main() -> ExitCode {
    clap::Command::new("stk-cancel")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Cancels a run and frees the next deployment. Takes its inputs from INPUT_<NAME>.")
        .after_help(InputSpec::help(stk_cancel::INPUTS))
        .get_matches();
    let environment = Environment::from_process();
    let log = Log::to_stderr(&environment);
    match stk_cancel::main(&environment, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log.failure(&failure);
            ExitCode::from(failure.exit_code)
        }
    }
}
