#![doc = include_str!("../README.md")]

mod action;
mod error;
mod inputs;
mod plan_summary;
mod rows;
mod run;
mod signals;
mod terraform;

pub use action::main;
pub use error::TasksError;
pub use inputs::{INPUTS, Request};
pub use run::{Report, run};
pub use signals::interrupted;
pub use terraform::{TerraformError, TerraformRequest};
