//! From plugins with states of their own to modules of the whole project.

use std::collections::BTreeSet;

use stk_run::{Action, Alias, DeployMode, IacReference, PlanReference, RunRecord, Unit};
use stk_store::archive::Entry;
use stk_store::{DeploymentLock, Key, deployed, plans};
use terraform_runner::PlanFile;
use terraform_runner::state::{ProviderHome, StateDocument};

use super::PlannedProject;
use super::bundle::Bundle;
use super::composition::ProjectFacts;
use super::summary::Planned;
use crate::error::{Scope, TaskError};
use crate::held;
use crate::steps::{Steps, entries};
use crate::switch::{Copy, Place, Rehearsed, back_up, moving, rehearse, taken_back, unchanged};
use crate::tools::{Progress, Tools};

/// What a run has to do with the modes of its plugins.
struct Modes {
    /// What has a state of its own and is to be a module.
    moving: Vec<Alias>,
    /// What is a module: what the project's state says of others is no more than a copy.
    modules: BTreeSet<String>,
}

impl Modes {
    async fn of(record: &RunRecord, tools: &Tools<'_>) -> Result<Self, TaskError> {
        let deployed = deployed::all(tools.iac_store, &record.target)
            .await
            .map_err(|source| TaskError::record(Scope::Project, source))?;
        let mut modes = Self {
            moving: Vec::new(),
            modules: BTreeSet::new(),
        };
        for unit in &deployed {
            let alias = unit.alias();
            if unit.mode == DeployMode::Unified {
                modes.modules.insert(alias.to_string());
            } else if record
                .unit(alias)
                .is_some_and(|unit| unit.action == Action::Apply)
            {
                modes.moving.push(alias.clone());
            }
        }
        Ok(modes)
    }

    /// The project's state without the copies in it.
    fn true_part(&self, project: &StateDocument) -> StateDocument {
        project.with_modules(|name| self.modules.contains(name))
    }
}

/// A project whose state is in its new place.
pub(super) struct MovedProject {
    plugins: Vec<(Alias, Option<StateDocument>)>,
}

