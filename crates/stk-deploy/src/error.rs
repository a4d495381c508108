use std::fmt;
use std::path::PathBuf;

use stk_compose::policy::RequiredVersion;
use stk_run::{Alias, DeployMode, IacReference, RunId, TaskKind, exit_code};
use stk_store::archive::{PackError, UnpackError};
use stk_store::{
    ArchiveError, Location, PlanError, RecordError, ResumeError, SealError, StoreError,
};
use terraform_runner::approval::{Deviation, DigestKeyError};
use terraform_runner::state::StateError;
use terraform_runner::{AddressError, EnvironmentError, StepError, StepErrorKind};

use crate::deploy::archive_name;
use crate::{
    BundleError, ConnectionError, MappingError, ProjectError, ProjectUnitError, UnitError,
};

/// What a task is of. Displays as "plugin `orders-topic`" or "the project".
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Scope {
    /// One plugin.
    Plugin(Alias),
    /// All plugins, as one project.
    Project,
}

impl Scope {
    /// The plugin, if it is one.
    #[must_use]
    pub fn alias(&self) -> Option<&Alias> {
        match self {
            Self::Plugin(alias) => Some(alias),
            Self::Project => None,
        }
    }
}

impl From<&Alias> for Scope {
    fn from(alias: &Alias) -> Self {
        Self::Plugin(alias.clone())
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plugin(alias) => write!(formatter, "plugin `{alias}`"),
            Self::Project => formatter.write_str("the project"),
        }
    }
}

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The plugin cannot be rendered, or what it renders is not allowed.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A connection that the plugin requires has no values.
    #[error("{scope} cannot be rendered yet")]
    Connection {
        /// What the task is of.
        scope: Scope,
        /// Which connection, and why.
        #[source]
        source: Box<ConnectionError>,
    },
    /// The plugin wants another version of Terraform.
    #[error("{scope} does not work with {program}: {}", wanted(.unmet))]
    RequiredVersion {
        /// What the task is of.
        scope: Scope,
        /// What there is.
        program: String,
        /// What it wants, and where; never empty.
        unmet: Vec<RequiredVersion>,
    },
    /// A Terraform command failed or was interrupted.
    #[error("{scope} could not be {failing}")]
    Terraform {
        /// What the task is of.
        scope: Scope,
        /// What was being done.
        failing: Failing,
        /// How Terraform failed.
        #[source]
        source: Box<StepError>,
        /// What the stored IaC that was executed is called.
        iac: Option<String>,
        /// A state that Terraform could not save: where it is kept now, or why it is not.
        rescued: Option<Result<String, Box<StoreError>>>,
    },
    /// Terraform succeeded, but lacks outputs that generated connections need.
    #[error("{scope} was applied, but its connections could not be published")]
    Mapping {
        /// What the task is of.
        scope: Scope,
        /// Which connection, and what is missing.
        #[source]
        source: MappingError,
    },
    /// The IaC could not be laid out on disk.
    #[error("{scope} could not be prepared for Terraform")]
    Project {
        /// What the task is of.
        scope: Scope,
        /// Why.
        #[source]
        source: ProjectError,
    },
    /// A secret cannot be handed to Terraform.
    #[error("the secrets of {scope} could not be handed to Terraform")]
    Secrets {
        /// What the task is of.
        scope: Scope,
        /// Why.
        #[source]
        source: EnvironmentError,
    },
    /// The plugins cannot be made one project.
    #[error("the plugins could not be composed into one project")]
    Compose(#[source] ProjectUnitError),
    /// The plan cannot be stored or read.
    #[error("the plan could not be kept or read")]
    Bundle(#[source] BundleError),
    /// What is deployed was deployed with a project that does not say which provider configurations it shares.
    #[error("the project that run {run_id} deployed could not be read")]
    EarlierProject {
        /// That run.
        run_id: RunId,
        /// Why.
        #[source]
        source: BundleError,
    },
    /// The plan cannot be stored or fetched.
    #[error("the plan could not be stored or fetched")]
    Plan(#[source] Box<PlanError>),
    /// The alias cannot be a module's name; the plugins were composed by another version.
    #[error("{scope} cannot be a module of the project")]
    Address {
        /// The plugin.
        scope: Scope,
        /// Why.
        #[source]
        source: AddressError,
    },
    /// No plan is recorded: the PLAN task was not executed.
    #[error("this run has no plan")]
    NoPlan,
    /// The plan was made with another Terraform.
    #[error("the plan was made with {planned}, and this is {found}")]
    OtherProgram {
        /// What planned.
        planned: String,
        /// What was to apply.
        found: String,
    },
    /// The state has changed since the plan was made, and what is to be done by now is more than was approved.
    #[error(
        "the state has changed since the plan was approved, and a new plan does what nobody approved: {}",
        listed(.deviations)
    )]
    NotApproved {
        /// What is new; never empty.
        deviations: Vec<Deviation>,
    },
    /// The digests of what was approved could not be made.
    #[error("what is approved could not be kept")]
    Approval(#[source] DigestKeyError),
    /// Destroying what goes away would destroy something that stays.
    #[error("destroying would take along what belongs to plugins that stay: {}", listed(.resources))]
    DestroysOthers {
        /// The resources; never empty.
        resources: Vec<DraggedIn>,
    },
    /// Destroying would destroy more than was shown.
    #[error("destroying would take along what the plan did not show: {}", .addresses.join(", "))]
    DestroysMore {
        /// The resources.
        addresses: Vec<String>,
    },
    /// A state that is to be moved to the other mode cannot be understood.
    #[error("the state of {scope} could not be moved")]
    State {
        /// Whose state.
        scope: Scope,
        /// Why.
        #[source]
        source: StateError,
    },
    /// In its new place a state would not be what the configuration says: something else is to be changed in the run
    /// that switches the mode.
    #[error("the mode cannot be switched, because {scope} has changes: {}", listed(.changes))]
    SwitchChanges {
        /// What was to be moved.
        scope: Scope,
        /// How it is deployed.
        from: DeployMode,
        /// What would be changed; never empty.
        changes: Vec<String>,
        /// How far the move got.
        tried: TriedMove,
    },
    /// In its new place a state would know other resources.
    #[error("the mode cannot be switched, because resources of {scope} would be lost or found: {}", listed(.addresses))]
    SwitchLoses {
        /// What was to be moved.
        scope: Scope,
        /// Which; never empty.
        addresses: Vec<String>,
    },
    /// No IaC is recorded for the plugin: its IAC task was not executed.
    #[error("{scope} has no stored IaC in this run")]
    NoIac {
        /// What the task is of.
        scope: Scope,
    },
    /// The plugin's package or IaC is missing in the store or was changed.
    #[error("{what} of {scope} could not be fetched")]
    Archive {
        /// What the task is of.
        scope: Scope,
        /// What was fetched.
        what: String,
        /// Why not.
        #[source]
        source: Box<ArchiveError>,
    },
    /// A stored archive is not one that this program would write.
    #[error("an archive of {scope} could not be unpacked")]
    Unpack {
        /// What the task is of.
        scope: Scope,
        /// Why.
        #[source]
        source: UnpackError,
    },
    /// The rendered files cannot be packed.
    #[error("the IaC of {scope} could not be packed")]
    Pack {
        /// What the task is of.
        scope: Scope,
        /// Why.
        #[source]
        source: PackError,
    },
    /// The store failed.
    #[error("the store failed for {scope}")]
    Store {
        /// What the task is of.
        scope: Scope,
        /// How.
        #[source]
        source: Box<StoreError>,
    },
    /// A stored document could not be read or written.
    #[error("the records of {scope} could not be read or written")]
    Record {
        /// What the task is of.
        scope: Scope,
        /// How.
        #[source]
        source: Box<RecordError>,
    },
    /// An earlier task left a state that Terraform could not save, and nobody has put it back.
    #[error("{scope} has a state that was never put back: `{rescued}` in {location}")]
    Rescued {
        /// What the task is of.
        scope: Scope,
        /// The state, as a path in the store.
        rescued: String,
        /// The store.
        location: Location,
        /// The file that it belongs into.
        state: PathBuf,
    },
    /// The run lost its lock while the task was executed: somebody cancelled it.
    #[error(
        "{scope} was {} because the run was ended from elsewhere",
        if *.changed { "changed, but is not recorded," } else { "left as it was" }
    )]
    LockLost {
        /// What the task is of.
        scope: Scope,
        /// Whether Terraform had changed something by then.
        changed: bool,
        /// Who holds the lock now.
        #[source]
        source: Box<ResumeError>,
    },
    /// The state store has no folder that Terraform could keep a state in.
    #[error("the state of {scope} cannot be kept in this kind of store")]
    NoLocalState {
        /// What the task is of.
        scope: Scope,
    },
    /// The caller brought no Terraform; a fault of this program.
    #[error("{scope} needs Terraform, but none was made ready")]
    NoTerraform {
        /// What the task is of.
        scope: Scope,
    },
    /// The task names a plugin that its run does not have; the record was changed by hand.
    #[error("the run has a {kind} task, but no plugin that it is of")]
    NoSuchUnit {
        /// The type of the task.
        kind: TaskKind,
    },
    /// The task is of a type that this version does not execute.
    #[error("tasks of type {kind} are not available in this version")]
    Unsupported {
        /// The type.
        kind: TaskKind,
    },
}

