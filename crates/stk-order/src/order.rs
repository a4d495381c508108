use std::collections::{HashMap, HashSet};

use stk_manifest::{Position, Unit};

use crate::graph::{Graph, Node};
use crate::{OrderError, cycle};

/// What is deployed of a plugin, as far as its order is concerned: what the last deployment that
/// changed it said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeployedUnit {
    /// The plugin's alias.
    pub alias: String,
    /// Its place in the `stk.yaml` that it was deployed from.
    pub position: u32,
    /// The connections that it reads.
    pub requires: Vec<DeployedConnection>,
    /// The names of the connections that it fills.
    pub generates: Vec<String>,
}

/// A connection that a deployed plugin reads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeployedConnection {
    /// The plugin's own name for it.
    pub slot: String,
    /// The connection's name in the workspace.
    pub connection: String,
}

/// What is done, in which order: applies first, then destroys.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DeployOrder {
    /// One step for each plugin that is applied or destroyed.
    pub steps: Vec<Step>,
}

/// What is done to one plugin.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// The plugin.
    pub alias: String,
    /// What is done to it.
    pub action: Action,
    /// The connections that it reads, in the plugin's own order.
    pub needs: Vec<Need>,
}

/// Whether a plugin is applied or destroyed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Action {
    /// It stands in `stk.yaml`.
    Apply,
    /// It is deployed, but no longer stands in `stk.yaml`.
    Destroy,
}

/// A connection that a plugin reads, and who fills it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Need {
    /// The plugin's own name for it.
    pub slot: String,
    /// The connection's name in the workspace.
    pub connection: String,
    /// The plugin of this project that generates it; `None` when it lives in the workspace.
    pub from: Option<String>,
}

/// Orders `applied` (what `stk.yaml` says now) and what of `deployed` (what the last deployments
/// left) is no longer there.
///
/// Of all plugins whose requirements are met, the one that stands first in the file goes next.
/// Destroys come last, in the reverse of the order in which they would be applied.
///
/// # Errors
///
/// Every [`OrderError`] found, in file order: circles, connections with two generators, and removed
/// plugins whose connections are still required.
pub fn order(applied: &[Unit], deployed: &[DeployedUnit]) -> Result<DeployOrder, Vec<OrderError>> {
    let nodes: Vec<_> = applied.iter().map(node_of_applied).collect();
    let (graph, rivals) = Graph::new(&nodes);
    let sorted = graph.sorted();

    let mut errors: Vec<_> = rivals
        .into_iter()
        .map(|(connection, first, second)| two_generators(applied, connection, first, second))
        .collect();
    if sorted.len() < nodes.len() {
        errors.extend(cycle::circles(&graph).into_iter().map(|(first, path)| {
            let connection = path.first().map(|step| step.connection.as_str());
            OrderError::Cycle {
                at: required_at(&applied[first], connection.unwrap_or_default()),
                path,
            }
        }));
    }
    errors.extend(lost_connections(applied, &graph, deployed));
    if !errors.is_empty() {
        errors.sort_by_key(|error| (error.at().line, error.at().column));
        return Err(errors);
    }

    let mut steps: Vec<_> = sorted
        .into_iter()
        .map(|index| step(&graph, &nodes[index], Action::Apply))
        .collect();
    steps.extend(destroys(applied, deployed));
    Ok(DeployOrder { steps })
}

fn destroys(applied: &[Unit], deployed: &[DeployedUnit]) -> Vec<Step> {
    let kept: HashSet<_> = applied.iter().map(|unit| unit.alias.as_str()).collect();
    // Ordered together with what stays: a dependency between two removed plugins may lead through
    // one that remains.
    let nodes: Vec<_> = deployed.iter().map(node_of_deployed).collect();
    let (graph, _) = Graph::new(&nodes);
    let mut sorted = graph.sorted();
    if sorted.len() < nodes.len() {
        // What is deployed was ordered once, but its parts may stem from different deployments that
        // form a circle only together. Those caught in it go by their place in the file.
        let reached: HashSet<_> = sorted.iter().copied().collect();
        let mut rest: Vec<_> = (0..nodes.len())
            .filter(|index| !reached.contains(index))
            .collect();
        rest.sort_by_key(|index| (nodes[*index].position, *index));
        sorted.extend(rest);
    }
    sorted
        .into_iter()
        .rev()
        .map(|index| &nodes[index])
        .filter(|node| !kept.contains(node.alias))
        .map(|node| step(&graph, node, Action::Destroy))
        .collect()
}

fn lost_connections(
    applied: &[Unit],
    graph: &Graph<'_>,
    deployed: &[DeployedUnit],
) -> Vec<OrderError> {
    let kept: HashSet<_> = applied.iter().map(|unit| unit.alias.as_str()).collect();
    let lost: HashMap<&str, &str> = deployed
        .iter()
        .flat_map(|unit| {
            unit.generates
                .iter()
                .map(|connection| (connection.as_str(), unit.alias.as_str()))
        })
        .filter(|(connection, _)| graph.generator(connection).is_none())
        .collect();
    if lost.is_empty() {
        return Vec::new();
    }
    applied
        .iter()
        .flat_map(|unit| unit.requires.iter().map(move |each| (unit, each)))
        .filter_map(|(unit, each)| {
            let generator = (*lost.get(each.connection.as_str())?).to_owned();
            let connection = each.connection.clone();
            let required_by = unit.alias.clone();
            let slot = each.slot.clone();
            let at = each.at;
            Some(if kept.contains(generator.as_str()) {
                OrderError::NoLongerGenerated {
                    generator,
                    connection,
                    required_by,
                    slot,
                    at,
                }
            } else {
                OrderError::StillRequired {
                    generator,
                    connection,
                    required_by,
                    slot,
                    at,
                }
            })
        })
        .collect()
}

fn step(graph: &Graph<'_>, node: &Node<'_>, action: Action) -> Step {
    let needs = node
        .requires
        .iter()
        .map(|(slot, connection)| Need {
            slot: (*slot).to_owned(),
            connection: (*connection).to_owned(),
            from: graph
                .generator(connection)
                .map(|generator| generator.alias.to_owned()),
        })
        .collect();
    Step {
        alias: node.alias.to_owned(),
        action,
        needs,
    }
}

fn node_of_applied(unit: &Unit) -> Node<'_> {
    Node {
        alias: &unit.alias,
        position: unit.position,
        requires: unit
            .requires
            .iter()
            .map(|each| (each.slot.as_str(), each.connection.as_str()))
            .collect(),
        generates: unit
            .generates
            .iter()
            .map(|each| each.connection.as_str())
            .collect(),
    }
}

fn node_of_deployed(unit: &DeployedUnit) -> Node<'_> {
    Node {
        alias: &unit.alias,
        position: unit.position,
        requires: unit
            .requires
            .iter()
            .map(|each| (each.slot.as_str(), each.connection.as_str()))
            .collect(),
        generates: unit.generates.iter().map(String::as_str).collect(),
    }
}

fn two_generators(applied: &[Unit], connection: &str, first: usize, second: usize) -> OrderError {
    let unit = &applied[second];
    OrderError::TwoGenerators {
        connection: connection.to_owned(),
        first: applied[first].alias.clone(),
        second: unit.alias.clone(),
        at: unit
            .generates
            .iter()
            .find(|each| each.connection == connection)
            .map_or(unit.at, |each| each.at),
    }
}

fn required_at(unit: &Unit, connection: &str) -> Position {
    unit.requires
        .iter()
        .find(|each| each.connection == connection)
        .map_or(unit.at, |each| each.at)
}
