//! A project with a store, and the programs that start, execute and cancel its runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use stk_testing::binaries::binary;
use stk_testing::fake_terraform::install_fake_terraform;
use stk_testing::fixtures::Project;
use stk_testing::redact::redact;
use tempfile::TempDir;

pub(crate) struct Lab {
    folder: TempDir,
    project: Project,
}

/// What came of a program.
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    /// The project `failing-apply`, whose Terraform is a fake one that lets everything succeed but
    /// the plugin `fragile`, whose connection is missing.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::copy("failing-apply", folder.path());
        project.remove_plugin("fragile");
        fs::create_dir(folder.path().join("step")).unwrap();
        let outputs = json!({"@level": "info", "@message": "Outputs: 2", "type": "outputs", "outputs": {
            "kept-value": {"sensitive": false, "type": "string", "value": "v"},
            "kept-id": {"sensitive": false, "type": "string", "value": "i"},
        }});
        let script = json!({"init": {}, "plan": {"exit": 2}, "apply": {"stdout": [outputs]}});
        install_fake_terraform(folder.path(), &script).unwrap();
        Self { folder, project }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, program: &Path, inputs: &[(&str, &str)]) -> Finished {
        let mut command = Command::new(program);
        command
            .current_dir(self.path("step"))
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("TMPDIR", self.folder.path())
            .env("INPUT_CONTROL_PLANE", "standalone")
            .env(
                "INPUT_IAC_BUCKET_NAME",
                format!("file://{}/iac", self.folder.path().display()),
            )
            .env(
                "INPUT_TFSTATE_BUCKET_NAME",
                format!("file://{}/state", self.folder.path().display()),
            )
            .env("INPUT_WORKDIR", &self.project.workdir)
            .env("INPUT_PLUGINS_PATH", &self.project.plugins_path)
            .env("INPUT_TERRAFORM_BIN", self.path("terraform"));
        for (name, value) in inputs {
            let name = if name.starts_with("GITHUB_") {
                (*name).to_owned()
            } else {
                format!("INPUT_{name}")
            };
            command.env(name, value);
        }
        let output = command.output().unwrap();
        Finished {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts a run; gives its id and its rows.
    pub(crate) fn orchestrate(&self) -> (String, String) {
        let inputs = [("ENVIRONMENT", "dev"), ("VERSION", "v1")];
        let started = self.program(&binary("stk-orchestrator"), &inputs);
        assert_eq!(started.code, 0, "{}", started.stderr);
        let output = |name: &str| {
            let mut lines = started.stdout.lines();
            let value = lines.find_map(|line| line.strip_prefix(&format!("{name}=")));
            value.unwrap().to_owned()
        };
        (output("run_id"), output("apply_tasks"))
    }

    /// Executes rows, which must succeed.
    pub(crate) fn tasks(&self, run_id: &str, rows: &str) {
        let inputs = [
            ("RUN_ID", run_id),
            ("TASK_LIST", rows),
            ("OUTPUT_FILE", ".outputs"),
        ];
        let done = self.program(&binary("stk-tasks"), &inputs);
        assert_eq!(done.code, 0, "{}", done.stderr);
    }

    pub(crate) fn cancel(&self, inputs: &[(&str, &str)]) -> Finished {
        self.program(Path::new(env!("CARGO_BIN_EXE_stk-cancel")), inputs)
    }

    /// What is said when this run is cancelled, with the exit code and what is printed.
    pub(crate) fn said(&self, inputs: &[(&str, &str)]) -> String {
        let finished = self.cancel(inputs);
        let text = format!(
            "{}{}exit code {}",
            finished.stderr, finished.stdout, finished.code
        );
        self.redacted(&text)
    }

    pub(crate) fn redacted(&self, text: &str) -> String {
        redact(text, &[(self.folder.path().to_str().unwrap(), "<lab>")])
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.path("iac/targets/failing-apply/dev/lock.json")
    }

    pub(crate) fn document(&self) -> PathBuf {
        self.path("step/run_data_output.json")
    }
}