/// A resource of a plugin that stays, which Terraform would destroy together with what goes away.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DraggedIn {
    /// Its address.
    pub address: String,
    /// Why: from it to a resource that goes away, each depending on the next one, without instance keys, as the state
    /// has it recorded. Empty when the state does not say.
    pub path: Vec<String>,
}

impl fmt::Display for DraggedIn {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.address)?;
        match self.path.get(1..) {
            Some(on) if !on.is_empty() => write!(
                formatter,
                " (depends on {})",
                on.join(", which depends on ")
            ),
            _ => Ok(()),
        }
    }
}

fn wanted(unmet: &[RequiredVersion]) -> String {
    let all: Vec<_> = unmet.iter().map(ToString::to_string).collect();
    all.join(", ")
}

/// How far the move of a state got before it was given up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TriedMove {
    /// It was tried on a copy only.
    Aside,
    /// The new place had the state already, and has what it had before again.
    TakenBack,
    /// The new place had the state already, and still has it. It is not where the state is looked for.
    CopyLeft,
}

/// How many of many are named in one sentence.
const NAMED: usize = 20;

fn listed<T: fmt::Display>(all: &[T]) -> String {
    let mut names: Vec<_> = all.iter().take(NAMED).map(ToString::to_string).collect();
    if all.len() > NAMED {
        names.push(format!("and {} more", all.len() - NAMED));
    }
    names.join("; ")
}

