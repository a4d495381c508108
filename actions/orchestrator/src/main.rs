//! `stk-orchestrator`: the orchestrator action's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gha::Program {
        name: "stk-orchestrator",
        version: env!("CARGO_PKG_VERSION"),
        about: "Reads .stk/stk.yaml, orders its plugins and starts a run.",
        inputs: stk_orchestrator::INPUTS,
        usage_exit_code: stk_run::exit_code::INPUTS,
    }
    .run(stk_orchestrator::main)
}
