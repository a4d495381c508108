//! The built `stk-runtime`, from the outside.

#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "black-box tests start programs, and a failure fails the test"
)]

mod busy;
mod deploy;
mod explain;
mod graph;
mod interface;
mod interrupt;
mod plan;
mod prompt;
mod real;
mod render;
mod runs;
mod secrets;
mod support;
mod switch;
mod switch_faults;
mod terminal;
mod unified;
mod usage;
mod validate;
