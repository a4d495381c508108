//! The machine-readable UI: one JSON object per line of `init`, `plan` and `apply` with `-json`
//! (Terraform `internal/command/views/json/message_types.go`, `ui` 1.2 up to 1.14 and 1.3 since 1.15; OpenTofu the same).

mod diagnostic;
mod parse;
mod render;
mod resource;

pub(crate) use self::diagnostic::one_line;
pub use self::diagnostic::{Diagnostic, Severity};
pub use self::resource::{Action, Change, ChangeSummary, Hook, Operation, Provision};

use std::fmt;

use serde_json::value::RawValue;

use crate::{Outputs, Stream};

/// One line of a command's output, understood as far as it can be.
#[derive(Debug, Clone)]
pub enum Event {
    /// `version`: the first line of a JSON stream.
    Version(InterfaceVersion),
    /// `log`: a sentence about the command itself, such as what an interrupt leads to.
    Log(Log),
    /// `diagnostic`: an error or a warning.
    Diagnostic(Diagnostic),
    /// `resource_drift`: a difference that was found outside of the configuration.
    ResourceDrift(Change),
    /// `planned_change`: what a plan will do to one resource.
    PlannedChange(Change),
    /// `change_summary`: the counts at the end of a plan or an apply.
    ChangeSummary(ChangeSummary),
    /// `outputs` of an apply, with values; those of a plan have none.
    Outputs(Outputs),
    /// `apply_start`
    ApplyStart(Hook),
    /// `apply_progress`: comes every ten seconds while a resource is worked on.
    ApplyProgress(Hook),
    /// `apply_complete`
    ApplyComplete(Hook),
    /// `apply_errored`; a diagnostic says why.
    ApplyErrored(Hook),
    /// `provision_start`
    ProvisionStart(Provision),
    /// `provision_progress`: one line that a provisioner printed.
    ProvisionProgress(Provision),
    /// `provision_complete`
    ProvisionComplete(Provision),
    /// `provision_errored`
    ProvisionErrored(Provision),
    /// `refresh_start` and `refresh_complete`: one resource is read before planning.
    Refresh(Hook),
    /// `init_output`: progress of an init.
    Init(Log),
    /// The state that could not be saved anywhere, printed as a last resort. Holds secrets.
    StateDump(StateDump),
    /// A JSON object of a type that this crate has no meaning for: actions, ephemeral resources, policies, newer ones.
    Other(Other),
    /// A line that is not such an object.
    Text {
        /// Where it was printed.
        stream: Stream,
        /// The line.
        text: String,
    },
    /// A line that was too long to keep, or a broken object; it could be a part of a state and is not shown.
    Unreadable {
        /// Where it was printed.
        stream: Stream,
        /// How many bytes of it there were, or were kept.
        bytes: usize,
    },
}

/// What the first line of a stream says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfaceVersion {
    /// `major.minor` of the format. A new minor version adds fields and types, a new major one breaks.
    pub interface: String,
    /// The sentence that goes with it, such as `Terraform 1.11.4`.
    pub message: String,
}

impl InterfaceVersion {
    /// Whether the format is one that this crate reads: major version 1.
    pub fn is_supported(&self) -> bool {
        self.interface.split('.').next() == Some("1")
    }
}

/// A sentence of the command about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// `info`, `warn`, `error`, `debug` or `trace`.
    pub level: String,
    /// The sentence, or several with line breaks.
    pub message: String,
}

/// A whole state, byte for byte as it was printed. `Debug` shows only its size.
#[derive(Clone)]
pub struct StateDump(Box<RawValue>);

impl StateDump {
    /// The JSON of the state.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.get().as_bytes()
    }
}

impl fmt::Debug for StateDump {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StateDump({} bytes)", self.as_bytes().len())
    }
}

/// An object of a type without a meaning here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Its `type`.
    pub kind: String,
    /// Its `@level`.
    pub level: String,
    /// Its `@message`.
    pub message: String,
    /// The whole line.
    pub raw: String,
}
