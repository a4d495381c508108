//! The three `action.yml` files: what they declare, and what they do with stub programs in place of ours.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail as the tests do"
)]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use stk_testing::composite::{Action, Outcome, Runner};
use tempfile::TempDir;

pub(crate) const NAMES: [&str; 3] = ["orchestrator", "tasks", "cancel"];

/// The action of a folder under `actions/`.
pub(crate) fn action(name: &str) -> Action {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = repository.join("actions").join(name);
    Action::read(&folder.canonicalize().unwrap()).unwrap()
}

/// A program that writes down its environment, sets the outputs of `<name>.outputs` and ends with the code in `<name>.exit`.
const STUB: &str = r#"#!/usr/bin/env bash
set -eu
name=${0##*/}
env -0 >"$STUBS/$name.env"
echo "this is $name"
if [[ -f "$STUBS/$name.outputs" ]]; then cat "$STUBS/$name.outputs" >>"$GITHUB_OUTPUT"; fi
if [[ -f "$STUBS/$name.exit" ]]; then exit "$(<"$STUBS/$name.exit")"; fi
"#;

/// Stub programs in a folder, and a runner that finds them.
struct Stubs {
    folder: TempDir,
}

impl Stubs {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stubs = Self { folder };
        for program in ["stk-orchestrator", "stk-tasks", "stk-cancel"] {
            stubs.program(program, STUB);
        }
        stubs
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        executable(&self.path(name), script);
    }

    fn runner(&self) -> Runner {
        Runner::new(&self.path("runner"))
            .env("STK_RUNTIME_BIN_DIR", self.folder.path())
            .env("STUBS", self.folder.path())
    }

    /// The `INPUT_` variables that a program was started with; `None` if it was not.
    fn inputs(&self, program: &str) -> Option<BTreeMap<String, String>> {
        let text = fs::read_to_string(self.path(&format!("{program}.env"))).ok()?;
        let pairs = text.split('\0').filter_map(|pair| pair.split_once('='));
        let inputs = pairs.filter_map(|(name, value)| {
            Some((name.strip_prefix("INPUT_")?.to_owned(), value.to_owned()))
        });
        Some(inputs.collect())
    }
}

