//! A project in a folder of its own, and the program started in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use stk_run::{DeployedUnit, LockRecord, RunRecord, Target};
use stk_store::{DeploymentLock, Location, Store, Versioned, deployed, runs};
use stk_testing::fixtures::{Project, root};
use stk_testing::redact::redact;
use tempfile::TempDir;

/// How long anything may take; what takes longer hangs.
const LIMIT: Duration = Duration::from_secs(60);

/// A fixture, copied to a folder of the test's own, which is also the current folder of the program. The plugins that
/// the small fixtures share are beside it, in `plugins`.
pub(crate) struct Case {
    folder: TempDir,
    name: String,
    pub(crate) project: Project,
    environment: BTreeMap<String, String>,
}

/// What the program did.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Case {
    pub(crate) fn new(fixture: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let project = Project::copy(fixture, folder.path());
        std::os::unix::fs::symlink(root().join("plugins"), folder.path().join("plugins")).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let home = folder.path().display().to_string();
        Self {
            folder,
            name: fixture.to_owned(),
            project,
            environment: BTreeMap::new(),
        }
        .with("PATH", &path)
        .with("HOME", &home)
        .with("HOSTNAME", "laptop-1")
    }

    /// The same with one more variable in the program's environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(path)
    }

    /// Writes a file of the project; its folders are made.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.project.workdir.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Leaves no plugin in the manifest.
    pub(crate) fn empty(&self) {
        self.project.edit_manifest(|text| {
            let start = text.find("  plugins:").unwrap();
            let end = text.find("  global-inputs:").unwrap();
            format!("{}  plugins: []\n{}", &text[..start], &text[end..])
        });
    }

    /// The program with a call about this project.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stk-runtime"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null());
        let call = arguments.first().copied().unwrap_or_default();
        if !call.starts_with('-') {
            command.args(["--workdir", &self.name]);
        }
        let has_plugins = self.project.workdir.join("plugins").is_dir();
        if matches!(call, "deploy" | "validate" | "graph" | "render") && !has_plugins {
            command.args(["--plugins-path", "plugins"]);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(self.command(arguments).output().unwrap())
    }

    /// Runs, and expects that it succeeds.
    pub(crate) fn success(&self, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
        ran
    }

    /// Everything that a person sees of a call: the exit code, what was printed and what was logged.
    pub(crate) fn seen(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        self.shown(&format!("exit {}\n{}{}", ran.code, ran.stdout, ran.stderr))
    }

    /// Deploys to `dev` without a question.
    pub(crate) fn deploy(&self) -> Ran {
        self.run(&DEPLOY)
    }

    /// The text without what differs from run to run.
    pub(crate) fn shown(&self, text: &str) -> String {
        let folder = self.path("");
        let folder = folder.display().to_string();
        redact(text, &[(folder.trim_end_matches('/'), "<folder>")])
    }

    /// The project's own store.
    pub(crate) fn store(&self) -> Arc<dyn Store> {
        let root = self.project.workdir.join(".stk/runtime");
        block_on(stk_store::open(&Location::Folder(root))).unwrap()
    }

    /// The records of the runs, newest first.
    pub(crate) fn records(&self, project: &str) -> Vec<RunRecord> {
        let store = self.store();
        block_on(async {
            let mut records = Vec::new();
            for id in runs::of_target(store.as_ref(), &target(project))
                .await
                .unwrap()
            {
                let record = runs::load(store.as_ref(), id).await.unwrap();
                records.extend(record.map(Versioned::into_value));
            }
            records
        })
    }

    pub(crate) fn deployed(&self, project: &str) -> Vec<DeployedUnit> {
        block_on(deployed::all(self.store().as_ref(), &target(project))).unwrap()
    }

    pub(crate) fn lock(&self, project: &str) -> Option<LockRecord> {
        block_on(DeploymentLock::current(
            self.store().as_ref(),
            &target(project),
        ))
        .unwrap()
    }
}

/// A project in which the plugin `odd` has `template`, its `main.tf`, and reads the connection `origin` of the plugin `a`.
pub(crate) fn odd(template: &str) -> Case {
    let case = Case::new("removed-generator");
    let catalogue = "plugins/acme/basics@1.0.0";
    case.write(
        ".stk/stk.yaml",
        "\
schema-version: v2
kind: manifest
metadata: {name: shop}
spec:
  type: infra
  plugins:
  - name: acme/basics@1.0.0/odd@1.0.0
    alias: odd
    type: infra
    connections:
      requires: [{type: value-conn, selected: from-a, alias: origin}]
  - name: acme/basics@1.0.0/source@1.0.0
    alias: a
    type: infra
    inputs: {value: one}
    connections:
      generates: [{type: value-conn, selected: from-a, alias: kept}]
",
    );
    case.write(
        &format!("{catalogue}/odd@1.0.0/plugin.yaml"),
        "\
schema-version: v2
kind: plugin
metadata: {name: odd, display-name: Odd, description: Odd, version: 1.0.0}
spec:
  type: infra
  runtime: {environment: [terraform-1-4]}
  requires:
    connections: [{type: value-conn, alias: origin}]
",
    );
    case.write(
        &format!("{catalogue}/odd@1.0.0/templates-deploy/main.tf"),
        template,
    );
    for file in ["plugin.yaml", "templates-deploy/main.tf"] {
        let path = format!("{catalogue}/source@1.0.0/{file}");
        let text = fs::read_to_string(root().join(&path)).unwrap();
        case.write(&path, &text);
    }
    case
}

pub(crate) const DEPLOY: [&str; 6] = [
    "deploy",
    "--env",
    "dev",
    "--version",
    "v1",
    "--auto-approve",
];

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("the program ended by itself"),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub(crate) fn target(project: &str) -> Target {
    Target {
        project: project.to_owned(),
        environment: "dev".to_owned(),
    }
}

/// Waits until `done` gives something.
pub(crate) fn wait<T>(what: &str, mut done: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = done() {
            return value;
        }
        assert!(start.elapsed() < LIMIT, "{what} takes too long");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The store works on tokio's threads.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
