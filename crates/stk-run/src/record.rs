use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    Alias, ConnectionValues, Digest, RunId, SecretPath, Target, Task, TaskId, TaskKind, TaskStatus,
};

/// The version of [`RunRecord`]'s stored form.
pub const RECORD_VERSION: u32 = 1;

/// Everything that executing a run needs, written once by the half that decides and advanced by the
/// half that does. It is the only thing that the two halves share.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunRecord {
    /// [`RECORD_VERSION`].
    pub version: u32,
    /// Names the run.
    pub run_id: RunId,
    /// What is deployed, and where to.
    pub target: Target,
    /// What the project is called and what it is.
    pub project: ProjectReference,
    /// The version tag that the user deploys, e.g. `v1.0.0`.
    pub version_tag: String,
    /// One state per plugin, or one for all.
    pub mode: DeployMode,
    /// The workspace's name, when one was given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workspace: Option<String>,
    /// The address of the pipeline that started the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_url: Option<String>,
    /// How far the run is.
    pub status: RunStatus,
    /// When the run was started.
    pub created_at: Timestamp,
    /// When the record was last written.
    pub updated_at: Timestamp,
    /// When the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The plugins, in the order in which they are executed.
    pub units: Vec<Unit>,
    /// What is to be done, in order.
    pub tasks: Vec<Task>,
    /// In unified mode: the composed project, once its IAC task has stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub composition: Option<IacReference>,
    /// In unified mode: the plan, once its task has stored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanReference>,
    /// Failures after which the run went on, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier_failures: Vec<EarlierFailure>,
    /// The connections that plugins of this run read and none of them generates, by name: the
    /// values that the workspace held when the run was decided.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workspace_connections: BTreeMap<String, ConnectionValues>,
}

impl RunRecord {
    /// The tasks of `units` in per-plugin mode: IAC directly followed by DEPLOY for what is
    /// applied, DESTROY for what is removed. Every task is pending.
    #[must_use]
    pub fn per_plugin_tasks(run_id: RunId, units: &[Unit]) -> Vec<Task> {
        let kinds = units.iter().flat_map(|unit| {
            let kinds: &[TaskKind] = match unit.action {
                Action::Apply => &[TaskKind::IacSelfHosted, TaskKind::DeploySelfHosted],
                Action::Destroy => &[TaskKind::DestroySelfHosted],
            };
            kinds.iter().map(|kind| (*kind, &unit.alias))
        });
        (0..)
            .zip(kinds)
            .map(|(order, (kind, alias))| Task {
                id: TaskId::of(run_id, order),
                kind,
                alias: Some(alias.clone()),
                order,
                status: TaskStatus::Pending,
                error_details: None,
                started_at: None,
                finished_at: None,
            })
            .collect()
    }

    /// The tasks of `units` in unified mode: one that composes the project, one that plans, one
    /// that applies if anything stays, and one that destroys if anything goes away. Every task is
    /// pending; there is none when there are no units.
    #[must_use]
    pub fn unified_tasks(run_id: RunId, units: &[Unit]) -> Vec<Task> {
        let has = |action| units.iter().any(|unit| unit.action == action);
        let (stays, goes) = (has(Action::Apply), has(Action::Destroy));
        let kinds = [
            (TaskKind::UnifiedIac, stays || goes),
            (TaskKind::Plan, stays || goes),
            (TaskKind::UnifiedDeploy, stays),
            (TaskKind::UnifiedDestroy, goes),
        ];
        (0..)
            .zip(kinds.into_iter().filter(|(_, is_needed)| *is_needed))
            .map(|(order, (kind, _))| Task {
                id: TaskId::of(run_id, order),
                kind,
                alias: None,
                order,
                status: TaskStatus::Pending,
                error_details: None,
                started_at: None,
                finished_at: None,
            })
            .collect()
    }

    /// The task with this id, if it is one of this run.
    #[must_use]
    pub fn task(&self, id: TaskId) -> Option<&Task> {
        self.tasks.iter().find(|task| task.id == id)
    }

    /// The plugin with this alias, if it is one of this run.
    #[must_use]
    pub fn unit(&self, alias: &Alias) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.alias == *alias)
    }
}

