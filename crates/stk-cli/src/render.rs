//! `stk-runtime render`: the Terraform that would be applied.

mod unified;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use gha::{Environment, Failure, Inputs, Log};
use serde_json::{Map, Value, json};
use stk_deploy::{Connections, UnitError};
use stk_orchestrator::{Decision, Draft, PluginSource, Project, Settings, explained};
use stk_run::{
    Clock, ConnectionValues, DeployMode, Digest, Holder, Requirement, RunId, RunRecord, Unit,
    exit_code,
};
use stk_store::archive::Entry;

use crate::arguments::{Render, check_mode, required_environment_name};
use crate::project;

/// Why a template that reads a connection of an undeployed plugin cannot be rendered.
const NO_VALUES: &str = "has no values before the plugin that generates it is deployed";

/// The attributes of each connection that is known.
type Known = BTreeMap<String, Map<String, Value>>;

pub(crate) async fn run(
    call: &Render,
    environment: &Environment,
    log: &Log,
) -> Result<u8, Failure> {
    check_mode(call.mode.as_deref(), environment)?;
    let mode = call.mode.as_deref();
    let unified = mode.or_else(|| Inputs::new(environment).text("DEPLOY_MODE")) == Some("unified");
    let name = required_environment_name(call.env.as_deref(), environment)?;
    let workdir = call.project.workdir(environment);
    let dynamic = call.plugins.dynamic(environment)?;
    let plugins = call.plugins.path(environment);
    let project = stk_orchestrator::load(
        &workdir,
        plugins.as_deref(),
        &name,
        &dynamic,
        stk_manifest::Secrets::Later,
    )
    .map_err(|error| error.to_failure())?;
    for warning in &project.warnings {
        log.annotate(&stk_orchestrator::annotation(warning));
    }
    let mut known = project.workspace.connections.all().clone();
    if let Some(file) = &call.connections {
        known.extend(connections(file)?);
    }
    let out = empty_folder(&call.out)?;
    let sources = project.sources.clone();
    // No package is made: this only looks.
    let packages = project
        .units
        .iter()
        .map(|unit| (unit.alias.clone(), Digest::of(b"")))
        .collect();
    let mode = if unified {
        DeployMode::Unified
    } else {
        DeployMode::PerPlugin
    };
    let record = record(project, &name, mode, &packages, environment)?;
    if unified {
        return unified::render(&record, &sources, &known, &out, log);
    }
    let mut failures = Vec::new();
    for unit in &record.units {
        let alias = unit.alias.as_str();
        let Some(package) = files(&sources, unit)? else {
            continue;
        };
        match stk_deploy::render(&record, unit, package, &read(unit, &known)) {
            Err(error) => failures.push(failed(&error, unit, &known)),
            Ok(rendered) => {
                for warning in &rendered.warnings {
                    log.warning(&format!("{alias}: {warning}"));
                }
                let folder = out.join(alias);
                rendered
                    .write_to(&folder)
                    .map_err(|error| unwritten(&error))?;
                log.line(&folder.display().to_string());
            }
        }
    }
    finish(failures)
}

/// The files of a plugin.
fn files(
    sources: &BTreeMap<String, PluginSource>,
    unit: &Unit,
) -> Result<Option<Vec<Entry>>, Failure> {
    let Some(source) = sources.get(unit.alias.as_str()) else {
        return Ok(None);
    };
    let entries = source
        .entries()
        .map_err(|error| explained(exit_code::MANIFEST, &error, error.help()))?;
    Ok(Some(entries))
}

/// Why a plugin was not rendered, and what to do.
fn failed(error: &UnitError, unit: &Unit, known: &Known) -> (Failure, String) {
    let failure = Failure::from_error(exit_code::TEMPLATE, error);
    let help = if failure.causes.iter().any(|cause| cause.contains(NO_VALUES)) {
        how_to_give(unit, known)
    } else {
        error.help()
    };
    (failure, help)
}

