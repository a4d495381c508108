#![doc = include_str!("../README.md")]

mod cycle;
mod error;
mod graph;
mod order;
mod removed;

pub use error::{CycleStep, OrderError};
pub use order::{Action, DeployOrder, DeployedConnection, DeployedUnit, Need, Step, order};
