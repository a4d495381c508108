//! From what templates read to the connections that it is of.

use serde_json::Value;
use stk_render::reads::{Read, Step};
use stk_run::{Requirement, Unit};

/// An attribute of a connection, and the ways through the variables that lead to it.
pub(super) struct Attribute<'u, 'r> {
    pub(super) requirement: &'u Requirement,
    pub(super) name: &'r str,
    pub(super) paths: Vec<Vec<String>>,
}

/// The attributes of connections that `read` is a read of: none, one, or one for each connection when it stands in a loop.
pub(super) fn attributes<'u, 'r>(unit: &'u Unit, read: &'r Read) -> Vec<Attribute<'u, 'r>> {
    let [first, way @ .., Step::Name(attribute)] = read.path.as_slice() else {
        return Vec::new();
    };
    let Step::Name(variable) = first else {
        return Vec::new();
    };
    if is_computed(unit, variable) {
        return Vec::new();
    }
    if variable == "connections" {
        return by_slot(unit, way, attribute);
    }
    let [way @ .., Step::Name(last)] = way else {
        return Vec::new();
    };
    if last != "connection" {
        return Vec::new();
    }
    let mut found = Vec::new();
    if variable == "inputs" {
        let inputs = Value::Object(unit.inputs.clone());
        follow(&inputs, way, &mut Vec::new(), &mut found);
    } else if let Some(input) = unit.inputs.get(variable) {
        follow(input, way, &mut vec![variable.clone()], &mut found);
    }
    found
        .into_iter()
        .filter_map(|(path, connection)| {
            // The same choice as for the values that templates get.
            let requirement = unit
                .requires
                .iter()
                .find(|requirement| requirement.connection == connection)?;
            let tail = ["connection".to_owned(), attribute.clone()];
            let bare = [path.as_slice(), &tail].concat();
            let below = [&["inputs".to_owned()], bare.as_slice()].concat();
            Some(Attribute {
                requirement,
                name: attribute,
                paths: vec![bare, below],
            })
        })
        .collect()
}

/// The slot that `read` is a read of, when the plugin has no such slot.
pub(super) fn unknown_slot<'r>(unit: &Unit, read: &'r Read) -> Option<&'r str> {
    let [Step::Name(variable), Step::Name(slot)] = read.path.as_slice() else {
        return None;
    };
    if variable != "connections" || is_computed(unit, variable) {
        return None;
    }
    // An input that holds connections further inside may be meant, which StackSpot shows here too.
    if unit.inputs.contains_key(slot) {
        return None;
    }
    let required = unit.requires.iter().map(|each| &each.slot);
    let generated = unit.generates.iter().map(|each| &each.slot);
    (!required.chain(generated).any(|known| known == slot)).then_some(slot)
}

/// Whether `read` has to do with a connection at all.
pub(super) fn is_connection(unit: &Unit, read: &Read) -> bool {
    let below_connections = matches!(
        read.path.as_slice(),
        [Step::Name(variable), _, ..] if variable == "connections"
    );
    below_connections
        || (1..=read.path.len()).any(|length| {
            let above = Read {
                path: read.path[..length].to_vec(),
                ..read.clone()
            };
            !attributes(unit, &above).is_empty()
        })
}

/// A computed input hides whatever else has its name.
fn is_computed(unit: &Unit, name: &str) -> bool {
    unit.computed_inputs.contains_key(name) || unit.global_computed_inputs.contains_key(name)
}

fn by_slot<'u, 'r>(unit: &'u Unit, way: &[Step], attribute: &'r str) -> Vec<Attribute<'u, 'r>> {
    let [slot] = way else {
        return Vec::new();
    };
    let meant = |requirement: &&Requirement| match slot {
        Step::Name(name) => requirement.slot == *name,
        Step::Value => true,
        Step::Index(_) | Step::Each => false,
    };
    unit.requires
        .iter()
        .filter(meant)
        .map(|requirement| Attribute {
            requirement,
            name: attribute,
            paths: vec![vec![
                "connections".to_owned(),
                requirement.slot.clone(),
                attribute.to_owned(),
            ]],
        })
        .collect()
}

/// The connection inputs at the end of `way` below `value`: each with its path and its connection's name.
fn follow(
    value: &Value,
    way: &[Step],
    path: &mut Vec<String>,
    found: &mut Vec<(Vec<String>, String)>,
) {
    let Some((step, rest)) = way.split_first() else {
        let required = value.get("stk-type").and_then(Value::as_str) == Some("required-connection");
        let selected = value.get("selected").and_then(Value::as_str);
        if let Some(selected) = selected.filter(|_| required) {
            found.push((path.clone(), selected.to_owned()));
        }
        return;
    };
    let mut next = |name: String, value: &Value| {
        path.push(name);
        follow(value, rest, path, found);
        path.pop();
    };
    match (step, value) {
        (Step::Name(name), Value::Object(fields)) => {
            if let Some(field) = fields.get(name) {
                next(name.clone(), field);
            }
        }
        (Step::Value, Value::Object(fields)) => {
            for (name, field) in fields {
                next(name.clone(), field);
            }
        }
        (Step::Index(index), Value::Array(items)) => {
            if let Some(item) = items.get(*index) {
                next(index.to_string(), item);
            }
        }
        (Step::Each, Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                next(index.to_string(), item);
            }
        }
        _ => {}
    }
}
