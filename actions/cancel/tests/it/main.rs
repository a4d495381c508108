//! The cancel action, through its program.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "the helpers of tests fail as the tests do, and they start the programs under test"
)]

mod declared;
mod outcomes;
mod support;
