#![doc = include_str!("../README.md")]

mod clock;
mod connection;
mod deployed;
mod document;
pub mod exit_code;
mod ids;
mod literal;
mod lock;
mod plan_summary;
mod record;
mod secrets;
mod task;
mod task_list;
mod transition;

pub use clock::Clock;
pub use connection::{CONNECTION_VERSION, ConnectionRecord, ConnectionValues, Publisher};
pub use deployed::{DEPLOYED_VERSION, DeployedUnit, Execution};
pub use document::RunDocument;
pub use ids::{Alias, Digest, IdError, RunId, Target, TaskId};
pub use lock::{Holder, LOCK_VERSION, LockRecord};
pub use plan_summary::{
    DriftedResource, HiddenValue, KeptResource, PLAN_SUMMARY_VERSION, PlanCounts, PlanNote,
    PlanNoteKind, PlanSummary, PlannedAction, PlannedAttribute, PlannedChange, PlannedConnection,
    PlannedValue, PlannedValueError, PluginFate, PluginPlan, visible,
};
pub use record::{
    Action, DeployMode, EarlierFailure, Generation, IacReference, OutputMapping, PlanReference,
    PluginReference, ProjectKind, ProjectReference, RECORD_VERSION, Requirement, RunRecord,
    RunStatus, Unit,
};
pub use secrets::{MissingSecret, SECRET_VARIABLE_PREFIX, SecretPath, Secrets, SecretsError};
pub use task::{Task, TaskKind, TaskStatus};
pub use task_list::{TaskList, TaskListError, TaskRow};
pub use transition::{Event, Stored, TransitionError};
