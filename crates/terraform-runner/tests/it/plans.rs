//! Saved plans of the real Terraform: targets, what they say, what was approved.

use std::fs;

use terraform_runner::approval::{ApprovedChanges, DigestKey};
use terraform_runner::difference::{Differences, diff};
use terraform_runner::plan::{Actions, PlanDocument};
use terraform_runner::{Address, PlanFile, PlanOptions, Planned, Step, StepErrorKind};

use crate::support::{Project, chain};

/// Module `b` takes a value of module `a`; module `c` stands alone.
const CHAIN: &str = r#"
module "a" { source = "./part" }
module "b" {
  source = "./part"
  value  = module.a.value
}
module "c" { source = "./part" }
"#;

/// The same, after `b` was rewired in the configuration.
const REWIRED: &str = r#"
module "a" { source = "./part" }
module "b" {
  source = "./part"
  value  = module.c.value
}
module "c" { source = "./part" }
"#;

const PART: &str = r#"
variable "value" { default = "one" }
resource "terraform_data" "it" {
  input = var.value
}
output "value" { value = terraform_data.it.output }
"#;

async fn project(test: &str, main: &str) -> Option<Project> {
    let mut project = Project::real(test, main).await?;
    fs::create_dir(project.work().join("part")).unwrap();
    fs::write(project.work().join("part/main.tf"), PART).unwrap();
    project.init().await.unwrap();
    Some(project)
}

fn targets(names: &[&str]) -> PlanOptions {
    PlanOptions {
        targets: names
            .iter()
            .map(|name| Address::of_module(name).unwrap())
            .collect(),
        ..PlanOptions::default()
    }
}

async fn deploy(project: &mut Project) {
    let planned = project.plan().await.unwrap();
    project.apply(planned).await.unwrap();
    project.take_said();
}

async fn show(project: &Project, planned: &Planned) -> PlanDocument {
    project
        .session
        .show(&planned.file, &project.cancel)
        .await
        .unwrap()
}

fn effective(document: &PlanDocument) -> Vec<String> {
    document
        .effective_changes()
        .map(|change| format!("{} {}", change.address, change.actions()))
        .collect()
}

#[tokio::test]
async fn a_destroy_plan_with_a_target_drags_in_what_depends_on_it() {
    let Some(mut project) = project("a_destroy_plan_with_a_target_drags_in", CHAIN).await else {
        return;
    };
    deploy(&mut project).await;
    // The configuration does not say any more that `b` depends on `a`; the state does.
    project.write(REWIRED);
    project.init().await.unwrap();
    let planned = project.plan_destroy_with(&targets(&["a"])).await.unwrap();
    let document = show(&project, &planned).await;
    assert_eq!(
        effective(&document),
        [
            "module.a.terraform_data.it destroyed",
            "module.b.terraform_data.it destroyed"
        ]
    );
    assert_eq!(document.complete, Some(false));
    let dragged = document
        .effective_changes()
        .find(|change| change.module() != Some("a"))
        .unwrap();
    let path = document
        .dependencies
        .path(&dragged.address, |address| address.module() == Some("a"));
    assert_eq!(
        path.unwrap(),
        ["module.b.terraform_data.it", "module.a.terraform_data.it"]
    );
    drop(planned);
    let predicted = ApprovedChanges::of(&document, &DigestKey::random().unwrap());
    assert_eq!(predicted.addresses().count(), 2);

    // Once the survivors are applied, the state says so too.
    let planned = project.plan_with(&targets(&["b", "c"])).await.unwrap();
    assert_eq!(planned.changes.len(), 0, "c.value is the same text");
    project.apply(planned).await.unwrap();
    let planned = project.plan_destroy_with(&targets(&["a"])).await.unwrap();
    assert_eq!(
        effective(&show(&project, &planned).await),
        ["module.a.terraform_data.it destroyed"]
    );
}

#[tokio::test]
async fn targets_leave_the_rest_alone_and_warn_twice() {
    let Some(mut project) = project("targets_leave_the_rest_alone_and_warn_twice", CHAIN).await
    else {
        return;
    };
    let planned = project.plan_with(&targets(&["b"])).await.unwrap();
    assert_eq!(
        effective(&show(&project, &planned).await),
        [
            "module.a.terraform_data.it created",
            "module.b.terraform_data.it created"
        ],
        "what it depends on comes along"
    );
    project.apply(planned).await.unwrap();
    let warnings: Vec<(String, bool)> = project
        .warnings
        .iter()
        .map(|warning| (warning.summary.clone(), warning.is_about_targeting()))
        .collect();
    let expected = [
        "Resource targeting is in effect",
        "Applied changes may be incomplete",
    ];
    assert_eq!(warnings, expected.map(|summary| (summary.to_owned(), true)));
}

