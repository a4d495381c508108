//! What a run planned: Terraform's plan file with what is checked of it, as one archive, and what a person approves of
//! it, as a document.
//!
//! A plan file holds every value in clear, secrets too (Terraform `internal/plans/planfile`). With a passphrase it is
//! stored in the age format (`age-encryption.org/v1`, scrypt), which the `age` program opens as well; without one the
//! store's own encryption is all there is. The document holds no secret, and is never encrypted.

use bytes::Bytes;
use secrecy::SecretString;
use stk_run::{Digest, PlanReference, PlanSummary, RunId};

use crate::document::{self, encode};
use crate::packages::load_checked;
use crate::seal::{SealError, open, seal};
use crate::{
    ArchiveError, DeploymentLock, Key, PutMode, RecordError, Store, StoreError, Versioned,
};

/// Why a plan could not be stored or fetched.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// It is not there, is not the one that was stored, or the store failed.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It is encrypted, and there is no passphrase.
    #[error("the plan is encrypted, and no passphrase is given")]
    NoPassphrase,
    /// It could not be encrypted or decrypted.
    #[error(transparent)]
    Seal(SealError),
}

impl PlanError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Archive(error) => error.help(),
            Self::NoPassphrase | Self::Seal(SealError::WrongPassphrase) => Some(
                "give the passphrase that the plan was made with (PLAN_ENCRYPTION_KEY); if it is lost, start a new \
                 deployment"
                    .to_owned(),
            ),
            Self::Seal(_) => Some("start a new deployment".to_owned()),
        }
    }
}

/// Stores the plan of the run that holds `lock`, encrypted if there is a passphrase, and returns the digest of what is
/// stored.
///
/// # Errors
///
/// [`PlanError`] when it cannot be encrypted or written.
pub async fn put(
    store: &dyn Store,
    lock: &DeploymentLock,
    bytes: Bytes,
    passphrase: Option<&SecretString>,
) -> Result<Digest, PlanError> {
    let bytes = match passphrase {
        Some(passphrase) => seal(&bytes, passphrase).map_err(PlanError::Seal)?,
        None => bytes,
    };
    let digest = Digest::of(&bytes);
    let key = Key::Plan {
        run_id: lock.run_id(),
        encrypted: passphrase.is_some(),
    };
    // A task that is repeated plans again.
    store
        .put(&key, bytes, PutMode::Overwrite)
        .await
        .map_err(ArchiveError::from)?;
    Ok(digest)
}

/// The plan of `run_id` that `reference` names.
///
/// # Errors
///
/// [`PlanError`] when it is not there, is not the one that was stored, or cannot be decrypted.
pub async fn load(
    store: &dyn Store,
    run_id: RunId,
    reference: &PlanReference,
    passphrase: Option<&SecretString>,
) -> Result<Bytes, PlanError> {
    let PlanReference {
        digest, encrypted, ..
    } = reference;
    let encrypted = *encrypted;
    let key = Key::Plan { run_id, encrypted };
    if !encrypted {
        return Ok(load_checked(store, &key, digest).await?);
    }
    let passphrase = passphrase.ok_or(PlanError::NoPassphrase)?;
    let bytes = load_checked(store, &key, digest).await?;
    open(&bytes, passphrase).map_err(PlanError::Seal)
}

impl From<StoreError> for PlanError {
    fn from(error: StoreError) -> Self {
        Self::Archive(error.into())
    }
}

/// Stores what a person approves of the plan of the run that holds `lock`.
///
/// # Errors
///
/// [`RecordError`] when it is of another run, or cannot be written.
pub async fn put_summary(
    store: &dyn Store,
    lock: &DeploymentLock,
    summary: &PlanSummary,
) -> Result<(), RecordError> {
    let key = Key::PlanSummary(summary.run_id);
    if summary.run_id != lock.run_id() {
        return Err(RecordError::OutsideLock {
            key: key.to_path(),
            run_id: lock.run_id(),
        });
    }
    let bytes = encode(store, &key, summary)?;
    // A task that is repeated plans again.
    store.put(&key, bytes, PutMode::Overwrite).await?;
    Ok(())
}

/// What a person approves of the plan of `run_id`; `None` when that run has not planned yet.
///
/// # Errors
///
/// [`RecordError`] when it cannot be read.
pub async fn load_summary(
    store: &dyn Store,
    run_id: RunId,
) -> Result<Option<PlanSummary>, RecordError> {
    Ok(document::load(store, &Key::PlanSummary(run_id))
        .await?
        .map(Versioned::into_value))
}
