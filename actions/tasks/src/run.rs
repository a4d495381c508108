//! Executes tasks one after the other and keeps the run's record true.

use std::path::Path;

use gha::{Environment, Log};
use stk_deploy::{Done, Progress, TaskError, Tools};
use stk_run::{
    Alias, Clock, Event, PlanSummary, RunId, RunRecord, RunStatus, Stored, Task, TaskKind, Unit,
};
use stk_store::runs::{self, AdvanceError};
use stk_store::{DeploymentLock, Released, Store, Versioned};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::inputs::OutputFiles;
use crate::{Request, TasksError, rows, terraform};

/// What was executed.
#[derive(Clone, Debug)]
pub struct Report {
    /// The run's record afterwards; `None` when there was nothing to do.
    pub record: Option<RunRecord>,
    /// What was planned, if a PLAN task was executed.
    pub planned: Option<Box<PlanSummary>>,
}

/// Executes the requested rows in the run's order, under the run's lock. After the last task of the
/// run, and after a failure, the lock is released.
///
/// # Errors
///
/// [`TasksError`]. When a task has failed or was interrupted, the record says so already. When the
/// tasks could not be started at all, the run goes on to wait for them.
pub async fn run(
    request: &Request,
    environment: &Environment,
    log: &Log,
    clock: &Clock,
    cancel: &CancellationToken,
    temporary: &Path,
) -> Result<Report, TasksError> {
    let mut last = Last::default();
    run_until(
        request,
        environment,
        log,
        clock,
        cancel,
        temporary,
        &mut last,
    )
    .await?;
    Ok(Report {
        record: last.record,
        planned: last.planned,
    })
}

/// What is known at the end, also of a failure.
#[derive(Debug, Default)]
pub(crate) struct Last {
    /// The run's record.
    pub(crate) record: Option<RunRecord>,
    /// What was planned, if a PLAN task was executed.
    pub(crate) planned: Option<Box<PlanSummary>>,
}

/// The same; leaves what is known in `last` also when it fails.
pub(crate) async fn run_until(
    request: &Request,
    environment: &Environment,
    log: &Log,
    clock: &Clock,
    cancel: &CancellationToken,
    temporary: &Path,
    last: &mut Last,
) -> Result<(), TasksError> {
    if request.rows.rows().is_empty() {
        log.line("the task list is empty: there is nothing to do");
        return Ok(());
    }
    let run_id: RunId = request.run_id.parse().map_err(TasksError::RunId)?;
    let no_such_run = || TasksError::NoSuchRun {
        run_id,
        location: request.locations.iac.clone(),
    };
    let iac_store = stk_store::open_existing(&request.locations.iac)
        .await
        .map_err(TasksError::Open)?
        .ok_or_else(no_such_run)?;
    let mut record = runs::load(iac_store.as_ref(), run_id)
        .await
        .map_err(|source| TasksError::Load {
            run_id,
            source: Box::new(source),
        })?
        .ok_or_else(no_such_run)?;
    check(request, &record)?;
    let reopens = record.status == RunStatus::Failed;
    let tasks = rows::tasks(&request.rows, &record)
        .map_err(|source| TasksError::Rows { run_id, source })?;
    // What renders needs no values. What destroys does: Terraform plans with every variable that the
    // stored IaC declares.
    let needing = tasks
        .iter()
        .filter(|task| !is_render(task.kind))
        .flat_map(|task| of_task(&record, task));
    let missing = request.secrets.missing(needing);
    if !missing.is_empty() {
        return Err(TasksError::Secrets { missing });
    }
    let state_store = stk_store::open(&request.locations.state)
        .await
        .map_err(TasksError::Open)?;
    let lock = if reopens {
        let holder = request.holder.clone();
        let lock = runs::reopen(iac_store.as_ref(), &mut record, holder, clock.now())
            .await
            .map_err(|source| TasksError::Reopen {
                run_id,
                source: Box::new(source),
            })?;
        log.line(&format!(
            "run {run_id} had failed: it goes on with what failed"
        ));
        lock
    } else {
        DeploymentLock::resume(iac_store.as_ref(), &record)
            .await
            .map_err(|source| TasksError::Lock {
                run_id,
                source: Box::new(source),
            })?
    };
    let done = request.rows.rows().len() - tasks.len();
    if done > 0 {
        let rows = if done == 1 { "row was" } else { "rows were" };
        log.line(&format!(
            "{done} {rows} executed before and not again: {} left",
            tasks.len()
        ));
    }

    let mut tools = Tools {
        iac_store: iac_store.as_ref(),
        state_store: state_store.as_ref(),
        terraform: None,
        secrets: &request.secrets,
        plan_encryption_key: request.plan_encryption_key.as_ref(),
        policy: &request.policy,
        temporary,
        clock,
        cancel,
    };
    // Terraform reads it as long as anything runs.
    let mut configuration = None;
    let prepared = if tasks.iter().any(|task| !is_render(task.kind)) {
        let found = find_terraform(request, environment, log, &mut tools).await;
        found.map(|found| configuration = found)
    } else {
        Ok(())
    };
    let mut executor = Executor {
        tools: &tools,
        outputs: request.outputs.as_ref(),
        shows_plan: request.shows_plan,
        log,
        clock,
        record: &mut record,
        planned: None,
    };
    let done = match prepared {
        Ok(()) => executor.all(&tasks, &lock).await,
        // Not the fault of the program that was looked for.
        Err(_) if cancel.is_cancelled() => executor.interrupted(&lock, None).await,
        Err(error) => Err(error),
    };
    drop(configuration);
    let executor_planned = executor.planned.take();
    if record.status.is_final() {
        release(lock, tools.iac_store, log).await;
    }
    last.planned = executor_planned;
    last.record = Some(record.into_value());
    done
}

