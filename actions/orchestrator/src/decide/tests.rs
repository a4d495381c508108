use serde_json::{Map, Value};
use stk_manifest::{Manifest, WorkspaceConnections, units_without_definitions};
use stk_store::Memory;

use super::*;
use crate::WorkspaceFile;

/// A project whose plugins each require the connections that are listed for them.
fn project(plugins: &[(&str, &[&str])], connections: &str) -> Project {
    let mut text =
        "schema-version: v2\nkind: manifest\nmetadata: {name: shop}\nspec:\n  type: infra\n  \
                    plugins:\n"
            .to_owned();
    for (alias, requires) in plugins {
        text.push_str(&format!(
            "  - name: acme/reader@1.0.0\n    alias: {alias}\n    type: infra\n    connections:\n      \
             generates: []\n      requires:\n"
        ));
        for name in *requires {
            text.push_str(&format!(
                "        - {{type: t, selected: {name}, alias: slot-{name}}}\n"
            ));
        }
    }
    let manifest = Manifest::parse("stk.yaml", &text).value.unwrap();
    let connections = WorkspaceConnections::parse("connections.yaml", connections, "dev");
    Project {
        units: units_without_definitions(&manifest),
        manifest,
        sources: BTreeMap::new(),
        workspace: WorkspaceFile {
            path: "connections.yaml".into(),
            connections: connections.value.unwrap(),
        },
        warnings: Vec::new(),
    }
}

fn decided(project: &Project) -> Result<Decision, StartError> {
    let store = Memory::new();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(decide(project, &[], "dev", &store))
}

#[test]
fn a_connection_is_read_once_and_only_if_somebody_needs_it() {
    let written = "network: {id: n-1}\nunused: {id: n-2}\n";
    let project = project(&[("a", &["network"]), ("b", &["network"])], written);
    let decision = decided(&project).unwrap();
    let mut attributes = Map::new();
    attributes.insert("id".to_owned(), Value::from("n-1"));
    let network = ConnectionValues {
        attributes,
        sensitive: Vec::new(),
    };
    let expected = BTreeMap::from([("network".to_owned(), network)]);
    assert_eq!(decision.workspace_connections, expected);
}

#[test]
fn every_missing_connection_is_reported_in_file_order() {
    let project = project(
        &[("b", &["netwrok", "network"]), ("a", &["database"])],
        "network: {id: n-1}\n",
    );
    let Err(StartError::Order(findings)) = decided(&project) else {
        panic!("two connections are missing");
    };
    let text: Vec<_> = findings
        .iter()
        .map(|finding| format!("{finding}\n  {}", finding.help.as_deref().unwrap_or("-")))
        .collect();
    insta::assert_snapshot!(text.join("\n"), @"
    stk.yaml:13:11: error[STK064]: plugin `b` requires connection `netwrok` (slot `slot-netwrok`), which no plugin of this project generates and which was not found in the workspace, environment `dev`
      did you mean `network`? If not: deploy the project that generates it to `dev` first, with the same store, or write its values into connections.yaml
    stk.yaml:21:11: error[STK064]: plugin `a` requires connection `database` (slot `slot-database`), which no plugin of this project generates and which was not found in the workspace, environment `dev`
      deploy the project that generates it to `dev` first, with the same store, or write its values into connections.yaml
    ");
}
