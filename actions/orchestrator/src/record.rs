//! From a decision to the run's record. Graph and YAML end here.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use stk_manifest::{Kind, Manifest};
use stk_order::{Need, Step};
use stk_run::{
    Action, Alias, DeployMode, DeployedUnit, Digest, Generation, OutputMapping, PluginReference,
    ProjectKind, ProjectReference, RECORD_VERSION, Requirement, RunId, RunRecord, RunStatus,
    SecretPath, Target, Unit,
};

use crate::Settings;
use crate::decide::Decision;
use crate::error::StartError;
use crate::load::Project;

/// Everything that a run's record is made of.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The run's id.
    pub run_id: RunId,
    /// What is deployed, and where to.
    pub target: Target,
    /// The project as it is now.
    pub project: Project,
    /// What is to be done.
    pub decision: Decision,
    /// What earlier deployments left.
    pub deployed: Vec<DeployedUnit>,
    /// The stored package of each applied plugin, by alias.
    pub packages: &'a BTreeMap<String, Digest>,
    /// What the user said.
    pub settings: &'a Settings,
    /// When the run starts.
    pub now: Timestamp,
}

impl Draft<'_> {
    /// The record of a run that executes the decision; every task is pending.
    ///
    /// # Errors
    ///
    /// [`StartError::Alias`] or [`StartError::Unknown`] when the parts do not fit each other; a fault
    /// of this program.
    pub fn record(self) -> Result<RunRecord, StartError> {
        let reference = project_reference(&self.project.manifest);
        let mut applied: HashMap<_, _> = self
            .project
            .units
            .into_iter()
            .map(|unit| (unit.alias.clone(), unit))
            .collect();
        let mut deployed: HashMap<_, _> = self
            .deployed
            .into_iter()
            .map(|unit| (unit.alias().to_string(), unit))
            .collect();
        let mut units = Vec::with_capacity(self.decision.order.steps.len());
        for step in self.decision.order.steps {
            let alias = &step.alias;
            let unit = match step.action {
                stk_order::Action::Apply => applied
                    .remove(alias)
                    .zip(self.packages.get(alias).cloned())
                    .map(|(unit, package)| apply(unit, package, &step)),
                stk_order::Action::Destroy => {
                    deployed.remove(alias).map(|unit| destroy(unit, &step))
                }
            };
            // A step that was left out would be a plugin that is silently not deployed.
            units.push(unit.ok_or(StartError::Unknown { alias: step.alias })??);
        }
        Ok(RunRecord {
            version: RECORD_VERSION,
            run_id: self.run_id,
            target: self.target,
            project: reference,
            version_tag: self.settings.version_tag.clone(),
            mode: self.settings.mode,
            workspace: self.settings.workspace.clone(),
            pipeline_url: self.settings.holder.pipeline_url.clone(),
            status: RunStatus::Running,
            created_at: self.now,
            updated_at: self.now,
            finished_at: None,
            tasks: match self.settings.mode {
                DeployMode::Unified => RunRecord::unified_tasks(self.run_id, &units),
                _ => RunRecord::per_plugin_tasks(self.run_id, &units),
            },
            units,
            workspace_connections: self.decision.workspace_connections,
            composition: None,
            plan: None,
            earlier_failures: Vec::new(),
        })
    }
}

/// A plugin that goes is what it was when it was last deployed, with the IaC of that time.
fn destroy(deployed: DeployedUnit, step: &Step) -> Result<Unit, StartError> {
    let iac = Some(deployed.destroyed_with().iac.clone());
    Ok(Unit {
        action: Action::Destroy,
        requires: requirements(&step.needs)?,
        iac,
        ..deployed.unit
    })
}

fn project_reference(manifest: &Manifest) -> ProjectReference {
    ProjectReference {
        name: manifest.name.clone(),
        kind: match manifest.kind {
            Kind::App => ProjectKind::App,
            Kind::Infra => ProjectKind::Infra,
        },
        stack: manifest.stack.clone(),
        repository: manifest.repository.clone(),
    }
}

fn apply(unit: stk_manifest::Unit, package: Digest, step: &Step) -> Result<Unit, StartError> {
    Ok(Unit {
        alias: alias(&unit.alias)?,
        action: Action::Apply,
        position: unit.position,
        plugin: PluginReference {
            stack: unit
                .qualifier
                .stack
                .as_ref()
                .map(|stack| match &unit.qualifier.stack_version {
                    Some(version) => format!("{stack}@{version}"),
                    None => stack.clone(),
                }),
            studio: unit.qualifier.studio,
            qualifier: unit.qualifier.text,
            name: unit.plugin_name,
            version: unit.plugin_version,
        },
        package,
        inputs: unit.inputs,
        secrets: unit.secrets.into_iter().map(SecretPath::new).collect(),
        global_inputs: unit.global_inputs,
        computed_inputs: unit.computed_inputs,
        global_computed_inputs: unit.global_computed_inputs,
        requires: unit
            .requires
            .into_iter()
            .map(|each| {
                let from = step.needs.iter().find(|need| need.slot == each.slot);
                Ok(Requirement {
                    slot: each.slot,
                    connection: each.connection,
                    kind: some(each.kind),
                    from: from
                        .and_then(|need| need.from.as_deref())
                        .map(alias)
                        .transpose()?,
                })
            })
            .collect::<Result<_, StartError>>()?,
        generates: unit
            .generates
            .into_iter()
            .map(|each| Generation {
                slot: each.slot,
                connection: each.connection,
                kind: some(each.kind),
                outputs: each
                    .outputs
                    .into_iter()
                    .map(|mapping| OutputMapping {
                        from: mapping.from,
                        to: mapping.to,
                    })
                    .collect(),
            })
            .collect(),
        iac: None,
    })
}

fn requirements(needs: &[Need]) -> Result<Vec<Requirement>, StartError> {
    needs
        .iter()
        .map(|need| {
            Ok(Requirement {
                slot: need.slot.clone(),
                connection: need.connection.clone(),
                kind: None,
                from: need.from.as_deref().map(alias).transpose()?,
            })
        })
        .collect()
}

fn some(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

fn alias(text: &str) -> Result<Alias, StartError> {
    text.parse().map_err(|source| StartError::Alias {
        alias: text.to_owned(),
        source,
    })
}
