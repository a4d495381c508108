//! What tasks do to real resources, and what is recorded of them.

use serde_json::json;
use stk_deploy::Done;

use crate::support::{DEPLOY, DESTROY, IAC, Plugin, World, message, plugin, removed};

/// Keeps `value`, and generates a connection to it.
fn source(value: &str) -> Plugin {
    let main = format!(
        r#"
        resource "terraform_data" "kept" {{
          input = "{value}"
        }}
        output "kept-value" {{
          value = terraform_data.kept.output
        }}
        output "kept_secret" {{
          value     = "hunter2"
          sensitive = true
        }}
        "#
    );
    plugin("source", &main).generates(
        "kept",
        &[("kept-value", "value"), ("kept_secret", "secret")],
    )
}

fn sink() -> Plugin {
    let main = r#"resource "terraform_data" "copy" { input = "{{ connections.kept.value }}" }"#;
    plugin("sink", main).requires("kept", "source")
}

/// Makes `<name>-first`, and fails at `<name>-second` unless it is healthy.
fn pair(name: &str, healthy: bool) -> String {
    format!(
        r#"
        resource "terraform_data" "{name}-first" {{}}
        resource "terraform_data" "{name}-second" {{
          input = terraform_data.{name}-first.id
          lifecycle {{
            precondition {{
              condition     = {healthy} || terraform_data.{name}-first.id == ""
              error_message = "Told to fail."
            }}
          }}
        }}
        "#
    )
}

fn fragile(healthy: bool) -> Plugin {
    plugin("fragile", &pair("a", healthy))
}

/// A later version of the plugin, with two more resources.
fn grown(healthy: bool) -> Plugin {
    plugin("fragile", &(pair("a", true) + &pair("b", healthy))).generates("new", &[])
}

