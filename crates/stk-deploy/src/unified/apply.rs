//! The UNIFIED_DEPLOY and UNIFIED_DESTROY tasks.

use std::collections::BTreeMap;

use serde_json::Value;
use stk_run::{Action, Alias, Execution, RunRecord, Unit};
use stk_store::{DeploymentLock, connections, deployed, plans};
use terraform_runner::event::ChangeSummary;
use terraform_runner::plan::PlanDocument;
use terraform_runner::{Address, Applied, ApplyOptions, InitOptions, Outputs, PlanFile};

use super::bundle::{Approval, Bundle, BundleError, Predicted};
use super::composition::ProjectFacts;
use super::plan::LOCK_FILE;
use super::recorded::{at_once, attempt, succeeded};
use super::{composition, folder, is_of, steps, survivors, switch, targets, units};
use crate::error::{DraggedIn, Failing, Scope, TaskError};
use crate::held;
use crate::project::WorkFolder;
use crate::steps::Steps;
use crate::tools::{Progress, Tools};

/// What a UNIFIED_DEPLOY task did.
#[derive(Clone, Debug)]
pub struct DeployedProject {
    /// What Terraform changed.
    pub summary: ChangeSummary,
    /// The Terraform outputs of each plugin, as of [`Deployed::outputs`](crate::Deployed::outputs).
    pub outputs: BTreeMap<Alias, Value>,
    /// The names of the connections that were published.
    pub published: Vec<String>,
}

/// The stored plan of this run, if it is the one that was recorded and this Terraform can apply it.
async fn stored(record: &RunRecord, tools: &Tools<'_>, program: &str) -> Result<Bundle, TaskError> {
    let plan = record.plan.as_ref().ok_or(TaskError::NoPlan)?;
    if plan.program != program {
        return Err(TaskError::OtherProgram {
            planned: plan.program.clone(),
            found: program.to_owned(),
        });
    }
    let bytes = plans::load(
        tools.iac_store,
        record.run_id,
        plan,
        tools.plan_encryption_key,
    )
    .await
    .map_err(|source| TaskError::Plan(Box::new(source)))?;
    Bundle::unpack(&bytes).map_err(TaskError::Bundle)
}

/// Initialises with the provider builds that the plan was made with, and no others.
async fn init(
    steps: &Steps<'_>,
    folder: &WorkFolder,
    bundle: &Bundle,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), TaskError> {
    let mut options = InitOptions::default();
    if let Some(lock_file) = &bundle.lock_file {
        let path = folder.project().join(LOCK_FILE);
        std::fs::write(&path, lock_file).map_err(|source| TaskError::Project {
            scope: Scope::Project,
            source: crate::ProjectError::Write { path, source },
        })?;
        options.lock_file_read_only = true;
    }
    steps.init(&options, report).await
}

fn restored(bundle: &Bundle, folder: &WorkFolder) -> Result<PlanFile, TaskError> {
    let plan = bundle
        .plan
        .as_ref()
        .ok_or(TaskError::Bundle(BundleError::Nothing))?;
    PlanFile::restore(plan, &folder.plans(), &folder.project()).map_err(|source| {
        TaskError::Project {
            scope: Scope::Project,
            source: crate::ProjectError::Write {
                path: folder.plans(),
                source,
            },
        }
    })
}

