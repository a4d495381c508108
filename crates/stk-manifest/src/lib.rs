#![doc = include_str!("../README.md")]

mod connection;
mod definition;
mod dynamic;
mod finding;
mod manifest;
mod qualifier;
pub mod schema;
mod shape;
mod units;
mod workspace;
mod yaml;

pub use self::connection::{ConnectionSource, OutputMapping, SelectedConnection};
pub use self::definition::{
    Condition, ConditionOperator, ConnectionSlot, ExternalItems, InputDefinition, InputKind,
    Pattern, PluginDefinition, VARIABLES,
};
pub use self::dynamic::{DynamicInputs, DynamicInputsError};
pub use self::finding::{Finding, FindingCode, Parsed, Position, Severity, nearest};
pub use self::manifest::{
    AppliedConnections, AppliedPlugin, Kind, Link, Manifest, SECRET_PLACEHOLDER, SchemaVersion,
};
pub use self::qualifier::{PluginQualifier, QualifierError};
pub use self::units::{
    Generation, Requirement, SecretSource, Secrets, Unit, units, units_without_definitions,
};
pub use self::workspace::WorkspaceConnections;