#[tokio::test]
async fn a_requirer_is_rendered_with_what_its_generator_really_got() {
    let Some(world) =
        World::real("a_requirer_is_rendered_with_what_its_generator_really_got").await
    else {
        return;
    };
    let mut run = world.start(vec![source("orders"), sink()]).await;
    let Ok(Done::Deployed(done)) = run.apply("source").await else {
        panic!("{}", run.said());
    };
    assert_eq!(done.published, ["kept"]);
    insta::assert_snapshot!(done.outputs, @r#"{"kept-value":{"sensitive":false,"type":"string","value":"orders"},"kept_secret":{"sensitive":true,"type":"string"}}"#);
    let connection = world.connection("kept").await.unwrap();
    assert_eq!(
        json!(connection.values.attributes),
        json!({"value": "orders"})
    );
    assert_eq!(connection.values.sensitive, ["secret"]);
    assert_eq!(connection.published_by.run_id, run.record.run_id);

    run.apply("sink").await.unwrap();
    let state = std::fs::read_to_string(world.state_file("sink")).unwrap();
    assert!(state.contains("\"orders\""), "{state}");
    let deployed = world.deployed("sink").await.unwrap();
    assert_eq!(deployed.last_success.as_ref(), Some(&deployed.last_attempt));
    assert_eq!(deployed.last_attempt.run_id, run.record.run_id);
    run.end().await;

    let mut run = world.start(vec![removed("sink"), removed("source")]).await;
    run.execute(DESTROY, "sink").await.unwrap();
    assert!(world.connection("kept").await.is_some());
    run.execute(DESTROY, "source").await.unwrap();
    for alias in ["source", "sink"] {
        assert!(world.resources(alias).is_empty(), "{alias}");
        assert!(world.deployed(alias).await.is_none(), "{alias}");
    }
    assert!(world.connection("kept").await.is_none());
    run.end().await;
    let left = std::fs::read_dir(world.folder.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["states"], "working folders are removed");
}

#[tokio::test]
async fn a_first_apply_that_fails_is_destroyed_with_the_iac_that_was_attempted() {
    let test = "a_first_apply_that_fails_is_destroyed_with_the_iac_that_was_attempted";
    let Some(world) = World::real(test).await else {
        return;
    };
    let mut run = world.start(vec![fragile(false)]).await;
    let error = run.apply("fragile").await.unwrap_err();
    insta::assert_snapshot!(message(&error, &run), @"
    plugin `fragile` could not be applied
      caused by: terraform apply exited with code 1
      caused by: Error: Resource precondition failed (main.tf line 7)
      help: the rendered files are kept as iac/fragile.zip of run <run>
    ");
    let attempt = world.deployed("fragile").await.unwrap();
    assert_eq!(attempt.last_success, None);
    assert_eq!(
        Some(&attempt.last_attempt.iac),
        run.record.units[0].iac.as_ref()
    );
    assert_eq!(world.resources("fragile").len(), 1);
    run.end().await;

    let mut run = world.start(vec![removed("fragile")]).await;
    assert_eq!(
        run.record.units[0].iac.as_ref(),
        Some(&attempt.last_attempt.iac)
    );
    run.execute(DESTROY, "fragile").await.unwrap();
    assert!(world.resources("fragile").is_empty());
    assert!(world.deployed("fragile").await.is_none());
}

#[tokio::test]
async fn a_changed_plugin_whose_apply_fails_keeps_its_last_success() {
    let test = "a_changed_plugin_whose_apply_fails_keeps_its_last_success";
    let Some(world) = World::real(test).await else {
        return;
    };
    let mut run = world.start(vec![fragile(true).generates("old", &[])]).await;
    run.apply("fragile").await.unwrap();
    let success = world.deployed("fragile").await.unwrap();
    let ids = world.resources("fragile");
    run.end().await;

    let mut run = world.start(vec![grown(false)]).await;
    run.execute(IAC, "fragile").await.unwrap();
    run.execute(DEPLOY, "fragile").await.unwrap_err();
    let failed = world.deployed("fragile").await.unwrap();
    assert_eq!(failed.last_success, success.last_success);
    assert_eq!(failed.last_attempt.run_id, run.record.run_id);
    assert_eq!(failed.destroyed_with().iac, success.last_attempt.iac);
    let generated: Vec<_> = failed
        .unit
        .generates
        .iter()
        .map(|each| &each.connection)
        .collect();
    assert_eq!(generated, ["old", "new"], "either of them may be published");
    let mut made = world.resources("fragile");
    let half = made.remove("b-first").unwrap();
    assert_eq!(made, ids, "what was there is still there");
    run.end().await;

    // Mended: what is no longer generated is withdrawn, and the resources are the same ones.
    assert!(world.connection("old").await.is_some());
    let mut run = world.start(vec![grown(true)]).await;
    run.apply("fragile").await.unwrap();
    assert!(world.connection("old").await.is_none());
    assert!(world.connection("new").await.is_some());
    let mended = world.deployed("fragile").await.unwrap();
    assert_eq!(mended.last_success, Some(mended.last_attempt));
    assert_eq!(mended.unit.generates.len(), 1);
    let whole = world.resources("fragile");
    assert_eq!(whole["b-first"], half, "what the failed apply made is used");
    assert!(ids.iter().all(|(name, id)| whole[name] == *id));
    assert_eq!(whole.len(), 4);
}

#[tokio::test]
async fn an_output_that_is_missing_is_named_and_the_plugin_is_known_as_attempted() {
    let test = "an_output_that_is_missing_is_named_and_the_plugin_is_known_as_attempted";
    let Some(world) = World::real(test).await else {
        return;
    };
    let mut run = world
        .start(vec![
            source("orders").generates("lost", &[("kept-valu", "value")]),
        ])
        .await;
    let error = run.apply("source").await.unwrap_err();
    insta::assert_snapshot!(message(&error, &run), @"
    plugin `source` was applied, but its connections could not be published
      caused by: connection `lost` cannot be filled: Terraform has no output `kept-valu` for its attribute `value`
      help: declare the output in the root of the plugin's `templates-deploy`, or correct `from` in its plugin.yaml; there are `kept-value`, `kept_secret`
    ");
    assert!(world.connection("kept").await.is_none(), "all or none");
    let deployed = world.deployed("source").await.unwrap();
    assert_eq!(deployed.last_success, None);
    run.end().await;

    let mut run = world.start(vec![removed("source")]).await;
    run.execute(DESTROY, "source").await.unwrap();
    assert!(world.resources("source").is_empty());
}

#[tokio::test]
async fn a_redeployment_without_changes_keeps_ids_and_says_so() {
    let Some(world) = World::real("a_redeployment_without_changes_keeps_ids_and_says_so").await
    else {
        return;
    };
    let mut run = world.start(vec![source("orders")]).await;
    run.apply("source").await.unwrap();
    let ids = world.resources("source");
    run.end().await;
    let mut run = world.start(vec![source("orders")]).await;
    let Ok(Done::Deployed(done)) = run.apply("source").await else {
        panic!("{}", run.said());
    };
    assert_eq!(
        (done.summary.add, done.summary.change, done.summary.remove),
        (0, 0, 0)
    );
    assert_eq!(world.resources("source"), ids);
    insta::assert_snapshot!(run.said(), @"
    * terraform init
    * terraform plan
      plan: 0 to add, 0 to change, 0 to destroy
    * terraform apply
      applied: 0 added, 0 changed, 0 destroyed
    ");
}
