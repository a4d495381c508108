//! Why a step failed, with all that is known about it.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use crate::event::{Diagnostic, Severity, one_line};
use crate::plan::PlanDocumentError;
use crate::state::StateError;
use crate::{Exit, Product, RunError, StateLock, Step};

/// A step that failed.
///
/// It reads `terraform plan exited with code 1`; its source is the first error that the program reported.
#[derive(Debug)]
pub struct StepError {
    details: Box<Details>,
}

#[derive(Debug)]
struct Details {
    product: Product,
    step: Step,
    kind: StepErrorKind,
    diagnostics: Vec<Diagnostic>,
    stderr_tail: Vec<String>,
    rescued_state: Option<RescuedState>,
}

/// In which way a step failed.
#[derive(Debug)]
pub enum StepErrorKind {
    /// It could not be run; nothing has happened. The machine's fault.
    Start(RunError),
    /// The token was cancelled before the start; nothing has happened.
    CancelledBeforeStart,
    /// It was interrupted and did not finish. An apply has done a part of its plan and has saved the state.
    Cancelled(Exit),
    /// Another process holds the lock of the state; nothing has happened. Best effort: see [`StateLock`].
    StateLocked(Box<StateLock>),
    /// The state has changed since the plan was made, so the plan can never be applied; nothing has happened. Any write
    /// does that, a failed or an empty apply too (Terraform `internal/backend/local/backend_local.go`).
    StalePlan,
    /// The plan was made with other providers than `.terraform.lock.hcl` names; nothing has happened.
    LockFileMismatch,
    /// The plan was made by another version of the program; nothing has happened.
    PlanOfAnotherVersion,
    /// It ended with another exit code than one of success; the diagnostics say why.
    Exit(Exit),
    /// It speaks a major version of the machine-readable UI that is not known here.
    UnsupportedInterface {
        /// The version that it announced.
        interface: String,
    },
    /// The file for the plan could not be made; nothing has happened.
    PlanFile {
        /// The folder that it was to be made in.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It said that it was successful and wrote no plan.
    NoPlan,
    /// `output -json` printed no document.
    NoOutputs,
    /// `show -json` printed what cannot be understood, or decided on.
    Document(PlanDocumentError),
    /// `state pull` printed what is no state that is understood, or it is one that cannot be written.
    State(StateError),
    /// The file in which a state gets to the program could not be made; nothing has happened.
    StateFile {
        /// The folder that it was to be made in.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// `show -json` or `state pull` printed more than is kept of a line.
    DocumentTooLong {
        /// How many bytes were kept.
        bytes: usize,
    },
    /// The plan is one of another working directory; nothing has happened. The caller's mistake.
    ForeignPlan {
        /// The directory that it was made in.
        made_in: PathBuf,
    },
}

impl StepErrorKind {
    pub(super) fn from_run(source: RunError) -> Self {
        match source {
            RunError::Cancelled => Self::CancelledBeforeStart,
            source => Self::Start(source),
        }
    }

    pub(super) fn from_exit(exit: Exit, diagnostics: &[Diagnostic]) -> Self {
        if exit.interrupted {
            return Self::Cancelled(exit);
        }
        let errors = || {
            diagnostics
                .iter()
                .filter(|diagnostic| diagnostic.is_error())
        };
        if let Some(lock) = errors().find_map(StateLock::from_diagnostic) {
            return Self::StateLocked(Box::new(lock));
        }
        errors()
            .find_map(Self::from_plan_diagnostic)
            .unwrap_or(Self::Exit(exit))
    }

    /// The errors about a saved plan that have a meaning of their own; there is no code to know them by, only words
    /// (Terraform and OpenTofu `internal/backend/local/backend_local.go`, `internal/plans/planfile/tfplan.go`).
    fn from_plan_diagnostic(diagnostic: &Diagnostic) -> Option<Self> {
        match diagnostic.summary.as_str() {
            "Saved plan is stale" => Some(Self::StalePlan),
            // Without a plan it says that init has to be run again.
            "Inconsistent dependency lock file" => one_line(&diagnostic.detail)
                .contains("plan file")
                .then_some(Self::LockFileMismatch),
            // A text outside of JSON is wrapped at any space.
            _ => one_line(&diagnostic.detail)
                .contains("plan files cannot be transferred between different")
                .then_some(Self::PlanOfAnotherVersion),
        }
    }
}

impl StepError {
    pub(super) fn new(product: Product, step: Step, kind: StepErrorKind) -> Self {
        let details = Details {
            product,
            step,
            kind,
            diagnostics: Vec::new(),
            stderr_tail: Vec::new(),
            rescued_state: None,
        };
        Self {
            details: Box::new(details),
        }
    }

    pub(super) fn with_details(
        mut self,
        mut diagnostics: Vec<Diagnostic>,
        stderr_tail: VecDeque<String>,
        rescued_state: Option<RescuedState>,
    ) -> Self {
        let stderr_tail = Vec::from(stderr_tail);
        if !diagnostics.iter().any(Diagnostic::is_error) {
            let in_text = error_in_text(&stderr_tail);
            let meaning = in_text
                .as_ref()
                .and_then(StepErrorKind::from_plan_diagnostic);
            if let (StepErrorKind::Exit(_), Some(kind)) = (&self.details.kind, meaning) {
                self.details.kind = kind;
            }
            diagnostics.extend(in_text);
        }
        self.details.diagnostics = diagnostics;
        self.details.stderr_tail = stderr_tail;
        self.details.rescued_state = rescued_state;
        self
    }

    /// The step that failed.
    pub fn step(&self) -> Step {
        self.details.step
    }

    /// In which way.
    pub fn kind(&self) -> &StepErrorKind {
        &self.details.kind
    }

    /// The exit code, when it was started and ended by itself.
    pub fn exit_code(&self) -> Option<i32> {
        match &self.details.kind {
            StepErrorKind::Exit(exit) | StepErrorKind::Cancelled(exit) => exit.code,
            StepErrorKind::StateLocked(_) => Some(1),
            _ => None,
        }
    }

    /// Whether it failed because the token was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self.details.kind,
            StepErrorKind::Cancelled(_) | StepErrorKind::CancelledBeforeStart
        )
    }

