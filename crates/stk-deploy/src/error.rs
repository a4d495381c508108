use std::fmt;
use std::path::PathBuf;

use stk_compose::policy::RequiredVersion;
use stk_run::{Alias, IacReference, TaskKind, Unit, exit_code};
use stk_store::archive::{PackError, UnpackError};
use stk_store::{ArchiveError, Location, RecordError, ResumeError, StoreError};
use terraform_runner::{EnvironmentError, StepError};

use crate::deploy::archive_name;
use crate::{ConnectionError, MappingError, ProjectError, UnitError};

/// Why a task failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The plugin cannot be rendered, or what it renders is not allowed.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A connection that the plugin requires has no values.
    #[error("plugin `{alias}` cannot be rendered yet")]
    Connection {
        /// The plugin.
        alias: Alias,
        /// Which connection, and why.
        #[source]
        source: Box<ConnectionError>,
    },
    /// The plugin wants another version of Terraform.
    #[error("plugin `{alias}` does not work with {program}: {}", wanted(.unmet))]
    RequiredVersion {
        /// The plugin.
        alias: Alias,
        /// What there is.
        program: String,
        /// What it wants, and where; never empty.
        unmet: Vec<RequiredVersion>,
    },
    /// A Terraform command failed or was interrupted.
    #[error("plugin `{alias}` could not be {failing}")]
    Terraform {
        /// The plugin.
        alias: Alias,
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
    #[error("plugin `{alias}` was applied, but its connections could not be published")]
    Mapping {
        /// The plugin.
        alias: Alias,
        /// Which connection, and what is missing.
        #[source]
        source: MappingError,
    },
    /// The IaC could not be laid out on disk.
    #[error("plugin `{alias}` could not be prepared for Terraform")]
    Project {
        /// The plugin.
        alias: Alias,
        /// Why.
        #[source]
        source: ProjectError,
    },
    /// A secret cannot be handed to Terraform.
    #[error("the secrets of plugin `{alias}` could not be handed to Terraform")]
    Secrets {
        /// The plugin.
        alias: Alias,
        /// Why.
        #[source]
        source: EnvironmentError,
    },
    /// No IaC is recorded for the plugin: its IAC task was not executed.
    #[error("plugin `{alias}` has no stored IaC in this run")]
    NoIac {
        /// The plugin.
        alias: Alias,
    },
    /// The plugin's package or IaC is missing in the store or was changed.
    #[error("{what} of plugin `{alias}` could not be fetched")]
    Archive {
        /// The plugin.
        alias: Alias,
        /// What was fetched.
        what: String,
        /// Why not.
        #[source]
        source: Box<ArchiveError>,
    },
    /// A stored archive is not one that this program would write.
    #[error("an archive of plugin `{alias}` could not be unpacked")]
    Unpack {
        /// The plugin.
        alias: Alias,
        /// Why.
        #[source]
        source: UnpackError,
    },
    /// The rendered files cannot be packed.
    #[error("the IaC of plugin `{alias}` could not be packed")]
    Pack {
        /// The plugin.
        alias: Alias,
        /// Why.
        #[source]
        source: PackError,
    },
    /// The store failed.
    #[error("the store failed for plugin `{alias}`")]
    Store {
        /// The plugin.
        alias: Alias,
        /// How.
        #[source]
        source: Box<StoreError>,
    },
    /// A stored document could not be read or written.
    #[error("the records of plugin `{alias}` could not be read or written")]
    Record {
        /// The plugin.
        alias: Alias,
        /// How.
        #[source]
        source: Box<RecordError>,
    },
    /// An earlier task left a state that Terraform could not save, and nobody has put it back.
    #[error("plugin `{alias}` has a state that was never put back: `{rescued}` in {location}")]
    Rescued {
        /// The plugin.
        alias: Alias,
        /// The state, as a path in the store.
        rescued: String,
        /// The store.
        location: Location,
        /// The file that it belongs into.
        state: PathBuf,
    },
    /// The run lost its lock while the task was executed: somebody cancelled it.
    #[error(
        "plugin `{alias}` was {} because the run was ended from elsewhere",
        if *.changed { "changed, but is not recorded," } else { "left as it was" }
    )]
    LockLost {
        /// The plugin.
        alias: Alias,
        /// Whether Terraform had changed something by then.
        changed: bool,
        /// Who holds the lock now.
        #[source]
        source: Box<ResumeError>,
    },
    /// The state store has no folder that Terraform could keep a state in.
    #[error("the state of plugin `{alias}` cannot be kept in this kind of store")]
    NoLocalState {
        /// The plugin.
        alias: Alias,
    },
    /// The caller brought no Terraform; a fault of this program.
    #[error("plugin `{alias}` needs Terraform, but none was made ready")]
    NoTerraform {
        /// The plugin.
        alias: Alias,
    },
    /// The task names a plugin that its run does not have; the record was changed by hand.
    #[error("the run has a task for plugin `{alias}`, but no such plugin")]
    NoSuchUnit {
        /// The plugin.
        alias: Alias,
    },
    /// The task is of a type that this version does not execute.
    #[error("tasks of type {kind} are not available in this version")]
    Unsupported {
        /// The type.
        kind: TaskKind,
    },
}

fn wanted(unmet: &[RequiredVersion]) -> String {
    let all: Vec<_> = unmet.iter().map(ToString::to_string).collect();
    all.join(", ")
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
    /// `apply` of a destroy plan.
    Destroy,
}

impl fmt::Display for Failing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Init => "initialised",
            Self::Plan => "planned",
            Self::Apply => "applied",
            Self::PlanDestroy => "planned for its removal",
            Self::Destroy => "destroyed",
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

    /// The exit code that says this.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Unit(_) => exit_code::TEMPLATE,
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
            Self::NoIac { .. } | Self::Unsupported { .. } | Self::Secrets { .. } => {
                exit_code::INPUTS
            }
            Self::Pack { .. } | Self::NoTerraform { .. } | Self::NoSuchUnit { .. } => {
                exit_code::BUG
            }
        }
    }

    /// What to do next, one sentence each.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        match self {
            Self::Unit(error) => vec![error.help()],
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

    pub(crate) fn package(alias: &Alias, source: ArchiveError) -> Self {
        Self::Archive {
            alias: alias.clone(),
            what: "the package".to_owned(),
            source: Box::new(source),
        }
    }

    pub(crate) fn iac(unit: &Unit, iac: &IacReference, source: ArchiveError) -> Self {
        Self::Archive {
            alias: unit.alias.clone(),
            what: format!("the IaC ({})", archive_name(iac, unit)),
            source: Box::new(source),
        }
    }

    pub(crate) fn unpack(alias: &Alias, source: UnpackError) -> Self {
        Self::Unpack {
            alias: alias.clone(),
            source,
        }
    }

    pub(crate) fn pack(alias: &Alias, source: PackError) -> Self {
        Self::Pack {
            alias: alias.clone(),
            source,
        }
    }

    pub(crate) fn connection(alias: &Alias, source: ConnectionError) -> Self {
        Self::Connection {
            alias: alias.clone(),
            source: Box::new(source),
        }
    }

    pub(crate) fn store(alias: &Alias, source: StoreError) -> Self {
        Self::Store {
            alias: alias.clone(),
            source: Box::new(source),
        }
    }

    pub(crate) fn record(alias: &Alias, source: RecordError) -> Self {
        Self::Record {
            alias: alias.clone(),
            source: Box::new(source),
        }
    }
}
