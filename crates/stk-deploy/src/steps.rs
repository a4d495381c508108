//! The Terraform commands of one task, with what the user sees of them.

mod state;

use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

use stk_compose::policy;
use stk_run::{Action, IacReference, RunRecord, Unit};
use stk_store::archive::{self, Entry, Limits};
use stk_store::{DeploymentLock, Key, Prefix, iac, states};
use terraform_runner::event::Event;
use terraform_runner::plan::PlanDocument;
use terraform_runner::{
    Address, Applied, ApplyOptions, InitOptions, PlanFile, PlanOptions, Planned, Product, Session,
    StepError,
};

use crate::deploy::archive_name;
use crate::error::{Failing, Scope, TaskError};
use crate::project::WorkFolder;
use crate::tools::{Progress, Terraform, Tools};
use crate::{UnitError, credentials, secrets};

/// Fetches the stored IaC of a plugin or of the project and lays it out for Terraform, with its
/// state in the store.
pub(crate) async fn load(
    record: &RunRecord,
    scope: &Scope,
    iac: &IacReference,
    tools: &Tools<'_>,
) -> Result<WorkFolder, TaskError> {
    let entries = entries(record, scope, iac, tools).await?;
    let state = state_path(record, scope, tools).await?;
    WorkFolder::create(tools.temporary, &entries, &state).map_err(|source| TaskError::Project {
        scope: scope.clone(),
        source,
    })
}

/// The stored IaC of a plugin or of the project.
pub(crate) async fn entries(
    record: &RunRecord,
    scope: &Scope,
    iac: &IacReference,
    tools: &Tools<'_>,
) -> Result<Vec<Entry>, TaskError> {
    let bytes = iac::load(tools.iac_store, iac, scope.alias())
        .await
        .map_err(|source| TaskError::iac(scope, iac, source))?;
    let entries = archive::unpack(&bytes, Limits::default())
        .map_err(|source| TaskError::unpack(scope.clone(), source))?;
    check(record, scope, &entries, tools)?;
    Ok(entries)
}

/// Where the state of a plugin or of the project is, if it is the newest one.
pub(crate) async fn state_path(
    record: &RunRecord,
    scope: &Scope,
    tools: &Tools<'_>,
) -> Result<PathBuf, TaskError> {
    let state = states::local_path(tools.state_store, &record.target, scope.alias())
        .await
        .map_err(|source| TaskError::store(scope.clone(), source))?
        .ok_or_else(|| TaskError::NoLocalState {
            scope: scope.clone(),
        })?;
    nothing_rescued(record, scope, tools, &state).await?;
    Ok(state)
}

/// The stored files again: they may be of a run whose policy was another one.
fn check(
    record: &RunRecord,
    scope: &Scope,
    entries: &[Entry],
    tools: &Tools<'_>,
) -> Result<(), TaskError> {
    let files = || {
        entries
            .iter()
            .map(|entry| (entry.path.as_str(), entry.bytes.as_slice()))
    };
    let violations = tools.policy.check(files().collect::<Vec<_>>());
    let destroying = scope
        .alias()
        .and_then(|alias| record.unit(alias))
        .is_some_and(|unit| unit.action == Action::Destroy);
    UnitError::forbid(scope, destroying, violations)?;
    let Some(terraform) = &tools.terraform else {
        return Ok(());
    };
    let program = &terraform.program;
    // Terraform leaves OpenTofu's files alone, and OpenTofu leaves a file alone that has a twin of its own.
    let is_tofu = program.product() == Product::OpenTofu;
    let has_tofu = files().any(|(path, _)| path.contains(".tofu"));
    let version = program.version();
    let numbers = [version.major, version.minor, version.patch];
    // What a pre-release meets is Terraform's to say.
    if !version.pre.is_empty() || (is_tofu && has_tofu) {
        return Ok(());
    }
    let read = files().filter(|(path, _)| !path.contains(".tofu"));
    let mut unmet = policy::required_versions(read);
    unmet.retain(|required| required.is_met_by(numbers) == Some(false));
    if unmet.is_empty() {
        return Ok(());
    }
    Err(TaskError::RequiredVersion {
        scope: scope.clone(),
        program: program.to_string(),
        unmet,
    })
}

