//! The rules of ordering once more, in the plainest way: scans over lists, no graph, no heap.

use stk_manifest::Unit;
use stk_order::DeployedUnit;

/// A plugin, as far as the rules go.
#[derive(Clone, Debug)]
pub(crate) struct Plugin {
    pub(crate) alias: String,
    pub(crate) position: u32,
    pub(crate) requires: Vec<String>,
    pub(crate) generates: Vec<String>,
}

pub(crate) fn of_units(units: &[Unit]) -> Vec<Plugin> {
    let plugin = |unit: &Unit| Plugin {
        alias: unit.alias.clone(),
        position: unit.position,
        requires: unit
            .requires
            .iter()
            .map(|each| each.connection.clone())
            .collect(),
        generates: unit
            .generates
            .iter()
            .map(|each| each.connection.clone())
            .collect(),
    };
    units.iter().map(plugin).collect()
}

pub(crate) fn of_deployed(units: &[DeployedUnit]) -> Vec<Plugin> {
    let plugin = |unit: &DeployedUnit| Plugin {
        alias: unit.alias.clone(),
        position: unit.position,
        requires: unit
            .requires
            .iter()
            .map(|each| each.connection.clone())
            .collect(),
        generates: unit.generates.clone(),
    };
    units.iter().map(plugin).collect()
}

/// Whether `requirer` requires something that `generator` generates.
pub(crate) fn needs(requirer: &Plugin, generator: &Plugin) -> bool {
    requirer
        .requires
        .iter()
        .any(|connection| generator.generates.contains(connection))
}

/// The aliases in order; `None` when some plugin can never go.
pub(crate) fn sorted(plugins: &[Plugin]) -> Option<Vec<String>> {
    let mut waiting: Vec<&Plugin> = plugins.iter().collect();
    let mut done: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let next = waiting
            .iter()
            .filter(|plugin| !waiting.iter().any(|other| needs(plugin, other)))
            .min_by_key(|plugin| (plugin.position, plugin.alias.clone()))?
            .alias
            .clone();
        waiting.retain(|plugin| plugin.alias != next);
        done.push(next);
    }
    Some(done)
}

/// How many steps of requirement lead from each plugin to each other (or back to itself), if any do.
pub(crate) fn distances(plugins: &[Plugin]) -> Vec<Vec<Option<usize>>> {
    let count = plugins.len();
    let mut steps: Vec<Vec<Option<usize>>> = plugins
        .iter()
        .map(|one| {
            plugins
                .iter()
                .map(|other| needs(one, other).then_some(1))
                .collect()
        })
        .collect();
    for via in 0..count {
        for from in 0..count {
            for to in 0..count {
                if let (Some(first), Some(second)) = (steps[from][via], steps[via][to])
                    && steps[from][to].is_none_or(|known| first + second < known)
                {
                    steps[from][to] = Some(first + second);
                }
            }
        }
    }
    steps
}

/// The first plugin in the file of each group that cannot be ordered, and the length of the shortest
/// circle through it; in file order.
pub(crate) fn circles(plugins: &[Plugin]) -> Vec<(String, usize)> {
    let mut plugins = plugins.to_vec();
    plugins.sort_by_key(|plugin| (plugin.position, plugin.alias.clone()));
    let distances = distances(&plugins);
    let is_first_of_its_group = |index: usize| {
        !(0..index)
            .any(|other| distances[index][other].is_some() && distances[other][index].is_some())
    };
    (0..plugins.len())
        .filter(|index| is_first_of_its_group(*index))
        .filter_map(|index| Some((plugins[index].alias.clone(), distances[index][index]?)))
        .collect()
}
