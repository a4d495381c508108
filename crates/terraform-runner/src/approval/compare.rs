//! Whether a later plan does no more than was approved.

use std::collections::{BTreeMap, BTreeSet};

use super::deviation::{Deviation, DeviationKind};
use super::digest::{Digests, Reading};
use super::key::DigestKey;
use super::record::{
    ApprovedChange, ApprovedChanges, AttributeDigests, attributes, importing, invocations,
    key_check, output_address, replace_paths, unknown_of,
};
use crate::plan::{Actions, PlanDocument, ResourceChange, ValueChange};

impl ApprovedChanges {
    /// Whether `later` does nothing that was not approved: each of its effective changes is one of the approved ones,
    /// or what is left of one. `key` is the one that the digests were made with. Order does not count.
    ///
    /// A change is one of the approved ones when the address, the provider and the actions are the same, there is no
    /// new reason to replace, each attribute becomes what was approved, and each attribute starts from where it was
    /// (or, for an update, is there already). Where the approved value was not known, any value is what was approved.
    /// A text that is the plan's own time is the same in all plans (`plantimestamp()`).
    ///
    /// What is left of one, after an apply that failed half-way: the creation of a resource that was to be replaced
    /// and is destroyed already; the destruction of the very object that was to be replaced, now deposed; a move or an
    /// import alone.
    ///
    /// Not compared: no-ops, reads of data sources, drift, what was put off, and what is sensitive. Nor what a plan in
    /// JSON does not show: configurations of providers, provisioners, write-only attributes. So the caller sees to it
    /// that both plans are of the same project and the same version of the program.
    ///
    /// # Errors
    ///
    /// All that is new, in the order of the addresses.
    pub fn accepts(&self, later: &PlanDocument, key: &DigestKey) -> Result<(), Vec<Deviation>> {
        let mut deviations = Vec::new();
        let mut whole = |kind| {
            deviations.push(Deviation {
                subject: None,
                deposed: None,
                kind,
            })
        };
        if self.key_check != key_check(key) {
            whole(DeviationKind::OtherKey);
            return Err(deviations);
        }
        if later.errored {
            whole(DeviationKind::Errored);
        }
        let approved: Approved<'_> = self
            .changes
            .iter()
            .map(|change| ((change.address.as_str(), change.deposed.as_deref()), change))
            .collect();
        for change in later.effective_changes() {
            let comparison = Comparison {
                all: self,
                approved: &approved,
                change,
                digests: Digests {
                    key,
                    address: change.address.as_str(),
                },
                timestamp: later.timestamp.as_deref(),
            };
            deviations.extend(comparison.deviations().into_iter().map(|kind| Deviation {
                subject: Some(change.address.to_string()),
                deposed: change.deposed.clone(),
                kind,
            }));
        }
        for (name, change) in &later.output_changes {
            if let Some(kind) = self.output_deviation(name, change, later, key) {
                deviations.push(Deviation {
                    subject: Some(format!("output {name}")),
                    deposed: None,
                    kind,
                });
            }
        }
        for (address, digest) in invocations(later, key) {
            if !self.invocations.contains(&digest) {
                deviations.push(Deviation {
                    subject: Some(address.to_owned()),
                    deposed: None,
                    kind: DeviationKind::NewInvocation,
                });
            }
        }
        if deviations.is_empty() {
            Ok(())
        } else {
            Err(deviations)
        }
    }

    /// An output has no world behind it, so where it starts from does not count.
    fn output_deviation(
        &self,
        name: &str,
        change: &ValueChange,
        later: &PlanDocument,
        key: &DigestKey,
    ) -> Option<DeviationKind> {
        let now = change.actions;
        if now == Actions::NoOp {
            return None;
        }
        let Some(approved) = self.outputs.get(name) else {
            return Some(DeviationKind::NotApproved {
                actions: now,
                reason: None,
            });
        };
        if (approved.actions == Actions::Delete) != (now == Actions::Delete) {
            let approved = approved.actions;
            return Some(DeviationKind::OtherActions {
                approved,
                now,
                reason: None,
            });
        }
        let digests = Digests {
            key,
            address: &output_address(name),
        };
        let values = Values {
            digests: &digests,
            change,
            timestamp: later.timestamp.as_deref(),
        };
        let same = values.becomes("", Some(change.after.expose()), &approved.value);
        (!same).then(|| DeviationKind::OtherResult {
            attributes: vec![String::new()],
        })
    }
}

/// Address and deposed key -> what was approved.
type Approved<'a> = BTreeMap<(&'a str, Option<&'a str>), &'a ApprovedChange>;

/// One change of the later plan, next to what was approved.
struct Comparison<'a> {
    all: &'a ApprovedChanges,
    approved: &'a Approved<'a>,
    change: &'a ResourceChange,
    digests: Digests<'a>,
    timestamp: Option<&'a str>,
}