    /// Who holds the lock of the state, when that is the reason.
    pub fn state_lock(&self) -> Option<&StateLock> {
        match &self.details.kind {
            StepErrorKind::StateLocked(lock) => Some(lock),
            _ => None,
        }
    }

    /// All errors and warnings that the program reported, in its order.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.details.diagnostics
    }

    /// The last lines of standard error. They may hold secrets that a provider printed.
    pub fn stderr_tail(&self) -> &[String] {
        &self.details.stderr_tail
    }

    /// The state of which no other copy exists, because the program could not save it where it belongs. Whoever gets
    /// this keeps it: without it the resources that were made are lost to Terraform.
    pub fn rescued_state(&self) -> Option<&RescuedState> {
        self.details.rescued_state.as_ref()
    }

    /// Takes the rescued state out.
    pub fn take_rescued_state(&mut self) -> Option<RescuedState> {
        self.details.rescued_state.take()
    }

    /// What to do about it; empty when the diagnostics say all there is to say.
    pub fn help(&self) -> Vec<String> {
        let details = &*self.details;
        let mut help = Vec::new();
        match &details.kind {
            StepErrorKind::StateLocked(lock) => help.push(format!(
                "wait until the other process has finished; if it is gone for good, run `{} force-unlock {}` there",
                details.command(),
                lock.id
            )),
            StepErrorKind::Cancelled(Exit { signal: Some(_), .. }) if details.step != Step::Apply => {
                help.push("it was killed; if the state stays locked, nobody holds that lock any more".to_owned());
            }
            StepErrorKind::UnsupportedInterface { .. } => {
                help.push(format!("use an older version of {}", details.product));
            }
            StepErrorKind::StalePlan => {
                help.push("make a new plan, and compare it with what was approved".to_owned());
            }
            StepErrorKind::LockFileMismatch => help.push(
                "apply the plan with the .terraform.lock.hcl that it was made with, or make a new plan".to_owned(),
            ),
            StepErrorKind::PlanOfAnotherVersion => help.push(format!(
                "use the same version of {} for plan and apply",
                details.product
            )),
            StepErrorKind::Start(RunError::NotFound { .. } | RunError::NotExecutable { .. }) => {
                help.push("set TERRAFORM_BIN to a program that can be executed".to_owned());
            }
            _ => {}
        }
        if details.rescued_state.is_some() {
            help.push(format!(
                "the state could not be saved; keep the rescued copy and put it back with `{} state push` before anything else runs",
                details.command()
            ));
        }
        help
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let details = &*self.details;
        let (command, step) = (details.command(), details.step);
        match &details.kind {
            StepErrorKind::Start(_) => write!(formatter, "{command} {step} could not be run"),
            StepErrorKind::CancelledBeforeStart => {
                write!(
                    formatter,
                    "{command} {step} was cancelled before it was started"
                )
            }
            StepErrorKind::Cancelled(_) => write!(formatter, "{command} {step} was cancelled"),
            StepErrorKind::StateLocked(lock) => {
                write!(
                    formatter,
                    "{command} {step} found the state locked by {}",
                    or_unknown(&lock.who)
                )?;
                write!(
                    formatter,
                    " since {} (lock id {})",
                    or_unknown(&lock.created),
                    lock.id
                )
            }
            StepErrorKind::Exit(exit) => match (exit.code, exit.signal) {
                (Some(code), _) => write!(formatter, "{command} {step} exited with code {code}"),
                (None, Some(signal)) => {
                    write!(formatter, "{command} {step} was ended by signal {signal}")
                }
                (None, None) => write!(formatter, "{command} {step} ended in an unknown way"),
            },
            StepErrorKind::UnsupportedInterface { interface } => write!(
                formatter,
                "{command} {step} speaks version {interface:?} of the machine-readable UI, and only version 1 is understood"
            ),
            StepErrorKind::PlanFile { folder, .. } => {
                write!(
                    formatter,
                    "a file for the plan could not be made in {}",
                    folder.display()
                )
            }
            StepErrorKind::NoPlan => {
                write!(formatter, "{command} {step} succeeded and wrote no plan")
            }
            StepErrorKind::NoOutputs => write!(formatter, "{command} {step} printed no outputs"),
            StepErrorKind::StalePlan => write!(
                formatter,
                "{command} {step} refused the plan: the state has changed since it was made"
            ),
            StepErrorKind::LockFileMismatch => write!(
                formatter,
                "{command} {step} refused the plan: it was made with other providers than .terraform.lock.hcl names"
            ),
            StepErrorKind::PlanOfAnotherVersion => write!(
                formatter,
                "{command} {step} refused the plan: it was made by another version"
            ),
            StepErrorKind::Document(_) => {
                write!(formatter, "what {command} {step} printed cannot be used")
            }
            StepErrorKind::State(_) => {
                write!(formatter, "the state of {command} {step} cannot be used")
            }
            StepErrorKind::StateFile { folder, .. } => {
                write!(
                    formatter,
                    "a file for the state could not be made in {}",
                    folder.display()
                )
            }
            StepErrorKind::DocumentTooLong { bytes } => write!(
                formatter,
                "{command} {step} printed more than {bytes} bytes in one line"
            ),
            StepErrorKind::ForeignPlan { made_in } => {
                write!(
                    formatter,
                    "a plan that was made in {} cannot be applied elsewhere",
                    made_in.display()
                )
            }
        }
    }
}

