//! The document of what was approved.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer, Serialize};

use super::digest::{Digested, Digests, Reading};
use super::key::DigestKey;
use crate::plan::{
    Actions, AttributePath, AttributeStep, Node, PlanDocument, PlanValue, ResourceChange,
    ValueChange,
};

/// The version of the document that is written and read.
const VERSION: u32 = 1;

/// What a plan would do, without any of its values: addresses, actions, names of attributes, and digests under a
/// [`DigestKey`] that is kept elsewhere.
///
/// It is made to be stored (serde) and compared with a later plan by [`accepts`](Self::accepts). Unknown fields and
/// other versions are refused when it is read: half an approval is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedChanges {
    #[serde(deserialize_with = "known_version")]
    version: u32,
    pub(super) terraform_version: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<String>,
    /// Tells another key from other values.
    pub(super) key_check: String,
    pub(super) changes: Vec<ApprovedChange>,
    pub(super) outputs: BTreeMap<String, ApprovedOutput>,
    pub(super) invocations: BTreeSet<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovedChange {
    pub(super) address: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) deposed: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) previous_address: Option<String>,
    pub(super) provider: String,
    pub(super) actions: Actions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) importing: Option<String>,
    /// Digest of a path -> the attribute that it begins with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) replace_paths: BTreeMap<String, String>,
    pub(super) attributes: BTreeMap<String, AttributeDigests>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApprovedOutput {
    pub(super) actions: Actions,
    pub(super) value: AttributeDigests,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AttributeDigests {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) after: Option<String>,
    /// Nothing of the value after is known.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) unknown: bool,
    /// Digests of the places in it that are not known.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(super) unknown_places: BTreeSet<String>,
}

impl ApprovedChanges {
    /// What `plan` would do. `key` should be a new one ([`DigestKey::random`]), kept with the plan file.
    pub fn of(plan: &PlanDocument, key: &DigestKey) -> Self {
        let timestamp = plan.timestamp.as_deref();
        Self {
            version: VERSION,
            terraform_version: plan.terraform_version.to_string(),
            timestamp: plan.timestamp.clone(),
            key_check: key_check(key),
            changes: plan
                .effective_changes()
                .map(|change| ApprovedChange::of(change, key, timestamp))
                .collect(),
            outputs: plan
                .output_changes
                .iter()
                .filter(|(_, change)| change.actions != Actions::NoOp)
                .map(|(name, change)| {
                    let digests = Digests {
                        key,
                        address: &output_address(name),
                    };
                    let (before, after) =
                        (Some(change.before.expose()), Some(change.after.expose()));
                    let value =
                        AttributeDigests::of(&digests, "", before, after, change, timestamp);
                    (
                        name.clone(),
                        ApprovedOutput {
                            actions: change.actions,
                            value,
                        },
                    )
                })
                .collect(),
            invocations: invocations(plan, key).map(|(_, digest)| digest).collect(),
        }
    }

    /// The version of the program that made the plan.
    pub fn terraform_version(&self) -> &str {
        &self.terraform_version
    }

    /// Each resource that is changed, and how, sorted by address; a deposed object has the address of its resource.
    pub fn addresses(&self) -> impl Iterator<Item = (&str, Actions)> {
        self.changes
            .iter()
            .map(|change| (change.address.as_str(), change.actions))
    }

    /// Whether nothing was to be done.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.outputs.is_empty() && self.invocations.is_empty()
    }
}