/// Tries the move, if the run is one that moves; the plan that is kept says no more than that.
pub(super) async fn plan(
    record: &RunRecord,
    iac: &IacReference,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<PlannedProject>, TaskError> {
    let modes = Modes::of(record, tools).await?;
    if modes.moving.is_empty() {
        return Ok(None);
    }
    let place = Place::of(&Scope::Project, record, lock, tools).await?;
    let project = place.pull().await?;
    let entries = entries(record, &Scope::Project, iac, tools).await?;
    let whole = Whole {
        record,
        iac,
        entries: &entries,
        lock,
        tools,
    };
    let plugins = whole.plugins(&modes).await?;
    let state = whole.merged(&modes, project.as_ref(), &plugins, report)?;
    let mut warnings = Vec::new();
    let rehearsed = {
        let report = &mut |progress| {
            if let Progress::Warning(text) = &progress {
                warnings.push(text.clone());
            }
            report(progress);
        };
        let aliases: Vec<_> = modes.moving.iter().map(Alias::as_str).collect();
        // Whoever approves the plan must not overlook it: there is nothing else in it.
        report(Progress::Warning(format!(
            "this deployment switches the mode: the states of {} move into the project's, and no resource may change",
            aliases.join(", ")
        )));
        whole.rehearsed(state, None, true, report).await?
    };
    report(Progress::Line(
        "nothing else changes; the states are moved when this plan is deployed".to_owned(),
    ));
    let facts = ProjectFacts::among(&entries).map_err(TaskError::Bundle)?;
    let summary = Planned {
        record,
        stay: rehearsed.plan.as_ref(),
        go: None,
        outputs: &facts.outputs,
        secrets: tools.secrets,
        program: rehearsed.program.clone(),
        planned_at: tools.clock.now(),
        warnings,
    };
    let summary = summary.summary();
    plans::put_summary(tools.iac_store, lock, &summary)
        .await
        .map_err(|source| TaskError::record(Scope::Project, source))?;
    let bundle = Bundle {
        lock_file: rehearsed.lock_file,
        switch: true,
        ..Bundle::default()
    };
    let bytes = bundle.pack().map_err(TaskError::Bundle)?;
    let digest = plans::put(tools.iac_store, lock, bytes, tools.plan_encryption_key)
        .await
        .map_err(|source| TaskError::Plan(Box::new(source)))?;
    Ok(Some(PlannedProject {
        plan: PlanReference {
            digest,
            program: rehearsed.program,
            encrypted: tools.plan_encryption_key.is_some(),
        },
        summary,
    }))
}

/// Moves the plugins that still have states of their own, and plans in the new place: a plan that changes no resource.
pub(super) async fn into_project(
    record: &RunRecord,
    iac: &IacReference,
    steps: &Steps<'_>,
    bundle: &Bundle,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<(PlanFile, MovedProject), TaskError> {
    let modes = Modes::of(record, tools).await?;
    let entries = entries(record, &Scope::Project, iac, tools).await?;
    let whole = Whole {
        record,
        iac,
        entries: &entries,
        lock,
        tools,
    };
    let project = steps.pull_state().await?;
    let plugins = whole.plugins(&modes).await?;
    let state = whole.merged(&modes, project.as_ref(), &plugins, report)?;
    let lock_file = bundle.lock_file.as_deref();
    let rehearsed = whole.rehearsed(state, lock_file, false, report);
    let state = rehearsed.await?.state;

    held::before_changes(record, &Scope::Project, tools).await?;
    back_up(&Scope::Project, project.as_ref(), lock, tools).await?;
    for (alias, plugin) in &plugins {
        back_up(&alias.into(), plugin.as_ref(), lock, tools).await?;
    }
    steps.replace_state(&state).await?;
    let planned = steps.plan(&[], report).await.and_then(|planned| {
        unchanged(&Scope::Project, DeployMode::PerPlugin, &planned).map(|()| planned)
    });
    match planned {
        Ok(planned) => Ok((planned.file, MovedProject { plugins })),
        Err(error) => {
            let before = match &project {
                Some(project) => modes.true_part(project),
                None => state.emptied(),
            };
            Err(taken_back(error, steps, &before, report).await)
        }
    }
}

impl MovedProject {
    /// Empties the plugins' own states, now that `deployed` says where the plugins are.
    pub(super) async fn finish(
        self,
        record: &RunRecord,
        lock: &DeploymentLock,
        tools: &Tools<'_>,
    ) -> Result<(), TaskError> {
        for (alias, state) in self.plugins {
            let Some(state) = state.filter(|state| !state.is_empty()) else {
                continue;
            };
            let place = Place::of(&Scope::from(&alias), record, lock, tools).await?;
            place.replace(&state.emptied()).await?;
        }
        Ok(())
    }
}

/// A run that was killed while it emptied the plugins' own states has left copies there. A plugin of that name that is
/// deployed on its own one day would take what is destroyed by then for its own.
pub(super) async fn forget_copies(
    record: &RunRecord,
    destroyed: &[&Unit],
    lock: &DeploymentLock,
    tools: &Tools<'_>,
) -> Result<(), TaskError> {
    for unit in destroyed {
        let scope = Scope::from(&unit.alias);
        let key = Key::state(&record.target, Some(&unit.alias));
        let stored = tools.state_store.get(&key).await;
        let stored = stored.map_err(|source| TaskError::store(scope.clone(), source))?;
        if stored.is_none() {
            continue;
        }
        let place = Place::of(&scope, record, lock, tools).await?;
        if let Some(copy) = place.pull().await?.filter(|copy| !copy.is_empty()) {
            place.replace(&copy.emptied()).await?;
        }
    }
    Ok(())
}

/// The whole project, as this run composed it.
struct Whole<'a> {
    record: &'a RunRecord,
    iac: &'a IacReference,
    entries: &'a [Entry],
    lock: &'a DeploymentLock,
    tools: &'a Tools<'a>,
}

impl Whole<'_> {
    /// The own states of the plugins that are to be moved.
    async fn plugins(
        &self,
        modes: &Modes,
    ) -> Result<Vec<(Alias, Option<StateDocument>)>, TaskError> {
        let mut plugins = Vec::with_capacity(modes.moving.len());
        for alias in &modes.moving {
            let place = Place::of(&alias.into(), self.record, self.lock, self.tools).await?;
            plugins.push((alias.clone(), place.pull().await?));
        }
        Ok(plugins)
    }

    fn merged(
        &self,
        modes: &Modes,
        project: Option<&StateDocument>,
        plugins: &[(Alias, Option<StateDocument>)],
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<StateDocument, TaskError> {
        let mut merged = match project {
            Some(project) => modes.true_part(project),
            None => StateDocument::new(format!("stk-{}", self.record.run_id)),
        };
        for (alias, state) in plugins {
            let Some(state) = state else { continue };
            report(Progress::Line(format!(
                "{} into the project's state",
                moving(state.objects().len(), alias)
            )));
            let home = home_of_providers(self.entries, alias);
            let module = state.clone().into_module(alias.as_str(), home);
            merged = merged.merge(module).map_err(|source| TaskError::State {
                scope: alias.into(),
                source,
            })?;
        }
        Ok(merged)
    }

    async fn rehearsed(
        &self,
        state: StateDocument,
        lock_file: Option<&[u8]>,
        shown: bool,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Rehearsed, TaskError> {
        let units: Vec<_> = self.record.units.iter().collect();
        let copy = Copy {
            scope: Scope::Project,
            from: DeployMode::PerPlugin,
            entries: self.entries,
            iac: self.iac,
            units: &units,
            state,
            shown,
            lock_file,
        };
        rehearse(copy, self.lock, self.tools, report).await
    }
}

/// Where the composed project has a plugin's default provider configurations. It matters to resources alone of which the
/// configuration says nothing any more: Terraform asks for the others' in the configuration. A wrong guess is an error of
/// Terraform's in the copy of the state, or a resource that gets lost there; both are refused.
fn home_of_providers(entries: &[Entry], alias: &Alias) -> ProviderHome {
    let configures = |line: &str| {
        let word = line.trim_start().strip_prefix("provider");
        word.is_some_and(|rest| rest.starts_with([' ', '\t', '"']))
    };
    let folder = format!("{alias}/");
    let own = entries.iter().filter_map(|entry| {
        let name = entry.path.strip_prefix(&folder)?;
        let is_terraform = name.ends_with(".tf") || name.ends_with(".tf.json");
        (is_terraform && !name.contains('/')).then_some(entry.bytes.as_slice())
    });
    if own
        .map(String::from_utf8_lossy)
        .any(|text| text.lines().any(configures) || text.contains("\"provider\""))
    {
        return ProviderHome::Module;
    }
    let modules = entries
        .iter()
        .find(|entry| entry.path == stk_compose::project::MODULES_FILE)
        .map(|entry| String::from_utf8_lossy(&entry.bytes));
    let block = format!("module \"{alias}\" {{");
    let is_handed = modules.is_some_and(|text| {
        let mut lines = text.lines().skip_while(|line| *line != block).skip(1);
        lines
            .by_ref()
            .take_while(|line| !line.starts_with('}'))
            .any(|line| line.trim_start().starts_with("providers"))
    });
    if is_handed {
        ProviderHome::Module
    } else {
        ProviderHome::Root
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home(files: &[(&str, &str)]) -> ProviderHome {
        let entries: Vec<_> = files
            .iter()
            .map(|(path, text)| Entry {
                path: (*path).to_owned(),
                bytes: text.as_bytes().to_vec(),
                executable: false,
            })
            .collect();
        home_of_providers(&entries, &"queue".parse().unwrap())
    }

    #[test]
    fn a_module_has_providers_when_it_configures_them_or_is_handed_them() {
        let block = "provider \"aws\" {\n  region = \"x\"\n}\n";
        for files in [
            [("queue/main.tf", block)].as_slice(),
            &[("queue/p.tf.json", r#"{"provider": {"aws": {}}}"#)],
            &[(
                "stk-modules.tf",
                "module \"queue\" {\n  source = \"./queue\"\n\n  providers = {\n    aws = aws.stk_0\n  }\n}\n",
            )],
        ] {
            assert_eq!(home(files), ProviderHome::Module, "{files:?}");
        }
        for files in [
            [("queue2/main.tf", block)].as_slice(),
            &[("queue/nested/main.tf", block)],
            &[("queue/main.tf", "required_providers {\n}\nproviders = 1\n")],
            &[(
                "stk-modules.tf",
                "module \"queue\" {\n  source = \"./queue\"\n}\n\nmodule \"topic\" {\n  providers = {\n  }\n}\n",
            )],
            &[],
        ] {
            assert_eq!(home(files), ProviderHome::Root, "{files:?}");
        }
    }
}
