use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{RunId, Target};

/// The version of [`LockRecord`]'s stored form.
pub const LOCK_VERSION: u32 = 1;

/// What the lock object of a target says: which run holds it, since when, and from where.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LockRecord {
    /// [`LOCK_VERSION`].
    pub version: u32,
    /// The run that holds the lock.
    pub run_id: RunId,
    /// What it is deploying.
    pub target: Target,
    /// When it took the lock.
    pub acquired_at: Timestamp,
    /// Who took it.
    pub holder: Holder,
}

/// Where a run was started; for people who ask who blocks them.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Holder {
    /// The machine's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The process that took the lock, on that machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process: Option<u32>,
    /// The address of the pipeline's run, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline_url: Option<String>,
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.process) {
            (Some(host), Some(process)) => write!(formatter, "process {process} on {host}")?,
            (Some(host), None) => write!(formatter, "{host}")?,
            (None, Some(process)) => write!(formatter, "process {process}")?,
            (None, None) => formatter.write_str("an unknown machine")?,
        }
        if let Some(url) = &self.pipeline_url {
            write!(formatter, " ({url})")?;
        }
        Ok(())
    }
}
