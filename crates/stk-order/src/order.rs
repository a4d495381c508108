use stk_manifest::{Position, Unit};

use crate::graph::{Graph, Node, Rival, Rivals};
use crate::{OrderError, cycle, removed};

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
/// Destroys come last, in the reverse of the order in which they would be applied, which is that of
/// everything deployed: what stays may stand between two plugins that go.
///
/// Both slices may come in any order: the plugins' positions decide, and between equal ones (plugins
/// that were deployed from different versions of the file) the alias.
///
/// # Errors
///
/// Every [`OrderError`] found, in file order: circles (one for each group of plugins that need each
/// other), connections that are generated twice, and connections that a removed or changed plugin
/// generated, that a plugin that stays requires, and that nothing generates any more.
pub fn order(applied: &[Unit], deployed: &[DeployedUnit]) -> Result<DeployOrder, Vec<OrderError>> {
    let mut applied: Vec<&Unit> = applied.iter().collect();
    applied.sort_by_key(|unit| (unit.position, unit.alias.as_str()));
    let nodes: Vec<_> = applied.iter().map(|unit| node(unit)).collect();
    let graph = Graph::new(&nodes, Rivals::First);
    let sorted = graph.sorted();

    let mut errors: Vec<_> = graph
        .rivals
        .iter()
        .map(|rival| two_generators(&applied, rival))
        .collect();
    if sorted.len() < nodes.len() {
        errors.extend(cycle::circles(&graph).into_iter().map(|(first, path)| {
            let connection = path.first().map(|step| step.connection.as_str());
            OrderError::Cycle {
                at: required_at(applied[first], connection.unwrap_or_default()),
                path,
            }
        }));
    }
    let mut deployed: Vec<&DeployedUnit> = deployed.iter().collect();
    deployed.sort_by_key(|unit| (unit.position, unit.alias.as_str()));
    errors.extend(removed::lost_connections(&applied, &graph, &deployed));
    if !errors.is_empty() {
        errors.sort_by_key(OrderError::at);
        return Err(errors);
    }

    let mut steps: Vec<_> = sorted
        .into_iter()
        .map(|index| step(&graph, &nodes[index], Action::Apply))
        .collect();
    steps.extend(removed::destroys(&applied, &deployed));
    Ok(DeployOrder { steps })
}

pub(crate) fn step(graph: &Graph<'_>, node: &Node<'_>, action: Action) -> Step {
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

fn node(unit: &Unit) -> Node<'_> {
    Node {
        alias: &unit.alias,
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

fn two_generators(applied: &[&Unit], rival: &Rival<'_>) -> OrderError {
    let unit = applied[rival.other];
    let mut places = unit
        .generates
        .iter()
        .filter(|each| each.connection == rival.connection)
        .map(|each| each.at);
    // A plugin that is its own rival is at fault where it generates the connection again.
    let place = if rival.first == rival.other {
        places.nth(1)
    } else {
        places.next()
    };
    OrderError::TwoGenerators {
        connection: rival.connection.to_owned(),
        first: applied[rival.first].alias.clone(),
        second: unit.alias.clone(),
        at: place.unwrap_or(unit.at),
    }
}

fn required_at(unit: &Unit, connection: &str) -> Position {
    unit.requires
        .iter()
        .find(|each| each.connection == connection)
        .map_or(unit.at, |each| each.at)
}
