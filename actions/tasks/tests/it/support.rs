//! A project, its stores, and the programs that deploy it, in a folder of their own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use stk_testing::binaries::binary;
use stk_testing::fake_terraform::install_fake_terraform;
use stk_testing::fixtures::Project;
use stk_testing::redact::redact;
use tempfile::TempDir;

/// Longer than anything here takes on a slow machine.
const LIMIT: Duration = Duration::from_secs(120);

pub(crate) struct Lab {
    folder: TempDir,
    pub(crate) project: Project,
    /// What the programs get in addition to the inputs.
    pub(crate) environment: BTreeMap<String, String>,
    /// `spec.infra-id` or `metadata.name`.
    pub(crate) name: String,
}

impl Lab {
    /// A copy of a project of the fixtures, deployed with the Terraform on `PATH`.
    pub(crate) fn fixture(name: &str, identity: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let project = Project::copy(name, folder.path());
        for made in ["home", "temp", "mount"] {
            fs::create_dir(folder.path().join(made)).unwrap();
        }
        let path = std::env::var("PATH").unwrap();
        let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        let environment = [
            ("PATH", path),
            ("HOME", at("home")),
            ("TMPDIR", at("temp")),
            ("RUNNER_TEMP", at("temp")),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value));
        Self {
            environment: environment.into(),
            project,
            name: identity.to_owned(),
            folder,
        }
    }

    /// A project of these plugins, each with one file of Terraform, in the order given.
    pub(crate) fn of(plugins: &[(&str, &str)]) -> Self {
        let mut lab = Self::fixture("empty", "empty");
        lab.project.plugins_path = lab.path("catalogue");
        lab.plugins(plugins);
        lab
    }

    /// Puts these plugins into the catalogue, and nothing else into `stk.yaml`.
    pub(crate) fn plugins(&self, plugins: &[(&str, &str)]) {
        let mut entries = String::from("  plugins:\n");
        for (alias, main) in plugins {
            let plugin = self.project.plugins_path.join(format!("{alias}@1.0.0"));
            fs::create_dir_all(plugin.join("templates-deploy")).unwrap();
            let definition = format!(
                "schema-version: v2\nkind: plugin\nmetadata:\n  name: {alias}\n  display-name: {alias}\n  description: A plugin\n  version: 1.0.0\nspec:\n  type: infra\n"
            );
            fs::write(plugin.join("plugin.yaml"), definition).unwrap();
            fs::write(plugin.join("templates-deploy/main.tf"), main).unwrap();
            entries.push_str(&format!(
                "    - name: acme/stack@1.0.0/{alias}@1.0.0\n      alias: {alias}\n      type: infra\n      inputs: {{}}\n"
            ));
        }
        if plugins.is_empty() {
            entries = "  plugins: []\n".to_owned();
        }
        let text = format!(
            "schema-version: v2\nkind: manifest\nmetadata:\n  name: {}\n  description: A project\nspec:\n  type: infra\n{entries}",
            self.name
        );
        fs::write(self.project.workdir.join(".stk/stk.yaml"), text).unwrap();
    }

    /// A project of plugins whose Terraform is a fake one that follows `script`.
    pub(crate) fn fake(aliases: &[&str], script: &Value) -> Self {
        let plugins: Vec<_> = aliases.iter().map(|alias| (*alias, "# nothing")).collect();
        let mut lab = Self::of(&plugins);
        lab.install_fake(script);
        lab
    }

    /// From now on a fake Terraform that follows `script`.
    pub(crate) fn install_fake(&mut self, script: &Value) {
        let folder = self.path("fake");
        fs::create_dir_all(&folder).unwrap();
        if !folder.join("terraform").exists() {
            install_fake_terraform(&folder, script).unwrap();
        }
        fs::write(folder.join("fake-terraform.json"), script.to_string()).unwrap();
        self.set(
            "INPUT_TERRAFORM_BIN",
            folder.join("terraform").to_str().unwrap(),
        );
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// A path inside the lab.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// One of the programs, with the inputs that all three have.
    pub(crate) fn program(&self, path: &Path) -> Command {
        let mut command = Command::new(path);
        command
            .current_dir(self.path("mount"))
            .env_clear()
            .envs(&self.environment)
            .env("INPUT_CONTROL_PLANE", "standalone")
            .env(
                "INPUT_IAC_BUCKET_NAME",
                format!("file://{}", self.path("iac").display()),
            )
            .env(
                "INPUT_TFSTATE_BUCKET_NAME",
                format!("file://{}", self.path("state").display()),
            )
            .env("INPUT_WORKDIR", &self.project.workdir);
        command
    }

    /// Starts a run.
    pub(crate) fn orchestrate(&self) -> Rows {
        let finished = self.try_orchestrate();
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        Rows {
            run_id: finished.output("run_id"),
            list: finished.output("apply_tasks"),
        }
    }

    pub(crate) fn try_orchestrate(&self) -> Finished {
        let mut command = self.program(&binary("stk-orchestrator"));
        command
            .env("INPUT_ENVIRONMENT", "dev")
            .env("INPUT_VERSION", "v1")
            .env("INPUT_PLUGINS_PATH", &self.project.plugins_path);
        self.start(command).finish()
    }

    /// `stk-tasks` with these rows, ready to be started.
    pub(crate) fn tasks_command(&self, run_id: &str, list: &str) -> Command {
        let mut command = self.program(Path::new(env!("CARGO_BIN_EXE_stk-tasks")));
        command
            .env("INPUT_RUN_ID", run_id)
            .env("INPUT_TASK_LIST", list);
        command
    }

    pub(crate) fn tasks(&self, rows: &Rows) -> Finished {
        self.start_tasks(rows).finish()
    }

    pub(crate) fn start_tasks(&self, rows: &Rows) -> Started {
        self.start(self.tasks_command(&rows.run_id, &rows.list))
    }

    /// Cancels a run.
    pub(crate) fn cancel(&self, run_id: &str) -> Finished {
        let mut command = self.program(&binary("stk-cancel"));
        command.env("INPUT_RUN_ID", run_id);
        self.start(command).finish()
    }

    /// Starts a run of the whole project as one and plans it: what the orchestrator action does. The rows are those that
    /// wait for an approval.
    pub(crate) fn planned(&mut self) -> (Rows, Finished) {
        self.set("INPUT_DEPLOY_MODE", "unified");
        let finished = self.try_orchestrate();
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        let rows = Rows {
            run_id: finished.output("run_id"),
            list: finished.output("apply_tasks"),
        };
        let prepared = self.tasks(&rows.with(&finished.output("prepare_tasks")));
        assert_eq!(prepared.code, 0, "{}", prepared.stderr);
        (rows, prepared)
    }

    /// A whole deployment, which must succeed.
    pub(crate) fn deploy(&self) -> Finished {
        let rows = self.orchestrate();
        let finished = self.tasks(&rows);
        assert_eq!(finished.code, 0, "{}", finished.stderr);
        assert_eq!(self.status(&rows.run_id), "SUCCEEDED");
        assert!(!self.is_locked());
        finished
    }

    pub(crate) fn start(&self, mut command: Command) -> Started {
        let files = tempfile::tempdir_in(self.root()).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(files.path().join("stdout")).unwrap())
            .stderr(File::create(files.path().join("stderr")).unwrap())
            .spawn()
            .unwrap();
        Started { child, files }
    }

    pub(crate) fn record(&self, run_id: &str) -> Value {
        read_json(&self.path(&format!("iac/runs/{run_id}/record.json"))).unwrap()
    }

    pub(crate) fn status(&self, run_id: &str) -> String {
        self.record(run_id)["status"].as_str().unwrap().to_owned()
    }

    /// `<type> <alias> <status>` of each task of a run.
    pub(crate) fn task_statuses(&self, run_id: &str) -> String {
        let record = self.record(run_id);
        let text = |task: &Value, name: &str| task[name].as_str().unwrap().to_owned();
        let tasks = record["tasks"].as_array().unwrap().iter();
        tasks
            .map(|task| {
                let kind = text(task, "kind").replace("_SELF_HOSTED", "");
                format!("{kind} {} {}", text(task, "alias"), text(task, "status"))
            })
            .collect::<Vec<_>>()
            .join("\n")
    }

    pub(crate) fn is_locked(&self) -> bool {
        self.path(&format!("iac/targets/{}/dev/lock.json", self.name))
            .exists()
    }

    /// The aliases that our record says are deployed.
    pub(crate) fn deployed(&self) -> Vec<String> {
        let folder = self.path(&format!("iac/targets/{}/dev/deployed", self.name));
        let entries = fs::read_dir(folder).into_iter().flatten();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| Some(name.strip_suffix(".json")?.to_owned()))
            .collect();
        names.sort();
        names
    }

    pub(crate) fn state_file(&self, alias: &str) -> PathBuf {
        self.path(&format!(
            "state/states/{}/dev/{alias}/terraform.tfstate",
            self.name
        ))
    }

    /// The state of a plugin, as Terraform left it, without the counter of its versions.
    pub(crate) fn state(&self, alias: &str) -> Option<Value> {
        let mut state = read_json(&self.state_file(alias))?;
        state.as_object_mut()?.remove("serial");
        Some(state)
    }

    /// What Terraform itself says is there: address to id.
    pub(crate) fn resources(&self, alias: &str) -> BTreeMap<String, String> {
        if !self.state_file(alias).exists() {
            return BTreeMap::new();
        }
        let folder = tempfile::tempdir_in(self.root()).unwrap();
        let mut command = Command::new("terraform");
        command
            .args(["show", "-json"])
            .arg(self.state_file(alias))
            .current_dir(folder.path())
            .env_clear()
            .envs(&self.environment);
        let shown = self.start(command).finish();
        assert_eq!(shown.code, 0, "{}", shown.stderr);
        let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
        let mut found = BTreeMap::new();
        collect(&shown["values"]["root_module"], &mut found);
        found
    }

    /// A text without what differs from run to run.
    pub(crate) fn redacted(&self, text: &str) -> String {
        let lines: Vec<_> = text.lines().map(without_resource).collect();
        redact(
            &lines.join("\n"),
            &[(self.root().to_str().unwrap(), "<lab>")],
        )
    }
}

