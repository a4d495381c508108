//! What a person approves of a plan.

mod change;
mod lines;
mod value;
mod words;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use change::{PlannedAction, PlannedAttribute, PlannedChange};
pub use value::{HiddenValue, PlannedValue, PlannedValueError};
pub use words::visible;

use crate::{Alias, RunId, Target};

/// The version of [`PlanSummary`]'s stored form.
pub const PLAN_SUMMARY_VERSION: u32 = 1;

/// What a unified run will do, as it is shown to whoever approves it.
///
/// It holds no secret: a value that is sensitive in the plan, or that holds one that is, is only said to be there. Texts
/// are for reading. They come from plugins and providers, so whoever shows them escapes them for where they go.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanSummary {
    /// [`PLAN_SUMMARY_VERSION`].
    pub version: u32,
    /// The run that planned.
    pub run_id: RunId,
    /// What is deployed, and where to.
    pub target: Target,
    /// What the project is called, where `target` names it by an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_name: Option<String>,
    /// The version tag that the user deploys.
    pub version_tag: String,
    /// The program that planned, with its version: `Terraform 1.11.4`.
    pub program: String,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// What happens to resources, of all plugins together.
    pub counts: PlanCounts,
    /// Every plugin of the run, in the order of execution: those that go away come last.
    pub plugins: Vec<PluginPlan>,
    /// Changes of resources that are in no plugin's module. A composed project has none; if there is one after all, it is
    /// seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<PlannedChange>,
    /// Resources of plugins that stay which Terraform's own plan of the removal lists and which are *not* destroyed: the
    /// state still has them depend on what goes away, until what stays is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptResource>,
    /// How many more of them there are.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted_kept: u64,
    /// What is not as the last deployment left it, as Terraform found it before planning: changed by somebody, or by the
    /// provider itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<DriftedResource>,
    /// How many more of them there are.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted_drift: u64,
    /// What is worth knowing about the plan as a whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<PlanNote>,
}

/// How many resources there are of each kind of change. A resource counts in one of the first five; being moved or
/// imported counts besides.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanCounts {
    /// Made.
    pub create: u64,
    /// Changed in place.
    pub update: u64,
    /// Replaced by another.
    pub replace: u64,
    /// Destroyed, and not made again.
    pub destroy: u64,
    /// Left alone from now on: they go on existing and no state knows them.
    pub forget: u64,
    /// Known under another address from now on.
    pub r#move: u64,
    /// Existing ones that are taken into the state.
    pub import: u64,
}

/// What happens to one plugin.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PluginPlan {
    /// The plugin's name in the project.
    pub alias: Alias,
    /// Which plugin it is, as written in `stk.yaml`: `studio/stack@1.2.3/plugin@4.5.6`.
    pub plugin: String,
    /// What happens to it, in one word.
    pub fate: PluginFate,
    /// The plugins of this run whose connections it reads, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<Alias>,
    /// What happens to its resources, also to those that are left out of `changes`.
    pub counts: PlanCounts,
    /// What happens to each of its resources, sorted by address. Resources that stay as they are are not listed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<PlannedChange>,
    /// How many more changes there are. What destroys something is never left out.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted_changes: u64,
    /// Attributes of its connections that others may have read already and that change, or go away.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub connections: Vec<PlannedConnection>,
}

/// What happens to a plugin; the strongest of what happens to its resources.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum PluginFate {
    /// Nothing changes.
    Unchanged,
    /// It has no resources yet, and gets some.
    Created,
    /// Resources of it are changed in place, added, moved, imported or forgotten; none is destroyed.
    Changed,
    /// It stays, and a resource of it is destroyed without another in its place.
    Reduced,
    /// It stays, and a resource of it is replaced by another.
    Replaced,
    /// It is no longer in `stk.yaml`: all that it has is destroyed.
    Removed,
}

/// A connection whose attributes change for whoever reads it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlannedConnection {
    /// The connection's name in the workspace.
    pub connection: String,
    /// The plugins that stay and read it, sorted. Those of other projects are not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read_by: Vec<Alias>,
    /// What changes; the paths begin with the connection's attribute.
    pub attributes: Vec<PlannedAttribute>,
    /// How many more attributes change.
    #[serde(default, skip_serializing_if = "is_none")]
    pub omitted_attributes: u64,
}

/// A resource that the plan of the removal lists, and that stays.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeptResource {
    /// Its address.
    pub address: String,
    /// Why Terraform lists it: the way from it to a resource that goes away, as the state has it recorded, without
    /// instance keys. Begins with the resource itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends: Vec<String>,
}

/// A resource that is no longer as it was deployed.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DriftedResource {
    /// Its address.
    pub address: String,
    /// What has happened to it: [`PlannedAction::Update`] or [`PlannedAction::Destroy`].
    pub action: PlannedAction,
}

/// A sentence about the plan.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanNote {
    /// What it is about, for programs.
    pub kind: PlanNoteKind,
    /// The sentence, for people.
    pub text: String,
}

/// What a [`PlanNote`] is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PlanNoteKind {
    /// The plan is limited to the plugins that stay, because others go away.
    Targeted,
    /// What goes away is planned once more before it is destroyed.
    PlannedAgain,
    /// Something is put off to a later plan.
    Deferred,
    /// An action is invoked, besides what happens to resources.
    Invocation,
    /// Terraform's warning.
    Warning,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands it over like this"
)]
pub(crate) fn is_none(count: &u64) -> bool {
    *count == 0
}
