//! From the rows that a user hands over to the tasks of a run.

use stk_run::{RunRecord, Task, TaskId, TaskKind, TaskList, TaskStatus};

/// Why a row cannot be executed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RowError {
    /// The row names no task of the run.
    #[error("row {row} names task `{id}`, which is not one of run {run_id}")]
    NotOfRun {
        /// Which row, from 1.
        row: usize,
        /// What it names.
        id: String,
        /// The run.
        run_id: stk_run::RunId,
    },
    /// The row says something else about its task than the run's record.
    #[error("row {row} says `{said}` of task {id}, but the run's record says `{recorded}`")]
    Differs {
        /// Which row, from 1.
        row: usize,
        /// The task.
        id: TaskId,
        /// What the row says.
        said: String,
        /// What the record says.
        recorded: String,
    },
    /// The same task stands in the list twice.
    #[error("row {row} names task {id} for the second time")]
    Twice {
        /// Which row, from 1.
        row: usize,
        /// The task.
        id: TaskId,
    },
    /// The task was started before and has not ended.
    #[error("{task} was started before and has not ended")]
    Running {
        /// The task's type, and its plugin.
        task: String,
    },
}

/// Whether the rows name a task that has failed.
pub(crate) fn name_a_failure(rows: &TaskList, record: &RunRecord) -> bool {
    let mut tasks = rows.rows().iter().filter_map(|row| {
        let id = row.run_task_id.parse().ok()?;
        record.task(id)
    });
    tasks.any(|task| task.status == TaskStatus::Failed)
}

/// The tasks that the rows name and that are still to be done, in the run's own order. What failed, and what was aborted
/// because of that, is still to be done.
pub(crate) fn tasks(rows: &TaskList, record: &RunRecord) -> Result<Vec<Task>, RowError> {
    let mut tasks: Vec<&Task> = Vec::with_capacity(rows.rows().len());
    for (row, given) in (1..).zip(rows.rows()) {
        let task = given
            .run_task_id
            .parse()
            .ok()
            .and_then(|id| record.task(id))
            .ok_or_else(|| RowError::NotOfRun {
                row,
                id: given.run_task_id.clone(),
                run_id: record.run_id,
            })?;
        let alias = given.plugin_applied_alias.as_deref();
        for (said, recorded) in [
            (Some(given.task_type.as_str()), task.kind.name()),
            (
                alias,
                task.alias
                    .as_ref()
                    .map(stk_run::Alias::as_str)
                    .unwrap_or_default(),
            ),
        ] {
            if let Some(said) = said.filter(|said| *said != recorded) {
                return Err(RowError::Differs {
                    row,
                    id: task.id,
                    said: said.to_owned(),
                    recorded: recorded.to_owned(),
                });
            }
        }
        if tasks.iter().any(|other| other.id == task.id) {
            return Err(RowError::Twice { row, id: task.id });
        }
        tasks.push(task);
    }
    tasks.sort_by_key(|task| task.order);
    if let Some(task) = tasks.iter().find(|task| task.status == TaskStatus::Running) {
        return Err(RowError::Running { task: task.title() });
    }
    Ok(tasks
        .into_iter()
        .filter(|task| {
            matches!(
                task.status,
                TaskStatus::Pending | TaskStatus::Failed | TaskStatus::Aborted
            )
        })
        .cloned()
        .collect())
}

/// The task that must have succeeded before `task` may be executed, if one has not. A plugin is
/// applied after it was rendered, and rendered after the plugins whose connections it reads were
/// applied; nothing is destroyed before everything that stays is deployed, and destroys keep their
/// order.
pub(crate) fn missing_before<'a>(record: &'a RunRecord, task: &Task) -> Option<&'a Task> {
    let generators: Vec<_> = record
        .units
        .iter()
        .filter(|unit| Some(&unit.alias) == task.alias.as_ref())
        .flat_map(|unit| &unit.requires)
        .filter_map(|requirement| requirement.from.as_ref())
        .collect();
    let precedes = |other: &Task| match task.kind {
        TaskKind::IacSelfHosted => {
            other.kind == TaskKind::DeploySelfHosted
                && other
                    .alias
                    .as_ref()
                    .is_some_and(|alias| generators.contains(&alias))
        }
        TaskKind::DeploySelfHosted => {
            other.kind == TaskKind::IacSelfHosted && other.alias == task.alias
        }
        _ => other.order < task.order,
    };
    record
        .tasks
        .iter()
        .filter(|other| precedes(other))
        .find(|other| !matches!(other.status, TaskStatus::Succeeded | TaskStatus::Skipped))
}
