//! Connections: how a plugin is tied to what it needs and to what it gives.

use std::fmt;

use serde_json::{Map, Value};

use crate::finding::Position;

/// The key that marks an input's value as a connection (v3 plugins).
pub(crate) const CONNECTION_MARK: &str = "stk-type";

/// A connection that an entry of stk.yaml selects for one slot of its plugin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectedConnection {
    /// The plugin's own name for the place that the connection fills: for a listed connection its `alias`; for a
    /// connection input the input's name, with its path when it is nested (`bucket.inner`, `buckets[0].inner`);
    /// for a v1 plugin, which names no slots, the connection's type.
    pub slot: String,
    /// The connection's name in the workspace (`selected`): free text.
    pub connection: String,
    /// The connection interface type, such as `aws-s3-conn`.
    pub kind: String,
    /// Which of the spellings it was found in.
    pub source: ConnectionSource,
    /// The attributes that stk.yaml has kept of the connection: v1's `x__CONNECTOR__<attribute>` inputs, and the
    /// `connection` of a v3 connection input. They are those of the environment in which the plugin was applied, so a
    /// deployment does not take them for the connection's. Secrets (`***`) are left out.
    pub kept: Map<String, Value>,
    /// Where it stands in stk.yaml.
    pub at: Position,
}

/// The places of stk.yaml in which connections are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionSource {
    /// An item of `connections.requires` or `connections.generates` (v2 plugins).
    List,
    /// An input with `stk-type: required-connection` or `generated-connection` (v3 plugins).
    Input,
    /// `connectors`, or `x__CONNECTOR` inputs (v1). stk.yaml does not say whether the plugin needs or gives it.
    Connector,
}

/// Which Terraform output becomes which attribute of a generated connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputMapping {
    /// Name of a Terraform output in `templates-deploy`.
    pub from: String,
    /// Attribute of the connection interface type.
    pub to: String,
    /// Where `from` stands in plugin.yaml.
    pub at: Position,
}

/// Which way a connection goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Requires,
    Generates,
}

/// One step from an input to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'v> {
    Key(&'v str),
    Index(usize),
}

/// A connection object found in a plugin's inputs.
#[derive(Debug)]
pub(crate) struct FoundConnection<'v> {
    pub(crate) path: Vec<Step<'v>>,
    /// Positions of the parts on the way, as [`crate::yaml::Places`] counts them.
    pub(crate) indexes: Vec<usize>,
    pub(crate) direction: Direction,
    pub(crate) object: &'v Map<String, Value>,
}

impl FoundConnection<'_> {
    pub(crate) fn slot(&self) -> String {
        Slot(&self.path).to_string()
    }
}

pub(crate) struct Slot<'s, 'v>(pub(crate) &'s [Step<'v>]);

impl fmt::Display for Slot<'_, '_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if position == 0 => formatter.write_str(key)?,
                Step::Key(key) => write!(formatter, ".{key}")?,
                Step::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// All connection objects in `inputs`, at any depth, in file order.
///
/// The search goes on inside a connection object: a real file has one nested in another by indentation.
pub(crate) fn find_connections(inputs: &Map<String, Value>) -> Vec<FoundConnection<'_>> {
    let mut found = Vec::new();
    search_map(inputs, &mut Vec::new(), &mut Vec::new(), &mut found);
    found
}

fn search_map<'v>(
    map: &'v Map<String, Value>,
    path: &mut Vec<Step<'v>>,
    indexes: &mut Vec<usize>,
    found: &mut Vec<FoundConnection<'v>>,
) {
    for (index, (key, value)) in map.iter().enumerate() {
        indexes.push(index);
        path.push(Step::Key(key));
        search(value, path, indexes, found);
        path.pop();
        indexes.pop();
    }
}

fn search<'v>(
    value: &'v Value,
    path: &mut Vec<Step<'v>>,
    indexes: &mut Vec<usize>,
    found: &mut Vec<FoundConnection<'v>>,
) {
    match value {
        Value::Object(object) => {
            let direction = match object.get(CONNECTION_MARK).and_then(Value::as_str) {
                Some("required-connection") => Some(Direction::Requires),
                Some("generated-connection") => Some(Direction::Generates),
                _ => None,
            };
            if let Some(direction) = direction {
                found.push(FoundConnection {
                    path: path.clone(),
                    indexes: indexes.clone(),
                    direction,
                    object,
                });
            }
            search_map(object, path, indexes, found);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                indexes.push(index);
                path.push(Step::Index(index));
                search(item, path, indexes, found);
                path.pop();
                indexes.pop();
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
