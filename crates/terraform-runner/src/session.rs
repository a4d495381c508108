//! One working directory, taken through init, plan and apply.

mod collect;
mod error;
mod state;

pub use self::error::{RescuedState, StateOrigin, StepError, StepErrorKind};

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use self::collect::{Collected, ErroredState};
use crate::event::{Change, ChangeSummary, Event};
use crate::plan::PlanDocument;
use crate::{
    ApplyOptions, ChildEnvironment, Command, Exit, InitOptions, Outputs, PlanFile, PlanOptions,
    Program, Runner, Step, Stream,
};

/// How many lines of init's standard error are remembered.
const SAID_LIMIT: usize = 1000;

/// What is called for each event of a step that a person may want to see; [`Event::to_line`] makes a line of it.
///
/// It never gets a state or the value of a sensitive output.
pub type OnEvent<'a> = &'a mut (dyn FnMut(&Event) + Send);

/// A plan that was made.
#[derive(Debug)]
pub struct Planned {
    /// The saved plan, for [`Session::apply`].
    pub file: PlanFile,
    /// The counts.
    pub summary: ChangeSummary,
    /// What is done to each resource, sorted by address; those to which nothing is done are not listed. The program's
    /// own order differs from run to run.
    pub changes: Vec<Change>,
    /// Applying it would do something. Also true when only outputs change.
    pub has_changes: bool,
}

/// A plan that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Applied {
    /// The root module's outputs as they are now.
    pub outputs: Outputs,
    /// The counts of what was done.
    pub summary: ChangeSummary,
}

/// Runs the steps in one working directory, with one program and one environment.
///
/// The directory belongs to the session: a backend that was initialised before is configured anew, and
/// `errored.tfstate` is looked for in it.
#[derive(Debug)]
pub struct Session {
    program: Program,
    runner: Arc<dyn Runner>,
    environment: ChildEnvironment,
    init_environment: Option<ChildEnvironment>,
    directory: PathBuf,
    /// What init printed on standard error. The program repeats it with every command (problems of its own
    /// configuration file, say), and nobody wants to read it three times.
    said: Mutex<BTreeSet<String>>,
}

impl Session {
    /// A session in `directory`. Nothing is started yet.
    pub fn new(
        program: Program,
        runner: Arc<dyn Runner>,
        environment: ChildEnvironment,
        directory: impl Into<PathBuf>,
    ) -> Self {
        Self {
            program,
            runner,
            environment,
            init_environment: None,
            directory: directory.into(),
            said: Mutex::default(),
        }
    }

    /// Gives `init` an environment of its own, for credentials that only downloads need. Providers and provisioners are
    /// started by other commands, and do not see it.
    #[must_use]
    pub fn with_init_environment(mut self, environment: ChildEnvironment) -> Self {
        self.init_environment = Some(environment);
        self
    }

    /// The program that is run.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// The working directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The environment of all commands, [`init`](Self::init) perhaps aside.
    pub fn environment(&self) -> &ChildEnvironment {
        &self.environment
    }

    /// Installs providers and modules and configures the backend.
    ///
    /// # Errors
    ///
    /// [`StepError`], for this and all other steps.
    pub async fn init(
        &self,
        options: &InitOptions,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), StepError> {
        let command = Command::init(
            self.program.path(),
            self.init_environment.as_ref().unwrap_or(&self.environment),
            &self.directory,
            options,
        );
        let (exit, collected) = self.run(&command, on_event, cancel).await?;
        self.check(Step::Init, exit, collected, &[0], None)?;
        Ok(())
    }

