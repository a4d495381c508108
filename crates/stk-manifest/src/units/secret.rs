//! `***`: the mark that stands for a secret, and must never be deployed as a value.

use serde_json::{Map, Value};

use crate::finding::{FindingCode, Report};
use crate::manifest::SECRET_PLACEHOLDER;
use crate::yaml::Places;

/// Why secrets stop a deployment, and what can be done.
pub(super) const HELP: &str = "secret inputs are not supported yet by this version; deploy this plugin with StackSpot, or let its Terraform read the secret from a secret manager";

/// The path of indexes to the first `***` in `value`.
pub(super) fn find(value: &Value) -> Option<Vec<usize>> {
    fn search(value: &Value, path: &mut Vec<usize>) -> bool {
        let mut any = |parts: &mut dyn Iterator<Item = &Value>| {
            for (index, part) in parts.enumerate() {
                path.push(index);
                if search(part, path) {
                    return true;
                }
                path.pop();
            }
            false
        };
        match value {
            Value::String(text) => text.trim() == SECRET_PLACEHOLDER,
            Value::Array(items) => any(&mut items.iter()),
            Value::Object(object) => any(&mut object.values()),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
    let mut path = Vec::new();
    search(value, &mut path).then_some(path)
}

/// The values without those that hold a `***`; each of these is reported once for the whole project.
///
/// It is a warning: a plugin that declares the name gets an error of its own, and the others cannot see the value.
pub(super) fn without_placeholders(
    values: &Map<String, Value>,
    places: &Places,
    what: &str,
    report: &mut Report,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (index, (name, value)) in values.iter().enumerate() {
        if find(value).is_some() {
            report.warning(
                FindingCode::SecretInput,
                places.at_path(&[index]),
                format!("the {what} `{name}` is a secret (`{SECRET_PLACEHOLDER}`) and is left out"),
                Some(HELP.to_owned()),
            );
        } else {
            kept.insert(name.clone(), value.clone());
        }
    }
    kept
}
