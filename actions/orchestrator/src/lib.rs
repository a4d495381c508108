#![doc = include_str!("../README.md")]

mod action;
mod decide;
mod error;
mod findings;
mod inputs;
mod load;
mod record;
mod source;
mod start;

pub use action::{main, orchestrate, order_lines};
pub use decide::{Decision, decide, for_order};
pub use error::{LoadError, StartError};
pub use findings::{annotation, order_finding};
pub use inputs::{INPUTS, Request, Settings};
pub use load::{Project, WorkspaceFile, inspect, load, manifest};
pub use record::draft;
pub use source::{PluginSource, SourceError};
pub use start::{Started, start};