/// Whether a task only renders: it needs no Terraform and no secrets.
fn is_render(kind: TaskKind) -> bool {
    matches!(kind, TaskKind::IacSelfHosted | TaskKind::UnifiedIac)
}

/// The plugins that a task is of.
fn of_task<'r>(record: &'r RunRecord, task: &Task) -> Vec<&'r Unit> {
    match &task.alias {
        Some(alias) => record.unit(alias).into_iter().collect(),
        None => record.units.iter().collect(),
    }
}

async fn find_terraform(
    request: &Request,
    environment: &Environment,
    log: &Log,
    tools: &mut Tools<'_>,
) -> Result<Option<TempDir>, TasksError> {
    let prepared = terraform::prepare(
        &request.terraform,
        environment,
        tools.temporary,
        tools.cancel,
    )
    .await?;
    log.detail(&format!("using {}", prepared.terraform.program));
    for odd in prepared.odd {
        log.warning(&odd);
    }
    tools.terraform = Some(prepared.terraform);
    Ok(prepared.configuration)
}

fn check(request: &Request, record: &RunRecord) -> Result<(), TasksError> {
    let run_id = record.run_id;
    if let Some(project) = &request.project
        && *project != record.target.project
    {
        return Err(TasksError::OtherProject {
            run_id,
            found: record.target.clone(),
            project: project.clone(),
        });
    }
    let goes_on = record.status == RunStatus::Failed && rows::name_a_failure(&request.rows, record);
    if record.status.is_final() && !goes_on {
        return Err(TasksError::Ended {
            run_id,
            status: record.status,
        });
    }
    Ok(())
}

/// The lock of an ended run. A store that fails here must not turn a deployment that succeeded into
/// one that failed; the next deployment says who blocks it.
async fn release(lock: DeploymentLock, store: &dyn Store, log: &Log) {
    let run_id = lock.run_id();
    match lock.release(store).await {
        Ok(Released::Released | Released::NotHeld) => {}
        Ok(Released::HeldByOther(other)) => log.warning(&format!(
            "the deployment lock belongs to run {} by now",
            other.run_id
        )),
        Err(error) => log.warning(&format!(
            "the deployment lock of run {run_id} could not be released ({error}); release it with \
             stk-cancel"
        )),
    }
}

struct Executor<'a> {
    tools: &'a Tools<'a>,
    outputs: Option<&'a OutputFiles>,
    shows_plan: bool,
    log: &'a Log,
    clock: &'a Clock,
    record: &'a mut Versioned<RunRecord>,
    planned: Option<Box<PlanSummary>>,
}

