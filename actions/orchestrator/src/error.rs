use std::io;
use std::path::PathBuf;

use gha::Failure;
use stk_manifest::{DynamicInputsError, Finding};
use stk_run::{DeployMode, LockRecord, MissingSecret, exit_code};
use stk_store::archive::PackError;
use stk_store::runs::AdvanceError;
use stk_store::{AcquireError, OpenError, RecordError, StoreError};

use crate::failure::{explained, summary, with_findings};
use crate::source::SourceError;

/// What to do about a fault of this program.
const BUG: &str = "this is a fault of this program: please report it, with the project's stk.yaml";

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no `stk.yaml`: the wrong folder, or the repository was not checked out.
    #[error("there is no `{}`", .path.display())]
    NoManifest {
        /// Where it was looked for.
        path: PathBuf,
        /// Folders nearby that do have one.
        elsewhere: Vec<PathBuf>,
    },
    /// A file is there, but this user may not read it, or it is not text.
    #[error("`{}` cannot be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The user's DYNAMIC_INPUTS are malformed.
    #[error("the input DYNAMIC_INPUTS is malformed")]
    DynamicInputs(#[source] DynamicInputsError),
    /// `stk.yaml`, `connections.yaml` or a `plugin.yaml` is wrong.
    #[error("{}", summary(.0))]
    Findings(Vec<Finding>),
}

/// Why a run could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A store could not be opened: the user's input names none, or it cannot be written.
    #[error("the store could not be opened")]
    Open(#[source] OpenError),
    /// Another run of the same target is going on, or was killed and never released its lock.
    #[error("{} is being deployed by run {}", .0.target, .0.run_id)]
    Held(Box<LockRecord>),
    /// The store failed while the lock was taken.
    #[error("the deployment lock could not be taken")]
    Acquire(#[source] AcquireError),
    /// The plugins cannot be ordered, or connections are missing; a fault of `stk.yaml`.
    #[error("{}", summary(.0))]
    Order(Vec<Finding>),
    /// What is deployed was deployed in the other mode, and the run that moves it is to remove plugins too.
    #[error(
        "this project is deployed in the mode `{}`, and a deployment that switches it to `{}` cannot remove plugins: {}",
        .deployed.name(), .wanted.name(), .removed.join(", ")
    )]
    SwitchRemoves {
        /// How it is deployed.
        deployed: DeployMode,
        /// What was asked for.
        wanted: DeployMode,
        /// The plugins that would be removed; never empty.
        removed: Vec<String>,
    },
    /// Plugins that are to be destroyed need secrets that nobody gave.
    #[error("a plugin that is to be destroyed lacks a secret: {}", listed(.0))]
    Secrets(Vec<MissingSecret>),
    /// A plugin's files cannot be read, or not be stored under their names.
    #[error("plugin `{alias}` cannot be packed")]
    Source {
        /// The plugin.
        alias: String,
        /// Why not.
        #[source]
        source: SourceError,
    },
    /// A plugin's files cannot be in a package.
    #[error("plugin `{alias}` cannot be packed")]
    Pack {
        /// The plugin.
        alias: String,
        /// Why not.
        #[source]
        source: PackError,
    },
    /// The store did not take a plugin's package.
    #[error("the package of plugin `{alias}` could not be stored")]
    Package {
        /// The plugin.
        alias: String,
        /// Why not.
        #[source]
        source: Box<StoreError>,
    },
    /// The alias is valid in `stk.yaml`, but not in a record: a fault of this program.
    #[error("plugin `{alias}` cannot be recorded")]
    Alias {
        /// The alias.
        alias: String,
        /// Why not.
        #[source]
        source: stk_run::IdError,
    },
    /// The order names a plugin that is neither in the project nor deployed: a fault of this
    /// program.
    #[error("plugin `{alias}` was ordered, but nothing else is known of it")]
    Unknown {
        /// The alias.
        alias: String,
    },
    /// What earlier deployments left cannot be read: the store failed, or holds a damaged record.
    #[error("what is deployed could not be read")]
    Deployed(#[source] RecordError),
    /// A workspace connection cannot be read: the store failed, or holds a damaged record.
    #[error("connection `{name}` could not be read from the store")]
    Connection {
        /// The connection.
        name: String,
        /// Why not.
        #[source]
        source: Box<RecordError>,
    },
    /// The store did not take the run's record.
    #[error("the run could not be recorded")]
    Create(#[source] RecordError),
    /// The store did not take that a run without tasks has ended.
    #[error("the end of the run could not be recorded")]
    Advance(#[source] Box<AdvanceError>),
    /// The lock of a run that has ended could not be given back.
    #[error("the deployment lock could not be released")]
    Release(#[source] RecordError),
}

fn listed(missing: &[MissingSecret]) -> String {
    let all: Vec<_> = missing.iter().map(ToString::to_string).collect();
    all.join("; ")
}

impl LoadError {
    /// The exit code that says this.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::DynamicInputs(_) => exit_code::INPUTS,
            Self::NoManifest { .. } | Self::Read { .. } | Self::Findings(_) => exit_code::MANIFEST,
        }
    }

    /// The failure to show: what, why, and what to do next.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let failure = Failure::from_error(self.exit_code(), self);
        match self {
            Self::NoManifest { elsewhere, .. } if elsewhere.is_empty() => failure
                .with_help("set WORKDIR (--workdir) to the folder that holds `.stk`")
                .with_help(
                    "in a workflow, check the repository out before this step (actions/checkout)",
                ),
            Self::NoManifest { elsewhere, .. } => {
                let folders: Vec<_> = elsewhere
                    .iter()
                    .map(|folder| format!("`{}`", folder.display()))
                    .collect();
                failure.with_help(format!(
                    "set WORKDIR (--workdir) to the folder that holds `.stk`; there is one in {}",
                    folders.join(", ")
                ))
            }
            Self::Read { .. } => {
                failure.with_help("check the file's permissions and that it is UTF-8 text")
            }
            Self::DynamicInputs(_) => failure.with_help(
                "give `--name value` or `--name=value`, with quotes around values with spaces",
            ),
            Self::Findings(findings) => with_findings(failure, findings),
        }
    }
}

