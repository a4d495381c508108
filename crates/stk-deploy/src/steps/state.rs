//! The state of a task's project as a whole.

use terraform_runner::state::StateDocument;
use terraform_runner::{ApplyOptions, PlanFile};
use tokio_util::sync::CancellationToken;

use super::Steps;
use crate::error::{Failing, TaskError};

impl Steps<'_> {
    /// The state, if there is one.
    pub(crate) async fn pull_state(&self) -> Result<Option<StateDocument>, TaskError> {
        let done = self.session.pull_state(self.tools.cancel).await;
        self.checked(done, Failing::Move).await
    }

    /// Applies a plan to a copy of a state: one that cannot be saved is nothing that a person has to put back. What
    /// Terraform says is about that copy alone, and is not told.
    pub(crate) async fn apply_aside(&self, plan: PlanFile) -> Result<(), TaskError> {
        let options = ApplyOptions {
            parallelism: self.parallelism(),
            lock_timeout: self.lock_timeout(),
        };
        let done = self
            .session
            .apply(plan, &options, &mut |_| {}, self.tools.cancel)
            .await
            .map_err(|mut error| {
                error.take_rescued_state();
                error
            });
        self.checked(done, Failing::Move).await.map(|_| ())
    }

    /// Makes `state` the state, whatever it is now.
    pub(crate) async fn replace_state(&self, state: &StateDocument) -> Result<(), TaskError> {
        self.replace(state, self.tools.cancel).await
    }

    /// The same, also when the task was cancelled.
    pub(crate) async fn restore_state(&self, state: &StateDocument) -> Result<(), TaskError> {
        self.replace(state, &CancellationToken::new()).await
    }

    async fn replace(
        &self,
        state: &StateDocument,
        cancel: &CancellationToken,
    ) -> Result<(), TaskError> {
        let done = self.session.pull_state(cancel).await;
        let current = self.checked(done, Failing::Move).await?;
        let next = match &current {
            Some(current) => state.clone().after(current),
            None => state.clone(),
        };
        let plans = self.folder.plans();
        let timeout = self.lock_timeout();
        let done = self
            .session
            .push_state(&next, &plans, timeout, cancel)
            .await;
        self.checked(done, Failing::Move).await
    }
}
