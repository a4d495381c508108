#![doc = include_str!("../README.md")]

mod annotation;
mod command;
mod context;
mod environment;
mod failure;
mod inputs;
mod log;
mod mask;
mod outputs;
mod program;
mod spec;
mod summary;
mod text;

pub use annotation::{Annotation, Severity};
pub use context::Context;
pub use environment::Environment;
pub use failure::Failure;
pub use inputs::{InputError, Inputs};
pub use log::{Group, Level, Log};
pub use outputs::{OutputError, Outputs};
pub use program::Program;
pub use spec::InputSpec;
pub use summary::{Summary, SummaryError};
