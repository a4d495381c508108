//! The three actions as GitHub runs them, through their action.yml files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use stk_testing::binaries::binary;
use stk_testing::composite::{Action, Report, Runner};
use stk_testing::fixtures::Project;
use stk_testing::moto::Moto;
use stk_testing::terraform::{require_provider, require_terraform, write_cli_config};
use tempfile::TempDir;

/// A repository with one project, and a runner.
pub(crate) struct Job {
    folder: TempDir,
    pub(crate) project: Project,
    pub(crate) runner: Runner,
    /// The input PROVIDER_MIRROR of the actions that have it.
    pub(crate) mirror: Option<PathBuf>,
}

impl Job {
    pub(crate) fn new(project: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let workspace = folder.path().join("repository");
        fs::create_dir(&workspace).unwrap();
        let project = Project::copy(project, &workspace);
        let binaries = Path::new(env!("CARGO_BIN_EXE_stk-tasks")).parent().unwrap();
        for name in ["stk-orchestrator", "stk-cancel"] {
            assert_eq!(binary(name).parent().unwrap(), binaries);
        }
        let path: OsString = std::env::var_os("PATH").unwrap();
        let runner = Runner::new(&folder.path().join("runner"))
            .workspace(&workspace)
            .limit(Duration::from_secs(300))
            .env("PATH", path)
            .env("STK_RUNTIME_BIN_DIR", binaries);
        Self {
            folder,
            project,
            runner,
            mirror: None,
        }
    }

    pub(crate) fn run(&self, action: &str, inputs: &[(&str, &str)]) -> Report {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .unwrap()
            .join(action);
        let name = self.project.workdir.file_name().unwrap().to_str().unwrap();
        let mut all = vec![("CONTROL_PLANE", "standalone"), ("WORKDIR", name)];
        if let Some(mirror) = self.mirror.as_ref().filter(|_| action != "cancel") {
            all.push(("PROVIDER_MIRROR", mirror.to_str().unwrap()));
        }
        all.extend(inputs);
        self.runner
            .run(&Action::read(&folder).unwrap(), &all)
            .unwrap()
    }

    /// Orchestrates and runs the tasks; gives the run's id and what the tasks said.
    pub(crate) fn deploy(&self, version: &str) -> (String, String) {
        let (run_id, _, done) = self.deploy_as("per-plugin", version);
        (run_id, done)
    }

    /// The same in that mode; also gives what the orchestrator action said.
    pub(crate) fn deploy_as(&self, mode: &str, version: &str) -> (String, String, String) {
        let inputs = [
            ("DEPLOY_MODE", mode),
            ("ENVIRONMENT", "dev"),
            ("VERSION", version),
            ("WORKSPACE", "orders"),
            ("TFSTATE_BUCKET_NAME", "file://../states"),
            ("IAC_BUCKET_NAME", "file://../iac"),
            ("REPOSITORY_NAME", "acme/shop"),
            ("PATH_TO_MOUNT", "."),
            ("STK_CLIENT_ID", "-"),
            ("STK_CLIENT_SECRET", "-"),
            ("STK_REALM", "-"),
        ];
        let started = self.run("orchestrator", &inputs);
        assert_eq!(started.exit_code(), 0, "{}", said(&started));
        let run_id = started.outputs["run_id"].clone();
        let done = self.run(
            "tasks",
            &[
                ("TASK_LIST", &started.outputs["apply_tasks"]),
                ("RUN_ID", &run_id),
                ("TFSTATE_BUCKET_NAME", "file://../states"),
                ("IAC_BUCKET_NAME", "file://../iac"),
            ],
        );
        assert_eq!(done.exit_code(), 0, "{}", said(&done));
        (run_id, said(&started), said(&done))
    }

    pub(crate) fn cancel(&self, run_id: &str) -> Report {
        self.run(
            "cancel",
            &[("RUN_ID", run_id), ("IAC_BUCKET_NAME", "file://../iac")],
        )
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("repository").join(name)
    }
}

pub(crate) fn said(report: &Report) -> String {
    let steps = report.steps.iter();
    steps
        .map(|step| format!("{}{}", step.stdout, step.stderr))
        .collect()
}

/// The groups of the log: which tasks were executed, in order.
pub(crate) fn groups(said: &str) -> String {
    let titles = said
        .lines()
        .filter_map(|line| line.strip_prefix("::group::"));
    titles.collect::<Vec<_>>().join("\n")
}

#[test]
fn quickstart_is_deployed_by_the_actions() {
    if require_terraform("quickstart_is_deployed_by_the_actions").is_none() {
        return;
    }
    let job = Job::new("quickstart");
    let (run_id, done) = job.deploy("v1");
    assert_eq!(groups(&done).lines().count(), 10, "{done}");
    assert!(job.path("orders-topicoutputs.json").exists());
    let cancelled = job.cancel(&run_id);
    assert_eq!(cancelled.exit_code(), 0);
    assert!(said(&cancelled).contains("already ended with status SUCCEEDED"));
    let document = Path::new(&cancelled.outputs["run_data"]);
    assert!(document.is_absolute());
    let document: Value = serde_json::from_slice(&fs::read(document).unwrap()).unwrap();
    assert_eq!(document["runId"], run_id);
    assert_eq!(document["appliedPlugins"].as_array().unwrap().len(), 5);
}

