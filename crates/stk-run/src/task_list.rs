use std::fmt::{self, Write as _};

use serde_json::Value;

use crate::literal::{self, LiteralError};
use crate::{RunRecord, Task};

/// The rows that travel between the actions, as `TASK_LIST`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TaskList(Vec<TaskRow>);

/// One row: which task of a run to execute. All texts are as received; whoever executes the row
/// finds the task by its id and trusts the record alone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TaskRow {
    /// The task's id, a ULID.
    pub run_task_id: String,
    /// The task's type, e.g. `IAC_SELF_HOSTED`.
    pub task_type: String,
    /// The plugin's alias.
    pub plugin_applied_alias: Option<String>,
    /// The task's place in the run, from 0.
    pub order: Option<i64>,
}

/// Why a text is not a task list.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TaskListError {
    /// Nothing was given; on GitHub usually because the output was dropped.
    #[error("the task list is empty text")]
    Empty,
    /// Neither JSON nor a Python literal.
    #[error("the task list cannot be read at character {}: {reason}: …{near}…", .offset + 1)]
    Syntax {
        /// Where, in characters from 0.
        offset: usize,
        /// What is wrong there.
        reason: String,
        /// A few characters around the place.
        near: String,
    },
    /// The outermost value is not a list.
    #[error("the task list must be a list `[…]`, but it is {found}")]
    NotAList {
        /// What it is instead.
        found: &'static str,
    },
    /// A row lacks something or has it in the wrong shape.
    #[error("row {} of the task list {reason}", .row + 1)]
    Row {
        /// Which row, from 0.
        row: usize,
        /// What is wrong with it.
        reason: String,
    },
}

impl TaskList {
    /// Reads a list in any of the forms in which it is exchanged: strict JSON, the single-quoted
    /// form of the published actions, or what Python's `repr` prints. Unknown fields of a row are
    /// ignored.
    ///
    /// # Errors
    ///
    /// [`TaskListError`], with the character or the row at fault.
    pub fn parse(text: &str) -> Result<Self, TaskListError> {
        if text.trim().is_empty() {
            return Err(TaskListError::Empty);
        }
        let value = literal::parse(text).map_err(|LiteralError { offset, reason }| {
            TaskListError::Syntax {
                offset,
                reason,
                near: around(text, offset),
            }
        })?;
        let Value::Array(items) = value else {
            return Err(TaskListError::NotAList {
                found: kind_of(&value),
            });
        };
        items
            .iter()
            .enumerate()
            .map(|(row, item)| read_row(item).map_err(|reason| TaskListError::Row { row, reason }))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The rows of `tasks`, all of which belong to one run.
    pub fn of<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Self {
        tasks
            .into_iter()
            .map(|task| TaskRow {
                run_task_id: task.id.to_string(),
                task_type: task.kind.name().to_owned(),
                plugin_applied_alias: task.alias.as_ref().map(ToString::to_string),
                order: Some(i64::from(task.order)),
            })
            .collect::<Vec<_>>()
            .into()
    }

    /// The rows of the whole of `record`.
    #[must_use]
    pub fn of_run(record: &RunRecord) -> Self {
        Self::of(&record.tasks)
    }

    /// The rows, in the order given.
    #[must_use]
    pub fn rows(&self) -> &[TaskRow] {
        &self.0
    }

    /// One line in the single-quoted form that the published actions exchange. It survives an
    /// unquoted passage through a shell, and consumers that turn `'` into `"` read it as JSON.
    #[must_use]
    pub fn to_single_quoted(&self) -> String {
        let mut text = String::from("[");
        for (index, row) in self.0.iter().enumerate() {
            if index > 0 {
                text.push_str(", ");
            }
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "{{'runTaskId': {}, 'taskType': {}",
                Quoted(&row.run_task_id),
                Quoted(&row.task_type)
            );
            if let Some(alias) = &row.plugin_applied_alias {
                let _ = write!(text, ", 'pluginAppliedAlias': {}", Quoted(alias));
            }
            if let Some(order) = row.order {
                let _ = write!(text, ", 'order': {order}");
            }
            text.push('}');
        }
        text.push(']');
        text
    }
}

impl From<Vec<TaskRow>> for TaskList {
    fn from(rows: Vec<TaskRow>) -> Self {
        Self(rows)
    }
}

struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('\'')?;
        for character in self.0.chars() {
            match character {
                '\'' | '\\' => write!(formatter, "\\{character}")?,
                '\n' => formatter.write_str("\\n")?,
                '\r' => formatter.write_str("\\r")?,
                other => formatter.write_char(other)?,
            }
        }
        formatter.write_char('\'')
    }
}

fn read_row(item: &Value) -> Result<TaskRow, String> {
    let Value::Object(fields) = item else {
        return Err(format!("must be an object, but it is {}", kind_of(item)));
    };
    let text = |name: &str| match fields.get(name) {
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(_)) => Err(format!("has an empty `{name}`")),
        Some(other) => Err(format!(
            "has a `{name}` that must be a text, but it is {}",
            kind_of(other)
        )),
    };
    let required = |name: &str| text(name)?.ok_or_else(|| format!("has no `{name}`"));
    Ok(TaskRow {
        run_task_id: required("runTaskId")?,
        task_type: required("taskType")?,
        plugin_applied_alias: text("pluginAppliedAlias")?,
        order: match fields.get("order") {
            None | Some(Value::Null) => None,
            Some(order) => Some(
                order
                    .as_i64()
                    .ok_or_else(|| "has an `order` that must be a whole number".to_owned())?,
            ),
        },
    })
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn around(text: &str, offset: usize) -> String {
    text.chars()
        .skip(offset.saturating_sub(12))
        .take(24)
        .collect::<String>()
        .replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::record;
    use proptest::prelude::*;

    #[test]
    fn the_published_form_is_written_and_read() {
        let list = TaskList::of_run(&record(&["sns-topic-1"], &["old"]));
        let text = list.to_single_quoted();
        insta::assert_snapshot!(text, @"[{'runTaskId': '01J9V6MWFTAHD82GKEESSJ6MKY', 'taskType': 'IAC_SELF_HOSTED', 'pluginAppliedAlias': 'sns-topic-1', 'order': 0}, {'runTaskId': '01J9V6MWFTSYMJRECMZC90H68X', 'taskType': 'DEPLOY_SELF_HOSTED', 'pluginAppliedAlias': 'sns-topic-1', 'order': 1}, {'runTaskId': '01J9V6MWFTSVVDSJQ9V4GN8CGE', 'taskType': 'DESTROY_SELF_HOSTED', 'pluginAppliedAlias': 'old', 'order': 2}]");
        assert_eq!(TaskList::parse(&text).unwrap(), list);
        assert_eq!(TaskList::parse(&text.replace('\'', "\"")).unwrap(), list);
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert_eq!(TaskList::parse("[]").unwrap(), TaskList::default());
        assert_eq!(TaskList::default().to_single_quoted(), "[]");
    }

    #[test]
    fn python_none_is_absence() {
        let list =
            TaskList::parse("[{'runTaskId': 'X', 'taskType': 'PLAN', 'pluginAppliedAlias': None}]")
                .unwrap();
        assert_eq!(list.rows()[0].plugin_applied_alias, None);
        assert_eq!(list.rows()[0].order, None);
    }

    #[test]
    fn faults_are_explained() {
        let message = |text: &str| TaskList::parse(text).unwrap_err().to_string();
        insta::assert_snapshot!(message("  "), @"the task list is empty text");
        insta::assert_snapshot!(message("[{'runTaskId': '01J'"), @"the task list cannot be read at character 21: expected `,` or `}`: …skId': '01J'…");
        insta::assert_snapshot!(message("{'a': 1}"), @"the task list must be a list `[…]`, but it is an object");
        insta::assert_snapshot!(message("[{'runTaskId': 'X', 'taskType': 'PLAN'}, 7]"), @"row 2 of the task list must be an object, but it is a number");
        insta::assert_snapshot!(message("[{'taskType': 'PLAN'}]"), @"row 1 of the task list has no `runTaskId`");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            id in "\\PC{1,12}", kind in "[A-Z_]{1,12}", alias in proptest::option::of("[\\PC\n\r]{1,12}"), order in any::<Option<i64>>()
        ) {
            let list = TaskList::from(vec![TaskRow {
                run_task_id: id,
                task_type: kind,
                plugin_applied_alias: alias,
                order,
            }]);
            let text = list.to_single_quoted();
            prop_assert!(!text.contains('\n'));
            prop_assert_eq!(TaskList::parse(&text).unwrap(), list);
        }
    }
}
