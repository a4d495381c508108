//! Runs of made-up plugins, task by task.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use stk_deploy::policy::Policy;
use stk_deploy::{Done, Progress, TaskError, Terraform, Tools, execute};
use stk_run::{
    Action, Clock, ConnectionRecord, DeployMode, DeployedUnit, Digest, Event, Generation, Holder,
    LOCK_VERSION, LockRecord, OutputMapping, PluginReference, ProjectKind, ProjectReference,
    RECORD_VERSION, Requirement, RunId, RunRecord, RunStatus, Secrets, Target, TaskKind, Unit,
};
use stk_store::archive::{self, Entry};
use stk_store::{DeploymentLock, Folder, Memory, Store, connections, deployed, packages};
use stk_testing::fake_terraform::install_fake_terraform;
use stk_testing::redact::redact;
use tempfile::TempDir;
use terraform_runner::{EnvironmentPolicy, ProcessRunner, Program};
use tokio_util::sync::CancellationToken;

pub(crate) use TaskKind::{
    DeploySelfHosted as DEPLOY, DestroySelfHosted as DESTROY, IacSelfHosted as IAC,
};

/// Two stores, a Terraform, and a folder for all that.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    pub(crate) iac: Memory,
    pub(crate) states: Folder,
    pub(crate) terraform: Option<Terraform>,
    pub(crate) secrets: Secrets,
    pub(crate) policy: Policy,
    pub(crate) clock: Clock,
}

impl World {
    /// One with the real Terraform; `None` when there is none.
    pub(crate) async fn real(test: &str) -> Option<Self> {
        let program = stk_testing::terraform::require_terraform(test)?;
        let mut world = Self::new();
        world.terraform = Some(terraform(&program).await);
        Some(world)
    }

    /// One with a Terraform that follows `script`.
    pub(crate) async fn fake(script: &Value) -> Self {
        let mut world = Self::new();
        let program = install_fake_terraform(world.folder.path(), script).unwrap();
        world.terraform = Some(terraform(&program).await);
        world
    }

    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let states = Folder::create(&folder.path().join("states")).unwrap();
        Self {
            folder,
            iac: Memory::new(),
            states,
            terraform: None,
            secrets: Secrets::default(),
            policy: Policy::default(),
            clock: Clock::system(),
        }
    }

    /// Starts a run that does this to these plugins.
    pub(crate) async fn start(&self, plugins: Vec<Plugin>) -> Run<'_> {
        let now = self.clock.now();
        let run_id = RunId::generate(now);
        let mut units = Vec::new();
        for (position, plugin) in (0..).zip(plugins) {
            let mut unit = plugin.unit;
            unit.position = position;
            if unit.action == Action::Apply {
                let package = archive::pack(plugin.files).unwrap();
                unit.package = packages::put_if_absent(&self.iac, package).await.unwrap();
            } else if let Some(deployed) = self.deployed(unit.alias.as_str()).await {
                unit = Unit {
                    action: Action::Destroy,
                    iac: Some(deployed.destroyed_with().iac.clone()),
                    ..deployed.unit
                };
            }
            units.push(unit);
        }
        let record = RunRecord {
            version: RECORD_VERSION,
            run_id,
            target: target(),
            project: ProjectReference {
                name: Some("shop".to_owned()),
                kind: ProjectKind::Infra,
                stack: None,
                repository: None,
            },
            version_tag: "v1".to_owned(),
            mode: DeployMode::PerPlugin,
            workspace: None,
            pipeline_url: None,
            status: RunStatus::Running,
            created_at: now,
            updated_at: now,
            finished_at: None,
            tasks: RunRecord::per_plugin_tasks(run_id, &units),
            units,
            workspace_connections: BTreeMap::new(),
            composition: None,
            plan: None,
            earlier_failures: Vec::new(),
        };
        Run {
            world: self,
            lock: acquire(&self.iac, run_id).await,
            record,
            cancel: CancellationToken::new(),
            said: Vec::new(),
        }
    }

    pub(crate) async fn deployed(&self, alias: &str) -> Option<DeployedUnit> {
        let alias = alias.parse().unwrap();
        deployed::load(&self.iac, &target(), &alias).await.unwrap()
    }

    pub(crate) async fn connection(&self, name: &str) -> Option<ConnectionRecord> {
        connections::load(&self.iac, "dev", name).await.unwrap()
    }

    /// The resources in the state of `alias`, by address, with their ids.
    pub(crate) fn resources(&self, alias: &str) -> BTreeMap<String, String> {
        let path = self.state_file(alias);
        let Ok(text) = std::fs::read(path) else {
            return BTreeMap::new();
        };
        let state: Value = serde_json::from_slice(&text).unwrap();
        let resources = state["resources"].as_array().unwrap();
        let named = resources.iter().flat_map(|resource| {
            let name = resource["name"].as_str().unwrap();
            let instances = resource["instances"].as_array().unwrap().iter();
            instances.map(move |instance| {
                let id = instance["attributes"]["id"].as_str().unwrap_or_default();
                (name.to_owned(), id.to_owned())
            })
        });
        named.collect()
    }

    pub(crate) fn state_file(&self, alias: &str) -> PathBuf {
        let root = self.folder.path().join("states/states");
        let file = format!("shop/dev/{alias}/terraform.tfstate");
        root.join(file)
    }
}

