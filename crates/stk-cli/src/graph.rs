//! `stk-runtime graph`: the order, and what each plugin needs from which.

use std::collections::HashMap;
use std::fmt::Write as _;

use gha::{Environment, Failure};
use serde_json::json;
use stk_manifest::{Manifest, Secrets, Unit};
use stk_orchestrator::{LoadError, order_lines};
use stk_order::{Action, DeployOrder, DeployedUnit};
use stk_run::exit_code;
use stk_store::deployed;

use crate::arguments::{Graph, GraphFormat, environment_name};
use crate::output::{print, print_json};
use crate::project;

pub(crate) async fn run(call: &Graph, environment: &Environment) -> Result<u8, Failure> {
    let (manifest, units) = read(call, environment)?;
    let deployed = deployed(call, environment, &manifest).await?;
    let order = project::ordered(&units, &deployed, &manifest.file).map_err(project::no_order)?;
    match call.format {
        GraphFormat::Json => print_json(&document(&order))?,
        GraphFormat::Mermaid => print(&mermaid(&order))?,
        GraphFormat::Text => print(&order_lines(&order).join("\n"))?,
    }
    Ok(exit_code::OK)
}

fn read(call: &Graph, environment: &Environment) -> Result<(Manifest, Vec<Unit>), Failure> {
    let workdir = call.project.workdir(environment);
    if call.manifest_only {
        let read = project::manifest_only(&workdir)?;
        let Some(manifest) = read.manifest else {
            return Err(LoadError::Findings(read.findings).to_failure());
        };
        project::check(read.findings)?;
        return Ok((manifest, read.units));
    }
    let dynamic = call.plugins.dynamic(environment)?;
    let plugins = call.plugins.path(environment);
    let name = environment_name(call.env.as_deref(), environment).unwrap_or_default();
    let project = stk_orchestrator::load(
        &workdir,
        plugins.as_deref(),
        &name,
        &dynamic,
        Secrets::Later,
    )
    .map_err(|error| error.to_failure())?;
    Ok((project.manifest, project.units))
}

/// What is deployed to the environment that was asked for; nothing when none was.
async fn deployed(
    call: &Graph,
    environment: &Environment,
    manifest: &Manifest,
) -> Result<Vec<DeployedUnit>, Failure> {
    let Some(name) = environment_name(call.env.as_deref(), environment) else {
        return Ok(Vec::new());
    };
    let target = project::target(manifest, name)?;
    let workdir = call.project.workdir(environment);
    let locations = call.stores.locations(&workdir, environment)?;
    let Some(store) = project::look_at(&locations.iac).await? else {
        return Ok(Vec::new());
    };
    let deployed = deployed::all(store.as_ref(), &target)
        .await
        .map_err(|error| stk_orchestrator::StartError::Deployed(error).to_failure())?;
    Ok(deployed.iter().map(stk_orchestrator::for_order).collect())
}

fn document(order: &DeployOrder) -> serde_json::Value {
    let steps: Vec<_> = order
        .steps
        .iter()
        .map(|step| {
            let needs: Vec<_> = step
                .needs
                .iter()
                .map(|need| {
                    json!({
                        "slot": need.slot,
                        "connection": need.connection,
                        "from": need.from,
                    })
                })
                .collect();
            json!({ "alias": step.alias, "action": word(step.action), "needs": needs })
        })
        .collect();
    json!({ "order": steps })
}

/// A flowchart: plugins by their place in the order, edges from what generates to what needs.
fn mermaid(order: &DeployOrder) -> String {
    let mut text = String::from("flowchart TD");
    let places: HashMap<&str, usize> = (0..)
        .zip(&order.steps)
        .map(|(place, step)| (step.alias.as_str(), place))
        .collect();
    for (index, step) in order.steps.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  p{index}[\"{}. {}\"]", index + 1, step.alias);
        if step.action == Action::Destroy {
            let _ = write!(text, ":::destroy");
        }
    }
    let mut outside: HashMap<&str, usize> = HashMap::new();
    for (index, step) in order.steps.iter().enumerate() {
        for need in &step.needs {
            let label = label(&need.connection);
            let from = need.from.as_deref().and_then(|from| places.get(from));
            if let Some(from) = from {
                let _ = write!(text, "\n  p{from} -- \"{label}\" --> p{index}");
                continue;
            }
            let next = outside.len();
            let number = *outside.entry(&need.connection).or_insert(next);
            if number == next {
                let _ = write!(text, "\n  w{number}([\"{label}\"])");
            }
            let _ = write!(text, "\n  w{number} --> p{index}");
        }
    }
    if order
        .steps
        .iter()
        .any(|step| step.action == Action::Destroy)
    {
        text.push_str("\n  classDef destroy stroke:#d1242f,stroke-dasharray:4");
    }
    text
}

fn label(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;")
}

fn word(action: Action) -> &'static str {
    match action {
        Action::Apply => "apply",
        Action::Destroy => "destroy",
    }
}
