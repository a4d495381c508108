//! From a line to an [`Event`]. Nothing that a program may print is an error here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::diagnostic::RawDiagnostic;
use super::resource::{RawChange, RawHook};
use super::{Event, InterfaceVersion, Log, Other, StateDump};
use crate::outputs::RawOutput;
use crate::{Line, Outputs, Stream};

/// How every object of the stream begins: the keys are sorted, and `@level` is the first.
const OBJECT_START: &str = "{\"@level\":";

/// The keys that all objects share, and those that one type or another has. What is typed here is typed in the
/// format's description; a value of another shape makes the object an [`Event::Other`].
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "@level", default)]
    level: String,
    #[serde(rename = "@message", default)]
    message: String,
    #[serde(default)]
    ui: Option<String>,
    #[serde(default, borrow)]
    diagnostic: Option<&'a RawValue>,
    #[serde(default, borrow)]
    change: Option<&'a RawValue>,
    #[serde(default, borrow)]
    changes: Option<&'a RawValue>,
    #[serde(default, borrow)]
    hook: Option<&'a RawValue>,
    #[serde(default, borrow)]
    outputs: Option<&'a RawValue>,
    #[serde(default, borrow)]
    state: Option<&'a RawValue>,
}

impl Event {
    /// Reads a line as it came from a [`Runner`](crate::Runner).
    pub fn from_line(line: Line) -> Self {
        if line.truncated {
            return Self::Unreadable {
                stream: line.stream,
                bytes: line.text.len(),
            };
        }
        match line.stream {
            Stream::Stdout => Self::parse(&line.text),
            Stream::Stderr => Self::Text {
                stream: Stream::Stderr,
                text: line.text,
            },
        }
    }

    /// Reads a line of standard output.
    ///
    /// Text that was printed without a line break may stand before an object, so that one is looked for.
    pub fn parse(line: &str) -> Self {
        let Some(start) = line.find(OBJECT_START) else {
            return match serde_json::from_str::<Envelope<'_>>(line.trim()) {
                Ok(envelope) => Self::from_envelope(envelope, line.trim()),
                Err(_) => Self::Text {
                    stream: Stream::Stdout,
                    text: line.to_owned(),
                },
            };
        };
        let object = line[start..].trim_end();
        match serde_json::from_str::<Envelope<'_>>(object) {
            Ok(envelope) => Self::from_envelope(envelope, object),
            Err(_) => Self::Unreadable {
                stream: Stream::Stdout,
                bytes: line.len(),
            },
        }
    }

    fn from_envelope(envelope: Envelope<'_>, object: &str) -> Self {
        understand(&envelope).unwrap_or_else(|| {
            Self::Other(Other {
                kind: envelope.kind,
                level: envelope.level,
                message: envelope.message,
                raw: object.to_owned(),
            })
        })
    }
}

/// `None` for a type without a meaning here, and for an object that lacks what its type promises.
fn understand(envelope: &Envelope<'_>) -> Option<Event> {
    let log = || Log {
        level: envelope.level.clone(),
        message: envelope.message.clone(),
    };
    let change = || Some(read::<RawChange>(envelope.change)?.into());
    let hook = || read::<RawHook>(envelope.hook);
    Some(match envelope.kind.as_str() {
        "version" => Event::Version(InterfaceVersion {
            interface: envelope.ui.clone()?,
            message: envelope.message.clone(),
        }),
        // The state is a field of an ordinary log message (Terraform `json_view.go`, `StateDump`). Any message that
        // carries one is treated so, whatever its words.
        "log" => match envelope.state {
            Some(state) => Event::StateDump(StateDump(state.to_owned())),
            None => Event::Log(log()),
        },
        "init_output" => Event::Init(log()),
        "diagnostic" => Event::Diagnostic(read::<RawDiagnostic>(envelope.diagnostic)?.into()),
        "resource_drift" => Event::ResourceDrift(change()?),
        "planned_change" => Event::PlannedChange(change()?),
        "change_summary" => Event::ChangeSummary(read(envelope.changes)?),
        "outputs" => Event::Outputs(Outputs::from_raw(read::<BTreeMap<String, RawOutput>>(
            envelope.outputs,
        )?)),
        "apply_start" => Event::ApplyStart(hook()?.into()),
        "apply_progress" => Event::ApplyProgress(hook()?.into()),
        "apply_complete" => Event::ApplyComplete(hook()?.into()),
        "apply_errored" => Event::ApplyErrored(hook()?.into()),
        "provision_start" => Event::ProvisionStart(hook()?.into()),
        "provision_progress" => Event::ProvisionProgress(hook()?.into()),
        "provision_complete" => Event::ProvisionComplete(hook()?.into()),
        "provision_errored" => Event::ProvisionErrored(hook()?.into()),
        "refresh_start" | "refresh_complete" => Event::Refresh(hook()?.into()),
        _ => return None,
    })
}

fn read<'a, T: Deserialize<'a>>(raw: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}