async fn terraform(program: &Path) -> Terraform {
    let inherited = std::env::vars_os().filter(|(name, _)| name == "PATH" || name == "HOME");
    let environment = EnvironmentPolicy::new().build(inherited);
    let runner = ProcessRunner::new();
    let cancel = CancellationToken::new();
    Terraform {
        program: Program::detect(program, &runner, &environment, &cancel)
            .await
            .unwrap(),
        runner: Arc::new(runner),
        environment,
        parallelism: None,
        lock_timeout: Duration::ZERO,
    }
}

pub(crate) fn target() -> Target {
    Target {
        project: "shop".to_owned(),
        environment: "dev".to_owned(),
    }
}

pub(crate) async fn acquire(store: &dyn Store, run_id: RunId) -> DeploymentLock {
    let lock = LockRecord {
        version: LOCK_VERSION,
        run_id,
        target: target(),
        acquired_at: Clock::system().now(),
        holder: Holder::default(),
    };
    DeploymentLock::acquire(store, lock).await.unwrap()
}

/// A run, and what its tasks said.
pub(crate) struct Run<'a> {
    pub(crate) world: &'a World,
    pub(crate) lock: DeploymentLock,
    pub(crate) record: RunRecord,
    pub(crate) cancel: CancellationToken,
    pub(crate) said: Vec<Progress>,
}

