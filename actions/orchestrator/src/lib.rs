#![doc = include_str!("../README.md")]

mod action;
mod decide;
mod error;
mod failure;
mod findings;
mod inputs;
mod load;
mod record;
mod secrets;
mod source;
mod start;

pub use action::{main, orchestrate, order_lines};
pub use decide::{Decision, decide, for_order};
pub use error::{LoadError, StartError};
pub use failure::explained;
pub use findings::{annotation, failure_in_repository, in_repository, order_finding};
pub use inputs::{INPUTS, Request, Settings, locations};
pub use load::{Project, WorkspaceFile, inspect, load, manifest};
pub use record::Draft;
pub use source::{PluginSource, SourceError};
pub use start::{Started, abandon, start};