#[tokio::test]
async fn a_replacement_is_shown_without_its_secrets() {
    let main = |kind: &str| {
        format!(
            r#"
variable "password" {{
  default   = "hunter2-{kind}"
  sensitive = true
}}
resource "terraform_data" "it" {{
  for_each         = toset(["module.x.\"y\"]"])
  input            = {{ name = "{kind}", password = var.password, big = 12345678901234567890123 }}
  triggers_replace = ["{kind}"]
}}
output "password" {{
  value     = var.password
  sensitive = true
}}
"#
        )
    };
    let Some(mut project) = Project::real("a_replacement_is_shown", &main("one")).await else {
        return;
    };
    project.init().await.unwrap();
    deploy(&mut project).await;
    project.write(&main("two"));
    let planned = project.plan().await.unwrap();
    let document = show(&project, &planned).await;
    let change = document.effective_changes().next().unwrap();
    assert_eq!(
        (change.actions(), change.module()),
        (Actions::DeleteThenCreate, None)
    );
    assert_eq!(
        change.action_reason.as_deref(),
        Some("replace_because_cannot_update")
    );
    let differences = Differences::of(&document);
    let mut lines: Vec<String> = differences
        .resource(change)
        .iter()
        .map(|change| {
            format!(
                "{}: {} -> {} {}",
                change.path, change.before, change.after, change.forces_replacement
            )
        })
        .collect();
    // The id is another in each run.
    lines.retain(|line| !line.starts_with("id: "));
    insta::assert_snapshot!(lines.join("\n"), @r#"
    input.name: "one" -> "two" false
    input.password: (sensitive value) -> (sensitive value) false
    output: (sensitive value) -> (known after apply) false
    triggers_replace[0]: "one" -> "two" true
    "#);
    assert!(
        change
            .change
            .after
            .expose()
            .contains("12345678901234567890123")
    );
    assert!(
        change.change.after.expose().contains("hunter2-two"),
        "it is there"
    );
    let seen = format!("{document:?} {:?} {:?}", diff(change), project.said);
    assert!(!seen.contains("hunter2"), "and it is not seen");
    assert_eq!(
        document.terraform_version,
        *project.session.program().version()
    );
    assert!(
        document.output_changes["password"]
            .after
            .expose()
            .contains("hunter2")
    );
}

#[tokio::test]
async fn a_plan_is_kept_applied_elsewhere_and_stale_afterwards() {
    let Some(mut project) = project("a_plan_is_kept_applied_elsewhere", CHAIN).await else {
        return;
    };
    let planned = project.plan().await.unwrap();
    let document = show(&project, &planned).await;
    let key = DigestKey::random().unwrap();
    let approved = ApprovedChanges::of(&document, &key);
    let kept = planned.file.read().unwrap();
    project.apply(planned).await.unwrap();

    let restored = PlanFile::restore(&kept, &project.plans(), &project.work()).unwrap();
    let error = project.apply_file(restored).await.unwrap_err();
    assert!(
        matches!(error.kind(), StepErrorKind::StalePlan),
        "{error:?}"
    );
    insta::assert_snapshot!(format!("{}\n{}", chain(&error), error.help().join("\n")), @"
    terraform apply refused the plan: the state has changed since it was made
      caused by: Error: Saved plan is stale
    make a new plan, and compare it with what was approved
    ");

    let planned = project.plan().await.unwrap();
    let again = show(&project, &planned).await;
    assert_eq!(effective(&again), [""; 0]);
    approved.accepts(&again, &key).unwrap();
}

#[tokio::test]
async fn what_is_left_of_a_failed_apply_is_accepted_and_more_is_not() {
    let main = |value: &str| {
        format!(
            r#"
resource "terraform_data" "first" {{ input = "{value}" }}
resource "terraform_data" "second" {{
  input = terraform_data.first.id
  provisioner "local-exec" {{ command = "test -e go" }}
}}
resource "terraform_data" "third" {{ input = [terraform_data.second.output, plantimestamp()] }}
output "id" {{ value = terraform_data.first.id }}
output "last" {{ value = terraform_data.third.output }}
"#
        )
    };
    let Some(mut project) = Project::real("what_is_left_of_a_failed_apply", &main("one")).await
    else {
        return;
    };
    project.init().await.unwrap();
    let planned = project.plan().await.unwrap();
    let key = DigestKey::random().unwrap();
    let approved = ApprovedChanges::of(&show(&project, &planned).await, &key);
    project.apply(planned).await.unwrap_err();

    // The second is there, tainted: nobody approved that it is destroyed.
    fs::write(project.work().join("go"), "").unwrap();
    let planned = project.plan().await.unwrap();
    let deviations = approved
        .accepts(&show(&project, &planned).await, &key)
        .unwrap_err();
    let said: Vec<String> = deviations.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @"terraform_data.second would be destroyed and created again (replace_because_tainted); approved was: created");
    drop(planned);

    // Without it, the rest is what was approved, and what was not known then is known now.
    project.run_terraform(&["state", "rm", "terraform_data.second"]);
    let planned = project.plan().await.unwrap();
    let document = show(&project, &planned).await;
    assert_eq!(
        effective(&document),
        [
            "terraform_data.second created",
            "terraform_data.third created"
        ]
    );
    approved.accepts(&document, &key).unwrap();
    drop(planned);

    project.write(&main("two"));
    let planned = project.plan().await.unwrap();
    let deviations = approved
        .accepts(&show(&project, &planned).await, &key)
        .unwrap_err();
    let said: Vec<String> = deviations.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @"terraform_data.first would be updated in place; approved was: created");
}

