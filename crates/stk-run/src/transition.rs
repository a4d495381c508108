use jiff::Timestamp;

use crate::{
    EarlierFailure, IacReference, PlanReference, RunRecord, RunStatus, Task, TaskId, TaskStatus,
};

/// Something that happened to a run. Records change through events alone.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A task is about to be executed.
    TaskStarted(TaskId),
    /// A task did what it had to do.
    TaskSucceeded {
        /// The task.
        task: TaskId,
        /// What it stored for the tasks after it.
        stored: Stored,
    },
    /// A task failed: the tasks that have not started are aborted and the run has failed.
    TaskFailed {
        /// The task.
        task: TaskId,
        /// Why, for people; must not hold a secret.
        details: String,
    },
    /// The run was cancelled or interrupted: what runs is cancelled, what waits is aborted.
    Cancelled,
    /// The run has nothing to do.
    NothingToDo,
    /// A failed run goes on: what failed and what was aborted because of it waits again. The failure is kept among
    /// [`RunRecord::earlier_failures`].
    Reopened,
}

/// What a task stored for the tasks after it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Stored {
    /// Nothing.
    #[default]
    Nothing,
    /// An IAC task: what it rendered. Of a plugin, or of the whole project when it is the task of
    /// the whole project.
    Iac(IacReference),
    /// A PLAN task: what is to be applied.
    Plan(PlanReference),
}

/// Why an event does not fit the record it was applied to.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TransitionError {
    /// The run has ended; usually it was cancelled from elsewhere.
    #[error("run {run_id} has already ended with status {status}", run_id = .0, status = .1)]
    RunEnded(crate::RunId, RunStatus),
    /// The task belongs to another run.
    #[error("task {0} does not belong to this run")]
    UnknownTask(TaskId),
    /// The task is not in the status that the event starts from; it was executed twice.
    #[error("task {task} is {status}, not {expected}")]
    Status {
        /// The task.
        task: TaskId,
        /// The status it has.
        status: TaskStatus,
        /// The status it would need.
        expected: TaskStatus,
    },
    /// The run has not failed, so there is nothing to go on with.
    #[error("the run has not failed")]
    NotFailed,
    /// The run has tasks that are not done.
    #[error("the run still has unfinished tasks")]
    Unfinished,
}

impl RunRecord {
    /// Applies what happened at `now`.
    ///
    /// # Errors
    ///
    /// [`TransitionError`] when the event does not fit; the record is then unchanged.
    pub fn apply(&mut self, event: &Event, now: Timestamp) -> Result<(), TransitionError> {
        let reopens = *event == Event::Reopened && self.status == RunStatus::Failed;
        if self.status.is_final() && !reopens {
            return Err(TransitionError::RunEnded(self.run_id, self.status));
        }
        match event {
            Event::TaskStarted(id) => {
                let task = self.task_in(*id, TaskStatus::Pending)?;
                task.status = TaskStatus::Running;
                task.started_at = Some(now);
            }
            Event::TaskSucceeded { task, stored } => {
                let task = self.task_in(*task, TaskStatus::Running)?;
                task.finish(TaskStatus::Succeeded, now);
                let alias = task.alias.clone();
                match (stored, alias) {
                    (Stored::Nothing, _) => {}
                    (Stored::Plan(plan), _) => self.plan = Some(plan.clone()),
                    (Stored::Iac(iac), None) => self.composition = Some(iac.clone()),
                    (Stored::Iac(iac), Some(alias)) => {
                        let mut units = self.units.iter_mut();
                        if let Some(unit) = units.find(|unit| unit.alias == alias) {
                            unit.iac = Some(iac.clone());
                        }
                    }
                }
                if self.tasks.iter().all(|task| task.status.is_final()) {
                    self.finish(RunStatus::Succeeded, now);
                }
            }
            Event::TaskFailed { task, details } => {
                let task = self.task_in(*task, TaskStatus::Running)?;
                task.error_details = Some(details.clone());
                task.finish(TaskStatus::Failed, now);
                self.end_tasks(now);
                self.finish(RunStatus::Failed, now);
            }
            Event::Cancelled => {
                self.end_tasks(now);
                self.finish(RunStatus::Canceled, now);
            }
            Event::NothingToDo => {
                if !self.tasks.is_empty() {
                    return Err(TransitionError::Unfinished);
                }
                self.finish(RunStatus::Succeeded, now);
            }
            Event::Reopened => {
                if !reopens {
                    return Err(TransitionError::NotFailed);
                }
                self.reopen();
            }
        }
        self.updated_at = now;
        Ok(())
    }

