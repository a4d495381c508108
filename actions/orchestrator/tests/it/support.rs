//! A project in a folder of its own, and the program started in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};
use stk_run::{
    Action, Alias, ConnectionRecord, ConnectionValues, DEPLOYED_VERSION, DeployedUnit, Digest,
    Execution, Holder, IacReference, LOCK_VERSION, LockRecord, Publisher, RunId, RunRecord, Target,
    TaskList,
};
use stk_store::{DeploymentLock, Location, Store, connections, deployed, runs};
use stk_testing::fixtures::{Project, root};
use stk_testing::redact::redact;
use tempfile::TempDir;

/// A fixture, copied to a folder of the test's own, which is also the current folder of the program. The plugins that
/// the small fixtures share are beside it, in `plugins`.
pub(crate) struct Case {
    folder: TempDir,
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
        let shared = folder.path().join("plugins");
        std::os::unix::fs::symlink(root().join("plugins"), &shared).unwrap();
        let case = Self {
            folder,
            project,
            environment: BTreeMap::new(),
        }
        .with("INPUT_CONTROL_PLANE", "standalone")
        .with("INPUT_ENVIRONMENT", "dev")
        .with("INPUT_VERSION", "v1")
        .with("INPUT_WORKDIR", &format!("./{fixture}"))
        .with("HOSTNAME", "runner-1");
        if case.project.workdir.join("plugins").is_dir() {
            case
        } else {
            case.with("INPUT_PLUGINS_PATH", "plugins")
        }
    }

    /// The same with one more variable in the program's environment.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The same without a variable.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.environment.remove(name);
        self
    }

    /// The same as a step of a workflow whose repository is checked out into the case's folder.
    pub(crate) fn on_github(self) -> Self {
        let workspace = self.path("").display().to_string();
        self.with("GITHUB_ACTIONS", "true")
            .with("GITHUB_WORKSPACE", &workspace)
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

    pub(crate) fn run(&self) -> Ran {
        self.run_with(&[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str]) -> Ran {
        self.run_in(self.folder.path(), arguments)
    }

    pub(crate) fn run_in(&self, folder: &Path, arguments: &[&str]) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_stk-orchestrator"))
            .args(arguments)
            .current_dir(folder)
            .env_clear()
            .envs(&self.environment)
            .output()
            .unwrap();
        Ran {
            code: status.code().expect("the program ended by itself"),
            stdout: String::from_utf8(stdout).unwrap(),
            stderr: String::from_utf8(stderr).unwrap(),
        }
    }

    /// Runs, expects that it fails, and gives what a person sees then: the exit code and the whole standard error. Says
    /// also when something was printed as a result, or a run was recorded.
    pub(crate) fn failure(&self) -> String {
        let ran = self.run();
        assert_ne!(ran.code, 0, "{}", ran.stderr);
        assert_eq!(ran.stdout, "", "a failure has no results");
        self.shown(&format!("exit {}\n{}", ran.code, ran.stderr))
    }

    /// Runs, and expects that it succeeds.
    pub(crate) fn success(&self) -> Ran {
        let ran = self.run();
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        ran
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

    /// The record that `ran` stored.
    pub(crate) fn record(&self, ran: &Ran) -> RunRecord {
        let run_id = ran.run_id();
        let record = block_on(runs::load(self.store().as_ref(), run_id)).unwrap();
        record.expect("the run is recorded").into_value()
    }

    pub(crate) fn runs(&self, project: &str) -> Vec<RunId> {
        block_on(runs::of_target(self.store().as_ref(), &target(project))).unwrap()
    }

    pub(crate) fn lock(&self, project: &str) -> Option<LockRecord> {
        block_on(DeploymentLock::current(
            self.store().as_ref(),
            &target(project),
        ))
        .unwrap()
    }

    /// Releases the lock of a run as its tasks would.
    pub(crate) fn end(&self, record: &RunRecord) {
        let store = self.store();
        let now = Timestamp::now();
        block_on(runs::cancel(store.as_ref(), record.run_id, now)).unwrap();
        block_on(DeploymentLock::release_of_run(
            store.as_ref(),
            &record.target,
            record.run_id,
        ))
        .unwrap();
    }

    /// Does what the tasks of `record` would, as far as the store is concerned: every applied plugin is deployed, every
    /// destroyed one gone, and the run has ended. The IaC's digests are made up.
    pub(crate) fn deploy(&self, record: &RunRecord) {
        let store = self.store();
        let store = store.as_ref();
        block_on(async {
            let lock = DeploymentLock::resume(store, record).await.unwrap();
            for unit in &record.units {
                if unit.action == Action::Destroy {
                    deployed::remove(store, &lock, &unit.alias).await.unwrap();
                    continue;
                }
                let execution = execution(record.run_id, &unit.alias);
                let unit = DeployedUnit {
                    version: DEPLOYED_VERSION,
                    mode: stk_run::DeployMode::PerPlugin,
                    unit: unit.clone(),
                    last_success: Some(execution.clone()),
                    last_attempt: execution,
                };
                deployed::put(store, &lock, &unit).await.unwrap();
            }
        });
        self.end(record);
    }

    /// Leaves a connection in the store, as another project's deployment to `dev` would.
    pub(crate) fn publish(&self, name: &str, attributes: &[(&str, &str)]) {
        let store = self.store();
        let other = target("another-project");
        let now = Timestamp::now();
        let run_id = RunId::generate(now);
        let lock = LockRecord {
            version: LOCK_VERSION,
            run_id,
            target: other.clone(),
            acquired_at: now,
            holder: Holder::default(),
        };
        let attributes: Map<String, Value> = attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Value::from(*value)))
            .collect();
        let connection = ConnectionRecord {
            version: stk_run::CONNECTION_VERSION,
            name: name.to_owned(),
            environment: "dev".to_owned(),
            kind: None,
            values: ConnectionValues {
                attributes,
                sensitive: Vec::new(),
            },
            published_by: Publisher {
                project: other.project,
                alias: alias("generator"),
                run_id,
                at: now,
            },
        };
        block_on(async {
            let lock = DeploymentLock::acquire(store.as_ref(), lock).await.unwrap();
            connections::publish(store.as_ref(), &lock, &connection)
                .await
                .unwrap();
            lock.release(store.as_ref()).await.unwrap();
        });
    }
}

