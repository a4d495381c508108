//! From a module of the whole project to a plugin with a state of its own.

use stk_run::{DeployMode, DeployedUnit, IacReference, RunRecord, Unit};
use stk_store::DeploymentLock;
use terraform_runner::Planned;
use terraform_runner::state::StateDocument;

use super::{Copy, Place, back_up, moving, rehearse, taken_back, unchanged};
use crate::error::{Scope, TaskError};
use crate::held;
use crate::steps::{Steps, entries};
use crate::tools::{Progress, Tools};

/// A plugin whose state is in its new place.
pub(crate) struct MovedPlugin<'u> {
    unit: &'u Unit,
    /// What was in that place before.
    before: StateDocument,
}

/// Moves a plugin that is a module of the whole project by now to a state of its own, of which `steps` are the commands;
/// `None` if it has one.
#[expect(clippy::too_many_arguments, reason = "the parts of a task")]
pub(crate) async fn into_plugin<'u>(
    record: &RunRecord,
    unit: &'u Unit,
    before: Option<&DeployedUnit>,
    iac: &IacReference,
    steps: &Steps<'_>,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<MovedPlugin<'u>>, TaskError> {
    if !before.is_some_and(|before| before.mode == DeployMode::Unified) {
        return Ok(None);
    }
    let alias = &unit.alias;
    let scope = Scope::from(alias);
    let place = Place::of(&Scope::Project, record, lock, tools).await?;
    let project = place.pull().await?;
    let own = steps.pull_state().await?;
    let lineage = format!("stk-{}-{alias}", record.run_id);
    let part = project
        .as_ref()
        .map(|project| project.extract(alias.as_str()));
    let state = match part {
        Some(part) => StateDocument::new(lineage).merge(part),
        None => Ok(StateDocument::new(lineage)),
    }
    .map_err(|source| TaskError::State {
        scope: scope.clone(),
        source,
    })?;
    report(Progress::Line(format!(
        "{} out of the project's state into one of the plugin's own",
        moving(state.objects().len(), alias)
    )));
    let entries = entries(record, &scope, iac, tools).await?;
    let copy = Copy {
        scope: scope.clone(),
        from: DeployMode::Unified,
        entries: &entries,
        iac,
        units: &[unit],
        state,
        shown: false,
        lock_file: None,
    };
    let rehearsed = rehearse(copy, lock, tools, report).await?;
    held::before_changes(record, &scope, tools).await?;
    back_up(&Scope::Project, project.as_ref(), lock, tools).await?;
    back_up(&scope, own.as_ref(), lock, tools).await?;
    steps.replace_state(&rehearsed.state).await?;
    Ok(Some(MovedPlugin {
        unit,
        before: own.unwrap_or_else(|| rehearsed.state.emptied()),
    }))
}

impl MovedPlugin<'_> {
    /// The plan in the new place, which changes no resource. If there is none such, the place gets back what it had.
    pub(crate) async fn plan(
        &self,
        steps: &Steps<'_>,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Planned, TaskError> {
        let scope = Scope::from(&self.unit.alias);
        let planned = steps
            .plan(&[], report)
            .await
            .and_then(|planned| unchanged(&scope, DeployMode::Unified, &planned).map(|()| planned));
        match planned {
            Ok(planned) => Ok(planned),
            Err(error) => Err(taken_back(error, steps, &self.before, report).await),
        }
    }

    /// Takes the module out of the project's state, now that `deployed` says where the plugin is.
    pub(crate) async fn finish(
        self,
        record: &RunRecord,
        lock: &DeploymentLock,
        tools: &Tools<'_>,
    ) -> Result<(), TaskError> {
        let place = Place::of(&Scope::Project, record, lock, tools).await?;
        let project = place.pull().await?;
        match project {
            Some(project) => {
                let rest = project.without(self.unit.alias.as_str());
                place.replace(&rest).await
            }
            None => Ok(()),
        }
    }
}