/// A file that can be run.
pub(crate) fn executable(file: &Path, script: &str) {
    fs::write(file, script).unwrap();
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn every_input_reaches_the_program_exactly_once() {
    for (name, id) in [
        ("orchestrator", "orchestrate"),
        ("tasks", "tasks"),
        ("cancel", "cancel"),
    ] {
        let action = action(name);
        let env = &action.step(id).unwrap().env;
        let passed: Vec<&str> = env
            .keys()
            .filter_map(|key| key.strip_prefix("INPUT_"))
            .collect();
        let declared: Vec<&str> = action.inputs.keys().map(String::as_str).collect();
        assert_eq!(passed, declared, "{name}: as many, in the same order");
        for input in declared {
            assert_eq!(
                env[&format!("INPUT_{input}")],
                format!("${{{{ inputs.{input} }}}}")
            );
        }
    }
}

#[test]
fn the_prepare_step_gives_the_tasks_program_all_of_its_inputs() {
    let orchestrator = action("orchestrator");
    let env = &orchestrator.step("prepare").unwrap().env;
    let passed: Vec<&str> = env
        .keys()
        .filter_map(|key| key.strip_prefix("INPUT_"))
        .collect();
    let tasks = action("tasks");
    let declared: Vec<&str> = tasks.inputs.keys().map(String::as_str).collect();
    assert_eq!(passed, declared);
}

#[test]
fn nothing_is_interpolated_into_a_script_and_programs_replace_the_shell() {
    for name in NAMES {
        for step in action(name).steps {
            assert!(!step.run.contains("${{"), "{name}: {}", step.run);
            assert!(step.run.starts_with("exec "), "{name}: {}", step.run);
            assert!(!step.run.contains('\n'), "{name}: {}", step.run);
        }
    }
}

#[test]
fn everything_is_described() {
    let colours = [
        "white",
        "black",
        "yellow",
        "blue",
        "green",
        "orange",
        "red",
        "purple",
        "gray-dark",
    ];
    for name in NAMES {
        let action = action(name);
        let branding = action.branding.as_ref().unwrap();
        assert!(colours.contains(&branding.color.as_str()), "{name}");
        assert!(
            ["layers", "play", "x-circle"].contains(&branding.icon.as_str()),
            "{name}"
        );
        let inputs = action
            .inputs
            .iter()
            .map(|(name, input)| (name, &input.description));
        let outputs = action
            .outputs
            .iter()
            .map(|(name, output)| (name, &output.description));
        for (item, description) in inputs.chain(outputs) {
            assert!(description.len() > 20, "{name} {item}");
            assert!(description.ends_with('.'), "{name} {item}");
        }
    }
}

/// The inputs of the published actions and their defaults (an empty one is none).
const PUBLISHED: [(&str, &[(&str, &str)]); 3] = [
    (
        "orchestrator",
        &[
            ("LEVEL_LOG", "info"),
            ("TFSTATE_BUCKET_NAME", ""),
            ("TFSTATE_BUCKET_REGION", "sa-east-1"),
            ("IAC_BUCKET_NAME", ""),
            ("IAC_BUCKET_REGION", "sa-east-1"),
            ("CONTAINER_IAC_VERSION", "stackspot/runtime-job-iac:latest"),
            (
                "CONTAINER_DEPLOY_VERSION",
                "stackspot/runtime-job-deploy:latest",
            ),
            (
                "CONTAINER_DESTROY_VERSION",
                "stackspot/runtime-job-destroy:latest",
            ),
            (
                "CONTAINER_UNIFIED_VERSION",
                "stackspot/runtime-job-unified:latest",
            ),
            ("DYNAMIC_INPUTS", ""),
            ("WORKSPACE", ""),
            ("ENVIRONMENT", ""),
            ("VERSION", ""),
            ("TERRAFORM_PARALLELISM", "10"),
            ("WORKDIR", "./"),
            ("CHECKOUT_BRANCH", "true"),
            ("REPOSITORY_NAME", ""),
            ("PATH_TO_MOUNT", ""),
            ("AWS_REGION", "sa-east-1"),
            ("AWS_IAM_ROLE", ""),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
            ("AWS_SESSION_TOKEN", ""),
            ("STK_CLIENT_ID", ""),
            ("STK_CLIENT_SECRET", ""),
            ("STK_REALM", ""),
            ("FEATURES_TERRAFORM_MODULES", ""),
            ("TF_LOG_PROVIDER", ""),
            ("BASE_PATH_OUTPUT", "outputs.json"),
            ("LOCAL_EXEC_ENABLED", "false"),
            ("VERBOSE", "false"),
            ("OPEN_API_PATH", ""),
            ("BETA_CLI", "default"),
            ("SKIP_DEPLOY", "False"),
        ],
    ),
    (
        "tasks",
        &[
            ("TASK_LIST", ""),
            ("RUN_ID", ""),
            ("FEATURES_LEVEL_LOG", "info"),
            ("REPOSITORY_NAME", ""),
            ("AWS_REGION", ""),
            ("PATH_TO_MOUNT", ""),
            ("CONTAINER_URL_IAC", "stackspot/runtime-job-iac:latest"),
            (
                "CONTAINER_URL_DEPLOY",
                "stackspot/runtime-job-deploy:latest",
            ),
            (
                "CONTAINER_URL_DESTROY",
                "stackspot/runtime-job-destroy:latest",
            ),
            (
                "CONTAINER_URL_UNIFIED",
                "stackspot/runtime-job-unified:latest",
            ),
            ("TF_PARALLELISM", "10"),
            ("FEATURES_TERRAFORM_MODULES", ""),
            ("OUTPUT_FILE", "outputs.json"),
            ("LOCALEXEC_ENABLED", "false"),
            ("TF_LOG_PROVIDER", ""),
            ("CHECKOUT_BRANCH", "true"),
            ("BASE_PATH_OUTPUT", ""),
            ("CLIENT_ID", ""),
            ("CLIENT_KEY", ""),
            ("CLIENT_REALM", ""),
            ("AWS_ACCESS_KEY_ID", ""),
            ("AWS_SECRET_ACCESS_KEY", ""),
            ("AWS_SESSION_TOKEN", ""),
            ("AWS_ROLE_ARN", ""),
            ("EXCLUDE_FILES_PATH", ""),
            ("BETA_CLI_ENVIRONMENT", "default"),
        ],
    ),
    (
        "cancel",
        &[
            ("CLIENT_ID", ""),
            ("CLIENT_KEY", ""),
            ("CLIENT_REALM", ""),
            ("RUN_ID", ""),
            ("FORCE_CANCEL", "true"),
            ("BETA_ENVIRONMENT", "default"),
        ],
    ),
];

#[test]
fn the_inputs_of_the_published_actions_are_all_there() {
    for (name, inputs) in PUBLISHED {
        let action = action(name);
        for (input, default) in inputs {
            let found = action
                .inputs
                .get(*input)
                .unwrap_or_else(|| panic!("{name}: {input}"));
            assert_eq!(
                found.default.as_deref().unwrap_or_default(),
                *default,
                "{name}: {input}"
            );
        }
    }
}

#[test]
fn this_projects_own_inputs_are_on_the_actions_of_the_contract() {
    let all = [
        "CONTROL_PLANE",
        "TFSTATE_BUCKET_NAME",
        "TFSTATE_BUCKET_REGION",
        "IAC_BUCKET_NAME",
        "IAC_BUCKET_REGION",
        "STK_IAM_URL",
        "STK_RUNTIME_MANAGER_URL",
        "STK_WORKSPACE_URL",
        "WORKDIR",
    ];
    let own: [&[&str]; 3] = [
        &[
            "DEPLOY_MODE",
            "PLUGINS_PATH",
            "MANIFEST_PATH",
            "PLAN_ENCRYPTION_KEY",
            "SECRET_INPUTS",
            "TERRAFORM_BIN",
            "TERRAFORM_IMAGE",
            "PROVIDER_MIRROR",
        ],
        &[
            "PROJECT",
            "PLAN_ENCRYPTION_KEY",
            "SECRET_INPUTS",
            "TERRAFORM_BIN",
            "TERRAFORM_IMAGE",
            "PROVIDER_MIRROR",
        ],
        &["PROJECT"],
    ];
    for ((name, published), own) in PUBLISHED.into_iter().zip(own) {
        let action = action(name);
        for input in all.iter().chain(own) {
            assert!(action.inputs.contains_key(*input), "{name}: {input}");
        }
        for input in action.inputs.keys() {
            let known = published.iter().any(|(name, _)| name == input);
            assert!(
                known || all.contains(&input.as_str()) || own.contains(&input.as_str()),
                "{name}: {input}"
            );
        }
    }
}

#[test]
fn hostile_values_arrive_unchanged() {
    let hostile = [
        "$(touch pwned)",
        "`touch pwned`",
        "'; touch pwned; '",
        "\"; touch pwned; \"",
        "a\nb\n\nrun_id=forged\n",
        "${{ inputs.VERSION }}",
        "$HOME \\ % ! * ~",
        "[{'runTaskId': 'x', \"é\": '日本'}]",
        "-e",
        "",
    ];
    for (name, program) in [
        ("orchestrator", "stk-orchestrator"),
        ("tasks", "stk-tasks"),
        ("cancel", "stk-cancel"),
    ] {
        let stubs = Stubs::new();
        let action = action(name);
        let given: Vec<(&str, &str)> = action
            .inputs
            .keys()
            .zip(hostile.iter().cycle())
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        let report = stubs.runner().run(&action, &given).unwrap();
        assert_eq!(report.exit_code(), 0, "{name}: {report:#?}");
        let arrived = stubs.inputs(program).unwrap();
        assert_eq!(arrived.len(), given.len(), "{name}");
        for (input, value) in given {
            assert_eq!(arrived[input], value, "{name}: {input}");
        }
        assert!(!stubs.path("runner/workspace/pwned").exists(), "{name}");
    }
}

#[test]
fn without_inputs_the_defaults_arrive() {
    let stubs = Stubs::new();
    stubs.runner().run(&action("orchestrator"), &[]).unwrap();
    let arrived = stubs.inputs("stk-orchestrator").unwrap();
    for (input, default) in PUBLISHED[0].1 {
        assert_eq!(arrived[*input], *default, "{input}");
    }
    assert_eq!(arrived["CONTROL_PLANE"], "stackspot");
    assert_eq!(arrived["DEPLOY_MODE"], "per-plugin");
}

#[test]
fn the_tasks_to_prepare_are_run_with_the_orchestrators_inputs() {
    let stubs = Stubs::new();
    let rows = "[{'runTaskId': '01J', 'taskType': 'PLAN', 'pluginAppliedAlias': 'a', 'order': 1}]";
    let outputs = format!("run_id=01R\ntasks=[1]\nprepare_tasks={rows}\napply_tasks<<x\n[2]\nx\n");
    fs::write(stubs.path("stk-orchestrator.outputs"), outputs).unwrap();
    let inputs = [
        ("STK_CLIENT_SECRET", "s3cret"),
        ("AWS_IAM_ROLE", "arn:role"),
        ("LEVEL_LOG", "debug"),
        ("TERRAFORM_PARALLELISM", "3"),
        ("WORKDIR", "infra"),
        ("TFSTATE_BUCKET_NAME", "file:///states"),
    ];
    let report = stubs
        .runner()
        .run(&action("orchestrator"), &inputs)
        .unwrap();
    let arrived = stubs.inputs("stk-tasks").unwrap();
    let expected = [
        ("TASK_LIST", rows),
        ("RUN_ID", "01R"),
        ("CLIENT_KEY", "s3cret"),
        ("AWS_ROLE_ARN", "arn:role"),
        ("FEATURES_LEVEL_LOG", "debug"),
        ("TF_PARALLELISM", "3"),
        ("WORKDIR", "infra"),
        ("TFSTATE_BUCKET_NAME", "file:///states"),
        ("OUTPUT_FILE", "outputs.json"),
        ("PROJECT", ""),
    ];
    for (name, value) in expected {
        assert_eq!(arrived[name], value, "{name}");
    }
    let outputs: Vec<(&str, &str)> = report
        .outputs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        outputs,
        [
            ("run_id", "01R"),
            ("apply_tasks", "[2]"),
            ("tasks", "[1]"),
            ("prepare_tasks", rows)
        ]
    );
}

