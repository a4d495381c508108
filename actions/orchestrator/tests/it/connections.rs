//! Connections that live in the workspace.

use crate::support::Case;

fn connections(case: &Case) -> String {
    let record = case.record(&case.success());
    serde_json::to_string_pretty(&record.workspace_connections).unwrap()
}

#[test]
fn both_spellings_of_the_file_are_read() {
    let case = Case::new("workspace-connection");
    insta::assert_snapshot!(connections(&case), @r#"
    {
      "company-domain": {
        "attributes": {
          "value": "acme.example",
          "id": "domain-1"
        }
      },
      "shared-network": {
        "attributes": {
          "value": "network-dev",
          "id": "network-1"
        }
      }
    }
    "#);
    let case = case.with("INPUT_ENVIRONMENT", "prd");
    let connections = connections(&case);
    assert!(connections.contains("network-prd"), "{connections}");
    assert!(!connections.contains("network-dev"), "{connections}");
}

#[test]
fn what_another_project_deployed_wins_over_the_file() {
    let case = Case::new("workspace-connection");
    case.publish(
        "shared-network",
        &[("value", "network-deployed"), ("id", "7")],
    );
    let connections = connections(&case);
    assert!(connections.contains("network-deployed"), "{connections}");
    assert!(connections.contains("acme.example"), "{connections}");
    assert!(!connections.contains("network-dev"), "{connections}");
}

#[test]
fn a_connection_that_is_nowhere_is_explained() {
    let case = Case::new("workspace-connection").with("INPUT_ENVIRONMENT", "qa");
    insta::assert_snapshot!(case.failure(), @"
    exit 12
    shared-infrastructure project identified, with ID: workspace-connection
    error: the project cannot be deployed
      caused by: workspace-connection/.stk/stk.yaml:29:13: error[STK064]: plugin `reads-per-environment` requires connection `shared-network` (slot `origin`), which no plugin of this project generates and which was not found in the workspace, environment `qa`
      help: deploy the project that generates it to `qa` first, with the same store, or write its values into workspace-connection/.stk/connections.yaml
    ");
}

#[test]
fn a_name_that_is_nearly_right_is_suggested() {
    let case = Case::new("quickstart");
    case.project.edit_manifest(|text| {
        text.replacen(
            "selected: orders-queue-conn",
            "selected: order-queue-con",
            1,
        )
    });
    insta::assert_snapshot!(case.failure(), @"
    exit 12
    shared-infrastructure project identified, with ID: orders-messaging
    error: the project cannot be deployed
      caused by: quickstart/.stk/stk.yaml:32:11: error[STK064]: plugin `orders-subscription` requires connection `order-queue-con` (slot `target_queue`), which no plugin of this project generates and which was not found in the workspace, environment `dev`
      help: did you mean `orders-queue-conn`? If not: deploy the project that generates it to `dev` first, with the same store, or write its values into quickstart/.stk/connections.yaml
    ");
}

#[test]
fn a_file_that_is_wrong_has_a_place() {
    let case = Case::new("workspace-connection");
    case.write(".stk/connections.yaml", "company-domain: acme.example\n");
    insta::assert_snapshot!(case.failure(), @"
    exit 11
    error: the project cannot be deployed
      caused by: workspace-connection/.stk/connections.yaml:1:17: error[STK004]: the connection `company-domain` must be a mapping of attributes, found the text `acme.example`
      help: write `<connection>: {<attribute>: <value>}`, or `<connection>: {<environment>: {<attribute>: <value>}}`
    ");
}
