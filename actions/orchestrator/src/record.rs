//! From a decision to the run's record. Graph and YAML end here.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use stk_manifest::{Kind, Manifest};
use stk_order::{Need, Step};
use stk_run::{
    Action, Alias, DeployMode, DeployedUnit, Digest, Generation, OutputMapping, PluginReference,
    ProjectKind, ProjectReference, RECORD_VERSION, Requirement, RunId, RunRecord, RunStatus,
    Target, Unit,
};

use crate::Settings;
use crate::decide::Decision;
use crate::error::StartError;
use crate::load::Project;

/// The record of a run that executes `decision`. `packages` are the stored packages by alias.
///
/// # Errors
///
/// [`StartError`] when something of the decision cannot be recorded; a fault of this program or of a
/// record that was changed by hand.
pub fn draft(
    run_id: RunId,
    target: Target,
    project: Project,
    decision: Decision,
    deployed: Vec<DeployedUnit>,
    packages: &BTreeMap<String, Digest>,
    settings: &Settings,
    now: Timestamp,
) -> Result<RunRecord, StartError> {
    let reference = project_reference(&project.manifest);
    let mut applied: HashMap<_, _> = project
        .units
        .into_iter()
        .map(|unit| (unit.alias.clone(), unit))
        .collect();
    let mut deployed: HashMap<_, _> = deployed
        .into_iter()
        .map(|unit| (unit.alias().to_string(), unit))
        .collect();
    let mut units = Vec::with_capacity(decision.order.steps.len());
    for step in decision.order.steps {
        let unit = match step.action {
            stk_order::Action::Apply => applied
                .remove(&step.alias)
                .zip(packages.get(&step.alias).cloned())
                .map(|(unit, package)| apply(unit, package, &step)),
            stk_order::Action::Destroy => deployed.remove(&step.alias).map(|unit| {
                let iac = Some(unit.destroyed_with().iac.clone());
                Ok(Unit {
                    action: Action::Destroy,
                    requires: requirements(&step.needs)?,
                    iac,
                    ..unit.unit
                })
            }),
        };
        units.extend(unit.transpose()?);
    }
    Ok(RunRecord {
        version: RECORD_VERSION,
        run_id,
        target,
        project: reference,
        version_tag: settings.version_tag.clone(),
        mode: DeployMode::PerPlugin,
        workspace: settings.workspace.clone(),
        pipeline_url: settings.holder.pipeline_url.clone(),
        status: RunStatus::Running,
        created_at: now,
        updated_at: now,
        finished_at: None,
        tasks: RunRecord::per_plugin_tasks(run_id, &units),
        units,
        workspace_connections: decision.workspace_connections,
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