#[tokio::test]
async fn a_deposed_object_is_the_rest_of_its_replacement() {
    let main = |kind: &str| {
        format!(
            r#"
resource "terraform_data" "it" {{
  input            = "{kind}"
  triggers_replace = ["{kind}"]
  lifecycle {{ create_before_destroy = true }}
  provisioner "local-exec" {{
    command = "test -e go"
  }}
}}
"#
        )
    };
    let Some(mut project) = Project::real("a_deposed_object_is_the_rest", &main("one")).await
    else {
        return;
    };
    fs::write(project.work().join("go"), "").unwrap();
    project.init().await.unwrap();
    deploy(&mut project).await;
    project.write(&main("two"));
    let planned = project.plan().await.unwrap();
    let document = show(&project, &planned).await;
    let change = document.effective_changes().next().unwrap();
    assert_eq!(change.actions(), Actions::CreateThenDelete);
    let key = DigestKey::random().unwrap();
    let approved = ApprovedChanges::of(&document, &key);
    fs::remove_file(project.work().join("go")).unwrap();
    project.apply(planned).await.unwrap_err();

    // The old one is deposed, the new one tainted: only the former was to be destroyed.
    let planned = project.plan().await.unwrap();
    let deviations = approved
        .accepts(&show(&project, &planned).await, &key)
        .unwrap_err();
    let said: Vec<String> = deviations.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @"terraform_data.it has changed since the approved plan: id, input, output, triggers_replace");
    drop(planned);

    project.run_terraform(&["untaint", "terraform_data.it"]);
    let planned = project.plan().await.unwrap();
    let document = show(&project, &planned).await;
    let [rest] = document.effective_changes().collect::<Vec<_>>()[..] else {
        panic!("{:?}", effective(&document));
    };
    assert_eq!(rest.actions(), Actions::Delete);
    assert_eq!(rest.deposed.as_ref().map(String::len), Some(8));
    approved.accepts(&document, &key).unwrap();
    let itself = ApprovedChanges::of(&document, &key);
    itself.accepts(&document, &key).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_plan_is_no_plan() {
    let Some(project) = project("a_file_that_is_no_plan", CHAIN).await else {
        return;
    };
    let file = PlanFile::restore(b"hunter2", &project.plans(), &project.work()).unwrap();
    let error = project
        .session
        .show(&file, &project.cancel)
        .await
        .unwrap_err();
    assert_eq!(error.step(), Step::ShowPlan);
    assert!(matches!(error.kind(), StepErrorKind::Exit(_)), "{error:?}");
    let state = br#"{"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "x", "outputs": {}, "resources": []}"#;
    let file = PlanFile::restore(state, &project.plans(), &project.work()).unwrap();
    let error = project
        .session
        .show(&file, &project.cancel)
        .await
        .unwrap_err();
    insta::assert_snapshot!(chain(&error), @"
    what terraform show -json printed cannot be used
      caused by: it is not a plan: it holds no configuration
    ");
}
