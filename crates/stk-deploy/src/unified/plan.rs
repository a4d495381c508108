//! The PLAN task: shows what applying and destroying would do, and keeps what will be applied.

use std::io;
use std::path::Path;

use stk_run::{Action, PlanReference, PlanSummary, RunRecord};
use stk_store::{DeploymentLock, plans};
use terraform_runner::InitOptions;

use super::bundle::{Approval, Bundle, BundleError, Predicted};
use super::composition::ProjectFacts;
use super::summary::Planned;
use super::{composition, folder, is_of, steps, survivors, targets, units};
use crate::error::{Scope, TaskError};
use crate::tools::{Progress, Tools};

/// The file in which Terraform keeps the provider builds that `init` chose.
pub(super) const LOCK_FILE: &str = ".terraform.lock.hcl";

/// What a PLAN task planned.
#[derive(Clone, Debug)]
pub struct PlannedProject {
    /// The stored plan.
    pub plan: PlanReference,
    /// What a person approves of it; stored beside it.
    pub summary: PlanSummary,
}

pub(super) async fn run(
    record: &RunRecord,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<PlannedProject, TaskError> {
    let iac = composition(record)?;
    if let Some(planned) = super::switch::plan(record, iac, lock, tools, report).await? {
        return Ok(planned);
    }
    let folder = folder(record, iac, tools).await?;
    let steps = steps(record, iac, tools, &folder, lock)?;
    steps.init(&InitOptions::default(), report).await?;
    let (stay, go) = (units(record, Action::Apply), units(record, Action::Destroy));
    let mut bundle = Bundle {
        lock_file: lock_file(&folder.project())?,
        ..Bundle::default()
    };
    let (mut stays, mut goes) = (None, None);
    let mut warnings = Vec::new();
    let report = &mut |progress| {
        if let Progress::Warning(text) = &progress {
            warnings.push(text.clone());
        }
        report(progress);
    };
    if !stay.is_empty() {
        let plan = steps.plan(&survivors(&stay, &go)?, report).await?;
        let document = steps.show(&plan.file).await?;
        bundle.approval = Some(Approval::of(&document).map_err(TaskError::Approval)?);
        let kept = plan.file.read().map_err(BundleError::Read);
        bundle.plan = Some(kept.map_err(TaskError::Bundle)?);
        stays = Some(document);
    }
    if !go.is_empty() {
        let plan = steps.predict_destroy(&targets(&go)?, report).await?;
        goes = Some(steps.show(&plan.file).await?);
        // Until what stays is applied, the state has what was rewired depend on what goes away, so Terraform's plan
        // lists it too. It is not destroyed: see `apply`.
        let (removals, others): (Vec<_>, Vec<_>) = plan
            .changes
            .into_iter()
            .partition(|change| is_of(&change.address, &go));
        for change in &removals {
            report(Progress::Line(format!(
                "- {} will be destroyed",
                change.address
            )));
        }
        report(Progress::Line(format!(
            "after that: {} to destroy",
            removals.len()
        )));
        if !others.is_empty() {
            report(Progress::Line(format!(
                "{} that stay depend on them by now, and no longer when they are applied; they are not destroyed",
                if others.len() == 1 {
                    "1 resource of plugins".to_owned()
                } else {
                    format!("{} resources of plugins", others.len())
                }
            )));
        }
        bundle.predicted = Predicted::of(&removals);
    }
    let encrypted = tools.plan_encryption_key.is_some();
    report(Progress::Detail(
        if encrypted {
            "the plan is stored encrypted"
        } else {
            "the plan is stored as it is: what encrypts it is the store, if anything does (PLAN_ENCRYPTION_KEY)"
        }
        .to_owned(),
    ));
    let facts = ProjectFacts::of(&folder).map_err(TaskError::Bundle)?;
    let summary = Planned {
        record,
        stay: stays.as_ref(),
        go: goes.as_ref(),
        outputs: &facts.outputs,
        secrets: tools.secrets,
        program: steps.program(),
        planned_at: tools.clock.now(),
        warnings,
    };
    let summary = summary.summary();
    plans::put_summary(tools.iac_store, lock, &summary)
        .await
        .map_err(|source| TaskError::record(Scope::Project, source))?;
    let bytes = bundle.pack().map_err(TaskError::Bundle)?;
    let digest = plans::put(tools.iac_store, lock, bytes, tools.plan_encryption_key)
        .await
        .map_err(|source| TaskError::Plan(Box::new(source)))?;
    Ok(PlannedProject {
        plan: PlanReference {
            digest,
            program: steps.program(),
            encrypted,
        },
        summary,
    })
}

/// The lock file; `None` when the project has no providers. One that is there and cannot be read must not be taken for
/// none: the plan would be applied with whatever providers there are then.
fn lock_file(project: &Path) -> Result<Option<Vec<u8>>, TaskError> {
    match std::fs::read(project.join(LOCK_FILE)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TaskError::Bundle(BundleError::Read(error))),
    }
}
