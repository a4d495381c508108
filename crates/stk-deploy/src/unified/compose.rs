//! The UNIFIED_IAC task: renders every plugin, also those that go away, and composes them into one project.

use std::collections::BTreeSet;

use stk_compose::project::HoistedProvider;
use stk_run::{DeployMode, Requirement, RunRecord, Unit};
use stk_store::archive::{self, Entry, Limits};
use stk_store::{DeploymentLock, connections as published, deployed, iac, packages, runs};

use super::composition::{Composition, ProjectFacts};
use crate::Stored;
use crate::connections::{ConnectionError, Connections};
use crate::error::{Scope, TaskError};
use crate::render::UnitError;
use crate::tools::{Progress, Tools};

pub(super) async fn run(
    record: &RunRecord,
    lock: &DeploymentLock,
    tools: &Tools<'_>,
    report: &mut (dyn FnMut(Progress) + Send),
) -> Result<Stored, TaskError> {
    let mut composition = Composition::new(record);
    for unit in &record.units {
        let alias = &unit.alias;
        let package = packages::load(tools.iac_store, &unit.package)
            .await
            .map_err(|source| TaskError::package(alias, source))?;
        let package = archive::unpack(&package, Limits::default())
            .map_err(|source| TaskError::unpack(alias, source))?;
        let connections = connections(&composition, unit, tools)
            .await
            .map_err(|source| TaskError::connection(alias, source))?;
        let rendered = composition.add(unit, package, connections)?;
        let files = rendered.tree.iter();
        let files: Vec<_> = files
            .map(|(path, file)| (path, file.bytes.as_slice()))
            .collect();
        let destroying = unit.action == stk_run::Action::Destroy;
        UnitError::forbid(&alias.into(), destroying, tools.policy.check(files))?;
        for warning in rendered.warnings {
            report(Progress::Warning(format!("plugin `{alias}`: {warning}")));
        }
    }
    let earlier = earlier(record, tools).await?;
    let composed = composition.compose(&earlier)?;
    for note in composed.notes {
        report(Progress::Line(note));
    }
    // The file in which the project says of itself what it is, is not a plugin's.
    let files = composed.tree.len() - 1;
    let entries = composed.tree.into_iter().map(|(path, file)| Entry {
        path,
        bytes: file.bytes,
        executable: file.executable,
    });
    let bytes = archive::pack(entries).map_err(|source| TaskError::pack(Scope::Project, source))?;
    let reference = iac::put(tools.iac_store, lock, None, bytes)
        .await
        .map_err(|source| TaskError::store(Scope::Project, source))?;
    Ok(Stored {
        iac: reference,
        files,
    })
}

/// The provider configurations that earlier deployments of this project shared: the state may still name them.
async fn earlier(record: &RunRecord, tools: &Tools<'_>) -> Result<Vec<HoistedProvider>, TaskError> {
    let units = deployed::all(tools.iac_store, &record.target)
        .await
        .map_err(|source| TaskError::record(Scope::Project, source))?;
    let mut found: BTreeSet<HoistedProvider> = BTreeSet::new();
    let mut seen = Vec::new();
    let unified = units.iter().filter(|unit| unit.mode == DeployMode::Unified);
    for execution in unified.flat_map(|unit| unit.last_success.iter().chain([&unit.last_attempt])) {
        if seen.contains(&&execution.iac) {
            continue;
        }
        seen.push(&execution.iac);
        let bytes = iac::load(tools.iac_store, &execution.iac, None)
            .await
            .map_err(|source| TaskError::iac(&Scope::Project, &execution.iac, source))?;
        let entries = archive::unpack(&bytes, Limits::default())
            .map_err(|source| TaskError::unpack(Scope::Project, source))?;
        // Without them a resource could lose the provider configuration that the state names.
        let facts = ProjectFacts::among(&entries).map_err(|source| TaskError::EarlierProject {
            run_id: execution.iac.run_id,
            source,
        })?;
        found.extend(facts.providers);
    }
    Ok(found.into_iter().collect())
}

/// The connections of a plugin: what another plugin of this run generates is a reference, everything else has values.
async fn connections(
    composition: &Composition<'_>,
    unit: &Unit,
    tools: &Tools<'_>,
) -> Result<Connections, ConnectionError> {
    let record = composition.record();
    let (mut connections, others) = composition.references(unit);
    for requirement in others {
        let values = match record.workspace_connections.get(&requirement.connection) {
            Some(values) => values.clone(),
            None => earlier_values(record, unit, requirement, tools).await?,
        };
        connections.insert(&requirement.slot, values);
    }
    Ok(connections)
}

/// What a plugin that goes away was deployed with.
async fn earlier_values(
    record: &RunRecord,
    unit: &Unit,
    requirement: &Requirement,
    tools: &Tools<'_>,
) -> Result<stk_run::ConnectionValues, ConnectionError> {
    let connection = &requirement.connection;
    let failed = |source| ConnectionError::Store {
        connection: connection.clone(),
        source,
    };
    if let Some(iac) = &unit.iac {
        let earlier = runs::load(tools.iac_store, iac.run_id)
            .await
            .map_err(failed)?;
        let values = earlier.and_then(|run| run.workspace_connections.get(connection).cloned());
        if let Some(values) = values {
            return Ok(values);
        }
    }
    let stored = published::load(tools.iac_store, &record.target.environment, connection)
        .await
        .map_err(failed)?;
    stored
        .map(|stored| stored.values)
        .ok_or_else(|| ConnectionError::NotRecorded {
            slot: requirement.slot.clone(),
            connection: connection.clone(),
        })
}
