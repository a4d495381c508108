//! The same facts in Terraform's JSON syntax, as far as they matter there.

use serde_json::{Map, Value};

use super::facts::{Facts, Output, ProviderBlock, Requirement};
use crate::line_of;
use crate::outputs::objects;

pub(super) fn read(facts: &mut Facts, file: &str, text: &str) {
    let root = !file.contains('/');
    let document: Value = match serde_json::from_str(text) {
        Ok(document) => document,
        Err(error) => {
            if root {
                let line = u32::try_from(error.line()).unwrap_or(1).max(1);
                facts
                    .unread
                    .push((file.to_owned(), line, error.to_string()));
            }
            return;
        }
    };
    for top in objects(&document) {
        for terraform in top.get("terraform").into_iter().flat_map(objects) {
            requirements(facts, file, text, terraform);
        }
        if !root {
            continue;
        }
        for (name, output) in named(top, "output") {
            let is = |key| objects(output).any(|each| each.get(key) == Some(&Value::Bool(true)));
            let known: &mut Output = facts.outputs.entry(name.clone()).or_default();
            known.sensitive |= is("sensitive");
            known.ephemeral |= is("ephemeral");
        }
        for (name, provider) in named(top, "provider") {
            facts.providers.push(ProviderBlock {
                name: name.clone(),
                file: file.to_owned(),
                line: line_of_name(text, name),
                alias: objects(provider).all(|each| each.contains_key("alias")),
                body: Err("it stands in a file of JSON syntax".to_owned()),
            });
        }
    }
}

fn requirements(facts: &mut Facts, file: &str, text: &str, terraform: &Map<String, Value>) {
    for (name, entry) in named(terraform, "required_providers") {
        facts.has_requirements |= !file.contains('/');
        let part = |key: &str| entry.get(key).and_then(Value::as_str).map(str::to_owned);
        facts.requirements.push(Requirement {
            name: name.clone(),
            source: part("source"),
            version: entry
                .as_str()
                .map(str::to_owned)
                .or_else(|| part("version")),
            file: file.to_owned(),
            line: line_of_name(text, name),
        });
    }
}

fn named<'a>(
    object: &'a Map<String, Value>,
    key: &str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    object.get(key).into_iter().flat_map(objects).flatten()
}

pub(super) fn line_of_name(text: &str, name: &str) -> u32 {
    line_of(text, text.find(&format!("\"{name}\"")).unwrap_or(0))
}
