use std::io;
use std::path::PathBuf;

use gha::Failure;
use stk_manifest::{DynamicInputsError, Finding, Severity};
use stk_run::{Alias, LockRecord, exit_code};
use stk_store::archive::PackError;
use stk_store::{AcquireError, OpenError, RecordError, StoreError};

use crate::findings::annotation;
use crate::source::SourceError;

/// Why a project cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is no `stk.yaml`.
    #[error("there is no `{}`", .path.display())]
    NoManifest {
        /// Where it was looked for.
        path: PathBuf,
        /// Folders nearby that do have one.
        elsewhere: Vec<PathBuf>,
    },
    /// A file is there, but cannot be read.
    #[error("`{}` cannot be read", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// DYNAMIC_INPUTS is malformed.
    #[error("the input DYNAMIC_INPUTS is malformed")]
    DynamicInputs(#[source] DynamicInputsError),
    /// `stk.yaml` or a `plugin.yaml` is wrong.
    #[error("{}", summary(.0))]
    Findings(Vec<Finding>),
}

/// Why a run could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error("the store could not be opened")]
    Open(#[source] OpenError),
    /// Another run of the same target is going on.
    #[error("{} is being deployed by run {}", .0.target, .0.run_id)]
    Held(Box<LockRecord>),
    /// The lock could not be taken.
    #[error("the deployment lock could not be taken")]
    Acquire(#[source] AcquireError),
    /// The plugins cannot be ordered, or connections are missing.
    #[error("{}", summary(.0))]
    Order(Vec<Finding>),
    /// A plugin's files cannot be read.
    #[error("plugin `{alias}` cannot be packed")]
    Source {
        /// The plugin.
        alias: String,
        /// Why not.
        #[source]
        source: SourceError,
    },
    /// A plugin's files cannot be stored.
    #[error("plugin `{alias}` cannot be packed")]
    Pack {
        /// The plugin.
        alias: String,
        /// Why not.
        #[source]
        source: PackError,
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
    /// The store failed.
    #[error("the store failed")]
    Store(#[source] StoreError),
    /// A record could not be read or written.
    #[error("the records of what is deployed could not be read or written")]
    Record(#[source] RecordError),
    /// A record could not be written.
    #[error("the record of the run could not be written")]
    Advance(#[source] Box<stk_store::runs::AdvanceError>),
    /// What is deployed was never recorded with its IaC; the record was changed by hand.
    #[error("plugin `{alias}` is to be destroyed, but its record names no IaC")]
    NothingToDestroyWith {
        /// The plugin.
        alias: Alias,
    },
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
            Self::NoManifest { elsewhere, .. } if elsewhere.is_empty() => failure.with_help(
                "set WORKDIR (--workdir) to the folder that holds `.stk`, or create the project \
                 with `stk create`",
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
            Self::Held(_) => exit_code::BUSY,
            Self::Order(_) => exit_code::ORDER,
            Self::Source { .. } | Self::Pack { .. } => exit_code::MANIFEST,
            Self::Alias { .. } => exit_code::BUG,
            Self::Open(_)
            | Self::Acquire(_)
            | Self::Store(_)
            | Self::Record(_)
            | Self::Advance(_)
            | Self::NothingToDestroyWith { .. } => exit_code::STORE,
        }
    }

    /// The failure to show: what, why, and what to do next.
    #[must_use]
    pub fn to_failure(&self) -> Failure {
        let failure = Failure::from_error(self.exit_code(), self);
        let help = match self {
            Self::Held(lock) => {
                return failure
                    .with_cause(format!(
                        "it holds the deployment lock since {}, taken by {}",
                        lock.acquired_at, lock.holder
                    ))
                    .with_help(format!(
                        "wait until it ends (`stk-runtime status {} --watch`); if its runner is \
                         gone, cancel it: run the cancel action with RUN_ID {}, or `stk-runtime \
                         cancel {}`",
                        lock.run_id, lock.run_id, lock.run_id
                    ));
            }
            Self::Order(findings) => return with_findings(failure, findings),
            Self::Open(error) => error.help(),
            Self::Acquire(error) => error.help(),
            Self::Store(error) => error.help(),
            Self::Record(error) => error.help(),
            Self::Advance(error) => error.help(),
            Self::Source {
                source: SourceError::Read { .. },
                ..
            } => Some("check the permissions of the plugin's folder".to_owned()),
            _ => None,
        };
        match help {
            Some(help) => failure.with_help(help),
            None => failure,
        }
    }
}

/// Adds what is wrong to a failure: one cause and one annotation for each error, each help once.
fn with_findings(mut failure: Failure, findings: &[Finding]) -> Failure {
    for finding in findings.iter().filter(|finding| finding.is_error()) {
        failure.causes.push(finding.to_string());
        if let Some(help) = &finding.help
            && !failure.help.contains(help)
        {
            failure.help.push(help.clone());
        }
        failure.annotations.push(annotation(finding));
    }
    failure
}

fn summary(findings: &[Finding]) -> String {
    let errors = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    if errors == 1 {
        "the project cannot be deployed".to_owned()
    } else {
        format!("the project cannot be deployed: {errors} errors")
    }
}