impl StartError {
    /// The exit code that says this.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Open(OpenError::BucketsNotAvailable { .. }) => exit_code::INPUTS,
            Self::Secrets(_) | Self::SwitchRemoves { .. } => exit_code::INPUTS,
            Self::Held(_) => exit_code::BUSY,
            Self::Order(_) => exit_code::ORDER,
            Self::Source { .. } | Self::Pack { .. } => exit_code::MANIFEST,
            Self::Alias { .. } | Self::Unknown { .. } => exit_code::BUG,
            Self::Open(_)
            | Self::Acquire(_)
            | Self::Package { .. }
            | Self::Deployed(_)
            | Self::Connection { .. }
            | Self::Create(_)
            | Self::Advance(_)
            | Self::Release(_) => exit_code::STORE,
        }
    }

    /// The failure to show: what, why, and what to do next.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let help = match self {
            Self::Held(lock) => return self.held(lock),
            Self::Order(findings) => {
                return with_findings(Failure::from_error(self.exit_code(), self), findings);
            }
            Self::SwitchRemoves {
                deployed, wanted, ..
            } => Some(format!(
                "put them back into stk.yaml and deploy with DEPLOY_MODE (--mode) `{}` first, remove them afterwards; or \
                 remove them in the mode `{}`, then switch",
                wanted.name(),
                deployed.name()
            )),
            Self::Secrets(missing) => {
                return Failure::from_error(self.exit_code(), self)
                    .with_helps(missing.iter().map(MissingSecret::help))
                    .with_help(
                        "its Terraform was deployed with the secret and plans with it; where only a \
                         resource's argument needs it, any value does",
                    );
            }
            Self::Open(error) => error.help(),
            Self::Acquire(error) => error.help(),
            Self::Package { source, .. } => source.help(),
            Self::Connection { source, .. } => source.help(),
            Self::Deployed(source) | Self::Create(source) | Self::Release(source) => source.help(),
            Self::Advance(error) => error.help(),
            Self::Source { source, .. } => source.help(),
            Self::Pack { .. } => None,
            Self::Alias { .. } | Self::Unknown { .. } => Some(BUG.to_owned()),
        };
        explained(self.exit_code(), self, help)
    }

    fn held(&self, lock: &LockRecord) -> Failure {
        let run_id = lock.run_id;
        Failure::from_error(self.exit_code(), self)
            .with_cause(format!(
                "the run has held the deployment lock since {}, taken by {}",
                lock.acquired_at, lock.holder
            ))
            .with_help(format!(
                "wait until the run ends: `stk-runtime status {run_id} --watch`"
            ))
            .with_help(format!(
                "if it is stuck or its runner is gone, cancel it: the cancel action with RUN_ID \
                 {run_id}, or `stk-runtime cancel {run_id}`"
            ))
    }
}
