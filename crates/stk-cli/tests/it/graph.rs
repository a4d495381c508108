//! The order.

use stk_testing::terraform::require_terraform;

use crate::support::Case;

#[test]
fn as_text() {
    insta::assert_snapshot!(Case::new("quickstart").success(&["graph"]).stdout, @"
    1. apply   orders-topic
    2. apply   orders-queue
    3. apply   orders-subscription (needs orders-topic-conn from orders-topic, orders-queue-conn from orders-queue)
    4. apply   invoices-bucket
    5. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
    ");
}

#[test]
fn as_json() {
    let ran = Case::new("quickstart").success(&["graph", "--format", "json"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    {
      "order": [
        {
          "alias": "orders-topic",
          "action": "apply",
          "needs": []
        },
        {
          "alias": "orders-queue",
          "action": "apply",
          "needs": []
        },
        {
          "alias": "orders-subscription",
          "action": "apply",
          "needs": [
            {
              "slot": "source_topic",
              "connection": "orders-topic-conn",
              "from": "orders-topic"
            },
            {
              "slot": "target_queue",
              "connection": "orders-queue-conn",
              "from": "orders-queue"
            }
          ]
        },
        {
          "alias": "invoices-bucket",
          "action": "apply",
          "needs": []
        },
        {
          "alias": "orders-queue-alarm",
          "action": "apply",
          "needs": [
            {
              "slot": "watched-queue",
              "connection": "orders-queue-conn",
              "from": "orders-queue"
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn as_a_flowchart() {
    let ran = Case::new("quickstart").success(&["graph", "--format", "mermaid"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    flowchart TD
      p0["1. orders-topic"]
      p1["2. orders-queue"]
      p2["3. orders-subscription"]
      p3["4. invoices-bucket"]
      p4["5. orders-queue-alarm"]
      p0 -- "orders-topic-conn" --> p2
      p1 -- "orders-queue-conn" --> p2
      p1 -- "orders-queue-conn" --> p4
    "#);
}

#[test]
fn connections_of_the_workspace_come_from_nowhere() {
    let case = Case::new("workspace-connection");
    let graph = |format| case.success(&["graph", "--format", format]).stdout;
    insta::assert_snapshot!(graph("text"), @"
    1. apply   reads-plain (needs company-domain from the workspace)
    2. apply   reads-per-environment (needs shared-network from the workspace)
    ");
    insta::assert_snapshot!(graph("json"), @r#"
    {
      "order": [
        {
          "alias": "reads-plain",
          "action": "apply",
          "needs": [
            {
              "slot": "origin",
              "connection": "company-domain",
              "from": null
            }
          ]
        },
        {
          "alias": "reads-per-environment",
          "action": "apply",
          "needs": [
            {
              "slot": "origin",
              "connection": "shared-network",
              "from": null
            }
          ]
        }
      ]
    }
    "#);
    insta::assert_snapshot!(graph("mermaid"), @r#"
    flowchart TD
      p0["1. reads-plain"]
      p1["2. reads-per-environment"]
      w0(["company-domain"])
      w0 --> p0
      w1(["shared-network"])
      w1 --> p1
    "#);
}

#[test]
fn the_manifest_alone_needs_no_plugins() {
    let case = Case::new("quickstart");
    let whole = case.success(&["graph"]).stdout;
    std::fs::remove_dir_all(case.project.workdir.join("plugins")).unwrap();
    assert_eq!(case.success(&["graph", "--manifest-only"]).stdout, whole);
    assert_eq!(case.run(&["graph"]).code, 11);
}

#[test]
fn what_is_removed_is_destroyed() {
    if require_terraform("what_is_removed_is_destroyed").is_none() {
        return;
    }
    let case = Case::new("quickstart");
    let ran = case.deploy();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    case.project.remove_plugin("orders-subscription");
    case.project.remove_plugin("invoices-bucket");
    let graph = |format| {
        case.success(&["graph", "--env", "dev", "--format", format])
            .stdout
    };
    insta::assert_snapshot!(graph("text"), @"
    1. apply   orders-topic
    2. apply   orders-queue
    3. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
    4. destroy invoices-bucket
    5. destroy orders-subscription
    ");
    insta::assert_snapshot!(graph("json"), @r#"
    {
      "order": [
        {
          "alias": "orders-topic",
          "action": "apply",
          "needs": []
        },
        {
          "alias": "orders-queue",
          "action": "apply",
          "needs": []
        },
        {
          "alias": "orders-queue-alarm",
          "action": "apply",
          "needs": [
            {
              "slot": "watched-queue",
              "connection": "orders-queue-conn",
              "from": "orders-queue"
            }
          ]
        },
        {
          "alias": "invoices-bucket",
          "action": "destroy",
          "needs": []
        },
        {
          "alias": "orders-subscription",
          "action": "destroy",
          "needs": [
            {
              "slot": "source_topic",
              "connection": "orders-topic-conn",
              "from": "orders-topic"
            },
            {
              "slot": "target_queue",
              "connection": "orders-queue-conn",
              "from": "orders-queue"
            }
          ]
        }
      ]
    }
    "#);
    insta::assert_snapshot!(graph("mermaid"), @r#"
    flowchart TD
      p0["1. orders-topic"]
      p1["2. orders-queue"]
      p2["3. orders-queue-alarm"]
      p3["4. invoices-bucket"]:::destroy
      p4["5. orders-subscription"]:::destroy
      p1 -- "orders-queue-conn" --> p2
      p0 -- "orders-topic-conn" --> p4
      p1 -- "orders-queue-conn" --> p4
      classDef destroy stroke:#d1242f,stroke-dasharray:4
    "#);
    let without = case.success(&["graph"]).stdout;
    assert!(!without.contains("destroy"), "{without}");
    let other = case.success(&["graph", "--env", "prd"]).stdout;
    assert_eq!(other, without);
    // Looking changes nothing.
    assert_eq!(case.records("orders-messaging").len(), 1);
}

#[test]
fn there_is_no_order() {
    insta::assert_snapshot!(Case::new("cycle").seen(&["graph"]), @"
    exit 12
    error: the project cannot be deployed
      caused by: cycle/.stk/stk.yaml:22:13: error[STK060]: these plugins need each other in a circle: `first` -(from-third)-> `third` -(from-second)-> `second` -(from-first)-> `first`
      help: remove one of these connections, or move what both sides need into a plugin of its own that they require
    ");
}
