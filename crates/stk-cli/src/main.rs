//! `stk-runtime`: the three actions from a laptop.

use std::process::ExitCode;

use gha::{Environment, Log};

fn main() -> ExitCode {
    let environment = Environment::from_process();
    let log = Log::to_stderr(&environment);
    match stk_cli::main(&environment, &log) {
        Ok(code) => code,
        Err(failure) => {
            log.failure(&failure);
            ExitCode::from(failure.exit_code)
        }
    }
}
