//! The root outputs of a project.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::fill::{Argument, Filled};
use super::names::{is_identifier, unique};
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
            if declared.ephemeral || !is_identifier(output) {
                continue;
            }
            let name = unique(format!("{}_{output}", module.alias), &mut taken);
            let of = OutputOf {
                alias: module.alias.to_owned(),
                output: output.clone(),
                sensitive: sensitive.contains(&(module.alias, output.as_str())),
            };
            outputs.insert(name, of);
        }
    }
    outputs
}

/// The outputs whose values may be sensitive: alias and name.
fn sensitive<'a>(
    modules: &'a [Module<'_>],
    facts: &'a [Facts],
    filled: &Filled,
) -> BTreeSet<(&'a str, &'a str)> {
    let mut sensitive = BTreeSet::new();
    let mut receives: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = sensitive.len();
        for ((module, facts), filled) in modules.iter().zip(facts).zip(&filled.modules) {
            let handed = filled.arguments.values().any(|argument| match argument {
                Argument::Variable { sensitive } => *sensitive,
                Argument::Output { generator, output } => {
                    sensitive.contains(&(generator.as_str(), output.as_str()))
                }
            });
            if handed {
                receives.insert(module.alias);
            }
            for (name, output) in &facts.outputs {
                if output.sensitive || receives.contains(module.alias) {
                    sensitive.insert((module.alias, name.as_str()));
                }
            }
        }
        if sensitive.len() == before {
            return sensitive;
        }
    }
}