    fn task_in(&mut self, id: TaskId, expected: TaskStatus) -> Result<&mut Task, TransitionError> {
        let task = self
            .tasks
            .iter_mut()
            .find(|task| task.id == id)
            .ok_or(TransitionError::UnknownTask(id))?;
        if task.status == expected {
            Ok(task)
        } else {
            Err(TransitionError::Status {
                task: id,
                status: task.status,
                expected,
            })
        }
    }

    fn reopen(&mut self) {
        let failures = self
            .tasks
            .iter()
            .filter(|task| task.status == TaskStatus::Failed)
            .map(|task| EarlierFailure {
                task: task.id,
                details: task.error_details.clone().unwrap_or_default(),
                failed_at: task.finished_at.unwrap_or(self.updated_at),
            });
        self.earlier_failures.extend(failures);
        for task in &mut self.tasks {
            if matches!(task.status, TaskStatus::Failed | TaskStatus::Aborted) {
                task.status = TaskStatus::Pending;
                task.error_details = None;
                task.started_at = None;
                task.finished_at = None;
            }
        }
        self.status = RunStatus::Running;
        self.finished_at = None;
    }

    fn end_tasks(&mut self, now: Timestamp) {
        for task in &mut self.tasks {
            match task.status {
                TaskStatus::Pending => task.finish(TaskStatus::Aborted, now),
                TaskStatus::Running => task.finish(TaskStatus::Canceled, now),
                _ => {}
            }
        }
    }

    fn finish(&mut self, status: RunStatus, now: Timestamp) {
        self.status = status;
        self.finished_at = Some(now);
    }
}

