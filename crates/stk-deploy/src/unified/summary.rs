//! What a person approves: the plans as Terraform shows them, plugin by plugin and without secrets.

mod changes;
mod connections;
mod mask;

use std::collections::{BTreeMap, BTreeSet};

use secrecy::ExposeSecret as _;
use stk_run::{
    Action, DriftedResource, KeptResource, PLAN_SUMMARY_VERSION, PlanCounts, PlanNote,
    PlanNoteKind, PlanSummary, PlannedConnection, PluginFate, PluginPlan, RunRecord, Secrets, Unit,
};
use terraform_runner::difference::Differences;
use terraform_runner::plan::{Actions, Mode, PlanDocument, ResourceChange};

use self::changes::Listing;
use self::mask::Mask;

/// How many resources that are kept, and how many that have drifted, are listed.
const LISTED: usize = 200;

/// What a summary is made of.
pub(super) struct Planned<'a> {
    pub(super) record: &'a RunRecord,
    /// The plan of what stays.
    pub(super) stay: Option<&'a PlanDocument>,
    /// The plan of what goes away, as it was before what stays was applied.
    pub(super) go: Option<&'a PlanDocument>,
    /// The root outputs by name: the plugin and the name of its output.
    pub(super) outputs: &'a BTreeMap<String, (String, String)>,
    pub(super) secrets: &'a Secrets,
    /// The program that planned, with its version.
    pub(super) program: String,
    pub(super) planned_at: jiff::Timestamp,
    /// What Terraform warned of.
    pub(super) warnings: Vec<String>,
}

impl Planned<'_> {
    /// What a person approves of it.
    pub(super) fn summary(self) -> PlanSummary {
        let mut differences = Differences::default();
        for plan in [self.stay, self.go].into_iter().flatten() {
            differences.learn(plan);
        }
        let secrets = self.secrets.values();
        let secrets = secrets.into_iter().map(|secret| secret.expose_secret());
        secrets.clone().for_each(|secret| differences.hide(secret));
        let mut summary = self.unmasked(&differences);
        Mask::of(secrets).apply(&mut summary);
        summary
    }

    fn unmasked(self, differences: &Differences) -> PlanSummary {
        let mut listing = Listing::new(differences);
        let is_known = |alias: Option<&str>, action: Action| {
            let mut units = self.record.units.iter();
            units.any(|unit| unit.action == action && alias == Some(unit.alias.as_str()))
        };
        let (stay, go) = (by_module(self.stay), by_module(self.go));
        let mut plugins: Vec<_> = self
            .record
            .units
            .iter()
            .map(|unit| {
                let plans = match unit.action {
                    Action::Apply => &stay,
                    Action::Destroy => &go,
                };
                let changes = plans.get(&Some(unit.alias.as_str()));
                let changes = changes.map_or(&[][..], Vec::as_slice);
                let connections = connections::of(unit, &self, differences);
                plugin(unit, changes, connections, &mut listing)
            })
            .collect();
        plugins.sort_by_key(|plugin| plugin.fate == PluginFate::Removed);
        let elsewhere: Vec<_> = stay
            .iter()
            .filter(|(module, _)| !is_known(**module, Action::Apply))
            .flat_map(|(_, changes)| changes)
            .filter(|change| change.is_effective())
            .map(|change| listing.change(change))
            .collect();
        let mut counts = PlanCounts::default();
        plugins.iter().for_each(|plugin| counts += plugin.counts);
        elsewhere.iter().for_each(|change| counts.add(change));
        let kept = self.kept(|module| is_known(module, Action::Destroy));
        let drift = self.drift();
        PlanSummary {
            version: PLAN_SUMMARY_VERSION,
            run_id: self.record.run_id,
            target: self.record.target.clone(),
            project_name: self.record.project.name.clone(),
            version_tag: self.record.version_tag.clone(),
            planned_at: self.planned_at,
            counts,
            plugins,
            elsewhere,
            omitted_kept: beyond(&kept),
            kept: kept.into_iter().take(LISTED).collect(),
            omitted_drift: beyond(&drift),
            drift: drift.into_iter().take(LISTED).collect(),
            notes: self.notes(),
            program: self.program,
        }
    }

    /// What the plan of the removal lists beyond what goes away.
    fn kept(&self, goes: impl Fn(Option<&str>) -> bool) -> Vec<KeptResource> {
        let Some(plan) = self.go else {
            return Vec::new();
        };
        plan.effective_changes()
            .filter(|change| !goes(change.module()))
            .map(|change| KeptResource {
                address: change.address.to_string(),
                depends: plan
                    .dependencies
                    .path(&change.address, |address| goes(address.module()))
                    .unwrap_or_default(),
            })
            .collect()
    }

    /// What both plans found to be different, once.
    fn drift(&self) -> Vec<DriftedResource> {
        let plans = [self.stay, self.go].into_iter().flatten();
        let mut drift: Vec<_> = plans
            .flat_map(|plan| &plan.resource_drift)
            .filter(|drift| drift.actions != Actions::NoOp)
            .map(|drift| DriftedResource {
                address: drift.address.to_string(),
                action: changes::action(drift.actions),
            })
            .collect();
        drift.sort_by(|one, other| (&one.address, one.action).cmp(&(&other.address, other.action)));
        drift.dedup();
        drift
    }

    fn notes(&self) -> Vec<PlanNote> {
        let mut notes = Vec::new();
        let mut note = |kind, text: String| notes.push(PlanNote { kind, text });
        if self.go.is_some() {
            if self.stay.is_some() {
                note(
                    PlanNoteKind::Targeted,
                    "Terraform planned the plugins that stay and those that go away one after the other, with \
                     `-target`. It warns then that a plan may be incomplete; the two together cover the whole \
                     project, so that warning is left out."
                        .to_owned(),
                );
            }
            note(
                PlanNoteKind::PlannedAgain,
                "What goes away is planned once more right before it is destroyed, after everything else is applied. \
                 Nothing is destroyed then that is not listed here: the run fails instead."
                    .to_owned(),
            );
        }
        for plan in [self.stay, self.go].into_iter().flatten() {
            if plan.deferred > 0 {
                note(
                    PlanNoteKind::Deferred,
                    format!(
                        "Terraform has put off {} to a later plan.",
                        if plan.deferred == 1 {
                            "1 change".to_owned()
                        } else {
                            format!("{} changes", plan.deferred)
                        }
                    ),
                );
            }
            for invocation in &plan.action_invocations {
                note(
                    PlanNoteKind::Invocation,
                    format!("The action {} is invoked.", invocation.address),
                );
            }
        }
        for warning in &self.warnings {
            note(PlanNoteKind::Warning, warning.clone());
        }
        notes
    }
}

