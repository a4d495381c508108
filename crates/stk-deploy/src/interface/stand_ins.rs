//! Values for connections that only a deployment knows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stk_render::reads::Read;
use stk_run::{ConnectionValues, Requirement, Unit};

use super::{Units, paths};
use crate::connections::Connections;

/// Stands for every value that is not known; where it shows in a name, the name is not known.
pub(super) const STAND_IN: &str = "stk_value_of_a_deployment";

/// What the connections of `unit` look like to its templates: known values of the workspace, and stand-ins for the
/// attributes that their generators give. Of a connection that nobody here knows there is what the templates read.
pub(super) fn connections(
    units: &Units<'_>,
    unit: &Unit,
    reads: &[&Read],
    known: &BTreeMap<String, Map<String, Value>>,
) -> Connections {
    let mut connections = Connections::new();
    for requirement in &unit.requires {
        let attributes = match (provided(units, requirement), &requirement.from) {
            (Some(names), _) => stand_ins(names),
            (None, None) if known.contains_key(&requirement.connection) => known
                .get(&requirement.connection)
                .cloned()
                .unwrap_or_default(),
            _ => stand_ins(
                reads
                    .iter()
                    .flat_map(|read| paths::attributes(unit, read))
                    .filter(|attribute| attribute.requirement == requirement)
                    .map(|attribute| attribute.name)
                    .collect(),
            ),
        };
        let values = ConnectionValues {
            attributes,
            sensitive: Vec::new(),
        };
        connections.insert(&requirement.slot, values);
    }
    connections
}

/// The attributes that the plugin which generates a connection gives it. `None` when it is not of this project, or does
/// not say.
pub(super) fn provided<'r>(
    units: &Units<'r>,
    requirement: &Requirement,
) -> Option<BTreeSet<&'r str>> {
    let generator = units.by_alias.get(requirement.from.as_ref()?.as_str())?;
    let generation = generator
        .generates
        .iter()
        .find(|generation| generation.connection == requirement.connection)?;
    let names: BTreeSet<_> = generation
        .outputs
        .iter()
        .map(|mapping| mapping.to.as_str())
        .collect();
    (!names.is_empty()).then_some(names)
}

fn stand_ins(names: BTreeSet<&str>) -> Map<String, Value> {
    names
        .into_iter()
        .map(|name| (name.to_owned(), Value::from(STAND_IN)))
        .collect()
}
