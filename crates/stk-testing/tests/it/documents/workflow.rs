//! The workflow in the README, run: its three actions with the inputs that it gives them, and our own programs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stk_testing::binaries::binary;
use stk_testing::composite::{Report, Runner};
use stk_testing::fixtures::Project;
use stk_testing::terraform::require_terraform;

use super::{action, document};

/// The `with` of each job's step that uses one of our actions, by job: action and inputs.
fn steps() -> BTreeMap<String, (String, Vec<(String, String)>)> {
    let blocks = document("README.md").blocks;
    let workflow = blocks.iter().find(|block| block.language == "yaml");
    let workflow: Value = serde_yaml::from_str(&workflow.unwrap().text).unwrap();
    let mut steps = BTreeMap::new();
    for (name, job) in workflow["jobs"].as_object().unwrap() {
        for step in job["steps"].as_array().unwrap() {
            let Some((_, used)) = step["uses"]
                .as_str()
                .unwrap()
                .split_once("stk-runtime/actions/")
            else {
                continue;
            };
            let given = step["with"].as_object().unwrap().iter();
            let given =
                given.map(|(input, value)| (input.clone(), value.as_str().unwrap().to_owned()));
            let action = used.split('@').next().unwrap().to_owned();
            steps.insert(name.clone(), (action, given.collect()));
        }
    }
    steps
}

/// One machine with the store and the programs; each job has a workspace of its own.
struct Machine {
    folder: PathBuf,
    path: String,
    programs: PathBuf,
}

impl Machine {
    /// Runs the step of a job. `known` are the expressions that it may use.
    fn run(&self, job: &str, workspace: &Path, known: &[(&str, &str)]) -> Report {
        let (name, mut inputs) = steps().remove(job).unwrap();
        let store = self.folder.join("store");
        for (_, value) in &mut inputs {
            *value = value.replace("/var/lib/stk-runtime", store.to_str().unwrap());
            for (expression, text) in known {
                *value = value.replace(&format!("${{{{ {expression} }}}}"), text);
            }
            assert!(!value.contains("${{"), "{job}: {value}");
        }
        let inputs: Vec<_> = inputs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let report = Runner::new(&self.folder.join(job))
            .workspace(workspace)
            .env("PATH", &self.path)
            .env("STK_RUNTIME_BIN_DIR", &self.programs)
            .run(&action(&name), &inputs)
            .unwrap();
        assert!(report.exit_code() == 0, "{job}: {report:#?}");
        report
    }
}

#[test]
fn the_readmes_workflow_deploys() {
    let Some(terraform) = require_terraform("the_readmes_workflow_deploys") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let programs = ["stk-orchestrator", "stk-tasks", "stk-cancel"].map(binary);
    let machine = Machine {
        folder: folder.path().to_owned(),
        path: format!(
            "{}:/usr/local/bin:/usr/bin:/bin",
            terraform.parent().unwrap().display()
        ),
        programs: programs[0].parent().unwrap().to_owned(),
    };

    let project = Project::copy("quickstart", folder.path());
    let started = machine.run(
        "orchestrate",
        &project.workdir,
        &[("github.sha", "0a1b2c3")],
    );
    let run_id = started.outputs["run_id"].as_str();
    let needs = [
        ("needs.orchestrate.outputs.run_id", run_id),
        (
            "needs.orchestrate.outputs.apply_tasks",
            &started.outputs["apply_tasks"],
        ),
        ("secrets.AWS_ACCESS_KEY_ID", ""),
        ("secrets.AWS_SECRET_ACCESS_KEY", ""),
    ];

    // As on GitHub, nothing is checked out in this job.
    let workspace = folder.path().join("empty");
    fs::create_dir(&workspace).unwrap();
    machine.run("deploy", &workspace, &needs);
    let states = machine.folder.join("store/states/orders-messaging/prod");
    assert_eq!(fs::read_dir(states).unwrap().count(), 5);
    assert!(workspace.join("orders-topicoutputs.json").is_file());

    // The job runs only after a failure; on a run that has ended it changes nothing.
    let cancelled = machine.run("cancel", &workspace, &needs);
    let run = fs::read_to_string(&cancelled.outputs["run_data"]).unwrap();
    let run: Value = serde_json::from_str(&run).unwrap();
    assert_eq!(run["runId"], *run_id);
    assert_eq!(run["status"], "SUCCEEDED");
}