/// A line about a resource without its id and the seconds that it took.
fn without_resource(line: &str) -> String {
    let Some((before, id)) = line.split_once(" [id=") else {
        return line.to_owned();
    };
    let before = match before.rsplit_once(" in ") {
        Some((before, _)) => format!("{before} in <seconds>"),
        None => before.to_owned(),
    };
    format!(
        "{before} [id=<id>]{}",
        id.split_once(']').map_or("", |(_, after)| after)
    )
}

fn collect(module: &Value, found: &mut BTreeMap<String, String>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        let address = resource["address"].as_str().unwrap().to_owned();
        let id = resource["values"]["id"].as_str().unwrap_or_default();
        found.insert(address, id.to_owned());
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, found);
    }
}

fn read_json(path: &Path) -> Option<Value> {
    let bytes = fs::read(path).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

/// What the orchestrator handed on.
#[derive(Clone, Debug)]
pub(crate) struct Rows {
    pub(crate) run_id: String,
    pub(crate) list: String,
}

impl Rows {
    /// Each row as a list of its own, as a matrix job gets it.
    pub(crate) fn one_by_one(&self) -> Vec<String> {
        let rows: Vec<Value> = serde_json::from_str(&self.list.replace('\'', "\"")).unwrap();
        rows.iter().map(|row| json!([row]).to_string()).collect()
    }

    pub(crate) fn with(&self, list: &str) -> Self {
        Self {
            run_id: self.run_id.clone(),
            list: list.to_owned(),
        }
    }
}

/// A program that runs.
pub(crate) struct Started {
    child: Child,
    files: TempDir,
}

impl Started {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    pub(crate) fn stderr(&self) -> String {
        fs::read_to_string(self.files.path().join("stderr")).unwrap()
    }

    /// Waits for its end.
    pub(crate) fn finish(mut self) -> Finished {
        let started = Instant::now();
        let status: ExitStatus = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if started.elapsed() > LIMIT {
                self.child.kill().unwrap();
                panic!("it did not end; it said:\n{}", self.stderr());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        Finished {
            code: status.code().unwrap_or(-1),
            stdout: fs::read_to_string(self.files.path().join("stdout")).unwrap(),
            stderr: self.stderr(),
        }
    }
}

/// What came of a program.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Finished {
    pub(crate) fn output(&self, name: &str) -> String {
        let prefix = format!("{name}=");
        let mut lines = self.stdout.lines();
        let line = lines.find_map(|line| line.strip_prefix(&prefix));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.stdout))
            .to_owned()
    }
}

/// Ends the fake Terraform that waits in `ready`, as if it had done its work (its script says
/// `"on_interrupt": "succeed"`).
pub(crate) fn release(ready: &Path) {
    let id: i32 = fs::read_to_string(ready).unwrap().parse().unwrap();
    kill_process(Pid::from_raw(id).unwrap(), Signal::TERM).unwrap();
}

/// Waits until `condition` holds.
pub(crate) fn until(what: &str, condition: impl Fn() -> bool) {
    let started = Instant::now();
    while !condition() {
        assert!(started.elapsed() < LIMIT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What a Terraform that does everything right answers.
pub(crate) fn healthy() -> Value {
    json!({
        "init": {}, "plan": {"exit": 2}, "plan -destroy": {"exit": 2},
        "apply": {"stdout": [{"@level": "info", "@message": "Outputs: 0", "type": "outputs", "outputs": {}}]},
    })
}

/// The same, with one step replaced.
pub(crate) fn healthy_but(step: &str, play: Value) -> Value {
    let mut script = healthy();
    script[step] = play;
    script
}
