//! `.stk/connections.yaml`: connections that live in the workspace. A format of this project.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::finding::{FindingCode, Parsed, Report, quoted};
use crate::yaml::{Fields, NodeValue, What, load};

/// The connections that `.stk/connections.yaml` gives for one environment.
///
/// ```yaml
/// shared-topic: {arn: "arn:aws:sns:…", topic_name: orders}      # the same in every environment
/// database:                                                     # or by environment
///   dev: {host: db.dev.example, port: 5432}
///   prod: {host: db.example, port: 5432}
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkspaceConnections(BTreeMap<String, Map<String, Value>>);

impl WorkspaceConnections {
    /// Reads the text of the file that messages call `file`, for `environment`.
    ///
    /// A connection is given by environment when one of its keys is the environment's name and holds
    /// a mapping, or when all of its keys hold mappings; it is absent when it is not given for this
    /// one.
    #[must_use]
    pub fn parse(file: &str, text: &str, environment: &str) -> Parsed<Self> {
        let mut report = Report::new(file);
        let connections = if is_empty(text) {
            Some(BTreeMap::new())
        } else {
            read(text, environment, &mut report)
        };
        report.finish(connections.map(Self))
    }

    /// The attributes of the connection called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Map<String, Value>> {
        self.0.get(name)
    }

    /// The names of all connections, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// All connections, by name.
    #[must_use]
    pub fn all(&self) -> &BTreeMap<String, Map<String, Value>> {
        &self.0
    }
}

/// A file of comments is a file without connections.
fn is_empty(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').lines().all(|line| {
        let line = line.trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    })
}

fn read(
    text: &str,
    environment: &str,
    report: &mut Report,
) -> Option<BTreeMap<String, Map<String, Value>>> {
    let root = load(text, report)?;
    let top = Fields::of(&root, What::Document, report)?;
    let mut connections = BTreeMap::new();
    for entry in top.entries() {
        let name = entry.key.as_ref();
        let NodeValue::Map(attributes) = &entry.value.value else {
            report.error_with_help(
                FindingCode::WrongShape,
                entry.value.at,
                format!(
                    "the connection {} must be a mapping of attributes, found {}",
                    quoted(name),
                    entry.value.describe()
                ),
                "write `<connection>: {<attribute>: <value>}`, or `<connection>: {<environment>: \
                 {<attribute>: <value>}}`",
            );
            continue;
        };
        let is_map = |value: &NodeValue<'_>| matches!(value, NodeValue::Map(_));
        let here = attributes
            .iter()
            .find(|each| each.key == environment && is_map(&each.value.value));
        let by_environment =
            !attributes.is_empty() && attributes.iter().all(|each| is_map(&each.value.value));
        let values = match here {
            Some(here) => here.value.to_value(report),
            None if by_environment => continue,
            None => entry.value.to_value(report),
        };
        if let Value::Object(values) = values {
            connections.insert(name.to_owned(), values);
        }
    }
    Some(connections)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, environment: &str) -> String {
        let parsed = WorkspaceConnections::parse("connections.yaml", text, environment);
        let findings = parsed.findings.iter().map(ToString::to_string);
        let values = parsed.value.unwrap_or_default();
        let values = values
            .all()
            .iter()
            .map(|(name, attributes)| format!("{name}: {}", Value::from(attributes.clone())));
        findings.chain(values).collect::<Vec<_>>().join("\n")
    }

    const BOTH: &str =
        "topic: {arn: 'arn:1'}\ndatabase:\n  dev: {port: 5432}\n  prod: {port: 5433}\n";

    #[test]
    fn values_may_differ_by_environment() {
        insta::assert_snapshot!(shown(BOTH, "dev"), @r#"
        database: {"port":5432}
        topic: {"arn":"arn:1"}
        "#);
        insta::assert_snapshot!(shown(BOTH, "qa"), @r#"topic: {"arn":"arn:1"}"#);
    }

    #[test]
    fn an_empty_file_has_no_connections() {
        assert_eq!(shown("", "dev"), "");
        assert_eq!(shown("# nothing yet\n\n", "dev"), "");
    }

    #[test]
    fn faults_have_a_place() {
        insta::assert_snapshot!(shown("topic: arn:1\n", "dev"), @"connections.yaml:1:8: error[STK004]: the connection `topic` must be a mapping of attributes, found the text `arn:1`");
        insta::assert_snapshot!(shown("- a\n", "dev"), @"connections.yaml:1:1: error[STK004]: the file must be a mapping, found a list");
    }
}
