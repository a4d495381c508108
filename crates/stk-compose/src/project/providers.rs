//! Provider configurations that several plugins have alike.
//!
//! Each configured provider is a process with the whole schema in memory, so plugins with the same configuration share
//! one at the root. It is an additional configuration there (`alias`), and each of these modules is handed it in
//! `providers`: a default one would be inherited by the modules that have none, whose resources it would
//! change. Its name is made from its content, because the state names the configuration of each resource: a name that
//! meant another region tomorrow would look for resources in the wrong place.
//!
//! Only what is provably the same is shared: the same provider by its whole source, under the same name, with the same
//! arguments and blocks, of constants alone, where a local that is constant counts as one. Versions do not matter, for a project has one version of a provider.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::facts::{Facts, ProviderBlock, place};
use super::requirements::address;
use super::{Module, Note};

mod canonical;

pub(super) use canonical::{Locals, canonical};

/// A provider configuration at the root that stands for those of several plugins. It can be stored, for
/// [`compose`](super::compose) of a later deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoistedProvider {
    /// The name of the provider, in the plugins and at the root, as `aws`.
    pub name: String,
    /// The provider's source, as `registry.terraform.io/hashicorp/aws`.
    pub source: String,
    /// The name of the configuration, which depends on its content: `stk_` and letters.
    pub alias: String,
    /// The arguments and blocks of the configuration in Terraform's syntax, without `alias`.
    pub body: String,
}

/// What is hoisted out of which modules.
#[derive(Default)]
pub(super) struct Hoisting {
    pub(super) providers: Vec<HoistedProvider>,
    /// By the modules' order: names of providers, and their aliases at the root; `None` for the one that Terraform makes.
    pub(super) modules: Vec<BTreeMap<String, Option<String>>>,
    /// By the modules' order: names of providers that must be declared.
    pub(super) undeclared: Vec<BTreeSet<(String, String)>>,
}

pub(super) fn hoist(modules: &[Module<'_>], facts: &[Facts], notes: &mut Vec<Note>) -> Hoisting {
    let mut hoisting = Hoisting {
        providers: Vec::new(),
        modules: vec![BTreeMap::new(); modules.len()],
        undeclared: vec![BTreeSet::new(); modules.len()],
    };
    // By name, source, and content: the modules that have it, by their order.
    let mut alike: BTreeMap<(&str, String, &str), Vec<usize>> = BTreeMap::new();
    let mut kept: Vec<(&ProviderBlock, usize, String)> = Vec::new();
    let mut count: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, facts) in facts.iter().enumerate() {
        for block in facts.providers.iter().filter(|block| !block.alias) {
            *count.entry(&block.name).or_default() += 1;
            match candidate(facts, block) {
                Ok((source, body)) => alike
                    .entry((&block.name, source, body))
                    .or_default()
                    .push(index),
                Err(reason) => kept.push((block, index, reason)),
            }
        }
    }
    let mut sources: BTreeMap<&str, String> = BTreeMap::new();
    for ((name, source, body), indices) in alike {
        if body.is_empty() {
            // In a module an empty block means the project's own configuration, with a warning.
            for index in indices {
                if let Some(module) = hoisting.modules.get_mut(index) {
                    module.insert(name.to_owned(), None);
                }
            }
            continue;
        }
        if indices.len() < 2 {
            continue;
        }
        // At the root a name means one provider.
        if sources.entry(name).or_insert_with(|| source.clone()) != &source {
            continue;
        }
        let alias = alias(&source, body);
        for &index in &indices {
            let (Some(module), Some(undeclared), Some(facts)) = (
                hoisting.modules.get_mut(index),
                hoisting.undeclared.get_mut(index),
                facts.get(index),
            ) else {
                continue;
            };
            module.insert(name.to_owned(), Some(alias.clone()));
            if !facts.has_requirements {
                undeclared.insert((name.to_owned(), source.clone()));
            }
        }
        let aliases = indices.iter().filter_map(|&index| modules.get(index));
        notes.push(Note::Hoisted {
            provider: name.to_owned(),
            aliases: aliases.map(|module| module.alias.to_owned()).collect(),
        });
        hoisting.providers.push(HoistedProvider {
            name: name.to_owned(),
            source,
            alias,
            body: body.to_owned(),
        });
    }
    kept.sort_by_key(|(_, index, _)| *index);
    for (block, index, reason) in kept {
        let several = count
            .get(block.name.as_str())
            .is_some_and(|&count| count > 1);
        if let Some(module) = modules.get(index).filter(|_| several) {
            let filled = module.fillings.iter();
            let reason = match filled.clone().any(|each| reason.contains(each.token)) {
                true => "a value in it is filled in later".to_owned(),
                false => reason,
            };
            notes.push(Note::Kept {
                place: place(module.alias, &block.file, block.line),
                provider: block.name.clone(),
                reason,
            });
        }
    }
    hoisting
}

/// The source and the content of a configuration that may stand at the root, or why it must not.
fn candidate<'f>(facts: &'f Facts, block: &'f ProviderBlock) -> Result<(String, &'f str), String> {
    let body = block.body.as_deref().map_err(Clone::clone)?;
    if !facts.unread.is_empty() {
        return Err("not all files of the plugin can be read".to_owned());
    }
    let default = |other: &&ProviderBlock| other.name == block.name && !other.alias;
    if facts.providers.iter().filter(default).count() > 1 {
        return Err("the plugin configures it more than once".to_owned());
    }
    let mut requirements = facts
        .requirements
        .iter()
        .filter(|entry| entry.name == block.name && !entry.file.contains('/'));
    let requirement = requirements.next();
    // A module that is handed a provider should say which one it is, and has one place for that.
    if requirement.is_none() && facts.has_requirements {
        return Err(format!(
            "the plugin's `required_providers` has no entry `{}`",
            block.name
        ));
    }
    if requirements.next().is_some() {
        return Err("the plugin has several entries of `required_providers` for it".to_owned());
    }
    let source = requirement.and_then(|entry| entry.source.as_deref());
    Ok((address(source, &block.name), body))
}

fn alias(source: &str, body: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(source);
    digest.update([0]);
    digest.update(body);
    let bytes = digest.finalize();
    let letters = bytes.iter().take(8).map(|byte| format!("{byte:02x}"));
    format!("stk_{}", letters.collect::<String>())
}
