use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Alias, TaskId};

/// One step of a run: what is done, to which plugin, and how far it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Task {
    /// Names the task inside and outside its run.
    pub id: TaskId,
    /// What is done.
    pub kind: TaskKind,
    /// The plugin it is done to; `None` for a task of the whole project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<Alias>,
    /// Its place among the run's tasks, from 0.
    pub order: u32,
    /// How far it is.
    pub status: TaskStatus,
    /// Why it failed; never holds a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_details: Option<String>,
    /// When it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it ended, in whichever way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// The task types, with the names that StackSpot gives them in task rows.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum TaskKind {
    /// Renders a plugin's `templates-deploy` and stores the result.
    IacSelfHosted,
    /// Applies a plugin's stored IaC.
    DeploySelfHosted,
    /// Destroys a plugin with the IaC of its last successful execution.
    DestroySelfHosted,
    /// Renders all plugins, composes them into one project and stores it.
    UnifiedIac,
    /// Plans the composed project: what stays, and what goes away.
    Plan,
    /// Applies the plan of what stays.
    UnifiedDeploy,
    /// Destroys what goes away.
    UnifiedDestroy,
}

impl TaskKind {
    /// The name in a task row, e.g. `IAC_SELF_HOSTED`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::IacSelfHosted => "IAC_SELF_HOSTED",
            Self::DeploySelfHosted => "DEPLOY_SELF_HOSTED",
            Self::DestroySelfHosted => "DESTROY_SELF_HOSTED",
            Self::UnifiedIac => "UNIFIED_IAC",
            Self::Plan => "PLAN",
            Self::UnifiedDeploy => "UNIFIED_DEPLOY",
            Self::UnifiedDestroy => "UNIFIED_DESTROY",
        }
    }

    /// Whether the task only prepares: it changes nothing outside of the store.
    #[must_use]
    pub fn prepares(self) -> bool {
        matches!(self, Self::IacSelfHosted | Self::UnifiedIac | Self::Plan)
    }
}

impl Task {
    /// The task for people: `DEPLOY_SELF_HOSTED orders-topic`, or `PLAN` for one of the whole project.
    #[must_use]
    pub fn title(&self) -> String {
        match &self.alias {
            Some(alias) => format!("{} {alias}", self.kind),
            None => self.kind.to_string(),
        }
    }
}

impl fmt::Display for TaskKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// How far a task is; the names are StackSpot's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum TaskStatus {
    /// Waits for its turn.
    Pending,
    /// Is being executed.
    Running,
    /// Did what it had to do.
    Succeeded,
    /// Did not.
    Failed,
    /// Never started, because the run ended before.
    Aborted,
    /// Was interrupted by a cancellation.
    Canceled,
    /// Was left out on purpose.
    Skipped,
}

impl TaskStatus {
    /// Whether nothing will change this status any more.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// The name in documents, e.g. `SUCCEEDED`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Aborted => "ABORTED",
            Self::Canceled => "CANCELED",
            Self::Skipped => "SKIPPED",
        }
    }
}

impl fmt::Display for TaskStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_what_serde_writes() {
        for kind in [
            TaskKind::IacSelfHosted,
            TaskKind::DeploySelfHosted,
            TaskKind::DestroySelfHosted,
            TaskKind::UnifiedIac,
            TaskKind::Plan,
            TaskKind::UnifiedDeploy,
            TaskKind::UnifiedDestroy,
        ] {
            assert_eq!(
                serde_json::to_value(kind).unwrap(),
                serde_json::Value::from(kind.name())
            );
        }
        for status in [
            TaskStatus::Pending,
            TaskStatus::Running,
            TaskStatus::Succeeded,
            TaskStatus::Failed,
            TaskStatus::Aborted,
            TaskStatus::Canceled,
            TaskStatus::Skipped,
        ] {
            assert_eq!(
                serde_json::to_value(status).unwrap(),
                serde_json::Value::from(status.name())
            );
        }
    }
}
