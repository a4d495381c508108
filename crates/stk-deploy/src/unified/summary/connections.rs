use std::collections::BTreeSet;

use stk_run::{Action, Generation, PlannedAttribute, PlannedConnection, Unit};
use terraform_runner::difference::Differences;
use terraform_runner::plan::{Actions, PlanDocument, ValueChange};

use super::{Planned, changes};

/// How many attributes of one connection are listed.
const ATTRIBUTES: usize = 100;

/// The connections of a plugin that change for whoever reads them. What is not published yet, nobody has read.
pub(super) fn of(
    unit: &Unit,
    planned: &Planned<'_>,
    differences: &Differences,
) -> Vec<PlannedConnection> {
    let plan = match unit.action {
        Action::Apply => planned.stay,
        Action::Destroy => planned.go,
    };
    let Some(plan) = plan else {
        return Vec::new();
    };
    unit.generates
        .iter()
        .filter_map(|generation| connection(unit, generation, plan, planned, differences))
        .collect()
}

fn connection(
    unit: &Unit,
    generation: &Generation,
    plan: &PlanDocument,
    planned: &Planned<'_>,
    differences: &Differences,
) -> Option<PlannedConnection> {
    let (mut attributes, mut omitted_attributes) = (Vec::new(), 0);
    for mapping in &generation.outputs {
        let Some(change) = output(unit, &mapping.from, plan, planned) else {
            continue;
        };
        if change.actions == Actions::NoOp || change.before.is_null() {
            continue;
        }
        let most = ATTRIBUTES.saturating_sub(attributes.len());
        let (listed, omitted) = changes::listed(differences.output(change), most);
        omitted_attributes += omitted;
        attributes.extend(listed.into_iter().map(|attribute| PlannedAttribute {
            path: under(&mapping.to, &attribute.path),
            ..attribute
        }));
    }
    if attributes.is_empty() && omitted_attributes == 0 {
        return None;
    }
    let readers: BTreeSet<_> = planned
        .record
        .units
        .iter()
        .filter(|other| {
            let mut requires = other.requires.iter();
            other.action == Action::Apply
                && requires.any(|requirement| requirement.connection == generation.connection)
        })
        .map(|other| other.alias.clone())
        .collect();
    Some(PlannedConnection {
        connection: generation.connection.clone(),
        read_by: readers.into_iter().collect(),
        attributes,
        omitted_attributes,
    })
}

/// What happens to the root output that hands a plugin's output on.
fn output<'p>(
    unit: &Unit,
    name: &str,
    plan: &'p PlanDocument,
    planned: &Planned<'_>,
) -> Option<&'p ValueChange> {
    let mut outputs = planned.outputs.iter();
    let (root, _) = outputs.find(|(_, (alias, of))| alias == unit.alias.as_str() && of == name)?;
    plan.output_changes.get(root)
}

/// `attribute`, `attribute.part` or `attribute[0]`.
fn under(attribute: &str, path: &str) -> String {
    if path.is_empty() || path.starts_with('[') {
        format!("{attribute}{path}")
    } else {
        format!("{attribute}.{path}")
    }
}
