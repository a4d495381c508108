//! Reading the document.

use std::collections::BTreeMap;

use semver::Version;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{
    ActionInvocation, Actions, AttributePath, AttributeStep, Dependencies, Drift, Index, Mode,
    PlanDocument, PlanValue, ResourceChange, UnknownActions, ValueChange,
};
use crate::Address;
use crate::address::AddressError;

/// A document that is no plan, or none that can be decided on. No variant holds a value of the plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanDocumentError {
    /// It is not JSON, or it is not of the documented form; only the place is told, because the parser's words quote
    /// what they complain about.
    #[error("it is not a plan of the documented form (at byte {column} of line {line})")]
    Malformed {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
    /// Its format has another major version.
    #[error("its format is version {version:?}, and only version 1 is understood")]
    Format {
        /// What it announces.
        version: String,
    },
    /// It is a state and not a plan, or it was made by a program that does not show the configuration.
    #[error("it is not a plan: it holds no configuration")]
    NoPlan,
    /// The program's version is none.
    #[error("it names no version of the program")]
    NoVersion,
    /// A resource has no usable address.
    #[error("a resource of it has no usable address")]
    Address(#[source] AddressError),
    /// A resource or an output has a combination of actions that has no meaning here.
    #[error("what is done to {address} is not known")]
    Actions {
        /// The resource, or `output.NAME`.
        address: String,
        /// The actions.
        #[source]
        source: UnknownActions,
    },
    /// A resource is listed twice.
    #[error("{address} is listed twice")]
    Twice {
        /// The resource.
        address: String,
    },
}

impl PlanDocument {
    /// Reads what `show -json` prints. What is not needed (planned values, the configuration) is stepped over and
    /// not kept.
    ///
    /// # Errors
    ///
    /// [`PlanDocumentError`]
    pub fn from_json(text: &str) -> Result<Self, PlanDocumentError> {
        // First the version alone: another major version may have any form.
        let format: RawFormat = serde_json::from_str(text).map_err(malformed)?;
        let version = format.format_version.unwrap_or_default();
        if version.split('.').next() != Some("1") {
            return Err(PlanDocumentError::Format { version });
        }
        let raw: RawPlan = serde_json::from_str(text).map_err(malformed)?;
        raw.into_document()
    }
}

fn malformed(error: serde_json::Error) -> PlanDocumentError {
    PlanDocumentError::Malformed {
        line: error.line(),
        column: error.column(),
    }
}

#[derive(Deserialize)]
struct RawFormat {
    #[serde(default)]
    format_version: Option<String>,
}

#[derive(Deserialize)]
struct RawPlan {
    #[serde(default)]
    terraform_version: String,
    #[serde(default)]
    timestamp: Option<String>,
    #[serde(default)]
    applyable: Option<bool>,
    #[serde(default)]
    complete: Option<bool>,
    #[serde(default)]
    errored: bool,
    #[serde(default)]
    configuration: Option<IgnoredAny>,
    #[serde(default)]
    resource_changes: Option<Vec<RawResource>>,
    #[serde(default)]
    resource_drift: Option<Vec<RawDrift>>,
    #[serde(default)]
    output_changes: Option<BTreeMap<String, RawChange>>,
    #[serde(default)]
    action_invocations: Option<Vec<PlanValue>>,
    #[serde(default)]
    deferred_changes: Option<Vec<IgnoredAny>>,
    #[serde(default)]
    prior_state: Option<RawState>,
}

#[derive(Deserialize)]
struct RawResource {
    address: String,
    #[serde(default)]
    previous_address: Option<String>,
    #[serde(default)]
    module_address: Option<String>,
    #[serde(default)]
    mode: String,
    #[serde(rename = "type", default)]
    resource_type: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    index: Option<RawIndex>,
    #[serde(default)]
    deposed: Option<String>,
    #[serde(default)]
    provider_name: String,
    #[serde(default)]
    action_reason: Option<String>,
    change: RawChange,
}

/// The key of an instance, or a step of a path: what the program writes as a number or a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum RawIndex {
    Number(u64),
    Key(String),
}

#[derive(Deserialize)]
struct RawChange {
    actions: Vec<String>,
    #[serde(default)]
    before: Option<PlanValue>,
    #[serde(default)]
    after: Option<PlanValue>,
    #[serde(default)]
    after_unknown: Option<PlanValue>,
    #[serde(default)]
    before_sensitive: Option<PlanValue>,
    #[serde(default)]
    after_sensitive: Option<PlanValue>,
    #[serde(default)]
    replace_paths: Option<Vec<Vec<RawIndex>>>,
    #[serde(default)]
    importing: Option<PlanValue>,
}

#[derive(Deserialize)]
struct RawDrift {
    address: String,
    #[serde(default)]
    deposed: Option<String>,
    change: RawActions,
}

#[derive(Deserialize)]
struct RawActions {
    actions: Vec<String>,
}

