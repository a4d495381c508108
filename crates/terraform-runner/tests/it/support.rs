//! A project in a temporary folder, and a session in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};
use stk_testing::fake_terraform::install_fake_terraform;
use stk_testing::skip::Skip;
use tempfile::TempDir;
use terraform_runner::event::{Diagnostic, Event};
use terraform_runner::{
    Applied, ApplyOptions, ChildEnvironment, EnvironmentPolicy, InitOptions, PlanFile, PlanOptions,
    Planned, ProcessRunner, Product, Program, Session, StepError,
};
use tokio_util::sync::CancellationToken;

/// A project with a session, and what the session said.
pub(crate) struct Project {
    folder: TempDir,
    /// Kept because the program is in it.
    program_folder: Option<TempDir>,
    pub(crate) session: Session,
    pub(crate) said: Vec<String>,
    /// What plans and applies warned of.
    pub(crate) warnings: Vec<Diagnostic>,
    pub(crate) cancel: CancellationToken,
}

impl Project {
    /// A project of the real Terraform; `None` when it is not there.
    pub(crate) async fn real(test: &str, main: &str) -> Option<Self> {
        let program = stk_testing::terraform::require_terraform(test)?;
        let project = Self::with_program(&program, main, environment()).await;
        if project.session.program().product() == Product::OpenTofu {
            Skip::new("what is expected are Terraform's words, and only OpenTofu is here")
                .report(test);
            return None;
        }
        Some(project)
    }

    /// A project of the fake Terraform. Only what runs in the project follows the script, so that the program is
    /// found to be what it should be whatever the script does.
    pub(crate) async fn fake(script: Value) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = install_fake_terraform(folder.path(), &json!({})).unwrap();
        let mut project = Self::with_program(&program, "", environment()).await;
        fs::write(
            project.work().join("fake-terraform.json"),
            script.to_string(),
        )
        .unwrap();
        project.program_folder = Some(folder);
        project
    }

    async fn with_program(program: &Path, main: &str, environment: ChildEnvironment) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        fs::create_dir(&work).unwrap();
        fs::create_dir(folder.path().join("plans")).unwrap();
        fs::write(work.join("main.tf"), main).unwrap();
        let session = session(program, environment, &work).await;
        Self {
            folder,
            program_folder: None,
            session,
            said: Vec::new(),
            warnings: Vec::new(),
            cancel: CancellationToken::new(),
        }
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    pub(crate) fn plans(&self) -> PathBuf {
        self.folder.path().join("plans")
    }

    pub(crate) fn write(&self, main: &str) {
        fs::write(self.work().join("main.tf"), main).unwrap();
    }

    pub(crate) async fn init(&mut self) -> Result<(), StepError> {
        let said = &mut self.said;
        self.session
            .init(
                &InitOptions::default(),
                &mut |event| say(said, event),
                &self.cancel,
            )
            .await
    }

    pub(crate) async fn plan(&mut self) -> Result<Planned, StepError> {
        let options = PlanOptions {
            lock_timeout: std::time::Duration::ZERO,
            ..PlanOptions::default()
        };
        self.plan_with(&options).await
    }

    pub(crate) async fn plan_with(&mut self, options: &PlanOptions) -> Result<Planned, StepError> {
        let plans = self.plans();
        let (said, warnings) = (&mut self.said, &mut self.warnings);
        self.session
            .plan(
                options,
                &plans,
                &mut |event| hear(said, warnings, event),
                &self.cancel,
            )
            .await
    }

    pub(crate) async fn plan_destroy(&mut self) -> Result<Planned, StepError> {
        self.plan_destroy_with(&PlanOptions::default()).await
    }

    pub(crate) async fn plan_destroy_with(
        &mut self,
        options: &PlanOptions,
    ) -> Result<Planned, StepError> {
        let plans = self.plans();
        let (said, warnings) = (&mut self.said, &mut self.warnings);
        self.session
            .plan_destroy(
                options,
                &plans,
                &mut |event| hear(said, warnings, event),
                &self.cancel,
            )
            .await
    }

    pub(crate) async fn apply(&mut self, planned: Planned) -> Result<Applied, StepError> {
        self.apply_file(planned.file).await
    }

    pub(crate) async fn apply_file(&mut self, file: PlanFile) -> Result<Applied, StepError> {
        let (said, warnings) = (&mut self.said, &mut self.warnings);
        self.session
            .apply(
                file,
                &ApplyOptions::default(),
                &mut |event| hear(said, warnings, event),
                &self.cancel,
            )
            .await
    }

    /// Runs the program itself in the project, for what a session has no step for.
    pub(crate) fn run_terraform(&self, arguments: &[&str]) {
        let status = std::process::Command::new(self.session.program().path())
            .args(arguments)
            .current_dir(self.work())
            .env_remove("TF_CLI_CONFIG_FILE")
            .stdout(std::process::Stdio::null())
            .status()
            .unwrap();
        assert!(status.success(), "{arguments:?}: {status}");
    }

    /// Everything that was said since the last call, without the ids that differ from run to run.
    pub(crate) fn take_said(&mut self) -> String {
        let lines = std::mem::take(&mut self.said);
        lines
            .iter()
            .map(|line| without_ids(line))
            .collect::<Vec<_>>()
            .join("\n")
    }
}

/// The tests' own environment through the policy, without a configuration file that this machine may lack.
pub(crate) fn environment() -> ChildEnvironment {
    EnvironmentPolicy::new()
        .build(std::env::vars_os().filter(|(name, _)| name != "TF_CLI_CONFIG_FILE"))
}

pub(crate) async fn detect(program: &Path) -> Result<Program, terraform_runner::DetectError> {
    Program::detect(
        program,
        &ProcessRunner::new(),
        &environment(),
        &CancellationToken::new(),
    )
    .await
}

async fn session(program: &Path, environment: ChildEnvironment, work: &Path) -> Session {
    let program = detect(program).await.unwrap();
    Session::new(program, Arc::new(ProcessRunner::new()), environment, work)
}

fn say(said: &mut Vec<String>, event: &Event) {
    said.extend(event.to_line());
}

fn hear(said: &mut Vec<String>, warnings: &mut Vec<Diagnostic>, event: &Event) {
    if let Event::Diagnostic(diagnostic) = event
        && !diagnostic.is_error()
    {
        warnings.push(diagnostic.clone());
    }
    say(said, event);
}

fn without_ids(line: &str) -> String {
    match (line.find("[id="), line.rfind(']')) {
        (Some(start), Some(end)) if start < end => {
            format!("{}[id=…{}", &line[..start], &line[end..])
        }
        _ => line.to_owned(),
    }
}

/// The error as a person reads it: its own words, and each cause.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!("\n  caused by: {error}"));
        source = error.source();
    }
    text
}

/// Waits until `condition` holds.
///
/// # Panics
///
/// When it does not within half a minute.
pub(crate) async fn until(what: &str, condition: impl Fn() -> bool) {
    for _ in 0..3000 {
        if condition() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("waited in vain for {what}");
}