/// A failure that a run got over.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EarlierFailure {
    /// The task that failed.
    pub task: TaskId,
    /// Why; never holds a secret.
    pub details: String,
    /// When.
    pub failed_at: Timestamp,
}

/// Which project a run deploys.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProjectReference {
    /// `metadata.name` of `stk.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `spec.type` of `stk.yaml`.
    pub kind: ProjectKind,
    /// `metadata.stack` of `stk.yaml`, e.g. `core@1.0.39`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// `spec.repository` of `stk.yaml`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
}

/// `spec.type` of `stk.yaml`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ProjectKind {
    /// An application, which may bring infrastructure plugins.
    App,
    /// Shared infrastructure.
    Infra,
}

impl ProjectKind {
    /// The word in `stk.yaml`: `app` or `infra`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Infra => "infra",
        }
    }
}

/// How the plugins' Terraform is organised.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DeployMode {
    /// Each plugin is a Terraform project with a state of its own.
    #[default]
    PerPlugin,
    /// All plugins are modules of one Terraform project with one state.
    Unified,
}

impl DeployMode {
    /// The word in inputs and documents: `per-plugin` or `unified`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PerPlugin => "per-plugin",
            Self::Unified => "unified",
        }
    }

    pub(crate) fn is_per_plugin(&self) -> bool {
        *self == Self::PerPlugin
    }
}

/// How far a run is; the names are StackSpot's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum RunStatus {
    /// Tasks are still to be done; the run holds its target's lock.
    Running,
    /// Every task succeeded.
    Succeeded,
    /// A task failed; the tasks after it were not started.
    Failed,
    /// Somebody cancelled the run.
    Canceled,
}

impl RunStatus {
    /// Whether the run has ended.
    #[must_use]
    pub fn is_final(self) -> bool {
        self != Self::Running
    }

    /// The name in documents, e.g. `SUCCEEDED`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        }
    }
}

impl fmt::Display for RunStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// One plugin of a run, with its inputs merged for the run's environment.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unit {
    /// The plugin's name in the project.
    pub alias: Alias,
    /// What happens to it.
    pub action: Action,
    /// Its place in `stk.yaml` among the plugins, from 0.
    pub position: u32,
    /// Which plugin it is.
    pub plugin: PluginReference,
    /// The stored package with its sources.
    pub package: Digest,
    /// The merged inputs, with `***` in the place of each secret.
    pub inputs: Map<String, Value>,
    /// Which of the inputs are secrets. Their values are handed to every process that runs the
    /// plugin's Terraform, and are stored nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<SecretPath>,
    /// `spec.global-inputs` of `stk.yaml`.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub global_inputs: Map<String, Value>,
    /// `computed-inputs` of the plugin: name to template, in the order in which they are evaluated.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub computed_inputs: Map<String, Value>,
    /// `spec.global-computed-inputs` of `stk.yaml`, then the plugin's own; values or templates.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub global_computed_inputs: Map<String, Value>,
    /// The connections that it reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<Requirement>,
    /// The connections that it fills.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub generates: Vec<Generation>,
    /// For a destroy: the IaC of the last successful execution. For an apply: what its IAC task has
    /// stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iac: Option<IacReference>,
}

/// What happens to a plugin in a run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It stands in `stk.yaml`: its IaC is rendered and applied.
    Apply,
    /// It no longer does: what it had deployed is destroyed.
    Destroy,
}

/// Which plugin a unit applies.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PluginReference {
    /// As written in `stk.yaml`, e.g. `studio/stack@1.2.3/plugin@4.5.6`.
    pub qualifier: String,
    /// The studio's slug; `local` for a plugin applied from a folder.
    pub studio: String,
    /// The stack's slug, with its version if one is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
    /// The plugin's slug.
    pub name: String,
    /// The plugin's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

/// A connection that a plugin reads.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Requirement {
    /// The plugin's own name for it: the connection alias (v1, v2) or the input's name (v3).
    pub slot: String,
    /// The connection's name in the workspace.
    pub connection: String,
    /// The connection interface type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The plugin of the same run that generates it; `None` when it lives in the workspace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Alias>,
}

