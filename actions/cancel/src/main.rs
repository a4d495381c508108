//! `stk-cancel`: the cancel action's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    gha::Program {
        name: "stk-cancel",
        version: env!("CARGO_PKG_VERSION"),
        about: "Cancels a run and frees the next deployment.",
        inputs: stk_cancel::INPUTS,
        usage_exit_code: stk_run::exit_code::INPUTS,
    }
    .run(stk_cancel::main)
}
