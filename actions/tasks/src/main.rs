//! `stk-tasks`: the tasks action's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gha::Program {
        name: "stk-tasks",
        version: env!("CARGO_PKG_VERSION"),
        about: "Runs the tasks of a run, in order.",
        inputs: stk_tasks::INPUTS,
        usage_exit_code: stk_run::exit_code::INPUTS,
    }
    .run(stk_tasks::main)
}