/// A connection that a plugin fills from its Terraform outputs.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Generation {
    /// The plugin's own name for it.
    pub slot: String,
    /// The connection's name in the workspace.
    pub connection: String,
    /// The connection interface type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Which Terraform output fills which attribute.
    pub outputs: Vec<OutputMapping>,
}

/// One attribute of a generated connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OutputMapping {
    /// The name of the Terraform output.
    pub from: String,
    /// The connection's attribute.
    pub to: String,
}

/// A stored archive of rendered IaC.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IacReference {
    /// The run that stored it.
    pub run_id: RunId,
    /// The digest of the archive.
    pub digest: Digest,
}

/// A stored plan: Terraform's plan file, and what a person approves of it.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanReference {
    /// The digest of what is stored.
    pub digest: Digest,
    /// The program that planned, with its version: another one cannot apply the plan.
    pub program: String,
    /// It is stored encrypted, with a passphrase (`PLAN_ENCRYPTION_KEY`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// `second` seconds after the tests' first moment.
    pub(crate) fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_728_561_600 + second).unwrap()
    }

    /// A record that applies and destroys these aliases.
    pub(crate) fn record(applied: &[&str], destroyed: &[&str]) -> RunRecord {
        let run_id: RunId = "01J9V6MWFTWQ392331QBCS46KQ".parse().unwrap();
        let unit = |alias: &str, action| Unit {
            alias: alias.parse().unwrap(),
            action,
            position: 0,
            plugin: PluginReference {
                qualifier: format!("studio/stack@1.0.0/{alias}@1.0.0"),
                studio: "studio".to_owned(),
                stack: Some("stack@1.0.0".to_owned()),
                name: alias.to_owned(),
                version: Some("1.0.0".to_owned()),
            },
            package: Digest::of(alias.as_bytes()),
            inputs: Map::new(),
            secrets: Vec::new(),
            global_inputs: Map::new(),
            computed_inputs: Map::new(),
            global_computed_inputs: Map::new(),
            requires: Vec::new(),
            generates: Vec::new(),
            iac: None,
        };
        let units: Vec<_> = applied
            .iter()
            .map(|alias| unit(alias, Action::Apply))
            .chain(destroyed.iter().map(|alias| unit(alias, Action::Destroy)))
            .collect();
        RunRecord {
            version: RECORD_VERSION,
            run_id,
            target: Target {
                project: "shop".to_owned(),
                environment: "dev".to_owned(),
            },
            project: ProjectReference {
                name: Some("shop".to_owned()),
                kind: ProjectKind::Infra,
                stack: None,
                repository: None,
            },
            version_tag: "v1".to_owned(),
            mode: DeployMode::PerPlugin,
            workspace: None,
            pipeline_url: None,
            status: RunStatus::Running,
            created_at: at(0),
            updated_at: at(0),
            finished_at: None,
            tasks: RunRecord::per_plugin_tasks(run_id, &units),
            units,
            workspace_connections: BTreeMap::new(),
            composition: None,
            plan: None,
            earlier_failures: Vec::new(),
        }
    }

    #[test]
    fn an_iac_task_is_directly_followed_by_its_deploy() {
        let record = record(&["a", "b"], &["c"]);
        let rows: Vec<_> = record
            .tasks
            .iter()
            .map(|task| format!("{} {}", task.order, task.title()))
            .collect();
        assert_eq!(
            rows,
            [
                "0 IAC_SELF_HOSTED a",
                "1 DEPLOY_SELF_HOSTED a",
                "2 IAC_SELF_HOSTED b",
                "3 DEPLOY_SELF_HOSTED b",
                "4 DESTROY_SELF_HOSTED c",
            ]
        );
    }

    #[test]
    fn the_stored_form_is_stable() {
        let record = record(&["a"], &[]);
        let text = serde_json::to_string_pretty(&record).unwrap();
        assert_eq!(serde_json::from_str::<RunRecord>(&text).unwrap(), record);
        insta::assert_snapshot!(text);
    }

    #[test]
    fn unknown_fields_are_refused() {
        let mut value = serde_json::to_value(record(&[], &[])).unwrap();
        value["surprise"] = Value::Bool(true);
        let error = serde_json::from_value::<RunRecord>(value).unwrap_err();
        assert!(error.to_string().contains("unknown field `surprise`"));
    }
}
