//! Tokens become variables of the module, and the module block hands in what they stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, is_override};
use super::names::{identifier, unique};
use super::{ComposeError, FilledBy, Module};
use crate::values::modules::folder;
use crate::values::{self, Token, VARIABLES_FILE, Variable};

/// What filling made of all modules.
pub(super) struct Filled {
    /// By the modules' order.
    pub(super) modules: Vec<FilledModule>,
    /// The root variables that are used, by name.
    pub(super) variables: BTreeMap<String, Variable>,
}

#[derive(Default)]
pub(super) struct FilledModule {
    /// The files that changed or were added.
    pub(super) files: BTreeMap<String, Vec<u8>>,
    /// The arguments of the module block, by name.
    pub(super) arguments: BTreeMap<String, Argument>,
}

/// What a module is handed.
pub(super) enum Argument {
    /// A root variable of the same name.
    Variable { sensitive: bool },
    /// An output of another module.
    Output { generator: String, output: String },
}

pub(super) fn fill(modules: &[Module<'_>], facts: &[Facts]) -> Result<Filled, Vec<ComposeError>> {
    let by_alias: BTreeMap<&str, &Facts> = modules
        .iter()
        .zip(facts)
        .map(|(module, facts)| (module.alias, facts))
        .collect();
    let mut errors = Vec::new();
    let mut filled = Filled {
        modules: Vec::with_capacity(modules.len()),
        variables: BTreeMap::new(),
    };
    // The plugin that named a variable first.
    let mut owners: BTreeMap<&str, (&str, &Variable)> = BTreeMap::new();
    for module in modules {
        for filling in &module.fillings {
            if let FilledBy::Variable(variable) = filling.value {
                let (owner, known) = *owners
                    .entry(&variable.name)
                    .or_insert((module.alias, variable));
                if known != variable {
                    errors.push(ComposeError::Variable {
                        name: variable.name.clone(),
                        first: owner.to_owned(),
                        second: module.alias.to_owned(),
                    });
                }
            }
        }
        let (tokens, arguments) = variables(module);
        let tokens: Vec<Token<'_>> = tokens
            .iter()
            .map(|(text, variable)| Token { text, variable })
            .collect();
        let files = module.files.iter().map(|file| (file.path, file.bytes));
        let found = match values::fill(files, &tokens) {
            Ok(found) => found,
            Err(misplaced) => {
                errors.extend(
                    misplaced
                        .into_iter()
                        .map(|misplaced| ComposeError::Misplaced {
                            alias: module.alias.to_owned(),
                            misplaced,
                        }),
                );
                continue;
            }
        };
        let mut handed = BTreeMap::new();
        for name in found.variables {
            let Some(value) = arguments.get(&name) else {
                continue;
            };
            let argument = match *value {
                FilledBy::Variable(variable) => {
                    filled.variables.insert(name.clone(), variable.clone());
                    Argument::Variable {
                        sensitive: variable.sensitive,
                    }
                }
                FilledBy::Output {
                    generator, output, ..
                } => {
                    errors.extend(missing(
                        module.alias,
                        value,
                        by_alias.get(generator).copied(),
                    ));
                    Argument::Output {
                        generator: generator.to_owned(),
                        output: output.to_owned(),
                    }
                }
            };
            handed.insert(name, argument);
        }
        let mut files = found.files;
        into_rendered_files(module, &mut files);
        filled.modules.push(FilledModule {
            files,
            arguments: handed,
        });
    }
    if errors.is_empty() {
        Ok(filled)
    } else {
        Err(errors)
    }
}

/// Puts the generated declarations at the end of a file that the plugin has, so that the tree is the document's. An
/// override file cannot declare anything; where there is no other, the generated file stays.
fn into_rendered_files(module: &Module<'_>, files: &mut BTreeMap<String, Vec<u8>>) {
    let generated: Vec<String> = files
        .keys()
        .filter(|path| path.rsplit('/').next() == Some(VARIABLES_FILE))
        .cloned()
        .collect();
    for path in generated {
        let rendered = files.keys().find(|other| {
            folder(other) == folder(&path)
                && other.ends_with(".tf")
                && !is_override(other)
                && module.files.iter().any(|file| file.path == other.as_str())
        });
        let Some(rendered) = rendered.cloned() else {
            continue;
        };
        if let Some(declarations) = files.remove(&path)
            && let Some(text) = files.get_mut(&rendered)
        {
            if !text.is_empty() && !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            text.push(b'\n');
            text.extend(declarations);
        }
    }
}

/// The variable of each token in the module, and where the value of each variable comes from.
fn variables<'m>(
    module: &Module<'m>,
) -> (Vec<(&'m str, Variable)>, BTreeMap<String, FilledBy<'m>>) {
    let mut taken = BTreeSet::new();
    let mut arguments = BTreeMap::new();
    let mut tokens = Vec::new();
    // Connections in the order of their names, so that the variables' names do not depend on the templates.
    let mut connections = BTreeMap::new();
    for filling in &module.fillings {
        match filling.value {
            FilledBy::Variable(variable) => {
                taken.insert(variable.name.clone());
                arguments.insert(variable.name.clone(), filling.value);
                tokens.push((filling.token, variable.clone()));
            }
            FilledBy::Output {
                slot,
                attribute,
                generator,
                output,
            } => connections
                .entry((slot, attribute, generator, output))
                .or_insert_with(Vec::new)
                .push(filling.token),
        }
    }
    for ((slot, attribute, generator, output), texts) in connections {
        let variable = Variable {
            name: unique(identifier(&["stk_connection", slot, attribute]), &mut taken),
            description: format!(
                "{attribute} of the connection {slot}: the output {output} of the plugin {generator}."
            ),
            sensitive: false,
            text: false,
        };
        let value = FilledBy::Output {
            slot,
            attribute,
            generator,
            output,
        };
        arguments.insert(variable.name.clone(), value);
        tokens.extend(texts.into_iter().map(|text| (text, variable.clone())));
    }
    (tokens, arguments)
}

/// What is wrong with a reference to an output.
fn missing(alias: &str, value: &FilledBy<'_>, generated: Option<&Facts>) -> Option<ComposeError> {
    let FilledBy::Output {
        slot,
        attribute,
        generator,
        output,
    } = *value
    else {
        return None;
    };
    let Some(facts) = generated else {
        return Some(ComposeError::Generator {
            alias: alias.to_owned(),
            slot: slot.to_owned(),
            attribute: attribute.to_owned(),
            generator: generator.to_owned(),
        });
    };
    // A file that cannot be read here may declare it; Terraform says so if none does.
    if facts.outputs.contains_key(output) || !facts.unread.is_empty() {
        return None;
    }
    let similar = |name: &&String| strsim::damerau_levenshtein(name, output);
    let nearest = facts.outputs.keys().min_by_key(similar);
    let nearest = nearest.filter(|name| similar(name) <= 2 + output.chars().count() / 4);
    Some(ComposeError::Output {
        alias: alias.to_owned(),
        slot: slot.to_owned(),
        attribute: attribute.to_owned(),
        generator: generator.to_owned(),
        output: output.to_owned(),
        nearest: nearest.cloned(),
    })
}
