//! What happens to resources (Terraform `internal/command/views/json/{change,hook,change_summary}.go`).

use serde::Deserialize;

/// What is done to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    NoOp,
    /// It is made.
    Create,
    /// A data source is read.
    Read,
    /// It is changed in place.
    Update,
    /// It is destroyed and made again, in one order or the other.
    Replace,
    /// It is destroyed.
    Delete,
    /// It gets another address in the state.
    Move,
    /// An existing one is taken into the state.
    Import,
    /// It leaves the state and goes on existing.
    Forget,
    /// A newer word.
    Other(String),
}

impl Action {
    pub(super) fn parse(text: &str) -> Self {
        match text {
            "noop" => Self::NoOp,
            "create" => Self::Create,
            "read" => Self::Read,
            "update" => Self::Update,
            "replace" => Self::Replace,
            "delete" => Self::Delete,
            "move" => Self::Move,
            "import" => Self::Import,
            "remove" | "forget" => Self::Forget,
            other => Self::Other(other.to_owned()),
        }
    }

    /// Whether something that exists is destroyed.
    pub fn destroys(&self) -> bool {
        matches!(self, Self::Delete | Self::Replace)
    }
}

/// What will be done to a resource, or was found to be different.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its full address.
    pub address: String,
    /// Address of the module that it is in; empty for the root module.
    pub module: String,
    /// Its type, such as `aws_sns_topic`.
    pub resource_type: String,
    /// What is done.
    pub action: Action,
    /// Why, in the program's word: `cannot_update`, `tainted`, `delete_because_no_module`...
    pub reason: Option<String>,
    /// Its address before, when it is moved.
    pub previous_address: Option<String>,
}

/// A step of reading, making, changing or destroying a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// The resource's full address.
    pub address: String,
    /// What is being done.
    pub action: Action,
    /// `id=eeffce7c-…`, when the resource has something to be known by.
    pub id: Option<String>,
    /// Seconds since its start.
    pub elapsed_seconds: u64,
}

/// A step of a provisioner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provision {
    /// Address of the resource that it belongs to.
    pub address: String,
    /// `local-exec`, `remote-exec` or `file`.
    pub provisioner: String,
    /// What it printed.
    pub output: Option<String>,
}

/// Which command a [`ChangeSummary`] is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Counts of what will be done.
    #[default]
    Plan,
    /// Counts of what was done.
    Apply,
    /// Counts of what was done by `destroy`.
    Destroy,
}

/// How many resources are changed in which way. A replacement counts as one added and one destroyed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub struct ChangeSummary {
    /// Made.
    #[serde(default)]
    pub add: u64,
    /// Changed in place.
    #[serde(default)]
    pub change: u64,
    /// Destroyed.
    #[serde(default)]
    pub remove: u64,
    /// Taken into the state.
    #[serde(default)]
    pub import: u64,
    /// Which command it is of.
    #[serde(default)]
    pub operation: Operation,
}

#[derive(Deserialize)]
pub(super) struct RawResource {
    #[serde(default)]
    addr: String,
    #[serde(default)]
    module: String,
    #[serde(default)]
    resource_type: String,
}

#[derive(Deserialize)]
pub(super) struct RawChange {
    resource: RawResource,
    #[serde(default)]
    previous_resource: Option<RawResource>,
    #[serde(default)]
    action: String,
    #[serde(default)]
    reason: Option<String>,
}

impl From<RawChange> for Change {
    fn from(raw: RawChange) -> Self {
        Self {
            address: raw.resource.addr,
            module: raw.resource.module,
            resource_type: raw.resource.resource_type,
            action: Action::parse(&raw.action),
            reason: raw.reason.filter(|reason| !reason.is_empty()),
            previous_address: raw.previous_resource.map(|resource| resource.addr),
        }
    }
}

#[derive(Deserialize)]
pub(super) struct RawHook {
    resource: RawResource,
    #[serde(default)]
    action: String,
    #[serde(default)]
    id_key: Option<String>,
    #[serde(default)]
    id_value: Option<String>,
    #[serde(default)]
    elapsed_seconds: f64,
    #[serde(default)]
    provisioner: String,
    #[serde(default)]
    output: Option<String>,
}

impl From<RawHook> for Hook {
    fn from(raw: RawHook) -> Self {
        let id = match (raw.id_key, raw.id_value) {
            (Some(key), Some(value)) if !key.is_empty() => Some(format!("{key}={value}")),
            _ => None,
        };
        Self {
            address: raw.resource.addr,
            action: Action::parse(&raw.action),
            id,
            // A cast saturates, so a negative or absurd number is no problem.
            elapsed_seconds: raw.elapsed_seconds as u64,
        }
    }
}

impl From<RawHook> for Provision {
    fn from(raw: RawHook) -> Self {
        Self {
            address: raw.resource.addr,
            provisioner: raw.provisioner,
            output: raw.output,
        }
    }
}
