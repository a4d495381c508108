use std::collections::BTreeMap;

use minijinja::Value;
use serde_json::Map;

use crate::{
    opaque::{self, Truth},
    python::values::{Changed, Dict, List},
};

/// The variables that templates see, and those that they must not use.
///
/// Every name is the caller's: whether an input is reachable as `name`, as `inputs.name` or both is decided where the
/// map is built (the names that StackSpot gives are listed in the documentation of its metadata object).
#[derive(Clone, Debug, Default)]
pub struct Context {
    variables: Map<String, serde_json::Value>,
    special: BTreeMap<Vec<String>, Special>,
    /// Why each value must not be used, or must not be used otherwise than printed.
    reasons: Vec<String>,
    /// The names of opaque values, with the index of their reason.
    names: Vec<(String, usize)>,
}

/// What stands in the place of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    /// Its reason.
    Refused(usize),
    /// Its reason, and its name.
    Opaque {
        reason: usize,
        name: usize,
        truth: Truth,
    },
}

impl Context {
    /// A context of these variables. The order of keys is kept: loops and printed mappings show it.
    pub fn new(variables: Map<String, serde_json::Value>) -> Self {
        Self {
            variables,
            ..Self::default()
        }
    }

    /// Makes a template fail with `reason` as soon as it uses the value at `path` in any way, printing and testing
    /// included. `path` is a way through the variables, as `["inputs", "password"]` or `["servers", "0", "token"]`
    /// (list items by position); the value need not exist, and one that does is never handed to the engine.
    ///
    /// For values that must not end up in rendered files, which are stored. An empty path refuses nothing.
    pub fn refuse(&mut self, path: &[&str], reason: impl Into<String>) {
        if !path.is_empty() {
            self.reasons.push(reason.into());
            self.set(path, Special::Refused(self.reasons.len() - 1));
        }
    }

    /// Makes the value at `path` one that a template can print, pass on and test for being there, and nothing else.
    /// What it prints is a token, an identifier that occurs nowhere else; [`Rendered::tokens`](crate::Rendered) lists
    /// them. Any other use fails with `reason`.
    ///
    /// For values that are not known when templates are rendered, or must not be: a later step decides what each token
    /// becomes. `name` is what that step knows the value by; several paths may lead to one name. `path` is as of
    /// [`Context::refuse`], and the later of the two calls for one path holds. `truth` is what `{% if … %}` makes of it.
    pub fn opaque(
        &mut self,
        path: &[&str],
        name: impl Into<String>,
        reason: impl Into<String>,
        truth: Truth,
    ) {
        if path.is_empty() {
            return;
        }
        let name = name.into();
        let known = self.names.iter().position(|(known, _)| *known == name);
        let index = known.unwrap_or_else(|| {
            self.reasons.push(reason.into());
            self.names.push((name, self.reasons.len() - 1));
            self.names.len() - 1
        });
        let reason = self.names.get(index).map_or(0, |(_, reason)| *reason);
        self.set(
            path,
            Special::Opaque {
                reason,
                name: index,
                truth,
            },
        );
    }

    fn set(&mut self, path: &[&str], special: Special) {
        let path = path.iter().map(|&segment| segment.to_owned()).collect();
        self.special.insert(path, special);
    }

    /// Whether templates are read with a look at what they do with values.
    pub(crate) fn has_opaque(&self) -> bool {
        !self.names.is_empty()
    }

    /// The name of an opaque value, and why it cannot be used otherwise than printed.
    pub(crate) fn name(&self, index: usize) -> Option<(&str, &str)> {
        let (name, reason) = self.names.get(index)?;
        Some((name, self.reasons.get(*reason)?))
    }

    pub(crate) fn reason(&self, index: usize) -> Option<&str> {
        self.reasons.get(index).map(String::as_str)
    }

    /// The variables as they were given.
    pub fn variables(&self) -> &Map<String, serde_json::Value> {
        &self.variables
    }

    /// The value that templates are rendered with. Whether a template changed one of its lists or dictionaries is noted
    /// in `changed`.
    pub(crate) fn to_engine(&self, changed: &Changed) -> Value {
        let mut places = Places::default();
        for (path, special) in &self.special {
            places.insert(path, *special);
        }
        Value::from_pairs(entries(&self.variables, Some(&places), changed))
    }
}

/// The special values below one value.
#[derive(Default)]
struct Places<'a> {
    here: Option<Special>,
    below: BTreeMap<&'a str, Self>,
}

impl<'a> Places<'a> {
    fn insert(&mut self, path: &'a [String], special: Special) {
        match path {
            [] => self.here = Some(special),
            [first, rest @ ..] => self.below.entry(first).or_default().insert(rest, special),
        }
    }
}

fn value(json: &serde_json::Value, places: Option<&Places<'_>>, changed: &Changed) -> Value {
    match places.and_then(|places| places.here) {
        Some(Special::Refused(reason)) => return Value::from(opaque::refused(reason)),
        Some(Special::Opaque {
            reason,
            name,
            truth,
        }) => return opaque::value(reason, name, truth),
        None => {}
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
                let below =
                    places.and_then(|places| places.below.get(position.to_string().as_str()));
                value(item, below, changed)
            });
            List::of_context(items.collect(), changed)
        }
        serde_json::Value::Object(map) => {
            let entries = entries(map, places, changed).into_iter();
            Dict::of_context(
                entries.map(|(key, entry)| (Value::from(key), entry)),
                changed,
            )
        }
    }
}

fn entries(
    map: &Map<String, serde_json::Value>,
    places: Option<&Places<'_>>,
    changed: &Changed,
) -> Vec<(String, Value)> {
    let present = map.iter().map(|(key, entry)| {
        let below = places.and_then(|places| places.below.get(key.as_str()));
        (key.clone(), value(entry, below, changed))
    });
    let absent = places
        .into_iter()
        .flat_map(|places| &places.below)
        .filter(|(key, _)| !map.contains_key(**key))
        .map(|(key, below)| {
            let missing = serde_json::Value::Object(Map::new());
            ((*key).to_owned(), value(&missing, Some(below), changed))
        });
    present.chain(absent).collect()
}
