use std::collections::BTreeMap;

use minijinja::{Error, ErrorKind, Value};
use serde_json::Map;

use crate::python::values::{Changed, Dict, List};

/// The variables that templates see, and those that they must not use.
///
/// Every name is the caller's: whether an input is reachable as `name`, as `inputs.name` or both is decided where the
/// map is built (the names that StackSpot gives are listed in the documentation of its metadata object).
#[derive(Clone, Debug, Default)]
pub struct Context {
    variables: Map<String, serde_json::Value>,
    refused: BTreeMap<Vec<String>, String>,
}

impl Context {
    /// A context of these variables. The order of keys is kept: loops and printed mappings show it.
    pub fn new(variables: Map<String, serde_json::Value>) -> Self {
        Self {
            variables,
            refused: BTreeMap::new(),
        }
    }

    /// Makes a template fail with `reason` as soon as it uses the value at `path` in any way, printing and testing
    /// included. `path` is a way through the variables, as `["inputs", "password"]` or `["servers", "0", "token"]`
    /// (list items by position); the value need not exist, and one that does is never handed to the engine.
    ///
    /// For values that must not end up in rendered files, which are stored. An empty path refuses nothing.
    pub fn refuse(&mut self, path: &[&str], reason: impl Into<String>) {
        if !path.is_empty() {
            let path = path.iter().map(|&segment| segment.to_owned()).collect();
            self.refused.insert(path, reason.into());
        }
    }

    /// The variables as they were given.
    pub fn variables(&self) -> &Map<String, serde_json::Value> {
        &self.variables
    }

    /// The value that templates are rendered with, and the reason behind each marker that a refused value carries.
    /// Whether a template changed one of its lists or dictionaries is noted in `changed`.
    pub(crate) fn to_engine(&self, changed: &Changed) -> (Value, Vec<String>) {
        let reasons: Vec<String> = self.refused.values().cloned().collect();
        let mut refusals = Refusals::default();
        for (index, path) in self.refused.keys().enumerate() {
            refusals.insert(path, index);
        }
        let variables = entries(&self.variables, Some(&refusals), changed);
        (Value::from_pairs(variables), reasons)
    }
}

/// Surrounds the number of a refusal in the text of an engine error, so that it is recognised also where the engine
/// turned the error into text. Private-use characters: no template writes them by accident.
pub(crate) const MARK: char = '\u{f5c1}';

/// The refusals below one value.
#[derive(Default)]
struct Refusals<'a> {
    here: Option<usize>,
    below: BTreeMap<&'a str, Self>,
}

impl<'a> Refusals<'a> {
    fn insert(&mut self, path: &'a [String], index: usize) {
        match path {
            [] => self.here = Some(index),
            [first, rest @ ..] => self.below.entry(first).or_default().insert(rest, index),
        }
    }
}

fn refused(index: usize) -> Value {
    Value::from(Error::new(
        ErrorKind::InvalidOperation,
        format!("{MARK}{index}{MARK}"),
    ))
}

fn value(json: &serde_json::Value, refusals: Option<&Refusals<'_>>, changed: &Changed) -> Value {
    if let Some(index) = refusals.and_then(|refusals| refusals.here) {
        return refused(index);
    }
    match json {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(flag) => Value::from(*flag),
        serde_json::Value::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or_default(),
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => {
            let items = items.iter().enumerate().map(|(position, item)| {
                let below = refusals.and_then(|r| r.below.get(position.to_string().as_str()));
                value(item, below, changed)
            });
            List::of_context(items.collect(), changed)
        }
        serde_json::Value::Object(map) => {
            let entries = entries(map, refusals, changed).into_iter();
            Dict::of_context(
                entries.map(|(key, entry)| (Value::from(key), entry)),
                changed,
            )
        }
    }
}

fn entries(
    map: &Map<String, serde_json::Value>,
    refusals: Option<&Refusals<'_>>,
    changed: &Changed,
) -> Vec<(String, Value)> {
    let present = map.iter().map(|(key, entry)| {
        let below = refusals.and_then(|refusals| refusals.below.get(key.as_str()));
        (key.clone(), value(entry, below, changed))
    });
    let absent = refusals
        .into_iter()
        .flat_map(|refusals| &refusals.below)
        .filter(|(key, _)| !map.contains_key(**key))
        .map(|(key, below)| {
            let missing = serde_json::Value::Object(Map::new());
            ((*key).to_owned(), value(&missing, Some(below), changed))
        });
    present.chain(absent).collect()
}
