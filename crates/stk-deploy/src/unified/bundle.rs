//! What a PLAN task keeps: Terraform's plan file, the provider versions that it was made with, and what was shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use stk_store::archive::{self, Entry, Limits, PackError, UnpackError};
use terraform_runner::approval::{ApprovedChanges, Deviation, DigestKey, DigestKeyError};
use terraform_runner::event::Change;
use terraform_runner::plan::PlanDocument;

const PLAN: &str = "plan.tfplan";
const LOCK_FILE: &str = ".terraform.lock.hcl";
const APPROVAL: &str = "approval.json";
const PREDICTED: &str = "destroy.json";
const SWITCH: &str = "switch";

/// A plan as it is stored.
#[derive(Clone, Debug, Default)]
pub(super) struct Bundle {
    /// The plan of what stays; `None` when nothing does.
    pub(super) plan: Option<Vec<u8>>,
    /// Which provider builds it was made with; `None` when the project has no providers.
    pub(super) lock_file: Option<Vec<u8>>,
    /// What the plan does, to compare another one with; `None` where there is no plan.
    pub(super) approval: Option<Approval>,
    /// What the plan of what goes away did at that time.
    pub(super) predicted: Predicted,
    /// The run moves plugins from states of their own into the project's: see [`switch`](crate::switch).
    pub(super) switch: bool,
}

/// What is approved when the plan is. The digests' key is as secret as the plan that it lies beside.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    key: DigestKey,
    changes: ApprovedChanges,
}

impl Approval {
    pub(super) fn of(plan: &PlanDocument) -> Result<Self, DigestKeyError> {
        let key = DigestKey::random()?;
        Ok(Self {
            changes: ApprovedChanges::of(plan, &key),
            key,
        })
    }

    /// Whether a plan that was made later does nothing else.
    pub(super) fn accepts(&self, later: &PlanDocument) -> Result<(), Vec<Deviation>> {
        self.changes.accepts(later, &self.key)
    }
}

/// The resources that were shown to go away.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Predicted {
    pub(super) version: u32,
    /// Their addresses.
    pub(super) addresses: BTreeSet<String>,
}

impl Predicted {
    pub(super) fn of(changes: &[Change]) -> Self {
        Self {
            version: 1,
            addresses: changes
                .iter()
                .filter(|change| change.action.destroys())
                .map(|change| change.address.clone())
                .collect(),
        }
    }
}

/// Why a stored plan cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// It is no archive of this program.
    #[error("the stored plan is damaged")]
    Unpack(#[source] UnpackError),
    /// What is in it is not what this program writes.
    #[error("the stored plan was written by another version of this program")]
    Document(#[source] serde_json::Error),
    /// What Terraform wrote cannot be read.
    #[error("what Terraform wrote could not be read")]
    Read(#[source] std::io::Error),
    /// What a composed project says of itself cannot be read or written.
    #[error("the composed project was stored by another version of this program, or is damaged")]
    Facts(#[source] serde_json::Error),
    /// A composed project does not say anything of itself.
    #[error(
        "the composed project has no `stk-project.json`: another version of this program stored it, or it is damaged"
    )]
    NoFacts,
    /// It cannot be packed.
    #[error("the plan could not be packed")]
    Pack(#[source] PackError),
    /// There is no plan of what stays in it.
    #[error("the stored plan has nothing to apply")]
    Nothing,
}

impl Bundle {
    pub(super) fn pack(self) -> Result<bytes::Bytes, BundleError> {
        let predicted = serde_json::to_vec(&self.predicted).map_err(BundleError::Document)?;
        let approval = self.approval.as_ref().map(serde_json::to_vec);
        let files = [
            (PLAN, self.plan),
            (LOCK_FILE, self.lock_file),
            (
                APPROVAL,
                approval.transpose().map_err(BundleError::Document)?,
            ),
            (PREDICTED, Some(predicted)),
            (SWITCH, self.switch.then(Vec::new)),
        ];
        let entries: Vec<_> = files
            .into_iter()
            .filter_map(|(path, bytes)| {
                Some(Entry {
                    path: path.to_owned(),
                    bytes: bytes?,
                    executable: false,
                })
            })
            .collect();
        archive::pack(entries).map_err(BundleError::Pack)
    }

    pub(super) fn unpack(bytes: &[u8]) -> Result<Self, BundleError> {
        let entries = archive::unpack(bytes, Limits::default()).map_err(BundleError::Unpack)?;
        let mut bundle = Self::default();
        for entry in entries {
            match entry.path.as_str() {
                PLAN => bundle.plan = Some(entry.bytes),
                LOCK_FILE => bundle.lock_file = Some(entry.bytes),
                SWITCH => bundle.switch = true,
                APPROVAL => {
                    bundle.approval = Some(document(&entry.bytes)?);
                }
                PREDICTED => bundle.predicted = document(&entry.bytes)?,
                _ => {}
            }
        }
        Ok(bundle)
    }
}

fn document<T: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Result<T, BundleError> {
    serde_json::from_slice(bytes).map_err(BundleError::Document)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_is_read_back_and_a_damaged_one_refused() {
        let bundle = Bundle {
            plan: Some(b"plan".to_vec()),
            lock_file: None,
            approval: None,
            predicted: Predicted {
                version: 1,
                addresses: ["module.a.x.y".to_owned()].into(),
            },
            switch: true,
        };
        let bytes = bundle.clone().pack().unwrap();
        assert_eq!(bytes, bundle.clone().pack().unwrap());
        let read = Bundle::unpack(&bytes).unwrap();
        assert_eq!((read.plan, read.lock_file), (bundle.plan, None));
        assert_eq!((read.predicted, read.switch), (bundle.predicted, true));
        assert!(Bundle::unpack(b"no archive").is_err());
        assert!(Bundle::unpack(&bytes[..bytes.len() / 2]).is_err());
    }
}
