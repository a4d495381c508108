//! Secrets: passwords, and whatever stands as `***` in stk.yaml. Their values are never a part of a unit.

use serde_json::{Map, Value};

use super::Secrets;
use super::origin::Origin;
use crate::connection::CONNECTION_MARK;
use crate::definition::{InputDefinition, InputKind};
use crate::finding::{Finding, FindingCode, Report, Severity, quoted};
use crate::manifest::SECRET_PLACEHOLDER;
use crate::yaml::Places;

/// A secret inside of a value: where it stands, by names and by indexes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The names of fields, and the positions of items as text.
    pub(super) path: Vec<String>,
    /// The positions of the same parts among their siblings.
    pub(super) indexes: Vec<usize>,
}

impl Place {
    fn inside<T>(&mut self, name: String, index: usize, look: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(name);
        self.indexes.push(index);
        let found = look(self);
        self.path.pop();
        self.indexes.pop();
        found
    }

    pub(super) fn origin<'u>(&self, origin: Origin<'u>) -> Origin<'u> {
        let mut indexes = self.indexes.iter();
        indexes
            .try_fold(origin, |origin, index| Some(origin.part(*index)))
            .unwrap_or(origin)
    }
}

pub(super) fn is_placeholder(value: &Value) -> bool {
    value
        .as_str()
        .is_some_and(|text| text.trim() == SECRET_PLACEHOLDER)
}

/// Every `***` in `value`.
pub(super) fn placeholders(value: &Value) -> Vec<Place> {
    fn search(value: &Value, place: &mut Place, found: &mut Vec<Place>) {
        match value {
            Value::String(_) if is_placeholder(value) => found.push(place.clone()),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    place.inside(index.to_string(), index, |place| search(item, place, found));
                }
            }
            Value::Object(fields) => {
                // What a connection input keeps of its connection is replaced when it is deployed.
                let kept = fields.contains_key(CONNECTION_MARK).then_some("connection");
                for (index, (name, field)) in fields.iter().enumerate() {
                    if kept != Some(name.as_str()) {
                        place.inside(name.clone(), index, |place| search(field, place, found));
                    }
                }
            }
            Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut found = Vec::new();
    search(value, &mut Place::default(), &mut found);
    found
}

/// Every value that a password inside of `input` is written out with.
pub(super) fn written_out(input: &InputDefinition, value: &Value) -> Vec<Place> {
    fn search(input: &InputDefinition, value: &Value, place: &mut Place, found: &mut Vec<Place>) {
        match (input.kind, value) {
            (_, Value::Null) => {}
            (InputKind::Password, value) if !is_placeholder(value) => found.push(place.clone()),
            (InputKind::Object, Value::Object(fields)) => {
                for (index, (name, field)) in fields.iter().enumerate() {
                    if let Some(inner) = input.inputs.iter().find(|inner| inner.name == *name) {
                        place.inside(name.clone(), index, |place| {
                            search(inner, field, place, found);
                        });
                    }
                }
            }
            (InputKind::List, Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    if let Some(inner) = input.item.as_deref() {
                        place.inside(index.to_string(), index, |place| {
                            search(inner, item, place, found);
                        });
                    }
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    search(input, value, &mut Place::default(), &mut found);
    found
}

/// The secrets of one plugin, as they are found.
pub(super) struct Found<'s> {
    secrets: &'s Secrets<'s>,
    alias: &'s str,
    pub(super) paths: Vec<Vec<String>>,
}

impl<'s> Found<'s> {
    pub(super) fn new(secrets: &'s Secrets<'s>, alias: &'s str) -> Self {
        Self {
            secrets,
            alias,
            paths: Vec::new(),
        }
    }

    /// Whether a value is given for the input as a whole.
    pub(super) fn is_given(&self, name: &str) -> bool {
        self.has(&[name.to_owned()])
    }

    fn has(&self, path: &[String]) -> bool {
        match self.secrets {
            Secrets::Later => false,
            Secrets::Given(source) => source.has(self.alias, path),
        }
    }

    /// Takes the secret `path` for one of the plugin's, and says what is wrong with that.
    pub(super) fn add(
        &mut self,
        path: Vec<String>,
        label: &str,
        origin: Origin<'_>,
    ) -> Option<Finding> {
        let name = path.join(".");
        let finding = match self.secrets {
            Secrets::Later => Some(origin.finding(
                Severity::Note,
                FindingCode::SecretInput,
                format!(
                    "the input {}{label} of the plugin `{}` is a secret: a deployment needs its value",
                    quoted(&name),
                    self.alias
                ),
                Some("give it in SECRET_INPUTS when you deploy".to_owned()),
            )),
            Secrets::Given(source) if !source.has(self.alias, &path) => Some(origin.finding(
                Severity::Error,
                FindingCode::SecretInput,
                format!(
                    "the secret input {}{label} of the plugin `{}` has no value",
                    quoted(&name),
                    self.alias
                ),
                Some(self.how_to_give(&path)),
            )),
            Secrets::Given(_) => None,
        };
        self.paths.push(path);
        finding
    }

    /// That a secret's value stands where everybody can read it.
    pub(super) fn written_out(&self, path: &[String], origin: Origin<'_>) -> Finding {
        let name = path.join(".");
        let help = match self.secrets {
            Secrets::Later => "give it in SECRET_INPUTS when you deploy".to_owned(),
            Secrets::Given(_) => self.how_to_give(path),
        };
        origin.finding(
            Severity::Error,
            FindingCode::SecretInput,
            format!(
                "the password {} of the plugin `{}` is written out, for everybody who can read this",
                quoted(&name),
                self.alias
            ),
            Some(format!("write `***` instead, choose a new password, and {help}")),
        )
    }

    fn how_to_give(&self, path: &[String]) -> String {
        let json = path.iter().rev().fold("\"…\"".to_owned(), |inner, part| {
            format!("{{\"{part}\": {inner}}}")
        });
        let variable = match self.secrets {
            Secrets::Later => String::new(),
            Secrets::Given(source) => format!(
                ", or in the environment variable {}",
                source.variable(self.alias, path)
            ),
        };
        format!(
            "give it in SECRET_INPUTS as `{{\"{}\": {json}}}`{variable}; a GitHub secret that does not exist is an empty text, which counts as no value",
            self.alias
        )
    }
}

/// The values without those that hold a `***`. One that no plugin declares is reported, once for the whole project:
/// nobody gets it.
pub(super) fn without_placeholders(
    values: &Map<String, Value>,
    places: &Places,
    what: &str,
    is_declared: &dyn Fn(&str) -> bool,
    report: &mut Report,
) -> Map<String, Value> {
    let mut kept = Map::new();
    for (index, (name, value)) in values.iter().enumerate() {
        if placeholders(value).is_empty() {
            kept.insert(name.clone(), value.clone());
        } else if !is_declared(name) {
            report.warning(
                FindingCode::SecretInput,
                places.at_path(&[index]),
                format!(
                    "the {what} `{name}` is a secret (`{SECRET_PLACEHOLDER}`) and is left out: no plugin declares an input of that name"
                ),
                None,
            );
        }
    }
    kept
}
