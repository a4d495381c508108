//! The connections of one applied plugin, from the three places in which they are written.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::{AppliedConnections, SECRET_PLACEHOLDER};
use crate::connection::{ConnectionSource, Direction, SelectedConnection, find_connections};
use crate::finding::{FindingCode, Position, Report, quoted};
use crate::shape::stk_yaml::{CONNECTION, CONNECTIONS, CONNECTOR};
use crate::yaml::{Fields, Places, What};

/// Marks v1's flattened connector inputs: `aws_rds_conn__CONNECTOR: <name>`, `aws_rds_conn__CONNECTOR__host: …`.
pub(crate) const CONNECTOR_MARK: &str = "__CONNECTOR";

pub(super) fn read(
    fields: &Fields<'_, '_, '_>,
    inputs: &Map<String, Value>,
    places: &Places,
    report: &mut Report,
) -> AppliedConnections {
    let mut found = AppliedConnections::default();
    if let Some(lists) = fields.mapping("connections", report) {
        lists.warn_unknown(&CONNECTIONS, report);
        found.generates = listed(&lists, "generates", fields.what(), report);
        found.requires = listed(&lists, "requires", fields.what(), report);
    }
    connection_inputs(inputs, places, fields.what(), &mut found, report);
    let connectors = connectors(fields, inputs, places, report);
    found.requires.extend(connectors);
    report_repeated(&found.requires, "requires", fields.what(), report);
    report_repeated(&found.generates, "generates", fields.what(), report);
    found
}

fn listed(
    lists: &Fields<'_, '_, '_>,
    key: &str,
    plugin: What<'_>,
    report: &mut Report,
) -> Vec<SelectedConnection> {
    let what = What::Connection(key, &plugin);
    lists
        .list(key, report)
        .iter()
        .filter_map(|node| {
            let item = Fields::of(node, what, report)?;
            item.warn_unknown(&CONNECTION, report);
            let connection = text(
                &item,
                "selected",
                "name the connection in the workspace",
                report,
            );
            let slot = text(
                &item,
                "alias",
                "name the plugin's own slot, as its plugin.yaml does",
                report,
            );
            let kind = text(&item, "type", "name the connection interface type", report);
            Some(SelectedConnection {
                connection: connection?,
                slot: slot?,
                kind: kind?,
                source: ConnectionSource::List,
                kept: Map::new(),
                at: node.at,
            })
        })
        .collect()
}

fn text(item: &Fields<'_, '_, '_>, key: &str, help: &str, report: &mut Report) -> Option<String> {
    if let Some(text) = item
        .text(key, report)
        .filter(|text| !text.trim().is_empty())
    {
        return Some(text);
    }
    report.error_with_help(
        FindingCode::InvalidConnection,
        item.place(key),
        format!("{} is missing or empty", item.name_of(key)),
        help,
    );
    None
}

fn connection_inputs(
    inputs: &Map<String, Value>,
    places: &Places,
    plugin: What<'_>,
    into: &mut AppliedConnections,
    report: &mut Report,
) {
    for found in find_connections(inputs) {
        let slot = found.slot();
        let at = places.at_path(&found.indexes);
        let text = |key: &str| {
            found
                .object
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.trim().is_empty())
        };
        let Some(connection) = text("selected") else {
            report.error_with_help(
                FindingCode::InvalidConnection,
                at,
                format!("the connection input `{slot}` of {plugin} selects no connection"),
                "add `selected: <the connection's name in the workspace>` to it",
            );
            continue;
        };
        let Some(kind) = text("type") else {
            report.error_with_help(
                FindingCode::InvalidConnection,
                at,
                format!("the connection input `{slot}` of {plugin} has no type"),
                "add `type: <the connection interface type>` to it",
            );
            continue;
        };
        let selected = SelectedConnection {
            slot,
            connection: connection.to_owned(),
            kind: kind.to_owned(),
            source: ConnectionSource::Input,
            kept: match found.object.get("connection") {
                Some(Value::Object(kept)) => without_secrets(kept.iter()),
                _ => Map::new(),
            },
            at,
        };
        match found.direction {
            Direction::Requires => into.requires.push(selected),
            Direction::Generates => into.generates.push(selected),
        }
    }
}

