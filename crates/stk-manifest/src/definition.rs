//! `plugin.yaml`: what a plugin asks for and what it gives.

use indexmap::IndexMap;
use serde_json::{Map, Value};

pub(crate) use self::condition::equal;
pub use self::condition::{Condition, ConditionOperator};
pub use self::input::{ExternalItems, InputDefinition, InputKind};
pub(crate) use self::pattern::Match;
pub use self::pattern::Pattern;
pub use self::variables::VARIABLES;

use crate::connection::OutputMapping;
use crate::finding::{Finding, FindingCode, Parsed, Position};
use crate::manifest::{AppliedPlugin, Kind, Link, Manifest, SchemaVersion};

mod condition;
mod connections;
mod consistency;
mod input;
mod parse;
mod pattern;
mod variables;

/// A plugin's plugin.yaml, with what matters when the plugin is deployed.
///
/// Hooks, documentation, technologies and the like are known keys whose content is not read: they play no part in
/// a deployment.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginDefinition {
    /// The file as the caller named it.
    pub file: String,
    /// `schema-version`: v1, v2 or v3.
    pub schema_version: SchemaVersion,
    /// `metadata.name`.
    pub name: String,
    /// `metadata.version`, such as `1.0.0`.
    pub version: String,
    /// `metadata.display-name`.
    pub display_name: Option<String>,
    /// `metadata.description`.
    pub description: Option<String>,
    /// `spec.type`.
    pub kind: Kind,
    /// `spec.runtime.environment`: `terraform-1-4`, `aws-cli-2`…
    pub runtime_environment: Vec<String>,
    /// `spec.single-use`: at most once in a project.
    pub single_use: bool,
    /// `spec.stk-projects-only`: only in projects that StackSpot made. Every project with an stk.yaml counts as one.
    pub stk_projects_only: Option<bool>,
    /// `spec.app-allowed`: whether an app project may apply this infra plugin. `None` when not said.
    pub app_allowed: Option<bool>,
    /// `spec.inputs`, in file order. A name may stand twice, with conditions that exclude each other.
    pub inputs: Vec<InputDefinition>,
    /// `spec.inputs-envs`: inputs with one value for each environment.
    pub inputs_envs: Vec<InputDefinition>,
    /// `spec.computed-inputs`: template strings (or plain values), to be rendered by others, in file order.
    pub computed_inputs: Map<String, Value>,
    /// `spec.global-computed-inputs`, likewise.
    pub global_computed_inputs: Map<String, Value>,
    /// What the plugin needs, outside of its inputs: v2's `requires.connections`, v1's `requires.connection-interface`.
    pub requires: Vec<ConnectionSlot>,
    /// What the plugin gives, outside of its inputs: v2's `generates.connections`, v1's `generates.connection-interface`.
    pub generates: Vec<ConnectionSlot>,
    /// `spec.requires.variables` (v3): names of StackSpot's variables, which templates read as `var.<NAME>`.
    pub required_variables: Vec<String>,
    /// `spec.generates.links` (v1: `link`).
    pub links: Vec<Link>,
    /// `spec.outputs` (v3).
    pub outputs: IndexMap<String, String>,
    /// `spec.allowed-resource-fork` (v3): Terraform resource types that a fork may change.
    pub allowed_resource_fork: Vec<String>,
}

/// A place in a plugin that a connection fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionSlot {
    /// The plugin's own name for it: `alias` (v2), or the type (v1, which has no alias).
    pub slot: String,
    /// The connection interface type.
    pub kind: String,
    /// How a generated connection's attributes are filled; empty for a requirement, and when not said.
    pub outputs: Vec<OutputMapping>,
    /// Where it stands in plugin.yaml.
    pub at: Position,
}

impl PluginDefinition {
    /// Reads a plugin.yaml. `file` is only used in findings; `text` is the file's content.
    ///
    /// The value is `None` when the text is not YAML, is no mapping, or has an unknown `schema-version`, another
    /// `kind` than `plugin`, no name, no version or no usable `spec`.
    #[must_use]
    pub fn parse(file: &str, text: &str) -> Parsed<Self> {
        parse::parse(file, text)
    }

    /// A finding when this is another version of the plugin than `applied` says; the caller knows when that is wrong.
    ///
    /// A reference without a version fits every version. Versions are compared as text: they are immutable names.
    #[must_use]
    pub fn version_mismatch(
        &self,
        manifest: &Manifest,
        applied: &AppliedPlugin,
    ) -> Option<Finding> {
        let wanted = applied.qualifier.version.as_deref()?;
        if wanted == self.version {
            return None;
        }
        Some(manifest.finding_at(
            applied,
            FindingCode::VersionMismatch,
            format!(
                "the plugin `{}` is applied as version {wanted}, but {} is version {}",
                applied.alias, self.file, self.version
            ),
            Some(format!(
                "put version {wanted} of `{}` in place, or apply version {}",
                applied.qualifier.plugin, self.version
            )),
        ))
    }
}
