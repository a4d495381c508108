use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Alias, DeployMode, IacReference, RunId, Unit};

/// The version of [`DeployedUnit`]'s stored form.
pub const DEPLOYED_VERSION: u32 = 1;

/// What is deployed of one alias of a target: the truth that the next deployment starts from.
///
/// It is written before Terraform changes anything (a failed first apply leaves resources behind,
/// and removing the plugin must destroy them) and removed when a destroy has succeeded.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeployedUnit {
    /// [`DEPLOYED_VERSION`].
    pub version: u32,
    /// Whether the plugin has a state of its own, or is a module of the whole project.
    #[serde(default, skip_serializing_if = "DeployMode::is_per_plugin")]
    pub mode: DeployMode,
    /// The plugin as it was applied: by the last success, or by the last attempt if none succeeded.
    pub unit: Unit,
    /// The last execution that succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Execution>,
    /// The last execution that began to change resources.
    pub last_attempt: Execution,
}

impl DeployedUnit {
    /// The plugin's alias.
    #[must_use]
    pub fn alias(&self) -> &Alias {
        &self.unit.alias
    }

    /// The execution whose IaC a destroy uses: the last success, else the last attempt.
    #[must_use]
    pub fn destroyed_with(&self) -> &Execution {
        self.last_success.as_ref().unwrap_or(&self.last_attempt)
    }
}

/// One execution of a plugin's IaC.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Execution {
    /// The run it belonged to.
    pub run_id: RunId,
    /// The version tag that the run deployed.
    pub version_tag: String,
    /// The IaC that was executed.
    pub iac: IacReference,
    /// When.
    pub at: Timestamp,
}