impl Error for StepError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.details.kind {
            StepErrorKind::Start(source) => Some(source),
            StepErrorKind::PlanFile { source, .. } | StepErrorKind::StateFile { source, .. } => {
                Some(source)
            }
            StepErrorKind::Document(source) => Some(source),
            StepErrorKind::State(source) => Some(source),
            _ => {
                let first = self
                    .details
                    .diagnostics
                    .iter()
                    .find(|diagnostic| diagnostic.is_error())?;
                Some(first)
            }
        }
    }
}

impl Details {
    fn command(&self) -> &'static str {
        match self.product {
            Product::Terraform => "terraform",
            Product::OpenTofu => "tofu",
        }
    }
}

/// A state that exists nowhere else. `Debug` shows only its size: it holds secrets in clear.
#[derive(Clone, PartialEq, Eq)]
pub struct RescuedState {
    bytes: Vec<u8>,
    origin: StateOrigin,
}

/// Where a rescued state was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateOrigin {
    /// In this file of the working directory, which is still there.
    File(PathBuf),
    /// In the program's output: there was not even a place for the file.
    Printed,
}

impl RescuedState {
    pub(super) fn new(bytes: Vec<u8>, origin: StateOrigin) -> Self {
        Self { bytes, origin }
    }

    /// The state file's content.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The state file's content, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Where it was found.
    pub fn origin(&self) -> &StateOrigin {
        &self.origin
    }
}

impl fmt::Debug for RescuedState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "RescuedState({} bytes, {:?})",
            self.bytes.len(),
            self.origin
        )
    }
}

fn or_unknown(text: &str) -> &str {
    if text.is_empty() { "somebody" } else { text }
}

/// The error that is printed as text, when it comes before the JSON begins: a wrong flag, a broken configuration
/// file, a crash.
fn error_in_text(lines: &[String]) -> Option<Diagnostic> {
    let mut lines = lines.iter().map(|line| {
        line.trim_matches(|character: char| character.is_whitespace() || "│╷╵|".contains(character))
    });
    let summary = lines.find_map(|line| {
        line.strip_prefix("Error: ")
            .or_else(|| line.starts_with("panic: ").then_some(line))
    })?;
    let detail: Vec<&str> = lines
        .take_while(|line| !line.starts_with("Error: "))
        .take(20)
        .collect();
    Some(Diagnostic {
        severity: Severity::Error,
        summary: summary.to_owned(),
        detail: detail.join("\n").trim().to_owned(),
        address: None,
        file: None,
        line: None,
        column: None,
        source_excerpt: None,
    })
}