impl Executor<'_> {
    async fn all(&mut self, tasks: &[Task], lock: &DeploymentLock) -> Result<(), TasksError> {
        let total = self.record.tasks.len();
        for task in tasks {
            if self.tools.cancel.is_cancelled() {
                return self.interrupted(lock, None).await;
            }
            if let Some(missing) = rows::missing_before(self.record, task) {
                return Err(TasksError::OutOfOrder {
                    task: task.title(),
                    missing: Box::new(missing.clone()),
                });
            }
            let group = self
                .log
                .group(&format!("[{}/{total}] {}", task.order + 1, task.title()));
            self.advance(lock, Event::TaskStarted(task.id)).await?;
            let log = self.log;
            let is_shown = self.shows_plan && task.kind == TaskKind::Plan;
            let mut report = |progress: Progress| match progress {
                // On GitHub it stands alone, on the page of the workflow run.
                Progress::Warning(text) => {
                    log.warning(&match &task.alias {
                        Some(alias) => format!("plugin `{alias}`: {text}"),
                        None => text,
                    });
                }
                Progress::Step(text) => log.line(&format!("  {text}")),
                Progress::Line(text) if is_shown => log.detail(&format!("    {text}")),
                Progress::Line(text) => log.line(&format!("    {text}")),
                Progress::Detail(text) => log.detail(&format!("    {text}")),
                other => log.detail(&format!("{other:?}")),
            };
            let done = stk_deploy::execute(self.record, task, lock, self.tools, &mut report).await;
            let done = match done {
                Ok(done) => done,
                Err(error) if error.is_cancelled() => {
                    return self.interrupted(lock, Some(Box::new(error))).await;
                }
                Err(error) => return self.failed(lock, task, error).await,
            };
            self.finished(lock, task, &done).await?;
            drop(group);
        }
        // The rows of one run may be executed by one process each: what was interrupted while its
        // last row ended must not be continued by the next one.
        if self.tools.cancel.is_cancelled() && !self.record.status.is_final() {
            return self.interrupted(lock, None).await;
        }
        Ok(())
    }

    async fn finished(
        &mut self,
        lock: &DeploymentLock,
        task: &Task,
        done: &Done,
    ) -> Result<(), TasksError> {
        let mut stored = Stored::Nothing;
        match done {
            Done::Stored(done) => {
                let files = if done.files == 1 { "file" } else { "files" };
                self.log.line(&format!("  {} {files} rendered", done.files));
                stored = Stored::Iac(done.iac.clone());
            }
            Done::Deployed(deployed) => {
                self.published(&deployed.published);
                if let Some(alias) = &task.alias {
                    self.write_outputs(alias, &deployed.outputs);
                }
            }
            Done::DeployedProject(deployed) => {
                self.published(&deployed.published);
                for (alias, outputs) in &deployed.outputs {
                    self.write_outputs(alias, outputs);
                }
            }
            Done::Planned(planned) => {
                stored = Stored::Plan(planned.plan.clone());
                self.planned = Some(Box::new(planned.summary.clone()));
            }
            _ => self.log.line("  destroyed"),
        }
        let event = Event::TaskSucceeded {
            task: task.id,
            stored,
        };
        self.advance(lock, event).await
    }

    fn published(&self, connections: &[String]) {
        for connection in connections {
            self.log
                .line(&format!("  published connection `{connection}`"));
        }
    }

    async fn failed(
        &mut self,
        lock: &DeploymentLock,
        task: &Task,
        error: TaskError,
    ) -> Result<(), TasksError> {
        let lock_lost = matches!(error, TaskError::LockLost { .. });
        let error = TasksError::Task(Box::new(error));
        let failure = error.to_failure();
        let details = std::iter::once(failure.message.as_str())
            .chain(failure.causes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(": ");
        let event = Event::TaskFailed {
            task: task.id,
            details: self.log.redact(&details),
        };
        match self.advance(lock, event).await {
            Ok(()) => Err(error),
            // The task failed because the run was ended; that is the news.
            Err(ended @ TasksError::ChangedElsewhere { .. }) if lock_lost => {
                self.log.warning(&failure.message);
                Err(ended)
            }
            Err(other) => {
                self.unrecorded(&other);
                Err(error)
            }
        }
    }

    async fn interrupted(
        &mut self,
        lock: &DeploymentLock,
        source: Option<Box<TaskError>>,
    ) -> Result<(), TasksError> {
        match self.advance(lock, Event::Cancelled).await {
            Ok(()) => {}
            Err(TasksError::ChangedElsewhere {
                status: RunStatus::Canceled,
                ..
            }) => {}
            Err(error) => self.unrecorded(&error),
        }
        Err(TasksError::Interrupted { source })
    }

    /// The error that ended a run is what the user must see, so one of the store is only a warning.
    fn unrecorded(&self, error: &TasksError) {
        let failure = error.to_failure();
        let why: Vec<_> = std::iter::once(failure.message)
            .chain(failure.causes)
            .collect();
        self.log.warning(&format!(
            "the end of the run could not be recorded: {}",
            why.join(": ")
        ));
    }

    async fn advance(&mut self, lock: &DeploymentLock, event: Event) -> Result<(), TasksError> {
        let run_id = self.record.run_id;
        runs::advance(
            self.tools.iac_store,
            lock,
            self.record,
            &event,
            self.clock.now(),
        )
        .await
        .map_err(|source| match source {
            AdvanceError::ChangedElsewhere { status, .. } if status != RunStatus::Running => {
                TasksError::ChangedElsewhere { run_id, status }
            }
            source => TasksError::Record {
                run_id,
                source: Box::new(source),
            },
        })
    }

    /// The published action leaves a plugin's outputs in a file of its own.
    fn write_outputs(&self, alias: &Alias, outputs: &serde_json::Value) {
        let Some(files) = self.outputs else {
            return;
        };
        let path = files.folder.join(format!("{alias}{}", files.suffix));
        if let Err(error) = std::fs::write(&path, format!("{outputs:#}\n")) {
            self.log.warning(&format!(
                "the outputs of `{alias}` could not be written to {}: {error}",
                path.display()
            ));
        }
    }
}