    /// Plans what makes the world as the configuration says. The plan is saved in `folder`, which must exist and
    /// should not be the working directory.
    ///
    /// # Errors
    ///
    /// [`StepError`]. A plan that was cancelled and had finished all the same is no error.
    pub async fn plan(
        &self,
        options: &PlanOptions,
        folder: &Path,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<Planned, StepError> {
        self.plan_as(Step::Plan, options, folder, on_event, cancel)
            .await
    }

    /// Plans the destruction of everything in the state (or of what `options` targets, and all that depends on it).
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan).
    pub async fn plan_destroy(
        &self,
        options: &PlanOptions,
        folder: &Path,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<Planned, StepError> {
        self.plan_as(Step::PlanDestroy, options, folder, on_event, cancel)
            .await
    }

    /// Carries out a plan, and nothing but that plan. A cancellation is passed on once, and then the end is waited
    /// for however long it takes.
    ///
    /// # Errors
    ///
    /// [`StepError`]; its [`rescued_state`](StepError::rescued_state) is the only copy of the state when there is one.
    /// One of the step [`Step::Output`] says that the plan was carried out, and its outputs could not be read.
    pub async fn apply(
        &self,
        plan: PlanFile,
        options: &ApplyOptions,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<Applied, StepError> {
        if plan.directory() != self.directory {
            let kind = StepErrorKind::ForeignPlan {
                made_in: plan.directory().to_owned(),
            };
            return Err(self.error(Step::Apply, kind));
        }
        let command = Command::apply(
            self.program.path(),
            &self.environment,
            &self.directory,
            plan.path(),
            options,
        );
        let before = ErroredState::look(&self.directory);
        let (exit, collected) = self.run(&command, on_event, cancel).await?;
        let collected = self.check(Step::Apply, exit, collected, &[0], Some(before))?;
        let outputs = match collected.outputs {
            Some(outputs) => outputs,
            // The event belongs to the format since the beginning; a program that leaves it out is asked again. The
            // apply is done and its outputs are needed, so a cancellation does not stop this.
            None => self.outputs(&CancellationToken::new()).await?,
        };
        Ok(Applied {
            outputs,
            summary: collected.summary.unwrap_or_default(),
        })
    }

    /// Reads what a saved plan says. The plan's providers must be installed, so [`init`](Self::init) comes first.
    ///
    /// Nothing that is printed is kept but the document, and none of it gets into an error.
    ///
    /// # Errors
    ///
    /// [`StepError`]; [`StepErrorKind::PlanOfAnotherVersion`] when another version made the plan.
    pub async fn show(
        &self,
        plan: &PlanFile,
        cancel: &CancellationToken,
    ) -> Result<PlanDocument, StepError> {
        let command = Command::show_plan(
            self.program.path(),
            &self.environment,
            &self.directory,
            plan.path(),
        );
        let (document, too_long) = self.print(&command, cancel).await?;
        if let Some(bytes) = too_long {
            return Err(self.error(Step::ShowPlan, StepErrorKind::DocumentTooLong { bytes }));
        }
        PlanDocument::from_json(&document)
            .map_err(|source| self.error(Step::ShowPlan, StepErrorKind::Document(source)))
    }

    /// Reads the outputs of the last apply from the state. Values of sensitive ones are not kept.
    ///
    /// # Errors
    ///
    /// [`StepError`]
    pub async fn outputs(&self, cancel: &CancellationToken) -> Result<Outputs, StepError> {
        let command = Command::output(self.program.path(), &self.environment, &self.directory);
        let (document, _) = self.print(&command, cancel).await?;
        Outputs::from_output_command(&document)
            .ok_or_else(|| self.error(Step::Output, StepErrorKind::NoOutputs))
    }

    /// Removes the lock `lock_id` from the state, whoever holds it. The directory must be initialised.
    ///
    /// # Errors
    ///
    /// [`StepError`], also when the state is not locked or by another id.
    pub async fn force_unlock(
        &self,
        lock_id: &str,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<(), StepError> {
        let command = Command::force_unlock(
            self.program.path(),
            &self.environment,
            &self.directory,
            lock_id,
        );
        let (exit, collected) = self.run(&command, on_event, cancel).await?;
        self.check(Step::ForceUnlock, exit, collected, &[0], None)?;
        Ok(())
    }

    async fn plan_as(
        &self,
        step: Step,
        options: &PlanOptions,
        folder: &Path,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<Planned, StepError> {
        let file = PlanFile::create(folder, &self.directory).map_err(|source| {
            self.error(
                step,
                StepErrorKind::PlanFile {
                    folder: folder.to_owned(),
                    source,
                },
            )
        })?;
        let make = if step == Step::PlanDestroy {
            Command::plan_destroy
        } else {
            Command::plan
        };
        let command = make(
            self.program.path(),
            &self.environment,
            &self.directory,
            file.path(),
            options,
        );
        let (exit, collected) = self.run(&command, on_event, cancel).await?;
        let mut collected = self.check(step, exit, collected, &[0, 2], None)?;
        if !file.is_filled() {
            return Err(self.error(step, StepErrorKind::NoPlan));
        }
        collected
            .changes
            .sort_by(|one, other| one.address.cmp(&other.address));
        Ok(Planned {
            file,
            summary: collected.summary.unwrap_or_default(),
            changes: collected.changes,
            has_changes: exit.code == Some(2),
        })
    }

    /// Runs a command that prints a document full of secrets: its text, and how much of its longest line was kept when
    /// a part of one was lost.
    async fn print(
        &self,
        command: &Command,
        cancel: &CancellationToken,
    ) -> Result<(String, Option<usize>), StepError> {
        let step = command.step();
        let mut document = String::new();
        let mut cut = None;
        let mut collected = Collected::default();
        let mut on_line = |line: crate::Line| match line.stream {
            Stream::Stdout => {
                if line.truncated {
                    cut = Some(line.text.len());
                }
                // The document of a plan is one line, and a long one: it is not copied.
                if document.is_empty() {
                    document = line.text;
                } else {
                    document.push('\n');
                    document.push_str(&line.text);
                }
            }
            Stream::Stderr => {
                collected.take(line);
            }
        };
        let exit = self
            .runner
            .run(command, &mut on_line, cancel)
            .await
            .map_err(|source| self.error(step, StepErrorKind::from_run(source)))?;
        self.check(step, exit, collected, &[0], None)?;
        Ok((document, cut))
    }

    async fn run(
        &self,
        command: &Command,
        on_event: OnEvent<'_>,
        cancel: &CancellationToken,
    ) -> Result<(Exit, Collected), StepError> {
        let mut collected = Collected::default();
        let step = command.step();
        let mut on_line = |line: crate::Line| {
            if self.is_repetition(step, &line) {
                collected.take(line);
                return;
            }
            let Some(event) = collected.take(line) else {
                return;
            };
            // An apply begins by listing the plan again.
            let repeats_plan = matches!(event, Event::PlannedChange(_) | Event::ResourceDrift(_));
            if step != Step::Apply || !repeats_plan {
                on_event(&event);
            }
        };
        let exit = self
            .runner
            .run(command, &mut on_line, cancel)
            .await
            .map_err(|source| self.error(step, StepErrorKind::from_run(source)))?;
        Ok((exit, collected))
    }

    fn is_repetition(&self, step: Step, line: &crate::Line) -> bool {
        if line.stream != Stream::Stderr || line.truncated {
            return false;
        }
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if step == Step::Init {
            if said.len() < SAID_LIMIT {
                said.insert(line.text.clone());
            }
            return false;
        }
        said.contains(&line.text)
    }

    /// Turns an exit into a success or an error that says all that is known.
    fn check(
        &self,
        step: Step,
        exit: Exit,
        collected: Collected,
        good: &[i32],
        errored_state: Option<ErroredState>,
    ) -> Result<Collected, StepError> {
        let success = exit.code.is_some_and(|code| good.contains(&code));
        let kind = match (&collected.unsupported_interface, success) {
            // An apply that went well is not called a failure because of its words; the plan before it has failed.
            (Some(interface), _) if step != Step::Apply => StepErrorKind::UnsupportedInterface {
                interface: interface.clone(),
            },
            (_, true) => return Ok(collected),
            (_, false) => StepErrorKind::from_exit(exit, &collected.diagnostics),
        };
        let rescued = errored_state
            .and_then(|before| before.rescued(&self.directory))
            .or(collected.state_dump);
        Err(self.error(step, kind).with_details(
            collected.diagnostics,
            collected.stderr_tail,
            rescued,
        ))
    }

    fn error(&self, step: Step, kind: StepErrorKind) -> StepError {
        StepError::new(self.program.product(), step, kind)
    }
}
