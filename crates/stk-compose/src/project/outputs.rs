//! The root outputs of a project.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::fill::{Argument, Filled};
use super::flow::Flow;
use super::names::{is_output, unique};
use super::{Module, OutputOf};

/// A root output for every output of every module, by name.
pub(super) fn outputs(
    modules: &[Module<'_>],
    facts: &[Facts],
    filled: &Filled,
) -> BTreeMap<String, OutputOf> {
    let sensitive = sensitive(modules, facts, filled);
    let mut taken = BTreeSet::new();
    let mut outputs = BTreeMap::new();
    for (module, facts) in modules.iter().zip(facts) {
        for (output, declared) in &facts.outputs {
            // Terraform refuses a name that is none, and an ephemeral value at the root.
            if declared.ephemeral || !is_output(output) {
                continue;
            }
            let name = unique(format!("{}_{output}", module.alias), &mut taken);
            let hidden = sensitive.get(module.alias);
            let of = OutputOf {
                alias: module.alias.to_owned(),
                output: output.clone(),
                sensitive: hidden.is_some_and(|hidden| hidden.contains(output)),
            };
            outputs.insert(name, of);
        }
    }
    outputs
}

/// The outputs with sensitive values, by alias.
fn sensitive<'a>(
    modules: &'a [Module<'_>],
    facts: &[Facts],
    filled: &Filled,
) -> BTreeMap<&'a str, BTreeSet<String>> {
    let mut sensitive: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (module, facts) in modules.iter().zip(facts) {
        let outputs = facts.outputs.iter();
        let declared = outputs.filter(|(_, output)| output.sensitive);
        let names = declared.map(|(name, _)| name.clone()).collect();
        sensitive.insert(module.alias, names);
    }
    // Only modules that are handed something sensitive are looked at.
    let mut flows: BTreeMap<&str, Flow> = BTreeMap::new();
    loop {
        let mut changed = false;
        for (module, filled) in modules.iter().zip(&filled.modules) {
            let arguments = filled.arguments.iter();
            let seeds: Vec<&str> = arguments
                .filter(|(_, argument)| match argument {
                    Argument::Variable { sensitive } => *sensitive,
                    Argument::Output { generator, output } => sensitive
                        .get(generator.as_str())
                        .is_some_and(|hidden| hidden.contains(output)),
                })
                .map(|(name, _)| name.as_str())
                .collect();
            if seeds.is_empty() {
                continue;
            }
            let flow = flows.entry(module.alias).or_insert_with(|| {
                Flow::of(module.files.iter().map(|file| {
                    let changed = filled.files.get(file.path);
                    (file.path, changed.map_or(file.bytes, Vec::as_slice))
                }))
            });
            let hidden = sensitive.entry(module.alias).or_default();
            let before = hidden.len();
            hidden.extend(flow.outputs(seeds.into_iter()));
            changed |= hidden.len() > before;
        }
        if !changed {
            return sensitive;
        }
    }
}