pub(super) async fn deploy(
    record: &RunRecord,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<DeployedProject, TaskError> {
    let iac = composition(record)?;
    let folder = folder(record, iac, tools).await?;
    let steps = steps(record, iac, tools, &folder, lock)?;
    let bundle = stored(record, tools, &steps.program()).await?;
    init(&steps, &folder, &bundle, report).await?;
    let (plan, moved) = if bundle.switch {
        let (plan, moved) =
            switch::into_project(record, iac, &steps, &bundle, lock, tools, report).await?;
        (plan, Some(moved))
    } else {
        (restored(&bundle, &folder)?, None)
    };
    // Read before anything changes: without it nothing could be published afterwards.
    let names = ProjectFacts::of(&folder)
        .map_err(TaskError::Bundle)?
        .outputs;
    held::before_changes(record, &Scope::Project, tools).await?;
    // From here on Terraform may leave resources behind, whatever happens next.
    let execution = Execution {
        run_id: record.run_id,
        version_tag: record.version_tag.clone(),
        iac: iac.clone(),
        at: tools.clock.now(),
    };
    let stay = units(record, Action::Apply);
    let attempts = stay
        .iter()
        .map(|unit| attempt(record, unit, &execution, lock, tools));
    let attempts = at_once(attempts).await?;
    if let Some(moved) = moved {
        moved.finish(record, lock, tools).await?;
    }
    let applied = match steps
        .apply(plan, &options(&steps), Failing::Apply, report)
        .await
    {
        Err(error) if error.is_stale_plan() => {
            again(record, &steps, bundle.approval.as_ref(), report).await?
        }
        applied => applied?,
    };
    held::after_changes(record, &Scope::Project, tools).await?;

    let mut done = DeployedProject {
        summary: applied.summary,
        outputs: BTreeMap::new(),
        published: Vec::new(),
    };
    let records = stay.iter().zip(&attempts).map(|(unit, attempt)| {
        let outputs = of_plugin(unit, &names, &applied.outputs);
        succeeded(record, unit, attempt, outputs, lock, tools)
    });
    for (unit, recorded) in stay.iter().zip(at_once(records).await?) {
        recorded.said.into_iter().for_each(&mut *report);
        done.published.extend(recorded.published);
        done.outputs.insert(unit.alias.clone(), recorded.outputs);
    }
    Ok(done)
}

fn options(steps: &Steps<'_>) -> ApplyOptions {
    ApplyOptions {
        parallelism: steps.parallelism(),
        lock_timeout: steps.lock_timeout(),
    }
}

/// The state is another one than when the plan was made: an apply of it has failed half-way and is repeated, or
/// somebody else has changed the state. What is left to do is planned anew, and done without asking again if all of it
/// was approved.
async fn again(
    record: &RunRecord,
    steps: &Steps<'_>,
    approval: Option<&Approval>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Applied, TaskError> {
    report(Progress::Line(
        "the state has changed since the plan was made: what is left is planned anew and compared with what was approved"
            .to_owned(),
    ));
    let approval = approval.ok_or(TaskError::Bundle(BundleError::Nothing))?;
    let (stay, go) = (units(record, Action::Apply), units(record, Action::Destroy));
    let planned = steps.plan(&survivors(&stay, &go)?, report).await?;
    let document = steps.show(&planned.file).await?;
    approval
        .accepts(&document)
        .map_err(|deviations| TaskError::NotApproved { deviations })?;
    report(Progress::Line(
        "all of it was approved: it is applied".to_owned(),
    ));
    steps
        .apply(planned.file, &options(steps), Failing::Apply, report)
        .await
}

pub(super) async fn destroy(
    record: &RunRecord,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), TaskError> {
    let iac = composition(record)?;
    let folder = folder(record, iac, tools).await?;
    let steps = steps(record, iac, tools, &folder, lock)?;
    let bundle = stored(record, tools, &steps.program()).await?;
    init(&steps, &folder, &bundle, report).await?;
    let go = units(record, Action::Destroy);
    // The plan that was shown is stale by now: the state has changed since.
    let planned = steps.plan_destroy(&targets(&go)?, report).await?;
    match within(&Predicted::of(&planned.changes), &bundle.predicted, &go) {
        Err(TaskError::DestroysOthers { resources }) => {
            return Err(explained(resources, &steps.show(&planned.file).await?, &go));
        }
        within => within?,
    }
    held::before_changes(record, &Scope::Project, tools).await?;
    if planned.has_changes {
        steps
            .apply(planned.file, &options(&steps), Failing::Destroy, report)
            .await?;
    }
    held::after_changes(record, &Scope::Project, tools).await?;
    switch::forget_copies(record, &go, lock, tools).await?;
    for unit in &go {
        for generation in &unit.generates {
            connections::withdraw(tools.iac_store, lock, &unit.alias, &generation.connection)
                .await
                .map_err(|source| TaskError::record(&unit.alias, source))?;
        }
        deployed::remove(tools.iac_store, lock, &unit.alias)
            .await
            .map_err(|source| TaskError::record(&unit.alias, source))?;
    }
    Ok(())
}

/// Nothing is destroyed that was not shown, and nothing outside of the plugins that go away: Terraform's `-target`
/// takes along whatever the state knows to depend on a target.
fn within(now: &Predicted, shown: &Predicted, go: &[&Unit]) -> Result<(), TaskError> {
    let outside: Vec<_> = now
        .addresses
        .iter()
        .filter(|address| !is_of(address, go))
        .map(|address| DraggedIn {
            address: address.clone(),
            path: Vec::new(),
        })
        .collect();
    if !outside.is_empty() {
        return Err(TaskError::DestroysOthers { resources: outside });
    }
    let unseen: Vec<_> = now
        .addresses
        .difference(&shown.addresses)
        .cloned()
        .collect();
    if !unseen.is_empty() {
        return Err(TaskError::DestroysMore { addresses: unseen });
    }
    Ok(())
}

/// The same with what each resource depends on.
fn explained(resources: Vec<DraggedIn>, plan: &PlanDocument, go: &[&Unit]) -> TaskError {
    let explained = |resource: DraggedIn| {
        let address = resource.address.parse::<Address>().ok();
        let path = address.and_then(|address| {
            plan.dependencies
                .path(&address, |on| is_of(&on.to_string(), go))
        });
        DraggedIn {
            path: path.unwrap_or_default(),
            ..resource
        }
    };
    TaskError::DestroysOthers {
        resources: resources.into_iter().map(explained).collect(),
    }
}

/// The outputs of one plugin, under the names that its Terraform has for them.
fn of_plugin(
    unit: &Unit,
    names: &BTreeMap<String, (String, String)>,
    outputs: &Outputs,
) -> Outputs {
    outputs
        .iter()
        .filter_map(|(root, output)| {
            let (alias, name) = names.get(root)?;
            (alias == unit.alias.as_str()).then(|| (name.clone(), output.clone()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::unit;

    fn predicted(addresses: &[&str]) -> Predicted {
        Predicted {
            addresses: addresses
                .iter()
                .map(|&address| address.to_owned())
                .collect(),
            ..Predicted::default()
        }
    }

    fn checked(now: &[&str], shown: &[&str]) -> String {
        let queue = unit(json!({}));
        match within(&predicted(now), &predicted(shown), &[&queue]) {
            Ok(()) => "destroyed".to_owned(),
            Err(error) => format!("{error} ({})", error.exit_code()),
        }
    }

    #[test]
    fn nothing_is_destroyed_that_was_not_shown_or_that_stays() {
        let shown = ["module.queue.x.a", "module.queue[\"k\"].module.m.x.b"];
        let cases: [&[&str]; 6] = [
            &shown,
            &["module.queue.x.a"],
            &[],
            &["module.queue.x.a", "module.queue.x.new"],
            &["module.queue.x.a", "module.queue2.x.a"],
            &["x.a", "module.topic.x.a"],
        ];
        let results: Vec<_> = cases.iter().map(|now| checked(now, &shown)).collect();
        insta::assert_snapshot!(results.join("\n"), @"
        destroyed
        destroyed
        destroyed
        destroying would take along what the plan did not show: module.queue.x.new (21)
        destroying would take along what belongs to plugins that stay: module.queue2.x.a (21)
        destroying would take along what belongs to plugins that stay: module.topic.x.a; x.a (21)
        ");
    }
}
