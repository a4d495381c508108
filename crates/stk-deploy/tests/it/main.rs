//! Tasks, executed against stores in memory and in folders, with the real Terraform and with a fake
//! one.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "the helpers of tests fail as the tests do, and Terraform is found through PATH"
)]

mod archives;
mod failures;
mod interrupts;
mod lifecycle;
mod support;