/// v1: the listed connectors, then flattened ones that the list lacks.
fn connectors(
    fields: &Fields<'_, '_, '_>,
    inputs: &Map<String, Value>,
    places: &Places,
    report: &mut Report,
) -> Vec<SelectedConnection> {
    let whole = fields.what();
    let what = What::Part("a connector", &whole);
    let mut connectors: Vec<SelectedConnection> = fields
        .list("connectors", report)
        .iter()
        .filter_map(|node| {
            let item = Fields::of(node, what, report)?;
            item.warn_unknown(&CONNECTOR, report);
            let connection = text(
                &item,
                "name",
                "name the connection in the workspace",
                report,
            );
            let kind = text(&item, "type", "name the connection interface type", report);
            let kind = kind?;
            Some(SelectedConnection {
                slot: item.text("alias", report).unwrap_or_else(|| kind.clone()),
                connection: connection?,
                kind,
                source: ConnectionSource::Connector,
                kept: Map::new(),
                at: node.at,
            })
        })
        .collect();
    let listed: HashSet<(String, String)> = connectors
        .iter()
        .map(|listed| (listed.connection.clone(), listed.kind.replace('_', "-")))
        .collect();
    for (index, (key, value)) in inputs.iter().enumerate() {
        let Some(prefix) = key.strip_suffix(CONNECTOR_MARK) else {
            continue;
        };
        let Some(connection) = value.as_str().filter(|name| !name.trim().is_empty()) else {
            continue;
        };
        let flattened = (connection.to_owned(), prefix.replace('_', "-"));
        if !listed.contains(&flattened) {
            let (connection, kind) = flattened;
            connectors.push(SelectedConnection {
                slot: kind.clone(),
                connection,
                kind,
                source: ConnectionSource::Connector,
                kept: Map::new(),
                at: places.at_path(&[index]),
            });
        }
    }
    if !connectors.is_empty() {
        keep_flattened(&mut connectors, inputs);
    }
    connectors
}

/// `<prefix>__CONNECTOR__<attribute>: value`, where the prefix is the type of the connector that
/// `<prefix>__CONNECTOR` names, or of the only one.
fn keep_flattened(connectors: &mut [SelectedConnection], inputs: &Map<String, Value>) {
    let mut by_prefix: HashMap<&str, Vec<(&str, &Value)>> = HashMap::new();
    for (key, value) in inputs {
        let parts = key.split_once(CONNECTOR_MARK);
        if let Some((prefix, rest)) = parts
            && let Some(attribute) = rest.strip_prefix("__")
            && !attribute.is_empty()
        {
            by_prefix
                .entry(prefix)
                .or_default()
                .push((attribute, value));
        }
    }
    if by_prefix.is_empty() {
        return;
    }
    for connector in connectors {
        let prefix = connector.kind.replace('-', "_");
        let selected = inputs.get(&format!("{prefix}{CONNECTOR_MARK}"));
        let is_other = selected
            .and_then(Value::as_str)
            .is_some_and(|selected| selected != connector.connection);
        if !is_other && let Some(attributes) = by_prefix.remove(prefix.as_str()) {
            connector.kept = without_secrets(attributes.into_iter());
        }
    }
}

fn without_secrets<'v>(
    attributes: impl Iterator<Item = (impl AsRef<str>, &'v Value)>,
) -> Map<String, Value> {
    attributes
        .filter(|(_, value)| value.as_str().map(str::trim) != Some(SECRET_PLACEHOLDER))
        .map(|(name, value)| (name.as_ref().to_owned(), value.clone()))
        .collect()
}

fn report_repeated(
    connections: &[SelectedConnection],
    verb: &str,
    plugin: What<'_>,
    report: &mut Report,
) {
    if connections.len() < 2 {
        return;
    }
    let mut seen: HashMap<&str, Position> = HashMap::with_capacity(connections.len());
    for connection in connections {
        // A v1 connector's slot is its type, and a plugin may need one of a type and give another.
        if connection.source == ConnectionSource::Connector {
            continue;
        }
        if let Some(first) = seen.get(connection.slot.as_str()) {
            report.error(
                FindingCode::InvalidConnection,
                connection.at,
                format!(
                    "{plugin} {verb} the slot {} twice: on line {} and on line {}",
                    quoted(&connection.slot),
                    first.line,
                    connection.at.line
                ),
            );
        } else {
            seen.insert(&connection.slot, connection.at);
        }
    }
}