#[derive(Deserialize)]
struct RawInvocation {
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
struct RawState {
    #[serde(default)]
    values: Option<RawStateValues>,
}

#[derive(Deserialize)]
struct RawStateValues {
    #[serde(default)]
    root_module: Option<RawModule>,
}

#[derive(Deserialize)]
struct RawModule {
    #[serde(default)]
    resources: Vec<RawStateResource>,
    #[serde(default)]
    child_modules: Vec<Self>,
}

#[derive(Deserialize)]
struct RawStateResource {
    address: String,
    #[serde(default)]
    depends_on: Vec<String>,
}

impl RawPlan {
    fn into_document(self) -> Result<PlanDocument, PlanDocumentError> {
        if self.configuration.is_none() {
            return Err(PlanDocumentError::NoPlan);
        }
        let mut resource_changes = self
            .resource_changes
            .unwrap_or_default()
            .into_iter()
            .map(RawResource::into_change)
            .collect::<Result<Vec<_>, _>>()?;
        resource_changes.sort_by(|one, other| {
            (&one.address, &one.deposed).cmp(&(&other.address, &other.deposed))
        });
        let twice = resource_changes.windows(2).find(|pair| {
            (&pair[0].address, &pair[0].deposed) == (&pair[1].address, &pair[1].deposed)
        });
        if let Some(pair) = twice {
            return Err(PlanDocumentError::Twice {
                address: pair[0].address.to_string(),
            });
        }
        let mut resource_drift = self
            .resource_drift
            .unwrap_or_default()
            .into_iter()
            .map(|raw| {
                Ok(Drift {
                    actions: actions(&raw.change.actions, &raw.address)?,
                    address: address(&raw.address)?,
                    deposed: raw.deposed.filter(|key| !key.is_empty()),
                })
            })
            .collect::<Result<Vec<_>, PlanDocumentError>>()?;
        resource_drift.sort_by(|one, other| {
            (&one.address, &one.deposed).cmp(&(&other.address, &other.deposed))
        });
        let output_changes = self
            .output_changes
            .unwrap_or_default()
            .into_iter()
            .map(|(name, raw)| {
                let change = raw.into_change(&format!("output.{name}"))?;
                Ok((name, change))
            })
            .collect::<Result<_, PlanDocumentError>>()?;
        let mut dependencies = Dependencies::default();
        let mut modules: Vec<RawModule> = self
            .prior_state
            .and_then(|state| state.values?.root_module)
            .into_iter()
            .collect();
        while let Some(module) = modules.pop() {
            for resource in &module.resources {
                dependencies.add(&address(&resource.address)?, &resource.depends_on);
            }
            modules.extend(module.child_modules);
        }
        Ok(PlanDocument {
            terraform_version: Version::parse(&self.terraform_version)
                .map_err(|_| PlanDocumentError::NoVersion)?,
            timestamp: self.timestamp.filter(|text| !text.is_empty()),
            applyable: self.applyable,
            complete: self.complete,
            errored: self.errored,
            resource_changes,
            output_changes,
            resource_drift,
            action_invocations: self
                .action_invocations
                .unwrap_or_default()
                .into_iter()
                .map(invocation)
                .collect(),
            deferred: self.deferred_changes.map_or(0, |changes| changes.len()),
            dependencies,
        })
    }
}

impl RawResource {
    fn into_change(self) -> Result<ResourceChange, PlanDocumentError> {
        let change = self.change.into_change(&self.address)?;
        Ok(ResourceChange {
            address: address(&self.address)?,
            previous_address: self.previous_address.as_deref().map(address).transpose()?,
            module_address: self.module_address.filter(|text| !text.is_empty()),
            mode: if self.mode == "data" {
                Mode::Data
            } else {
                Mode::Managed
            },
            resource_type: self.resource_type,
            name: self.name,
            index: self.index.map(|index| match index {
                RawIndex::Number(number) => Index::Number(number),
                RawIndex::Key(key) => Index::Key(key),
            }),
            deposed: self.deposed.filter(|key| !key.is_empty()),
            provider: self.provider_name,
            action_reason: self.action_reason.filter(|reason| !reason.is_empty()),
            change,
        })
    }
}

impl RawChange {
    fn into_change(self, address: &str) -> Result<ValueChange, PlanDocumentError> {
        let step = |step| match step {
            RawIndex::Number(number) => AttributeStep::Index(number),
            RawIndex::Key(key) => AttributeStep::Name(key),
        };
        let mut replace_paths: Vec<AttributePath> = self
            .replace_paths
            .unwrap_or_default()
            .into_iter()
            .map(|path| path.into_iter().map(step).collect())
            .collect();
        replace_paths.sort();
        Ok(ValueChange {
            actions: actions(&self.actions, address)?,
            before: PlanValue::or_null(self.before),
            after: PlanValue::or_null(self.after),
            after_unknown: PlanValue::or_null(self.after_unknown),
            before_sensitive: PlanValue::or_null(self.before_sensitive),
            after_sensitive: PlanValue::or_null(self.after_sensitive),
            replace_paths,
            importing: self.importing,
        })
    }
}

fn address(text: &str) -> Result<Address, PlanDocumentError> {
    text.parse().map_err(PlanDocumentError::Address)
}

fn actions(words: &[String], address: &str) -> Result<Actions, PlanDocumentError> {
    Actions::from_words(words).map_err(|source| PlanDocumentError::Actions {
        address: address.to_owned(),
        source,
    })
}

fn invocation(content: PlanValue) -> ActionInvocation {
    let raw = serde_json::from_str::<RawInvocation>(content.expose());
    ActionInvocation {
        address: raw.map(|raw| raw.address).unwrap_or_default(),
        content,
    }
}
