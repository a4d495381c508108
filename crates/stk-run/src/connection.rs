use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{Alias, RunId};

/// The version of [`ConnectionRecord`]'s stored form.
pub const CONNECTION_VERSION: u32 = 1;

/// The values of one connection in one environment, as the plugin that generates it left them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionRecord {
    /// [`CONNECTION_VERSION`].
    pub version: u32,
    /// The connection's name in the workspace (`selected` in `stk.yaml`).
    pub name: String,
    /// The environment that these values are of.
    pub environment: String,
    /// The connection interface type, e.g. `aws-sns-conn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What templates read.
    pub values: ConnectionValues,
    /// Who left the values here.
    pub published_by: Publisher,
}

/// The attributes of a connection.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConnectionValues {
    /// Attribute name to value.
    pub attributes: Map<String, Value>,
    /// Attributes that exist but whose Terraform output is sensitive: their values are not stored.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sensitive: Vec<String>,
}

/// The deployment that published a connection.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Publisher {
    /// The project's identity.
    pub project: String,
    /// The plugin that generates the connection.
    pub alias: Alias,
    /// The run whose deploy task published it last.
    pub run_id: RunId,
    /// When.
    pub at: Timestamp,
}
