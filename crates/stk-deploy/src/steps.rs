//! The Terraform commands of one task, with what the user sees of them.

use std::num::NonZeroU16;
use std::path::Path;

use stk_run::{Alias, IacReference, RunRecord, Unit};
use stk_store::archive::{self, Limits};
use stk_store::{DeploymentLock, Key, Prefix, iac, states};
use terraform_runner::event::Event;
use terraform_runner::{
    Applied, ApplyOptions, InitOptions, PlanFile, PlanOptions, Planned, Product, Session, StepError,
};

use crate::deploy::archive_name;
use crate::error::{Failing, TaskError};
use crate::project::WorkFolder;
use crate::secrets;
use crate::tools::{Progress, Terraform, Tools};

/// Fetches the stored IaC of `unit` and lays it out for Terraform, with its state in the store.
pub(crate) async fn load(
    record: &RunRecord,
    unit: &Unit,
    iac: &IacReference,
    tools: &Tools<'_>,
) -> Result<WorkFolder, TaskError> {
    let alias = &unit.alias;
    let bytes = iac::load(tools.iac_store, iac, alias)
        .await
        .map_err(|source| TaskError::iac(unit, iac, source))?;
    let entries = archive::unpack(&bytes, Limits::default())
        .map_err(|source| TaskError::unpack(alias, source))?;
    let state = states::local_path(tools.state_store, &record.target, alias)
        .await
        .map_err(|source| TaskError::store(alias, source))?
        .ok_or_else(|| TaskError::NoLocalState {
            alias: alias.clone(),
        })?;
    nothing_rescued(record, alias, tools, &state).await?;
    WorkFolder::create(tools.temporary, &entries, &state).map_err(|source| TaskError::Project {
        alias: alias.clone(),
        source,
    })
}

/// A state that Terraform could not save is newer than the one where it belongs. Applying on the
/// older one would make resources a second time, so a person has to choose first.
async fn nothing_rescued(
    record: &RunRecord,
    alias: &Alias,
    tools: &Tools<'_>,
    state: &Path,
) -> Result<(), TaskError> {
    let keys = tools
        .state_store
        .list(&Prefix::States((&record.target).into()))
        .await
        .map_err(|source| TaskError::store(alias, source))?;
    let is_rescued = |key: &&Key| matches!(key, Key::RescuedState { alias: of, .. } if of == alias);
    match keys.iter().rfind(is_rescued) {
        None => Ok(()),
        Some(key) => Err(TaskError::Rescued {
            alias: alias.clone(),
            rescued: key.to_path(),
            location: tools.state_store.location().clone(),
            state: state.to_owned(),
        }),
    }
}

pub(crate) struct Steps<'a> {
    unit: &'a Unit,
    tools: &'a Tools<'a>,
    terraform: &'a Terraform,
    folder: &'a WorkFolder,
    lock: &'a DeploymentLock,
    session: Session,
}

impl<'a> Steps<'a> {
    pub(crate) fn new(
        unit: &'a Unit,
        tools: &'a Tools<'a>,
        folder: &'a WorkFolder,
        lock: &'a DeploymentLock,
    ) -> Result<Self, TaskError> {
        let terraform = tools
            .terraform
            .as_ref()
            .ok_or_else(|| TaskError::NoTerraform {
                alias: unit.alias.clone(),
            })?;
        let mut environment = terraform.environment.clone();
        secrets::hand_over(unit, tools.secrets, &mut environment).map_err(|source| {
            TaskError::Secrets {
                alias: unit.alias.clone(),
                source,
            }
        })?;
        Ok(Self {
            unit,
            tools,
            terraform,
            folder,
            lock,
            session: terraform.session(&folder.project(), environment),
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
        self.checked(done, Failing::Init).await
    }

    pub(crate) async fn plan(
        &self,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Planned, TaskError> {
        report(self.begin("plan"));
        let plans = self.folder.plans();
        let done = self
            .session
            .plan(
                &self.plan_options(),
                &plans,
                &mut |event| show(event, report),
                self.tools.cancel,
            )
            .await;
        self.checked(done, Failing::Plan).await
    }

    pub(crate) async fn plan_destroy(
        &self,
        report: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Planned, TaskError> {
        report(self.begin("plan -destroy"));
        let plans = self.folder.plans();
        let done = self
            .session
            .plan_destroy(
                &self.plan_options(),
                &plans,
                &mut |event| show(event, report),
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

    fn begin(&self, command: &str) -> Progress {
        let program = match self.terraform.program.product() {
            Product::Terraform => "terraform",
            Product::OpenTofu => "tofu",
        };
        Progress::Step(format!("{program} {command}"))
    }

    fn plan_options(&self) -> PlanOptions {
        PlanOptions {
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
        let alias = self.unit.alias.clone();
        let rescued = match source.take_rescued_state() {
            None => None,
            Some(state) => {
                let kept = states::rescue(
                    self.tools.state_store,
                    self.lock,
                    &alias,
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
            alias,
            failing,
            source: Box::new(source),
            iac: self
                .unit
                .iac
                .as_ref()
                .map(|iac| archive_name(iac, self.unit)),
            rescued,
        })
    }
}

/// Errors are not shown as they come: they are part of the task's error, which is shown once.
fn show(event: &Event, report: &mut (dyn FnMut(Progress) + Send)) {
    match event {
        Event::Diagnostic(diagnostic) if diagnostic.is_error() => {}
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