/// A state that Terraform could not save is newer than the one where it belongs. Applying on the
/// older one would make resources a second time, so a person has to choose first.
async fn nothing_rescued(
    record: &RunRecord,
    scope: &Scope,
    tools: &Tools<'_>,
    state: &Path,
) -> Result<(), TaskError> {
    let keys = tools
        .state_store
        .list(&Prefix::States((&record.target).into()))
        .await
        .map_err(|source| TaskError::store(scope.clone(), source))?;
    let is_rescued = |key: &&Key| matches!(key, Key::RescuedState { alias: of, .. } if of.as_ref() == scope.alias());
    match keys.iter().rfind(is_rescued) {
        None => Ok(()),
        Some(key) => Err(TaskError::Rescued {
            scope: scope.clone(),
            rescued: key.to_path(),
            location: tools.state_store.location().clone(),
            state: state.to_owned(),
        }),
    }
}

pub(crate) struct Steps<'a> {
    scope: Scope,
    destroying: bool,
    iac: Option<&'a IacReference>,
    tools: &'a Tools<'a>,
    terraform: &'a Terraform,
    folder: &'a WorkFolder,
    lock: &'a DeploymentLock,
    session: Session,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(
        scope: Scope,
        iac: Option<&'a IacReference>,
        units: &[&Unit],
        tools: &'a Tools<'a>,
        folder: &'a WorkFolder,
        lock: &'a DeploymentLock,
    ) -> Result<Self, TaskError> {
        let terraform = tools
            .terraform
            .as_ref()
            .ok_or_else(|| TaskError::NoTerraform {
                scope: scope.clone(),
            })?;
        let mut environment = terraform.environment.clone();
        for unit in units {
            secrets::hand_over(&scope, unit, tools.secrets, &mut environment).map_err(
                |source| TaskError::Secrets {
                    scope: (&unit.alias).into(),
                    source,
                },
            )?;
        }
        let mut init = environment.clone();
        if let Some(modules) = &tools.policy.modules {
            credentials::hand_over(modules, &mut init).map_err(|source| TaskError::Secrets {
                scope: scope.clone(),
                source,
            })?;
        }
        let destroying = units.iter().all(|unit| unit.action == Action::Destroy);
        Ok(Self {
            scope,
            destroying,
            iac,
            tools,
            terraform,
            folder,
            lock,
            session: terraform.session(&folder.project(), environment, init),
        })
    }

    pub(crate) fn parallelism(&self) -> Option<NonZeroU16> {
        self.terraform.parallelism
    }

    pub(crate) fn lock_timeout(&self) -> std::time::Duration {
        self.terraform.lock_timeout
    }

    pub(crate) async fn init(
        &self,
        options: &InitOptions,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), TaskError> {
        report(self.begin("init"));
        let done = self
            .session
            .init(
                options,
                &mut |event| detail(event, report),
                self.tools.cancel,
            )
            .await;
        self.checked(done, Failing::Init).await?;
        let installed = self.tools.policy.check_installed(&self.folder.project());
        Ok(UnitError::forbid(&self.scope, self.destroying, installed)?)
    }

    /// The program and its version: a plan can be applied by the same one only.
    pub(crate) fn program(&self) -> String {
        let product = match self.terraform.program.product() {
            Product::Terraform => "Terraform",
            Product::OpenTofu => "OpenTofu",
        };
        format!("{product} {}", self.terraform.program.version())
    }

    pub(crate) async fn plan(
        &self,
        targets: &[Address],
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Planned, TaskError> {
        report(self.begin("plan"));
        let plans = self.folder.plans();
        let done = self
            .session
            .plan(
                &self.plan_options(targets),
                &plans,
                &mut |event| show(event, report),
                self.tools.cancel,
            )
            .await;
        self.checked(done, Failing::Plan).await
    }

    pub(crate) async fn plan_destroy(
        &self,
        targets: &[Address],
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Planned, TaskError> {
        report(self.begin("plan -destroy"));
        self.planned_destroy(targets, &mut |event| show(event, report))
            .await
    }

    /// As [`Steps::plan_destroy`], where the caller says what of it is true.
    pub(crate) async fn predict_destroy(
        &self,
        targets: &[Address],
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Planned, TaskError> {
        report(self.begin("plan -destroy"));
        self.planned_destroy(targets, &mut |event| detail(event, report))
            .await
    }

    async fn planned_destroy(
        &self,
        targets: &[Address],
        on_event: &mut (dyn FnMut(&Event) + Send),
    ) -> Result<Planned, TaskError> {
        let plans = self.folder.plans();
        let done = self
            .session
            .plan_destroy(
                &self.plan_options(targets),
                &plans,
                on_event,
                self.tools.cancel,
            )
            .await;
        self.checked(done, Failing::PlanDestroy).await
    }

    pub(crate) async fn apply(
        &self,
        plan: PlanFile,
        options: &ApplyOptions,
        failing: Failing,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Applied, TaskError> {
        report(self.begin("apply"));
        let done = self
            .session
            .apply(
                plan,
                options,
                &mut |event| show(event, report),
                self.tools.cancel,
            )
            .await;
        self.checked(done, failing).await
    }

    /// What a plan says, in all its parts. It holds secrets in clear.
    pub(crate) async fn show(&self, plan: &PlanFile) -> Result<PlanDocument, TaskError> {
        let done = self.session.show(plan, self.tools.cancel).await;
        self.checked(done, Failing::ShowPlan).await
    }

    fn begin(&self, command: &str) -> Progress {
        let program = match self.terraform.program.product() {
            Product::Terraform => "terraform",
            Product::OpenTofu => "tofu",
        };
        Progress::Step(format!("{program} {command}"))
    }

    fn plan_options(&self, targets: &[Address]) -> PlanOptions {
        PlanOptions {
            targets: targets.to_vec(),
            parallelism: self.terraform.parallelism,
            lock_timeout: self.terraform.lock_timeout,
            ..PlanOptions::default()
        }
    }

    /// A state that Terraform could not save is brought into the store before anything else: the
    /// working folder is about to be removed.
    async fn checked<T>(
        &self,
        done: Result<T, StepError>,
        failing: Failing,
    ) -> Result<T, TaskError> {
        let mut source = match done {
            Ok(value) => return Ok(value),
            Err(source) => source,
        };
        let rescued = match source.take_rescued_state() {
            None => None,
            Some(state) => {
                let kept = states::rescue(
                    self.tools.state_store,
                    self.lock,
                    self.scope.alias(),
                    state.into_bytes().into(),
                )
                .await;
                let place = kept.map(|key| {
                    format!("{} in {}", key.to_path(), self.tools.state_store.location())
                });
                Some(place.map_err(Box::new))
            }
        };
        Err(TaskError::Terraform {
            scope: self.scope.clone(),
            failing,
            source: Box::new(source),
            iac: self.iac.map(|iac| archive_name(iac, &self.scope)),
            rescued,
        })
    }
}

/// Errors are not shown as they come: they are part of the task's error, which is shown once.
fn show(event: &Event, report: &mut (dyn FnMut(Progress) + Send)) {
    match event {
        Event::Diagnostic(diagnostic) if diagnostic.is_error() => {}
        // What is targeted is what was asked for: what stays, or what goes away.
        Event::Diagnostic(diagnostic) if diagnostic.is_about_targeting() => {}
        Event::Diagnostic(_) => {
            if let Some(line) = event.to_line() {
                // Whoever shows it says that it is a warning.
                let text = line.strip_prefix("warning: ").unwrap_or(&line);
                report(Progress::Warning(text.to_owned()));
            }
        }
        _ => {
            if let Some(line) = event.to_line() {
                report(Progress::Line(line));
            }
        }
    }
}

/// What `init` says of its own steps matters only to a person who looks for a mistake.
fn detail(event: &Event, report: &mut (dyn FnMut(Progress) + Send)) {
    match event {
        Event::Diagnostic(_) => show(event, report),
        _ => {
            if let Some(line) = event.to_line() {
                report(Progress::Detail(line));
            }
        }
    }
}