/// The changes of each module of the root, and of none, in order.
fn by_module(plan: Option<&PlanDocument>) -> BTreeMap<Option<&str>, Vec<&ResourceChange>> {
    let mut modules: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for change in plan.iter().flat_map(|plan| &plan.resource_changes) {
        modules.entry(change.module()).or_default().push(change);
    }
    modules
}

fn plugin(
    unit: &Unit,
    changes: &[&ResourceChange],
    connections: Vec<PlannedConnection>,
    listing: &mut Listing<'_>,
) -> PluginPlan {
    let needs: BTreeSet<_> = unit
        .requires
        .iter()
        .filter_map(|requirement| requirement.from.clone())
        .collect();
    let effective: Vec<_> = changes
        .iter()
        .copied()
        .filter(|change| change.is_effective())
        .collect();
    let (changes_shown, counts, omitted_changes) = listing.changes(&effective);
    PluginPlan {
        alias: unit.alias.clone(),
        plugin: unit.plugin.qualifier.clone(),
        fate: fate(unit, changes, &counts, &connections),
        needs: needs.into_iter().collect(),
        counts,
        changes: changes_shown,
        omitted_changes,
        connections,
    }
}

fn fate(
    unit: &Unit,
    changes: &[&ResourceChange],
    counts: &PlanCounts,
    connections: &[PlannedConnection],
) -> PluginFate {
    let has_some = changes
        .iter()
        .any(|change| change.mode == Mode::Managed && change.actions() != Actions::Create);
    if unit.action == Action::Destroy {
        PluginFate::Removed
    } else if counts.replace > 0 {
        PluginFate::Replaced
    } else if counts.destroy > 0 {
        PluginFate::Reduced
    } else if counts.are_none() && connections.is_empty() {
        PluginFate::Unchanged
    } else if counts.create > 0 && !has_some {
        PluginFate::Created
    } else {
        PluginFate::Changed
    }
}

fn beyond<T>(all: &[T]) -> u64 {
    all.len().saturating_sub(LISTED) as u64
}

#[cfg(test)]
mod tests;
