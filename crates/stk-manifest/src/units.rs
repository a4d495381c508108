//! From applied plugins to deployable units: the one place in which inputs are merged.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::connection::OutputMapping;
use crate::definition::PluginDefinition;
use crate::dynamic::DynamicInputs;
use crate::finding::{Parsed, Position};
use crate::manifest::Manifest;
use crate::qualifier::PluginQualifier;

mod bare;
mod check;
mod computed;
mod merge;
mod origin;
mod rules;
mod secret;
mod slots;
mod unit;

/// One infra plugin, ready to be ordered and deployed: inputs merged and checked, connections matched to slots.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// Unique in the project; a valid folder and Terraform module name.
    pub alias: String,
    /// Index of the entry in `spec.plugins`, app plugins included: the order of the file.
    pub position: u32,
    /// The reference in stk.yaml.
    pub qualifier: PluginQualifier,
    /// The plugin's name: from plugin.yaml, else from the reference.
    pub plugin_name: String,
    /// The plugin's version: from plugin.yaml, else from the reference, where it may be missing.
    pub plugin_version: Option<String>,
    /// The merged inputs: those that plugin.yaml declares in its order, then the others in stk.yaml's order, then
    /// undeclared dynamic inputs. v3 connection inputs are in it as their objects (`stk-type`, `selected`, `type`).
    pub inputs: Map<String, Value>,
    /// Which of the inputs are secrets: the input's name, then the way into its value (names of fields, positions of
    /// items from 0). `***` stands there in [`Unit::inputs`].
    pub secrets: Vec<Vec<String>>,
    /// stk.yaml's `spec.global-inputs`.
    pub global_inputs: Map<String, Value>,
    /// plugin.yaml's `computed-inputs`: templates, in file order.
    pub computed_inputs: Map<String, Value>,
    /// stk.yaml's `spec.global-computed-inputs` (values, protected from being read as templates), then those of
    /// plugin.yaml (templates) that stk.yaml does not have.
    pub global_computed_inputs: Map<String, Value>,
    /// The connections that the plugin needs.
    pub requires: Vec<Requirement>,
    /// The connections that the plugin gives.
    pub generates: Vec<Generation>,
    /// Where the entry stands in stk.yaml.
    pub at: Position,
}

/// A connection that a unit needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The plugin's own name for it: see [`crate::SelectedConnection::slot`].
    pub slot: String,
    /// The connection's name in the workspace.
    pub connection: String,
    /// The connection interface type.
    pub kind: String,
    /// Where stk.yaml selects it.
    pub at: Position,
}

/// A connection that a unit gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// The plugin's own name for it: see [`crate::SelectedConnection::slot`].
    pub slot: String,
    /// The connection's name in the workspace.
    pub connection: String,
    /// The connection interface type.
    pub kind: String,
    /// Which Terraform output becomes which attribute, as plugin.yaml says.
    pub outputs: Vec<OutputMapping>,
    /// Where stk.yaml names it.
    pub at: Position,
}

/// Where the values of secrets come from. They are never a part of a unit; only whether there is one matters here.
#[derive(Clone, Copy)]
pub enum Secrets<'s> {
    /// They are given when the project is deployed: none is missing yet.
    Later,
    /// They are given now: one that is missing is an error.
    Given(&'s dyn SecretSource),
}

/// What tells which secrets have a value.
pub trait SecretSource {
    /// Whether there is a value for the secret at `path` of the plugin `alias`; see [`Unit::secrets`].
    fn has(&self, alias: &str, path: &[String]) -> bool;

    /// The environment variable in which it could be given, for a message.
    fn variable(&self, alias: &str, path: &[String]) -> String;
}

/// The units of a deployment to `environment`: one for each infra plugin of `manifest`, in file order.
///
/// `plugins` has the definition of every infra plugin by alias; a plugin that is applied often may share one. An input's value is the last of these that exists:
///
/// 1. the `default` in plugin.yaml;
/// 2. stk.yaml's `spec.global-inputs`, for a name that the plugin declares (a name that it does not declare reaches
///    its templates as a global input only, and so cannot hide a missing input of its own);
/// 3. the entry's `inputs`;
/// 4. the entry's `inputs-envs`, for this environment;
/// 5. `dynamic`, which is added to every plugin, declared or not.
///
/// The value of a password, and of whatever stands as `***`, is a secret and comes from elsewhere: `secrets` tells whether
/// there is one. Every other input that `secrets` has a value for is a secret as well.
///
/// A `null` counts as no value. An input whose condition does not hold has none either, wherever it is given.
/// Values are converted only where a template cannot tell the difference, or where the declared type leaves no
/// doubt: see the crate's documentation for the table.
///
/// Every finding is reported at once. A unit with errors is still returned, so that a checker can go on to the
/// order; deploy only what [`Parsed::into_result`] hands out. The value is never `None`.
#[must_use]
pub fn units<Definition: Borrow<PluginDefinition>>(
    manifest: &Manifest,
    plugins: &BTreeMap<String, Definition>,
    environment: &str,
    dynamic: &DynamicInputs,
    secrets: Secrets<'_>,
) -> Parsed<Vec<Unit>> {
    unit::units(manifest, plugins, environment, dynamic, secrets)
}

/// The units as stk.yaml alone shows them, for a look at a project whose plugins are not at hand.
///
/// Inputs are as written, nothing is checked against a plugin, and generated connections have no outputs.
/// v1's connectors all count as requirements: only plugin.yaml tells which of them a plugin gives.
#[must_use]
pub fn units_without_definitions(manifest: &Manifest) -> Vec<Unit> {
    bare::units(manifest)
}