#[test]
fn nothing_to_prepare_runs_nothing() {
    for outputs in ["run_id=01R\nprepare_tasks=[]\napply_tasks=[2]\n", ""] {
        let stubs = Stubs::new();
        fs::write(stubs.path("stk-orchestrator.outputs"), outputs).unwrap();
        let report = stubs.runner().run(&action("orchestrator"), &[]).unwrap();
        assert_eq!(report.step("prepare").unwrap().outcome, Outcome::Skipped);
        assert_eq!(stubs.inputs("stk-tasks"), None);
        assert_eq!(report.exit_code(), 0);
    }
}

#[test]
fn the_programs_exit_code_is_the_steps() {
    let stubs = Stubs::new();
    fs::write(stubs.path("stk-orchestrator.exit"), "23").unwrap();
    fs::write(
        stubs.path("stk-orchestrator.outputs"),
        "prepare_tasks=[1]\n",
    )
    .unwrap();
    let report = stubs.runner().run(&action("orchestrator"), &[]).unwrap();
    assert_eq!(
        report.step("orchestrate").unwrap().outcome,
        Outcome::Ended(23)
    );
    assert_eq!(report.step("prepare").unwrap().outcome, Outcome::Skipped);
    assert_eq!(stubs.inputs("stk-tasks"), None);
}

