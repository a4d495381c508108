#![doc = include_str!("../README.md")]

mod action;
mod cancel;
mod inputs;

pub use action::{main, report};
pub use cancel::{CancelError, Outcome, cancel};
pub use inputs::{INPUTS, Request};