impl<'a> Comparison<'a> {
    fn approved(&self, deposed: Option<&str>) -> Option<&'a ApprovedChange> {
        self.approved
            .get(&(self.change.address.as_str(), deposed))
            .copied()
    }

    fn deviations(&self) -> Vec<DeviationKind> {
        let deposed = self.change.deposed.as_deref();
        if let Some(approved) = self.approved(deposed) {
            return self.from(approved);
        }
        if deposed.is_some()
            && self
                .approved(None)
                .is_some_and(|approved| self.is_rest_of(approved))
        {
            return Vec::new();
        }
        vec![DeviationKind::NotApproved {
            actions: self.change.actions(),
            reason: self.change.action_reason.clone(),
        }]
    }

    /// The object that was to go once its successor is there: the successor is, and it has been deposed.
    fn is_rest_of(&self, approved: &ApprovedChange) -> bool {
        let left = match approved.actions {
            Actions::CreateThenDelete => Actions::Delete,
            Actions::CreateThenForget => Actions::Forget,
            _ => return false,
        };
        self.change.actions() == left
            && approved.provider == self.change.provider
            && self.moved_starts(approved).is_empty()
    }

    fn from(&self, approved: &ApprovedChange) -> Vec<DeviationKind> {
        let change = self.change;
        let now = change.actions();
        let mut kinds = Vec::new();
        // A no-op is here for its move or its import alone.
        let half_done = approved.actions == Actions::DeleteThenCreate && now == Actions::Create;
        if now != approved.actions && now != Actions::NoOp && !half_done {
            kinds.push(DeviationKind::OtherActions {
                approved: approved.actions,
                now,
                reason: change.action_reason.clone(),
            });
            return kinds;
        }
        if change.provider != approved.provider {
            kinds.push(DeviationKind::OtherProvider {
                approved: approved.provider.clone(),
                now: change.provider.clone(),
            });
        }
        if let Some(from) = &change.previous_address
            && approved.previous_address.as_deref() != Some(from.as_str())
        {
            kinds.push(DeviationKind::OtherMove {
                from: from.to_string(),
            });
        }
        let import = importing(&self.digests, &change.change);
        if import.is_some() && import != approved.importing {
            kinds.push(DeviationKind::OtherImport);
        }
        let reasons: BTreeSet<String> = replace_paths(&self.digests, &change.change.replace_paths)
            .into_iter()
            .filter(|(digest, _)| !approved.replace_paths.contains_key(digest))
            .map(|(_, attribute)| attribute)
            .collect();
        if !reasons.is_empty() {
            kinds.push(DeviationKind::OtherReplaceReasons {
                attributes: reasons.into_iter().collect(),
            });
        }
        if now == Actions::NoOp {
            return kinds;
        }
        if !matches!(now, Actions::Delete | Actions::Forget) {
            let attributes = self.other_results(approved);
            if !attributes.is_empty() {
                kinds.push(DeviationKind::OtherResult { attributes });
            }
        }
        if now != Actions::Create {
            let attributes = self.moved_starts(approved);
            if !attributes.is_empty() {
                kinds.push(DeviationKind::OtherStart { attributes });
            }
        }
        kinds
    }

    fn other_results(&self, approved: &ApprovedChange) -> Vec<String> {
        let values = self.values();
        let after = attributes(&self.change.change.after);
        let unknown = attributes(&self.change.change.after_unknown);
        names(after.keys().chain(unknown.keys()), approved)
            .filter(|name| {
                let expected = approved.attributes.get(name).cloned().unwrap_or_default();
                !values.becomes(name, after.get(name).copied(), &expected)
            })
            .collect()
    }

    /// The attributes that are neither where they were nor, for an update, where they were to go.
    fn moved_starts(&self, approved: &ApprovedChange) -> Vec<String> {
        let before = attributes(&self.change.change.before);
        names(before.keys(), approved)
            .filter(|name| {
                let expected = approved.attributes.get(name).cloned().unwrap_or_default();
                let json = before.get(name).copied();
                let there = self
                    .digests
                    .attribute(name, json, Reading::default())
                    .digest;
                if there == expected.before {
                    return false;
                }
                if approved.actions != Actions::Update {
                    return true;
                }
                if expected.unknown {
                    return false;
                }
                let reading = Reading {
                    unknown: None,
                    masked: Some(&expected.unknown_places),
                    timestamp: self.all.timestamp.as_deref(),
                };
                self.digests.attribute(name, json, reading).digest != expected.after
            })
            .collect()
    }

    fn values(&self) -> Values<'_> {
        Values {
            digests: &self.digests,
            change: &self.change.change,
            timestamp: self.timestamp,
        }
    }
}

/// The values after a change of the later plan.
struct Values<'a> {
    digests: &'a Digests<'a>,
    change: &'a ValueChange,
    timestamp: Option<&'a str>,
}

impl Values<'_> {
    /// Whether the attribute becomes what was approved.
    fn becomes(&self, name: &str, json: Option<&str>, expected: &AttributeDigests) -> bool {
        if expected.unknown {
            return true;
        }
        let reading = Reading {
            unknown: unknown_of(self.change, name),
            masked: Some(&expected.unknown_places),
            timestamp: self.timestamp,
        };
        self.digests.attribute(name, json, reading).digest == expected.after
    }
}

fn names<'a>(
    names: impl Iterator<Item = &'a String>,
    approved: &'a ApprovedChange,
) -> impl Iterator<Item = String> {
    let names: BTreeSet<&String> = names.chain(approved.attributes.keys()).collect();
    names.into_iter().cloned().collect::<Vec<_>>().into_iter()
}