impl ApprovedChange {
    fn of(change: &ResourceChange, key: &DigestKey, timestamp: Option<&str>) -> Self {
        let digests = Digests {
            key,
            address: change.address.as_str(),
        };
        let value = &change.change;
        let (before, after) = (attributes(&value.before), attributes(&value.after));
        let unknown = attributes(&value.after_unknown);
        let names: BTreeSet<&str> = before
            .keys()
            .chain(after.keys())
            .chain(unknown.keys())
            .map(String::as_str)
            .collect();
        Self {
            address: change.address.to_string(),
            deposed: change.deposed.clone(),
            previous_address: change.previous_address.as_ref().map(ToString::to_string),
            provider: change.provider.clone(),
            actions: value.actions,
            importing: importing(&digests, value),
            replace_paths: replace_paths(&digests, &value.replace_paths),
            attributes: names
                .into_iter()
                .map(|name| {
                    let (before, after) = (before.get(name).copied(), after.get(name).copied());
                    (
                        name.to_owned(),
                        AttributeDigests::of(&digests, name, before, after, value, timestamp),
                    )
                })
                .filter(|(_, attribute)| *attribute != AttributeDigests::default())
                .collect(),
        }
    }
}

impl AttributeDigests {
    fn of(
        digests: &Digests<'_>,
        name: &str,
        before: Option<&str>,
        after: Option<&str>,
        change: &ValueChange,
        timestamp: Option<&str>,
    ) -> Self {
        let Digested {
            digest,
            unknown,
            wholly_unknown,
        } = digests.attribute(
            name,
            after,
            Reading {
                unknown: unknown_of(change, name),
                masked: None,
                timestamp,
            },
        );
        Self {
            before: digests.attribute(name, before, Reading::default()).digest,
            after: digest,
            unknown: wholly_unknown,
            unknown_places: if wholly_unknown {
                BTreeSet::new()
            } else {
                unknown
            },
        }
    }
}

/// `after_unknown` of an attribute, or of the whole when it has no name.
pub(super) fn unknown_of<'a>(change: &'a ValueChange, name: &str) -> Option<&'a str> {
    if name.is_empty() {
        return Some(change.after_unknown.expose());
    }
    match change.after_unknown.node() {
        Node::Object(entries) => entries.get(name).copied(),
        // Nothing of it is known.
        Node::Bool(true) => Some("true"),
        _ => None,
    }
}

/// The attributes of an object, as JSON.
pub(super) fn attributes(value: &PlanValue) -> BTreeMap<String, &str> {
    match value.node() {
        Node::Object(entries) => entries
            .into_iter()
            .map(|(name, json)| (name.into_owned(), json))
            .collect(),
        Node::Null => BTreeMap::new(),
        // No resource is like that; what it is compares as a whole.
        _ => BTreeMap::from([(String::new(), value.expose())]),
    }
}

pub(super) fn importing(digests: &Digests<'_>, change: &ValueChange) -> Option<String> {
    change
        .importing
        .as_ref()
        .map(|value| digests.whole("importing", value))
}

pub(super) fn replace_paths(
    digests: &Digests<'_>,
    paths: &[AttributePath],
) -> BTreeMap<String, String> {
    paths
        .iter()
        .map(|path| {
            let steps: Vec<Vec<u8>> = path
                .steps()
                .iter()
                .map(|step| match step {
                    AttributeStep::Name(name) => name.as_bytes().to_vec(),
                    AttributeStep::Index(index) => {
                        [&[0xff], index.to_be_bytes().as_slice()].concat()
                    }
                })
                .collect();
            (
                digests.place(&steps),
                path.attribute().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}

/// Address and digest of each action that is invoked.
pub(super) fn invocations<'a>(
    plan: &'a PlanDocument,
    key: &'a DigestKey,
) -> impl Iterator<Item = (&'a str, String)> {
    plan.action_invocations.iter().map(move |invocation| {
        let digests = Digests {
            key,
            address: &invocation.address,
        };
        (
            invocation.address.as_str(),
            digests.whole("invocation", &invocation.content),
        )
    })
}

pub(super) fn output_address(name: &str) -> String {
    // No resource has such an address: `output` would need a type and a name.
    format!("output.{name}.")
}

pub(super) fn key_check(key: &DigestKey) -> String {
    Digests { key, address: "" }.place(&[])
}

fn known_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    match u32::deserialize(deserializer)? {
        VERSION => Ok(VERSION),
        other => Err(serde::de::Error::custom(format!(
            "approved changes of version {other}; only version {VERSION} is understood"
        ))),
    }
}
