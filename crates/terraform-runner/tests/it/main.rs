//! Tests of `terraform-runner` through its public API: with the real Terraform, with a fake one, and with recorded
//! streams.

#![expect(
    clippy::disallowed_methods,
    reason = "tests start programs and read the environment to pass it through the policy"
)]

mod events;
mod failures;
mod interrupts;
mod real;
mod support;
mod versions;
