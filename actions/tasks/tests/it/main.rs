//! The tasks action, through its program and through its action.yml.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "the helpers of tests fail as the tests do, and they start the programs under test"
)]

mod actions;
mod approved;
mod aws;
mod aws_switched;
mod cancelled;
mod declared;
mod failing;
mod github;
mod inputs;
mod killed;
mod lifecycle;
mod policy;
mod rows;
mod secrets;
mod signals;
mod support;
mod switched;
mod terraforms;
mod unreadable;
