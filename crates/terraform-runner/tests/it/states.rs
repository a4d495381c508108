//! States that are read and written as a whole, with the real Terraform.

use std::time::Duration;

use terraform_runner::state::{ProviderHome, StateDocument};
use terraform_runner::{Session, StepError};

use crate::support::{Project, chain};

const PLUGIN: &str = r#"
resource "terraform_data" "topic" {
  input = "hunter2"
}
resource "terraform_data" "queue" {
  count = 2
  input = terraform_data.topic.output
}
output "value" {
  value = terraform_data.topic.output
}
"#;

async fn pushed(project: &Project, state: &StateDocument) -> Result<(), StepError> {
    let session: &Session = &project.session;
    let timeout = Duration::from_secs(1);
    session
        .push_state(state, &project.plans(), timeout, &project.cancel)
        .await
}

async fn pulled(project: &Project) -> Option<StateDocument> {
    project.session.pull_state(&project.cancel).await.unwrap()
}

#[tokio::test]
async fn what_is_moved_into_a_module_is_there_and_out_again() {
    let Some(mut project) = Project::real("what_is_moved_into_a_module", PLUGIN).await else {
        return;
    };
    project.init().await.unwrap();
    assert!(pulled(&project).await.is_none(), "nothing is there");
    let planned = project.plan().await.unwrap();
    project.apply(planned).await.unwrap();
    let before = pulled(&project).await.unwrap();

    // The same project, with the plugin as a module.
    std::fs::create_dir(project.work().join("plugin")).unwrap();
    std::fs::write(project.work().join("plugin/main.tf"), PLUGIN).unwrap();
    project.write("module \"plugin\" {\n  source = \"./plugin\"\n}\n");
    project.init().await.unwrap();
    let moved = before.clone().into_module("plugin", ProviderHome::Module);
    let guess = r#"module.plugin.provider["terraform.io/builtin/terraform"]"#;
    assert_eq!(moved.providers(), [guess].into());
    pushed(&project, &moved.after(&before)).await.unwrap();
    let planned = project.plan().await.unwrap();
    assert!(planned.changes.is_empty(), "{:?}", planned.changes);
    project.apply(planned).await.unwrap();
    let inside = pulled(&project).await.unwrap();
    // There is no such configuration. Nothing has changed, not even an output, and it is put right all the same.
    let right = r#"provider["terraform.io/builtin/terraform"]"#;
    assert_eq!(inside.providers(), [right].into());
    insta::assert_snapshot!(inside.objects().into_iter().collect::<Vec<_>>().join("\n"), @"
    module.plugin.terraform_data.queue[0]
    module.plugin.terraform_data.queue[1]
    module.plugin.terraform_data.topic
    ");

    project.write(PLUGIN);
    project.init().await.unwrap();
    let own = inside.extract("plugin");
    pushed(&project, &own.after(&inside)).await.unwrap();
    let planned = project.plan().await.unwrap();
    assert!(planned.changes.is_empty(), "{:?}", planned.changes);
    project.apply(planned).await.unwrap();
    let after = pulled(&project).await.unwrap();
    assert_eq!(after.objects(), before.objects());
    assert_eq!(after.lineage(), before.lineage());
    // What was on its way is gone.
    assert_eq!(std::fs::read_dir(project.plans()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_state_of_something_else_is_not_written() {
    let Some(mut project) = Project::real("a_state_of_something_else", PLUGIN).await else {
        return;
    };
    project.init().await.unwrap();
    let planned = project.plan().await.unwrap();
    project.apply(planned).await.unwrap();
    let before = pulled(&project).await.unwrap();
    let other = StateDocument::new("another");
    let error = pushed(&project, &other).await.unwrap_err();
    let said = format!("{}\n{}", chain(&error), error.stderr_tail().join("\n"));
    insta::assert_snapshot!(said.replace(before.lineage(), "<lineage>"), @r#"
    terraform state push exited with code 1
    Failed to write state: cannot import state with lineage "another" over unrelated state with lineage "<lineage>"
    "#);
    let older = before.emptied();
    pushed(&project, &older).await.unwrap_err();
    assert_eq!(pulled(&project).await.unwrap().objects(), before.objects());
    pushed(&project, &older.after(&before)).await.unwrap();
    assert!(pulled(&project).await.unwrap().is_empty());
}