/// The approver reads it on the page of the workflow run, before the tasks action starts.
#[test]
fn the_page_of_the_plan_is_the_summary_of_the_orchestrators_step() {
    if require_terraform("the_page_of_the_plan_is_the_summary_of_the_orchestrators_step").is_none()
    {
        return;
    }
    let job = Job::new("quickstart");
    let started = job.run(
        "orchestrator",
        &[
            ("DEPLOY_MODE", "unified"),
            ("ENVIRONMENT", "dev"),
            ("VERSION", "v1"),
            ("TFSTATE_BUCKET_NAME", "file://../states"),
            ("IAC_BUCKET_NAME", "file://../iac"),
            ("STK_CLIENT_ID", "-"),
            ("STK_CLIENT_SECRET", "-"),
            ("STK_REALM", "-"),
        ],
    );
    assert_eq!(started.exit_code(), 0, "{}", said(&started));
    let page: String = started.steps.iter().map(|it| it.summary.as_str()).collect();
    for part in [
        "### Plan of `orders-messaging` in `dev`, version `v1`\n\n**6 to create.**\n",
        "```mermaid\nflowchart LR\n",
        "| `orders-queue` | created | 2 |",
        "+ module.orders-topic.terraform_data.topic will be created\n",
        "+     input.name           = \"orders-dev\"\n",
        "+     known after apply: id, output\n",
        "Run `",
    ] {
        assert!(page.contains(part), "{part}\n{page}");
    }
    // In the log of the step, Terraform's own lines stay.
    assert!(said(&started).contains("will be created"));
    let kept = job.path("iac/runs").join(&started.outputs["run_id"]);
    let kept = fs::read_to_string(kept.join("plan.json")).unwrap();
    let kept: stk_run::PlanSummary = serde_json::from_str(&kept).unwrap();
    assert_eq!(kept.verdict(), "6 to create");
}

#[test]
fn the_documents_own_example_is_deployed_to_aws_and_loses_its_queue() {
    let test = "the_documents_own_example_is_deployed_to_aws_and_loses_its_queue";
    let (Some(_), Some(mirror)) = (
        require_terraform(test),
        require_provider("hashicorp/aws", test),
    ) else {
        return;
    };
    let Some(moto) = Moto::require(test) else {
        return;
    };
    let mut job = Job::new("sns-sqs");
    let config = write_cli_config(job.folder.path(), &mirror);
    job.runner = job.runner.env("TF_CLI_CONFIG_FILE", config);
    for (name, value) in moto.environment() {
        job.runner = job.runner.env(name, value);
    }

    let (_, done) = job.deploy("v1");
    insta::assert_snapshot!(groups(&done), @"
    [1/4] IAC_SELF_HOSTED sns-topic-1728484987960
    [2/4] DEPLOY_SELF_HOSTED sns-topic-1728484987960
    [3/4] IAC_SELF_HOSTED sqs-queue-1728485030410
    [4/4] DEPLOY_SELF_HOSTED sqs-queue-1728485030410
    ");
    assert_eq!(moto.topics(), ["order-events-dev"]);
    assert_eq!(moto.queues(), ["billing-dev"]);
    let topic = moto.parameter("/acme/topics/order-events-dev/arn").unwrap();
    let subscriptions = moto.aws_json("sns", "list_subscriptions");
    let subscription = &subscriptions["Subscriptions"][0];
    assert_eq!(subscription["TopicArn"], topic);
    assert!(
        subscription["Endpoint"]
            .as_str()
            .unwrap()
            .ends_with(":billing-dev")
    );
    let outputs = fs::read(job.path("sqs-queue-1728485030410outputs.json")).unwrap();
    let outputs: Value = serde_json::from_slice(&outputs).unwrap();
    assert_eq!(outputs["sqs-queue-arn"]["value"], subscription["Endpoint"]);

    job.project.remove_plugin("sqs-queue-1728485030410");
    let (run_id, done) = job.deploy("v2");
    insta::assert_snapshot!(groups(&done), @"
    [1/3] IAC_SELF_HOSTED sns-topic-1728484987960
    [2/3] DEPLOY_SELF_HOSTED sns-topic-1728484987960
    [3/3] DESTROY_SELF_HOSTED sqs-queue-1728485030410
    ");
    assert_eq!(moto.queues(), Vec::<String>::new());
    assert_eq!(
        moto.aws_json("sns", "list_subscriptions")["Subscriptions"]
            .as_array()
            .map(Vec::len),
        Some(0)
    );
    assert_eq!(moto.topics(), ["order-events-dev"]);
    assert_eq!(
        moto.parameter("/acme/topics/order-events-dev/arn"),
        Some(topic)
    );

    let cancelled = job.cancel(&run_id);
    assert_eq!(cancelled.exit_code(), 0, "{}", said(&cancelled));
}
