//! `stk-orchestrator`: the orchestrator action's program.

use std::process::ExitCode;

use gha::{Environment, InputSpec, Log};

fn main() -> ExitCode {
    clap::Command::new("stk-orchestrator")
        .version(env!("CARGO_PKG_VERSION"))
        .about(
            "Reads .stk/stk.yaml, orders its plugins and starts a run. Takes its inputs from \
             INPUT_<NAME>.",
        )
        .after_help(InputSpec::help(stk_orchestrator::INPUTS))
        .get_matches();
    let environment = Environment::from_process();
    let log = Log::to_stderr(&environment);
    match stk_orchestrator::main(&environment, &log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            log.failure(&failure);
            ExitCode::from(failure.exit_code)
        }
    }
}