fn unwritten(error: &(dyn Error + 'static)) -> Failure {
    Failure::from_error(exit_code::STORE, error)
        .with_help("give --out a folder that can be written")
}

/// One failure for all plugins that could not be rendered; the others are written.
fn finish(failures: Vec<(Failure, String)>) -> Result<u8, Failure> {
    let count = failures.len();
    let mut failures = failures.into_iter();
    let Some((mut failure, help)) = failures.next() else {
        return Ok(exit_code::OK);
    };
    failure.help.push(help);
    if count > 1 {
        let first = failure;
        failure = Failure::new(
            exit_code::TEMPLATE,
            format!("{count} plugins could not be rendered"),
        );
        failure.help = first.help.clone();
        failure.causes.push(one_line(&first));
        for (other, help) in failures {
            failure.causes.push(one_line(&other));
            if !failure.help.contains(&help) {
                failure.help.push(help);
            }
        }
    }
    Err(failure)
}

fn one_line(failure: &Failure) -> String {
    let mut parts = vec![failure.message.clone()];
    parts.extend(failure.causes.iter().cloned());
    parts.join(": ")
}

/// A record as the orchestrator would write it, of a run that never exists.
pub(crate) fn record(
    project: Project,
    name: &str,
    mode: DeployMode,
    packages: &BTreeMap<String, Digest>,
    environment: &Environment,
) -> Result<RunRecord, Failure> {
    let order =
        project::ordered(&project.units, &[], &project.manifest.file).map_err(project::no_order)?;
    let target = project::target(&project.manifest, name.to_owned())?;
    let settings = Settings {
        mode,
        secrets: stk_run::Secrets::default(),
        environment: name.to_owned(),
        version_tag: String::new(),
        workspace: Inputs::new(environment)
            .text("WORKSPACE")
            .map(str::to_owned),
        holder: Holder::default(),
    };
    let now = Clock::system().now();
    let decision = Decision {
        order,
        workspace_connections: BTreeMap::new(),
    };
    let draft = Draft {
        run_id: RunId::generate(now),
        target,
        project,
        decision,
        deployed: Vec::new(),
        packages,
        settings: &settings,
        now,
    };
    draft.record().map_err(|error| error.to_failure())
}

/// The connections that `unit` reads and that are not `known`, as the file that gives them.
fn how_to_give(unit: &Unit, known: &Known) -> String {
    let missing: Map<String, Value> = unit
        .requires
        .iter()
        .filter(|requirement| !known.contains_key(&requirement.connection))
        .map(|requirement| {
            let attributes = json!({ "<attribute>": "<value>" });
            (requirement.connection.clone(), attributes)
        })
        .collect();
    format!(
        "to render `{}`, give --connections a file with {}",
        unit.alias,
        Value::from(missing)
    )
}

/// What `unit` reads: the known values; a template that reads another fails and says how to give it.
fn read(unit: &Unit, known: &Known) -> Connections {
    let mut connections = Connections::new();
    insert(&mut connections, &unit.requires, known);
    connections
}

fn insert<'r>(
    connections: &mut Connections,
    requirements: impl IntoIterator<Item = &'r Requirement>,
    known: &Known,
) {
    for requirement in requirements {
        match known.get(&requirement.connection) {
            Some(attributes) => connections.insert(
                &requirement.slot,
                ConnectionValues {
                    attributes: attributes.clone(),
                    sensitive: Vec::new(),
                },
            ),
            None => connections.insert_unknown(
                &requirement.slot,
                format!("connection `{}` {NO_VALUES}", requirement.connection),
            ),
        }
    }
}

fn connections(file: &Path) -> Result<Known, Failure> {
    let failure = |cause: String| {
        Failure::new(
            exit_code::INPUTS,
            format!("the connections in `{}` cannot be read", file.display()),
        )
        .with_cause(cause)
        .with_help("give JSON like {\"<connection>\": {\"<attribute>\": \"<value>\"}}")
    };
    let text = std::fs::read_to_string(file).map_err(|error| failure(error.to_string()))?;
    serde_json::from_str(&text).map_err(|error| failure(error.to_string()))
}

/// What was rendered before must not mix with what is rendered now.
fn empty_folder(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let failure = |cause: &str| {
        Failure::new(
            exit_code::INPUTS,
            format!("`{}` cannot be rendered to", folder.display()),
        )
        .with_cause(cause)
    };
    match std::fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_some() {
                return Err(failure("the folder is not empty")
                    .with_help("give --out a new folder, or empty this one"));
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            std::fs::create_dir_all(folder).map_err(|error| failure(&error.to_string()))?;
        }
        Err(error) => return Err(failure(&error.to_string())),
    }
    Ok(folder.to_owned())
}
