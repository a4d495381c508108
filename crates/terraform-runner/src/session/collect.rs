//! What is remembered of a step's output.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::{RescuedState, StateOrigin};
use crate::event::{Change, ChangeSummary, Diagnostic, Event, Log};
use crate::{Line, Outputs, Stream};

/// How many of the last lines of standard error are kept, and how many bytes of each.
const TAIL_LINES: usize = 50;
const TAIL_LINE_BYTES: usize = 4096;

/// The parts of a command's output that outlive it.
#[derive(Default)]
pub(super) struct Collected {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) changes: Vec<Change>,
    pub(super) summary: Option<ChangeSummary>,
    pub(super) outputs: Option<Outputs>,
    pub(super) state_dump: Option<RescuedState>,
    pub(super) stderr_tail: VecDeque<String>,
    pub(super) unsupported_interface: Option<String>,
}

impl Collected {
    /// Takes in a line and returns what may be shown of it; nothing of a diagnostic that was there already, because
    /// init reports each of them twice.
    pub(super) fn take(&mut self, line: Line) -> Option<Event> {
        if line.stream == Stream::Stderr {
            self.remember_stderr(&line.text);
        }
        let event = Event::from_line(line);
        match &event {
            Event::Version(version) if !version.is_supported() => {
                self.unsupported_interface = Some(version.interface.clone());
            }
            Event::Diagnostic(diagnostic) => {
                if self.diagnostics.contains(diagnostic) {
                    return None;
                }
                self.diagnostics.push(diagnostic.clone());
            }
            Event::PlannedChange(change) => self.changes.push(change.clone()),
            Event::ChangeSummary(summary) => self.summary = Some(*summary),
            Event::Outputs(outputs) => self.outputs = Some(outputs.clone()),
            Event::StateDump(state) => {
                let message = event.to_line().unwrap_or_default();
                self.state_dump = Some(RescuedState::new(
                    state.as_bytes().to_vec(),
                    StateOrigin::Printed,
                ));
                return Some(Event::Log(Log {
                    level: "error".to_owned(),
                    message,
                }));
            }
            _ => {}
        }
        Some(event)
    }

    fn remember_stderr(&mut self, text: &str) {
        if self.stderr_tail.len() == TAIL_LINES {
            self.stderr_tail.pop_front();
        }
        let mut end = text.len().min(TAIL_LINE_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        self.stderr_tail.push_back(text[..end].to_owned());
    }
}

/// `errored.tfstate` as it was before an apply, to tell a new one from one that an earlier run left.
pub(super) struct ErroredState {
    before: Option<(SystemTime, u64)>,
}

impl ErroredState {
    pub(super) fn look(directory: &Path) -> Self {
        Self {
            before: Self::stamp(&Self::file(directory)),
        }
    }

    /// The state that the program wrote there since (Terraform `internal/backend/local/backend_apply.go`,
    /// `backupStateForError`).
    pub(super) fn rescued(&self, directory: &Path) -> Option<RescuedState> {
        let file = Self::file(directory);
        let now = Self::stamp(&file)?;
        if self.before == Some(now) {
            return None;
        }
        let bytes = std::fs::read(&file).ok()?;
        Some(RescuedState::new(bytes, StateOrigin::File(file)))
    }

    fn file(directory: &Path) -> PathBuf {
        directory.join("errored.tfstate")
    }

    fn stamp(file: &Path) -> Option<(SystemTime, u64)> {
        let data = file.metadata().ok()?;
        Some((data.modified().ok()?, data.len()))
    }
}
