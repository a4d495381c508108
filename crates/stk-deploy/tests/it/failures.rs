//! Terraform's failures, played by a fake one.

use serde_json::{Value, json};
use stk_store::{Key, Prefix, Store};

use crate::support::{DEPLOY, DESTROY, IAC, World, message, plugin, removed, target};

fn error(summary: &str) -> Value {
    json!({"@level": "error", "@message": format!("Error: {summary}"), "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": summary, "detail": "Long story."}})
}

#[tokio::test]
async fn a_state_that_could_not_be_saved_is_kept_in_the_store() {
    let world = World::fake(&json!({
        "init": {}, "plan": {"exit": 2},
        "apply": {"exit": 1, "stdout": [error("Failed to save state")], "files": {"errored.tfstate": "{\"serial\": 7}"}},
    }))
    .await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    let error = run.apply("a").await.unwrap_err();
    insta::assert_snapshot!(message(&error, &run), @"
    plugin `a` could not be applied
      caused by: terraform apply exited with code 1
      caused by: Error: Failed to save state
      help: Terraform could not save its state, so it is kept as states/shop/dev/a/rescued/<run>.tfstate in file://<folder>/states; put it back: until then the plugin is not deployed or destroyed
      help: the rendered files are kept as iac/a.zip of run <run>
    ");
    let key = Key::rescued_state(&target(), Some(&"a".parse().unwrap()), run.record.run_id);
    let kept = world.states.get(&key).await.unwrap().unwrap();
    assert_eq!(&kept.bytes[..], br#"{"serial": 7}"#);
    run.end().await;

    // Nothing is applied on the older state until a person has put the newer one back.
    let script = json!({"init": {}, "plan": {"exit": 2}, "apply": {"stdout": ["ok"]}, "output": {"stdout": ["{}"]}});
    std::fs::write(
        world.folder.path().join("fake-terraform.json"),
        script.to_string(),
    )
    .unwrap();
    let mut run = world
        .start(vec![plugin("a", "# fine"), plugin("b", "# fine")])
        .await;
    run.apply("b").await.unwrap();
    let error = run.apply("a").await.unwrap_err();
    let text = message(&error, &run);
    insta::assert_snapshot!(text, @"
    plugin `a` has a state that was never put back: `states/shop/dev/a/rescued/<id-1>.tfstate` in file://<folder>/states
      help: it knows resources that <folder>/states/states/shop/dev/a/terraform.tfstate does not: copy it there, remove `states/shop/dev/a/rescued/<id-1>.tfstate`, and deploy again
    ");
    run.end().await;
    world.states.delete(&key, None).await.unwrap();
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.apply("a").await.unwrap();
}

#[tokio::test]
async fn what_fails_before_the_apply_leaves_no_attempt() {
    for (script, step) in [
        (json!({"init": {"exit": 1}}), "initialised"),
        (json!({"init": {}, "plan": {"exit": 1}}), "planned"),
    ] {
        let world = World::fake(&script).await;
        let mut run = world.start(vec![plugin("a", "# fine")]).await;
        let error = run.apply("a").await.unwrap_err();
        assert_eq!(error.to_string(), format!("plugin `a` could not be {step}"));
        assert_eq!(error.exit_code(), stk_run::exit_code::TERRAFORM);
        assert!(world.deployed("a").await.is_none());
    }
}

#[tokio::test]
async fn a_destroy_of_something_that_was_never_applied_changes_nothing_and_forgets_it() {
    let world = World::fake(&json!({
        "init": {}, "plan": {"exit": 2}, "apply": {"exit": 1}, "plan -destroy": {"exit": 0},
    }))
    .await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.apply("a").await.unwrap_err();
    run.end().await;
    let mut run = world.start(vec![removed("a")]).await;
    // An apply would fail: the plan has nothing to do, so there is none.
    run.execute(DESTROY, "a").await.unwrap();
    assert!(world.deployed("a").await.is_none());
    insta::assert_snapshot!(run.said(), @"
    * terraform init
    * terraform plan -destroy
    ");
}

#[tokio::test]
async fn a_destroy_that_fails_keeps_everything_on_record() {
    let world = World::fake(&json!({
        "init": {}, "plan": {"exit": 2}, "plan -destroy": {"exit": 2},
        "apply": {"stdout": [{"@level": "info", "@message": "Outputs: 1", "type": "outputs", "outputs": {"v": {"sensitive": false, "type": "string", "value": "x"}}}]},
    }))
    .await;
    let generator = || plugin("a", "# fine").generates("kept", &[("v", "value")]);
    let mut run = world.start(vec![generator()]).await;
    run.apply("a").await.unwrap();
    let before = world.deployed("a").await.unwrap();
    run.end().await;

    let script = json!({"init": {}, "plan -destroy": {"exit": 2}, "apply": {"exit": 1, "stdout": [error("Still in use")]}});
    std::fs::write(
        world.folder.path().join("fake-terraform.json"),
        script.to_string(),
    )
    .unwrap();
    let mut run = world.start(vec![removed("a")]).await;
    let error = run.execute(DESTROY, "a").await.unwrap_err();
    let first = message(&error, &run);
    insta::assert_snapshot!(first, @"
    plugin `a` could not be destroyed
      caused by: terraform apply exited with code 1
      caused by: Error: Still in use
      help: the rendered files are kept as iac/a.zip of run <id-1>
    ");
    assert_eq!(world.deployed("a").await.unwrap(), before);
    assert!(world.connection("kept").await.is_some());
}

#[tokio::test]
async fn nothing_but_iac_is_written_by_an_iac_task() {
    let world = World::new();
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.execute(IAC, "a").await.unwrap();
    assert!(world.deployed("a").await.is_none());
    assert!(
        world
            .iac
            .list(&Prefix::Connections(stk_store::Name::of("dev")))
            .await
            .unwrap()
            .is_empty()
    );
    // Rendering the same again gives the same archive.
    let first = run.record.units[0].iac.clone().unwrap();
    run.end().await;
    let mut run = world.start(vec![plugin("a", "# fine")]).await;
    run.execute(IAC, "a").await.unwrap();
    assert_eq!(
        run.record.units[0].iac.as_ref().unwrap().digest,
        first.digest
    );
    let _ = DEPLOY;
}