#[test]
fn the_cancel_action_hands_the_runs_data_on() {
    let stubs = Stubs::new();
    fs::write(
        stubs.path("stk-cancel.outputs"),
        "run_data=/w/run_data_output.json\n",
    )
    .unwrap();
    let report = stubs
        .runner()
        .run(&action("cancel"), &[("RUN_ID", "01R")])
        .unwrap();
    assert_eq!(report.outputs["run_data"], "/w/run_data_output.json");
    assert_eq!(stubs.inputs("stk-cancel").unwrap()["RUN_ID"], "01R");
}

#[test]
fn a_cancelled_job_interrupts_the_program_itself() {
    let stubs = Stubs::new();
    let script = "#!/usr/bin/env bash\ntrap 'echo interrupted; exit 30' INT\ntouch \"$STUBS/ready\"\nwhile true; do sleep 0.02; done\n";
    stubs.program("stk-tasks", script);
    let runner = stubs.runner().cancel_when(&stubs.path("ready"));
    let started = Instant::now();
    let report = runner.run(&action("tasks"), &[]).unwrap();
    let step = report.step("tasks").unwrap();
    assert_eq!(step.outcome, Outcome::Ended(30), "{step:?}");
    assert_eq!(step.stdout, "interrupted\n");
    assert!(
        started.elapsed() < Duration::from_secs(6),
        "by SIGINT, not by the SIGTERM that follows"
    );
}