impl Ran {
    /// The value of an output that was printed.
    pub(crate) fn output(&self, name: &str) -> &str {
        let prefix = format!("{name}=");
        self.stdout
            .lines()
            .find_map(|line| line.strip_prefix(&prefix))
            .unwrap_or_else(|| panic!("no output {name} in:\n{}", self.stdout))
    }

    pub(crate) fn run_id(&self) -> RunId {
        self.output("run_id").parse().unwrap()
    }

    /// The tasks, in order: `<type> <alias>`.
    pub(crate) fn tasks(&self) -> String {
        let list = TaskList::parse(self.output("apply_tasks")).unwrap();
        let rows: Vec<_> = list
            .rows()
            .iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row.task_type,
                    row.plugin_applied_alias.as_deref().unwrap_or("-")
                )
            })
            .collect();
        rows.join("\n")
    }
}

pub(crate) fn target(project: &str) -> Target {
    Target {
        project: project.to_owned(),
        environment: "dev".to_owned(),
    }
}

pub(crate) fn alias(text: &str) -> Alias {
    text.parse().unwrap()
}

pub(crate) fn execution(run_id: RunId, alias: &Alias) -> Execution {
    Execution {
        run_id,
        version_tag: "v1".to_owned(),
        iac: IacReference {
            run_id,
            digest: Digest::of(alias.as_str().as_bytes()),
        },
        at: Timestamp::UNIX_EPOCH,
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