impl Task {
    fn finish(&mut self, status: TaskStatus, now: Timestamp) {
        self.status = status;
        self.finished_at = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::{at, record};

    fn succeeded(task: TaskId) -> Event {
        Event::TaskSucceeded {
            task,
            stored: Stored::Nothing,
        }
    }

    fn statuses(record: &RunRecord) -> String {
        let tasks: Vec<_> = record.tasks.iter().map(|task| task.status.name()).collect();
        format!("{}: {}", record.status, tasks.join(" "))
    }

    #[test]
    fn the_last_success_ends_the_run() {
        let mut record = record(&["a"], &["b"]);
        let ids: Vec<_> = record.tasks.iter().map(|task| task.id).collect();
        for id in &ids {
            record.apply(&Event::TaskStarted(*id), at(1)).unwrap();
            record.apply(&succeeded(*id), at(2)).unwrap();
        }
        assert_eq!(
            statuses(&record),
            "SUCCEEDED: SUCCEEDED SUCCEEDED SUCCEEDED"
        );
        assert_eq!(record.finished_at, Some(at(2)));
    }

    #[test]
    fn a_deploy_learns_what_its_iac_task_stored() {
        let mut record = record(&["a", "b"], &[]);
        let first = record.tasks[0].id;
        let iac = IacReference {
            run_id: record.run_id,
            digest: crate::Digest::of(b"zip"),
        };
        record.apply(&Event::TaskStarted(first), at(1)).unwrap();
        let event = Event::TaskSucceeded {
            task: first,
            stored: Stored::Iac(iac.clone()),
        };
        record.apply(&event, at(2)).unwrap();
        assert_eq!(record.units[0].iac, Some(iac));
        assert_eq!(record.units[1].iac, None);
    }

    #[test]
    fn a_failure_aborts_what_has_not_started() {
        let mut record = record(&["a", "b"], &[]);
        let first = record.tasks[0].id;
        record.apply(&Event::TaskStarted(first), at(1)).unwrap();
        let failed = Event::TaskFailed {
            task: first,
            details: "template error".to_owned(),
        };
        record.apply(&failed, at(2)).unwrap();
        assert_eq!(statuses(&record), "FAILED: FAILED ABORTED ABORTED ABORTED");
        assert_eq!(
            record.tasks[0].error_details.as_deref(),
            Some("template error")
        );
        assert_eq!(
            record.apply(&Event::Cancelled, at(3)),
            Err(TransitionError::RunEnded(record.run_id, RunStatus::Failed))
        );
    }

    #[test]
    fn a_failed_run_goes_on_and_remembers_why_it_failed() {
        let mut record = record(&["a", "b"], &[]);
        let ids: Vec<_> = record.tasks.iter().map(|task| task.id).collect();
        assert_eq!(
            record.apply(&Event::Reopened, at(1)),
            Err(TransitionError::NotFailed)
        );
        record.apply(&Event::TaskStarted(ids[0]), at(1)).unwrap();
        record.apply(&succeeded(ids[0]), at(2)).unwrap();
        record.apply(&Event::TaskStarted(ids[1]), at(3)).unwrap();
        let failed = Event::TaskFailed {
            task: ids[1],
            details: "no quota".to_owned(),
        };
        record.apply(&failed, at(4)).unwrap();
        record.apply(&Event::Reopened, at(5)).unwrap();
        assert_eq!(
            statuses(&record),
            "RUNNING: SUCCEEDED PENDING PENDING PENDING"
        );
        assert_eq!((record.finished_at, record.updated_at), (None, at(5)));
        assert_eq!(record.tasks[1].error_details, None);
        let failure = EarlierFailure {
            task: ids[1],
            details: "no quota".to_owned(),
            failed_at: at(4),
        };
        assert_eq!(record.earlier_failures, [failure]);
        record.apply(&Event::Cancelled, at(6)).unwrap();
        assert_eq!(
            record.apply(&Event::Reopened, at(7)),
            Err(TransitionError::RunEnded(
                record.run_id,
                RunStatus::Canceled
            ))
        );
    }

    #[test]
    fn a_cancellation_keeps_what_succeeded() {
        let mut record = record(&["a", "b"], &[]);
        let ids: Vec<_> = record.tasks.iter().map(|task| task.id).collect();
        record.apply(&Event::TaskStarted(ids[0]), at(1)).unwrap();
        record.apply(&succeeded(ids[0]), at(2)).unwrap();
        record.apply(&Event::TaskStarted(ids[1]), at(3)).unwrap();
        record.apply(&Event::Cancelled, at(4)).unwrap();
        assert_eq!(
            statuses(&record),
            "CANCELED: SUCCEEDED CANCELED ABORTED ABORTED"
        );
    }

    #[test]
    fn events_that_do_not_fit_change_nothing() {
        let mut record = record(&["a"], &[]);
        let before = record.clone();
        let first = record.tasks[0].id;
        let error = record.apply(&succeeded(first), at(1)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("task {first} is PENDING, not RUNNING")
        );
        assert_eq!(
            record.apply(&Event::NothingToDo, at(1)),
            Err(TransitionError::Unfinished)
        );
        assert_eq!(record, before);
    }

    #[test]
    fn a_run_without_tasks_succeeds() {
        let mut record = record(&[], &[]);
        record.apply(&Event::NothingToDo, at(1)).unwrap();
        assert_eq!(statuses(&record), "SUCCEEDED: ");
    }
}
