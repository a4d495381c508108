//! Tests of `terraform-runner` through its public API: with the real Terraform, with a fake one, and with recorded
//! streams.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests read the environment to pass it through the policy, and helpers of tests fail as tests do"
)]

mod approval;
mod cli_configuration;
mod difference;
mod events;
mod failures;
mod interrupts;
mod plan_json;
mod plans;
mod properties;
mod real;
mod states;
mod support;
mod versions;
