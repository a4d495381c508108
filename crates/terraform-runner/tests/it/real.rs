//! With the real Terraform and its builtin provider: no network.

use std::fs;

use serde_json::json;
use terraform_runner::{Output, backend};

use crate::support::{Project, chain, until};

const TWO: &str = r#"
variable "value" {
  default = "one"
}
resource "terraform_data" "topic" {
  input = var.value
}
resource "terraform_data" "queue" {
  input            = terraform_data.topic.output
  triggers_replace = [var.value]
}
output "topic_value" {
  value = terraform_data.topic.output
}
output "password" {
  value     = "hunter2"
  sensitive = true
}
output "nothing" {
  value = null
}
"#;

#[tokio::test]
async fn from_nothing_to_nothing() {
    let Some(mut project) = Project::real("from_nothing_to_nothing", TWO).await else {
        return;
    };
    project.init().await.unwrap();
    insta::assert_snapshot!(project.take_said(), @"
    Initializing the backend...
    Initializing provider plugins...
    terraform.io/builtin/terraform is built in to Terraform
    Terraform has been successfully initialized!
    ");

    let planned = project.plan().await.unwrap();
    assert!(planned.has_changes);
    assert_eq!(planned.changes.len(), 2);
    insta::assert_snapshot!(project.take_said(), @"
    + terraform_data.topic will be created
    + terraform_data.queue will be created
    plan: 2 to add, 0 to change, 0 to destroy
    ");
    let path = planned.file.path().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    let applied = project.apply(planned).await.unwrap();
    insta::assert_snapshot!(project.take_said(), @"
    terraform_data.topic: creating...
    terraform_data.topic: created in 0s [id=…]
    terraform_data.queue: creating...
    terraform_data.queue: created in 0s [id=…]
    applied: 2 added, 0 changed, 0 destroyed
    ");
    assert!(!path.exists(), "a plan is used up");
    assert_eq!(
        applied.outputs.get("topic_value").unwrap().value,
        Some(json!("one"))
    );
    let password = Output {
        value: None,
        sensitive: true,
        kind: Some(json!("string")),
    };
    assert_eq!(applied.outputs.get("password"), Some(&password));
    assert_eq!(applied.summary.add, 2);
    assert_eq!(
        project.session.outputs(&project.cancel).await.unwrap(),
        applied.outputs,
        "both ways agree"
    );

    let planned = project.plan().await.unwrap();
    assert!(!planned.has_changes);
    insta::assert_snapshot!(project.take_said(), @"plan: 0 to add, 0 to change, 0 to destroy");
    let again = project.apply(planned).await.unwrap();
    assert_eq!(
        again.outputs, applied.outputs,
        "outputs are there also without changes"
    );

    project.write(&TWO.replace("\"one\"", "\"two\""));
    let planned = project.plan().await.unwrap();
    project.take_said();
    assert_eq!(
        planned
            .changes
            .iter()
            .filter(|change| change.action.destroys())
            .count(),
        1
    );
    project.apply(planned).await.unwrap();
    insta::assert_snapshot!(project.take_said(), @"
    terraform_data.queue: destroying... [id=…]
    terraform_data.queue: destroyed in 0s
    terraform_data.topic: updating... [id=…]
    terraform_data.topic: updated in 0s [id=…]
    terraform_data.queue: creating...
    terraform_data.queue: created in 0s [id=…]
    applied: 1 added, 1 changed, 1 destroyed
    ");

    let planned = project.plan_destroy().await.unwrap();
    project.take_said();
    let gone = project.apply(planned).await.unwrap();
    insta::assert_snapshot!(project.take_said(), @"
    terraform_data.queue: destroying... [id=…]
    terraform_data.queue: destroyed in 0s
    terraform_data.topic: destroying... [id=…]
    terraform_data.topic: destroyed in 0s
    applied: 0 added, 0 changed, 2 destroyed
    ");
    assert!(gone.outputs.is_empty());
    assert_eq!(gone.summary.remove, 2);
    let planned = project.plan_destroy().await.unwrap();
    assert!(!planned.has_changes);
}

#[tokio::test]
async fn a_failing_apply_says_why_and_where() {
    let main = "resource \"terraform_data\" \"bad\" {\n  provisioner \"local-exec\" {\n    command = \"echo hello; exit 3\"\n  }\n}\n";
    let Some(mut project) = Project::real("a_failing_apply_says_why_and_where", main).await else {
        return;
    };
    project.init().await.unwrap();
    let planned = project.plan().await.unwrap();
    let error = project.apply(planned).await.unwrap_err();
    insta::assert_snapshot!(chain(&error), @"
    terraform apply exited with code 1
      caused by: Error: local-exec provisioner error (main.tf line 2)
    ");
    assert_eq!(error.exit_code(), Some(1));
    assert!(!error.is_cancelled() && error.rescued_state().is_none() && error.help().is_empty());
    let diagnostic = &error.diagnostics()[0];
    assert_eq!(
        (diagnostic.file.as_deref(), diagnostic.line),
        (Some("main.tf"), Some(2))
    );
    assert!(
        diagnostic.detail.contains("exit status 3"),
        "{}",
        diagnostic.detail
    );
}

#[tokio::test]
async fn a_broken_configuration_fails_at_init_with_its_place() {
    let main = "resource \"terraform_data\" \"a\" {\n";
    let Some(mut project) = Project::real("a_broken_configuration_fails_at_init", main).await
    else {
        return;
    };
    let error = project.init().await.unwrap_err();
    insta::assert_snapshot!(chain(&error), @"
    terraform init exited with code 1
      caused by: Error: Unclosed configuration block (main.tf line 1)
    ");
}

#[tokio::test]
async fn a_missing_value_fails_the_plan_and_leaves_no_plan_behind() {
    let Some(mut project) =
        Project::real("a_missing_value_fails_the_plan", "variable \"needed\" {}\n").await
    else {
        return;
    };
    project.init().await.unwrap();
    let error = project.plan().await.unwrap_err();
    insta::assert_snapshot!(chain(&error), @"
    terraform plan exited with code 1
      caused by: Error: No value for required variable (main.tf line 1)
    ");
    assert_eq!(fs::read_dir(project.plans()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_plan_from_before_a_change_is_stale() {
    let Some(mut project) = Project::real("a_plan_from_before_a_change_is_stale", TWO).await else {
        return;
    };
    project.init().await.unwrap();
    let (first, second) = (project.plan().await.unwrap(), project.plan().await.unwrap());
    project.apply(first).await.unwrap();
    let error = project.apply(second).await.unwrap_err();
    insta::assert_snapshot!(chain(&error), @"
    terraform apply refused the plan: the state has changed since it was made
      caused by: Error: Saved plan is stale
    ");
}

#[tokio::test]
async fn a_state_path_survives_the_backend_file() {
    let Some(mut project) = Project::real("a_state_path_survives_the_backend_file", TWO).await
    else {
        return;
    };
    for name in [
        "plain",
        "with \"quotes\" and \\",
        "${a} %{b} $${c} $$${d} %%%{e} $%{f} $$",
        "tab\tand\nline",
    ] {
        let folder = project.work().parent().unwrap().join("state").join(name);
        fs::create_dir_all(&folder).unwrap();
        let state = folder.join("terraform.tfstate");
        fs::write(
            project.work().join(backend::FILE_NAME),
            backend::local(&state),
        )
        .unwrap();
        project.init().await.unwrap();
        let planned = project.plan().await.unwrap();
        project.apply(planned).await.unwrap();
        assert!(state.is_file(), "{name:?}: {}", backend::local(&state));
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_cancelled_apply_keeps_its_state_and_leaves_nothing_running() {
    let main = r#"
resource "terraform_data" "fast" {}
resource "terraform_data" "slow" {
  depends_on = [terraform_data.fast]
  provisioner "local-exec" {
    command = "echo $$ > shell; sleep 600 & echo $! > grandchild; wait"
  }
}
"#;
    let Some(mut project) = Project::real("a_cancelled_apply_keeps_its_state", main).await else {
        return;
    };
    project.init().await.unwrap();
    let planned = project.plan().await.unwrap();
    let grandchild = project.work().join("grandchild");
    let cancel = project.cancel.clone();
    let canceller = tokio::spawn({
        let grandchild = grandchild.clone();
        async move {
            until("the provisioner", || {
                fs::read_to_string(&grandchild).is_ok_and(|id| id.ends_with('\n'))
            })
            .await;
            cancel.cancel();
        }
    });
    let error = project.apply(planned).await.unwrap_err();
    canceller.await.unwrap();
    assert!(error.is_cancelled(), "{error:?}");
    insta::assert_snapshot!(error, @"terraform apply was cancelled");
    let state = fs::read_to_string(project.work().join("terraform.tfstate")).unwrap();
    assert!(
        state.contains("\"fast\"") && state.contains("\"tainted\""),
        "{state}"
    );
    assert!(
        !project.work().join(".terraform.tfstate.lock.info").exists(),
        "the lock is given back"
    );
    let id = fs::read_to_string(grandchild).unwrap();
    until("the end of the sleep", || !is_running(id.trim())).await;
}

#[cfg(unix)]
#[tokio::test]
async fn the_holder_of_a_lock_is_named() {
    let main = "resource \"terraform_data\" \"slow\" {\n  provisioner \"local-exec\" {\n    command = \"touch started; while [ ! -e go ]; do sleep 0.05; done\"\n  }\n}\n";
    let Some(mut project) = Project::real("the_holder_of_a_lock_is_named", main).await else {
        return;
    };
    project.init().await.unwrap();
    let planned = project.plan().await.unwrap();
    let (work, plans) = (project.work(), project.plans());
    let session = &project.session;
    let quiet = &mut |_: &terraform_runner::event::Event| {};
    let other = async {
        until("the provisioner", || work.join("started").exists()).await;
        let options = terraform_runner::PlanOptions {
            lock_timeout: std::time::Duration::ZERO,
            ..Default::default()
        };
        let error = session
            .plan(&options, &plans, &mut |_| {}, &project.cancel)
            .await
            .unwrap_err();
        fs::write(work.join("go"), "").unwrap();
        error
    };
    let options = terraform_runner::ApplyOptions::default();
    let (applied, error) = tokio::join!(
        session.apply(planned.file, &options, quiet, &project.cancel),
        other
    );
    applied.unwrap();
    let lock = error.state_lock().expect("a lock");
    assert_eq!(lock.operation, "OperationTypeApply");
    let shown = format!("{error}\n{}", error.help().join("\n"))
        .replace(&lock.id, "ID")
        .replace(&lock.who, "WHO")
        .replace(&lock.created, "THEN");
    insta::assert_snapshot!(shown, @"
    terraform plan found the state locked by WHO since THEN (lock id ID)
    wait until the other process has finished; if it is gone for good, run `terraform force-unlock ID` there
    ");

    let error = session
        .force_unlock(&lock.id, &mut |_| {}, &project.cancel)
        .await
        .unwrap_err();
    assert_eq!(
        error.exit_code(),
        Some(1),
        "there is no lock any more: {error:?}"
    );
}

#[cfg(unix)]
fn is_running(id: &str) -> bool {
    // A process that has ended and that nobody has waited for yet is a zombie: Z in the third field.
    let status = fs::read_to_string(format!("/proc/{id}/stat"));
    status.is_ok_and(|status| {
        !status
            .rsplit(')')
            .next()
            .unwrap_or_default()
            .trim_start()
            .starts_with('Z')
    })
}