impl Run<'_> {
    /// Executes one task, and advances the record as the caller of `execute` does.
    pub(crate) async fn execute(&mut self, kind: TaskKind, alias: &str) -> Result<Done, TaskError> {
        let states = self.world.states.clone();
        self.execute_with(kind, alias, &states).await
    }

    pub(crate) async fn execute_with(
        &mut self,
        kind: TaskKind,
        alias: &str,
        states: &dyn Store,
    ) -> Result<Done, TaskError> {
        let is_it = |task: &&stk_run::Task| {
            task.kind == kind && task.alias.as_ref().is_some_and(|of| of.as_str() == alias)
        };
        let task = self.record.tasks.iter().find(is_it).unwrap().clone();
        let tools = Tools {
            iac_store: &self.world.iac,
            state_store: states,
            terraform: self.world.terraform.clone(),
            secrets: &self.world.secrets,
            plan_encryption_key: None,
            policy: &self.world.policy,
            temporary: self.world.folder.path(),
            clock: &self.world.clock,
            cancel: &self.cancel,
        };
        let now = self.world.clock.now();
        self.record
            .apply(&Event::TaskStarted(task.id), now)
            .unwrap();
        let said = &mut self.said;
        let mut report = |progress| said.push(progress);
        let done = execute(&self.record, &task, &self.lock, &tools, &mut report).await?;
        let stored = match &done {
            Done::Stored(stored) => stk_run::Stored::Iac(stored.iac.clone()),
            _ => stk_run::Stored::Nothing,
        };
        let event = Event::TaskSucceeded {
            task: task.id,
            stored,
        };
        self.record.apply(&event, now).unwrap();
        Ok(done)
    }

    /// Renders and applies a plugin.
    pub(crate) async fn apply(&mut self, alias: &str) -> Result<Done, TaskError> {
        self.execute(IAC, alias).await.unwrap();
        self.execute(DEPLOY, alias).await
    }

    /// Gives the lock back.
    pub(crate) async fn end(self) {
        self.lock.release(&self.world.iac).await.unwrap();
    }

    pub(crate) fn said(&self) -> String {
        let lines = self.said.iter().map(|progress| match progress {
            Progress::Step(text) => format!("* {text}"),
            Progress::Line(text) => format!("  {text}"),
            Progress::Warning(text) => format!("! {text}"),
            _ => String::new(),
        });
        lines
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// What happens to one plugin.
pub(crate) struct Plugin {
    unit: Unit,
    files: Vec<Entry>,
}

/// A plugin whose `templates-deploy` is the one file `main.tf`.
pub(crate) fn plugin(alias: &str, main: &str) -> Plugin {
    let file = |path: &str, text: &str| Entry {
        path: path.to_owned(),
        bytes: text.as_bytes().to_vec(),
        executable: false,
    };
    Plugin {
        unit: Unit {
            alias: alias.parse().unwrap(),
            action: Action::Apply,
            position: 0,
            plugin: PluginReference {
                qualifier: format!("acme/stack@1.0.0/{alias}@1.0.0"),
                studio: "acme".to_owned(),
                stack: Some("stack@1.0.0".to_owned()),
                name: alias.to_owned(),
                version: Some("1.0.0".to_owned()),
            },
            package: Digest::of(b"none"),
            inputs: Map::new(),
            secrets: Vec::new(),
            global_inputs: Map::new(),
            computed_inputs: Map::new(),
            global_computed_inputs: Map::new(),
            requires: Vec::new(),
            generates: Vec::new(),
            iac: None,
        },
        files: vec![
            file("plugin.yaml", "schema-version: v2"),
            file("templates-deploy/main.tf", main),
        ],
    }
}

/// What was deployed of `alias` is destroyed.
pub(crate) fn removed(alias: &str) -> Plugin {
    let mut plugin = plugin(alias, "");
    plugin.unit.action = Action::Destroy;
    plugin
}

impl Plugin {
    pub(crate) fn generates(mut self, connection: &str, mappings: &[(&str, &str)]) -> Self {
        let mapping = |(from, to): &(&str, &str)| OutputMapping {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        };
        self.unit.generates.push(Generation {
            slot: connection.to_owned(),
            connection: connection.to_owned(),
            kind: None,
            outputs: mappings.iter().map(mapping).collect(),
        });
        self
    }

    pub(crate) fn requires(mut self, connection: &str, from: &str) -> Self {
        self.unit.requires.push(Requirement {
            slot: connection.to_owned(),
            connection: connection.to_owned(),
            kind: None,
            from: Some(from.parse().unwrap()),
        });
        self
    }

    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push(Entry {
            path: format!("templates-deploy/{path}"),
            bytes: text.as_bytes().to_vec(),
            executable: false,
        });
        self
    }
}

/// The error as it is shown, without what differs from run to run.
pub(crate) fn message(error: &TaskError, run: &Run<'_>) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!("\n  caused by: {cause}"));
        source = cause.source();
    }
    for help in error.help() {
        text.push_str(&format!("\n  help: {help}"));
    }
    let folder = run.world.folder.path().to_str().unwrap();
    let run_id = run.record.run_id.to_string();
    redact(
        &without_digests(&text),
        &[(folder, "<folder>"), (&run_id, "<run>")],
    )
}

/// Waits until `condition` holds.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("waited in vain for {what}");
}

fn without_digests(text: &str) -> String {
    let words = text.split_inclusive(|letter: char| !letter.is_ascii_alphanumeric());
    let is_digest =
        |word: &str| word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    words
        .map(|word| {
            let (bare, end) =
                match word.strip_suffix(|letter: char| !letter.is_ascii_alphanumeric()) {
                    Some(bare) => word.split_at(bare.len()),
                    None => (word, ""),
                };
            if is_digest(bare) {
                format!("<hex>{end}")
            } else {
                word.to_owned()
            }
        })
        .collect()
}