/// What a Terraform command was doing; reads after "could not be".
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Failing {
    /// `init`.
    Init,
    /// `plan`.
    Plan,
    /// `apply`.
    Apply,
    /// `plan -destroy`.
    PlanDestroy,
    /// `show` of a plan.
    ShowPlan,
    /// `apply` of a destroy plan.
    Destroy,
    /// `state pull` and `state push`.
    Move,
}

impl fmt::Display for Failing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Init => "initialised",
            Self::Plan => "planned",
            Self::Apply => "applied",
            Self::PlanDestroy => "planned for its removal",
            Self::ShowPlan => "planned: its plan could not be read",
            Self::Destroy => "destroyed",
            Self::Move => "moved to the other mode",
        })
    }
}

impl TaskError {
    /// Whether the task was interrupted by [`Tools::cancel`](crate::Tools::cancel) rather than
    /// failed.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Self::Terraform { source, .. } if source.is_cancelled())
    }

    /// Whether Terraform refused a plan because the state is another one by now. Nothing has happened then.
    pub(crate) fn is_stale_plan(&self) -> bool {
        matches!(self, Self::Terraform { source, .. } if matches!(source.kind(), StepErrorKind::StalePlan))
    }

    /// The exit code that says this.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unit(_) | Self::Compose(_) => exit_code::TEMPLATE,
            Self::Plan(source) => match source.as_ref() {
                PlanError::NoPassphrase | PlanError::Seal(SealError::WrongPassphrase) => {
                    exit_code::INPUTS
                }
                PlanError::Archive(_) | PlanError::Seal(_) => exit_code::STORE,
            },
            Self::Bundle(_) | Self::EarlierProject { .. } => exit_code::STORE,
            Self::OtherProgram { .. }
            | Self::NotApproved { .. }
            | Self::DestroysOthers { .. }
            | Self::DestroysMore { .. }
            | Self::State { .. }
            | Self::SwitchChanges { .. }
            | Self::SwitchLoses { .. } => exit_code::TERRAFORM,
            Self::Terraform { source, .. } if source.is_cancelled() => exit_code::CANCELLED,
            Self::LockLost { .. } => exit_code::CANCELLED,
            Self::Terraform { .. } | Self::Mapping { .. } | Self::RequiredVersion { .. } => {
                exit_code::TERRAFORM
            }
            Self::Project { .. }
            | Self::Archive { .. }
            | Self::Unpack { .. }
            | Self::Store { .. }
            | Self::Record { .. }
            | Self::Rescued { .. }
            | Self::NoLocalState { .. } => exit_code::STORE,
            Self::Connection { source, .. } => match source.as_ref() {
                ConnectionError::GeneratorNotDeployed { .. } => exit_code::INPUTS,
                ConnectionError::NotRecorded { .. } | ConnectionError::Store { .. } => {
                    exit_code::STORE
                }
            },
            Self::NoPlan | Self::NoIac { .. } | Self::Unsupported { .. } | Self::Secrets { .. } => {
                exit_code::INPUTS
            }
            Self::Address { .. }
            | Self::Approval(_)
            | Self::Pack { .. }
            | Self::NoTerraform { .. }
            | Self::NoSuchUnit { .. } => exit_code::BUG,
        }
    }

    /// What to do next, one sentence each.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        match self {
            Self::Unit(error) => vec![error.help()],
            Self::Compose(_) => vec![
                "correct the plugins; `stk-runtime render --mode unified` shows the same without a \
                 deployment"
                    .to_owned(),
            ],
            Self::NoPlan => vec![
                "execute the PLAN row before this one, in the order of the task list".to_owned(),
            ],
            Self::OtherProgram { planned, .. } => vec![format!(
                "run the tasks with {planned}, or start a new deployment to plan with this one"
            )],
            Self::NotApproved { .. } => vec![
                "nothing of it was applied; start a new deployment to see and approve the whole plan".to_owned(),
            ],
            Self::DestroysOthers { .. } => vec![
                "nothing was destroyed; make the plugins that stay independent of those that go away, and deploy again"
                    .to_owned(),
            ],
            Self::DestroysMore { .. } => vec![
                "nothing was destroyed; deploy again to see and approve the whole plan".to_owned(),
            ],
            Self::SwitchChanges {
                scope, from, tried, ..
            } => vec![
                match tried {
                    TriedMove::Aside => format!("no state of {scope} was moved"),
                    TriedMove::TakenBack => {
                        "the state had been moved and is back where it was".to_owned()
                    }
                    TriedMove::CopyLeft => {
                        "the state is where it was; a copy is left in the new place, which is not read and which the \
                         next switch replaces"
                            .to_owned()
                    }
                },
                format!(
                    "a deployment that switches the mode must change nothing else: undo the change, switch, then deploy \
                     it; or, as long as no plugin has moved, deploy it in the mode `{}` first",
                    from.name()
                ),
            ],
            Self::SwitchLoses { .. } => vec![
                "nothing was moved; deploy in the mode in which it is deployed first, to see what has happened to them"
                    .to_owned(),
            ],
            Self::State { .. } => {
                vec!["nothing was moved; the state may have been made by another program".to_owned()]
            }
            Self::Plan(source) => source.help().into_iter().collect(),
            Self::Bundle(_) => vec!["start a new deployment".to_owned()],
            Self::EarlierProject { run_id, .. } => vec![format!(
                "what is deployed may need the provider configurations of that project: restore `runs/{run_id}/iac.zip` from \
                 a backup, or deploy with the version of this program that wrote it"
            )],
            Self::Terraform {
                source,
                iac,
                rescued,
                ..
            } => {
                let mut help = source.help();
                if let Some(iac) = iac {
                    help.push(format!("the rendered files are kept as {iac}"));
                }
                match rescued {
                    Some(Ok(place)) => help.insert(
                        0,
                        format!(
                            "Terraform could not save its state, so it is kept as {place}; put it \
                             back: until then the plugin is not deployed or destroyed"
                        ),
                    ),
                    Some(Err(error)) => help.insert(
                        0,
                        format!(
                            "Terraform could not save its state and the store did not take it \
                             either ({error}): resources may exist that no state knows"
                        ),
                    ),
                    None => {}
                }
                help
            }
            Self::Mapping { source, .. } => vec![source.help()],
            Self::RequiredVersion { .. } => vec![
                "install such a version and name it in TERRAFORM_BIN, or correct the constraint in \
                 the plugin's templates"
                    .to_owned(),
            ],
            Self::Rescued { rescued, state, .. } => vec![format!(
                "it knows resources that {} does not: copy it there, remove `{rescued}`, and deploy \
                 again",
                state.display()
            )],
            Self::LockLost { .. } => vec![
                "deploy again when no other deployment is running: it continues from what really \
                 is deployed"
                    .to_owned(),
            ],
            Self::NoIac { .. } => vec![
                "execute the plugin's IAC row before its DEPLOY row, in the order of the task list"
                    .to_owned(),
            ],
            Self::Connection { source, .. } => match source.as_ref() {
                ConnectionError::GeneratorNotDeployed { generator, .. } => vec![format!(
                    "execute the DEPLOY row of `{generator}` first, in the order of the task list"
                )],
                ConnectionError::Store { source, .. } => source.help().into_iter().collect(),
                ConnectionError::NotRecorded { .. } => vec!["start a new deployment".to_owned()],
            },
            Self::Record { source, .. } => source.help().into_iter().collect(),
            Self::Archive { source, .. } => source.help().into_iter().collect(),
            Self::Store { source, .. } => source.help().into_iter().collect(),
            Self::Project {
                source: ProjectError::Write { .. },
                ..
            } => vec!["check the space and the permissions of the temporary folder".to_owned()],
            Self::Project {
                source: ProjectError::BackendFile,
                ..
            } => vec!["rename that file in the plugin's `templates-deploy`".to_owned()],
            Self::Unpack { .. } => vec![
                "it was not written by this program; restore it from a backup, or deploy the plugin \
                 again"
                    .to_owned(),
            ],
            _ => Vec::new(),
        }
    }

    pub(crate) fn package(of: impl Into<Scope>, source: ArchiveError) -> Self {
        Self::Archive {
            scope: of.into(),
            what: "the package".to_owned(),
            source: Box::new(source),
        }
    }

    pub(crate) fn iac(scope: &Scope, iac: &IacReference, source: ArchiveError) -> Self {
        Self::Archive {
            scope: scope.clone(),
            what: format!("the IaC ({})", archive_name(iac, scope)),
            source: Box::new(source),
        }
    }

    pub(crate) fn unpack(of: impl Into<Scope>, source: UnpackError) -> Self {
        Self::Unpack {
            scope: of.into(),
            source,
        }
    }

    pub(crate) fn pack(of: impl Into<Scope>, source: PackError) -> Self {
        Self::Pack {
            scope: of.into(),
            source,
        }
    }

    pub(crate) fn connection(of: impl Into<Scope>, source: ConnectionError) -> Self {
        Self::Connection {
            scope: of.into(),
            source: Box::new(source),
        }
    }

    pub(crate) fn store(of: impl Into<Scope>, source: StoreError) -> Self {
        Self::Store {
            scope: of.into(),
            source: Box::new(source),
        }
    }

    pub(crate) fn record(of: impl Into<Scope>, source: RecordError) -> Self {
        Self::Record {
            scope: of.into(),
            source: Box::new(source),
        }
    }
}
