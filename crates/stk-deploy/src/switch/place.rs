//! Where a state is kept, apart from the configuration that it is of.

use stk_run::RunRecord;
use stk_store::{DeploymentLock, states};
use terraform_runner::InitOptions;
use terraform_runner::state::StateDocument;

use crate::error::{Scope, TaskError};
use crate::project::WorkFolder;
use crate::steps::{Steps, state_path};
use crate::tools::Tools;

/// The place of a plugin's state, or of the project's. Terraform's backend reads and writes it, so that its lock counts.
pub(crate) struct Place<'a> {
    scope: Scope,
    folder: WorkFolder,
    lock: &'a DeploymentLock,
    tools: &'a Tools<'a>,
}

impl<'a> Place<'a> {
    pub(crate) async fn of(
        scope: &Scope,
        record: &RunRecord,
        lock: &'a DeploymentLock,
        tools: &'a Tools<'a>,
    ) -> Result<Self, TaskError> {
        let state = state_path(record, scope, tools).await?;
        let folder = WorkFolder::create(tools.temporary, &[], &state);
        Ok(Self {
            folder: folder.map_err(|source| TaskError::Project {
                scope: scope.clone(),
                source,
            })?,
            scope: scope.clone(),
            lock,
            tools,
        })
    }

    /// The state, if there is one.
    pub(crate) async fn pull(&self) -> Result<Option<StateDocument>, TaskError> {
        self.steps().await?.pull_state().await
    }

    /// Makes `state` the state.
    pub(crate) async fn replace(&self, state: &StateDocument) -> Result<(), TaskError> {
        self.steps().await?.replace_state(state).await
    }

    async fn steps(&self) -> Result<Steps<'_>, TaskError> {
        let scope = self.scope.clone();
        let steps = Steps::new(scope, None, &[], self.tools, &self.folder, self.lock)?;
        // There are no providers and no modules here: nothing that a person would want to read.
        steps.init(&InitOptions::default(), &mut |_| {}).await?;
        Ok(steps)
    }
}

/// Keeps `state` as it is before the move; nothing if there is none.
pub(crate) async fn back_up(
    scope: &Scope,
    state: Option<&StateDocument>,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
) -> Result<(), TaskError> {
    let Some(state) = state else { return Ok(()) };
    let text = state.to_json().map_err(|source| TaskError::State {
        scope: scope.clone(),
        source,
    })?;
    states::back_up(tools.state_store, lock, scope.alias(), text.into())
        .await
        .map_err(|source| TaskError::store(scope.clone(), source))?;
    Ok(())
}
