//! A state on the side, on which a move is tried.

use std::path::Path;

use stk_run::{DeployMode, IacReference, Unit};
use stk_store::DeploymentLock;
use stk_store::archive::Entry;
use terraform_runner::InitOptions;
use terraform_runner::plan::PlanDocument;
use terraform_runner::state::StateDocument;

use super::unchanged;
use crate::ProjectError;
use crate::error::{Scope, TaskError};
use crate::project::{WorkFolder, write};
use crate::steps::Steps;
use crate::tools::{Progress, Tools};

/// The file in which Terraform keeps the provider builds that `init` chose.
const LOCK_FILE: &str = ".terraform.lock.hcl";

/// What is tried.
pub(crate) struct Copy<'a> {
    /// Whose configuration.
    pub(crate) scope: Scope,
    /// How it is deployed.
    pub(crate) from: DeployMode,
    /// The new configuration.
    pub(crate) entries: &'a [Entry],
    /// What it is called in messages.
    pub(crate) iac: &'a IacReference,
    /// The plugins in it.
    pub(crate) units: &'a [&'a Unit],
    /// The state as it would be.
    pub(crate) state: StateDocument,
    /// Whether what the plan says is wanted.
    pub(crate) shown: bool,
    /// The provider builds that must be used; `None`: any, or there are no providers.
    pub(crate) lock_file: Option<&'a [u8]>,
}

/// What came of it.
pub(crate) struct Rehearsed {
    /// The state as Terraform writes it.
    pub(crate) state: StateDocument,
    /// The provider builds that were used.
    pub(crate) lock_file: Option<Vec<u8>>,
    /// What the plan said, if it is wanted.
    pub(crate) plan: Option<PlanDocument>,
    /// The program that it was done with, and its version.
    pub(crate) program: String,
}

/// Plans and applies on a copy of the state; nothing but that copy changes, for a plan that does more is refused.
pub(crate) async fn rehearse(
    copy: Copy<'_>,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Rehearsed, TaskError> {
    let scope = &copy.scope;
    let written = |path: &Path, source| TaskError::Project {
        scope: scope.clone(),
        source: ProjectError::Write {
            path: path.to_owned(),
            source,
        },
    };
    let unusable = |source| TaskError::State {
        scope: scope.clone(),
        source,
    };
    // Made for its owner alone, and gone with this value.
    let place = tempfile::Builder::new()
        .prefix("stk-move-")
        .tempdir_in(tools.temporary)
        .map_err(|source| written(tools.temporary, source))?;
    let file = place.path().join("terraform.tfstate");
    let text = copy.state.to_json().map_err(unusable)?;
    write(&file, text.as_bytes(), false).map_err(|source| written(&file, source))?;
    let folder = WorkFolder::create(tools.temporary, copy.entries, &file);
    let folder = folder.map_err(|source| TaskError::Project {
        scope: scope.clone(),
        source,
    })?;
    let lock_file = folder.project().join(LOCK_FILE);
    let mut options = InitOptions::default();
    if let Some(bytes) = copy.lock_file {
        std::fs::write(&lock_file, bytes).map_err(|source| written(&lock_file, source))?;
        options.lock_file_read_only = true;
    }
    let steps = Steps::new(
        scope.clone(),
        Some(copy.iac),
        copy.units,
        tools,
        &folder,
        lock,
    )?;
    steps.init(&options, report).await?;
    let planned = steps.plan(&[], report).await?;
    unchanged(scope, copy.from, &planned)?;
    let plan = match copy.shown {
        true => Some(steps.show(&planned.file).await?),
        false => None,
    };
    steps.apply_aside(planned.file).await?;
    let state = steps.pull_state().await?;
    let state = state.unwrap_or_else(|| copy.state.emptied());
    let (before, after) = (copy.state.objects(), state.objects());
    if before != after {
        return Err(TaskError::SwitchLoses {
            scope: scope.clone(),
            addresses: before.symmetric_difference(&after).cloned().collect(),
        });
    }
    let lock_file = match std::fs::read(&lock_file) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(source) => return Err(written(&lock_file, source)),
    };
    Ok(Rehearsed {
        state,
        lock_file,
        plan,
        program: steps.program(),
    })
}
