//! From an [`Event`] to one line for a person.

use super::diagnostic::one_line;
use super::{
    Action, Change, ChangeSummary, Diagnostic, Event, Hook, Operation, Provision, Severity,
};

/// Longest line that is shown of a program that does not speak JSON, in bytes.
const TEXT_LIMIT: usize = 4096;

impl Event {
    /// One readable line, or `None` when a person has nothing from it.
    ///
    /// Never shows a state or the value of an output.
    pub fn to_line(&self) -> Option<String> {
        match self {
            // The caller knows the version; reading resources is chatter; values of outputs are for programs.
            Self::Version(_) | Self::Refresh(_) | Self::Outputs(_) | Self::ProvisionComplete(_) => {
                None
            }
            Self::Log(log) | Self::Init(log) => non_empty(one_line(&log.message)),
            Self::Diagnostic(diagnostic) => Some(diagnostic_line(diagnostic)),
            Self::ResourceDrift(change) => Some(drift_line(change)),
            Self::PlannedChange(change) => change_line(change),
            Self::ChangeSummary(summary) => Some(summary.to_string()),
            Self::ApplyStart(hook) => Some(start_line(hook)),
            Self::ApplyProgress(hook) => progress_line(hook),
            Self::ApplyComplete(hook) => Some(complete_line(hook)),
            Self::ApplyErrored(hook) => Some(errored_line(hook)),
            Self::ProvisionStart(provision) => Some(format!(
                "{}: running {}",
                provision.address, provision.provisioner
            )),
            Self::ProvisionProgress(provision) => provision_line(provision),
            Self::ProvisionErrored(provision) => Some(format!(
                "{}: {} failed",
                provision.address, provision.provisioner
            )),
            Self::StateDump(state) => Some(format!(
                "the state could not be saved and was printed instead ({} bytes)",
                state.as_bytes().len()
            )),
            Self::Other(other) => non_empty(one_line(&other.message)),
            Self::Text { text, .. } => non_empty(cut(text.trim_end())),
            Self::Unreadable { bytes, .. } => Some(format!(
                "(an unreadable line of {bytes} bytes was left out)"
            )),
        }
    }
}

impl std::fmt::Display for ChangeSummary {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            add,
            change,
            remove,
            import,
            operation,
        } = *self;
        match operation {
            Operation::Plan => {
                formatter.write_str("plan: ")?;
                if import > 0 {
                    write!(formatter, "{import} to import, ")?;
                }
                write!(
                    formatter,
                    "{add} to add, {change} to change, {remove} to destroy"
                )
            }
            Operation::Apply | Operation::Destroy => {
                formatter.write_str("applied: ")?;
                if import > 0 {
                    write!(formatter, "{import} imported, ")?;
                }
                write!(
                    formatter,
                    "{add} added, {change} changed, {remove} destroyed"
                )
            }
        }
    }
}

fn diagnostic_line(diagnostic: &Diagnostic) -> String {
    let kind = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut line = format!("{kind}: {}", one_line(&diagnostic.summary));
    if let Some(place) = diagnostic.place() {
        line.push_str(&format!(" ({place})"));
    }
    let detail = one_line(&diagnostic.detail);
    if !detail.is_empty() {
        line.push_str(": ");
        line.push_str(&detail);
    }
    line
}

fn change_line(change: &Change) -> Option<String> {
    let (sign, verb) = match &change.action {
        Action::NoOp => return None,
        Action::Create => ("+", "will be created"),
        Action::Read => ("<=", "will be read during apply"),
        Action::Update => ("~", "will be updated"),
        Action::Replace => ("-/+", "must be replaced"),
        Action::Delete => ("-", "will be destroyed"),
        Action::Move => (">", "has moved"),
        Action::Import => ("=", "will be imported"),
        Action::Forget => (".", "will be forgotten, not destroyed"),
        Action::Other(other) => return Some(format!("? {}: {other}", change.address)),
    };
    let mut line = format!("{sign} {} {verb}", change.address);
    if let Some(reason) = &change.reason {
        line.push_str(&format!(" ({reason})"));
    }
    if let Some(previous) = change
        .previous_address
        .as_ref()
        .filter(|previous| **previous != change.address)
    {
        line.push_str(&format!(" (was {previous})"));
    }
    Some(line)
}

fn drift_line(change: &Change) -> String {
    let what = match &change.action {
        Action::Delete => "was destroyed",
        Action::Move => "was moved",
        _ => "was changed",
    };
    format!("! {} {what} outside of this configuration", change.address)
}

fn start_line(hook: &Hook) -> String {
    let verb = match &hook.action {
        Action::Create => "creating...",
        Action::Read => "reading...",
        Action::Update => "updating...",
        Action::Delete => "destroying...",
        Action::Replace => "replacing...",
        Action::Import => "importing...",
        Action::NoOp | Action::Move | Action::Forget | Action::Other(_) => "working...",
    };
    format!("{}: {verb}{}", hook.address, id(hook))
}

fn complete_line(hook: &Hook) -> String {
    let verb = match &hook.action {
        Action::Create => "created",
        Action::Read => "read",
        Action::Update => "updated",
        Action::Delete => "destroyed",
        Action::Replace => "replaced",
        Action::Import => "imported",
        Action::NoOp | Action::Move | Action::Forget | Action::Other(_) => "done",
    };
    format!(
        "{}: {verb} in {}s{}",
        hook.address,
        hook.elapsed_seconds,
        id(hook)
    )
}

fn errored_line(hook: &Hook) -> String {
    let noun = match &hook.action {
        Action::Create => "creation",
        Action::Read => "reading",
        Action::Update => "update",
        Action::Delete => "destruction",
        Action::Replace => "replacement",
        Action::Import => "import",
        Action::NoOp | Action::Move | Action::Forget | Action::Other(_) => "work",
    };
    format!(
        "{}: {noun} failed after {}s",
        hook.address, hook.elapsed_seconds
    )
}

/// After half a minute, then once a minute. The events come every ten seconds and round the time, so each window of
/// ten seconds is met about once.
fn progress_line(hook: &Hook) -> Option<String> {
    let elapsed = hook.elapsed_seconds;
    let shown = (30..40).contains(&elapsed) || (elapsed >= 60 && elapsed % 60 < 10);
    let verb = match &hook.action {
        Action::Create => "creating",
        Action::Read => "reading",
        Action::Update => "updating",
        Action::Delete => "destroying",
        _ => "working",
    };
    shown.then(|| format!("{}: still {verb} after {elapsed}s", hook.address))
}

fn provision_line(provision: &Provision) -> Option<String> {
    let output = cut(provision.output.as_deref()?.trim_end());
    non_empty(output).map(|output| {
        format!(
            "{} ({}): {output}",
            provision.address, provision.provisioner
        )
    })
}

fn id(hook: &Hook) -> String {
    hook.id
        .as_ref()
        .map(|id| format!(" [{id}]"))
        .unwrap_or_default()
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT_LIMIT {
        return text.to_owned();
    }
    let mut end = TEXT_LIMIT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}... ({} bytes left out)", &text[..end], text.len() - end)
}
