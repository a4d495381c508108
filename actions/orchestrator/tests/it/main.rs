//! The built `stk-orchestrator`, from the outside.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "black-box tests start programs, and a failure fails the test"
)]

mod bad_input;
mod busy;
mod connections;
mod deployed;
mod forks;
mod github;
mod inputs;
mod outputs;
mod stores;
mod support;
