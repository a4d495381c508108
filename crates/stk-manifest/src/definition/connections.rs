//! `requires` and `generates` of plugin.yaml.

use std::collections::HashMap;

use super::ConnectionSlot;
use crate::connection::OutputMapping;
use crate::finding::{FindingCode, Report, quoted};
use crate::shape::plugin_yaml::{OUTPUT, SLOT};
use crate::yaml::{Fields, What, text_of};

/// v2's `connections: [{type, alias, outputs}]` and v1's `connection-interface: [type…]`.
pub(super) fn slots(fields: &Fields<'_, '_, '_>, report: &mut Report) -> Vec<ConnectionSlot> {
    let whole = fields.what();
    let what = What::Part("a connection", &whole);
    let mut slots: Vec<ConnectionSlot> = Vec::new();
    let mut lines: HashMap<String, u32> = HashMap::new();
    for node in fields.list("connections", report) {
        let Some(item) = Fields::of(node, what, report) else {
            continue;
        };
        item.warn_unknown(&SLOT, report);
        let kind = item.required_text("type", "name the connection interface type", report);
        let alias = item.required_text("alias", "name the slot", report);
        let outputs = outputs(&item, report);
        if let (Some((kind, _)), Some((slot, at))) = (kind, alias) {
            if let Some(first) = lines.get(&slot) {
                report.error(
                    FindingCode::InvalidConnection,
                    at,
                    format!(
                        "{} has the slot {} twice: on line {} and on line {}",
                        fields.what(),
                        quoted(&slot),
                        first,
                        at.line
                    ),
                );
                continue;
            }
            lines.insert(slot.clone(), node.at.line);
            slots.push(ConnectionSlot {
                slot,
                kind,
                outputs,
                at: node.at,
            });
        }
    }
    for node in fields.list("connection-interface", report) {
        match text_of(node) {
            Some(kind) => slots.push(ConnectionSlot {
                slot: kind.to_owned(),
                kind: kind.to_owned(),
                outputs: Vec::new(),
                at: node.at,
            }),
            // A mapping is how some v1 drafts wrote it: `{type: …}`.
            None => {
                if let Some((kind, _)) = Fields::of(node, what, report)
                    .and_then(|item| item.required_text("type", "name the type", report))
                {
                    slots.push(ConnectionSlot {
                        slot: kind.clone(),
                        kind,
                        outputs: Vec::new(),
                        at: node.at,
                    });
                }
            }
        }
    }
    slots
}

/// `outputs: [{from, to}]`.
pub(super) fn outputs(fields: &Fields<'_, '_, '_>, report: &mut Report) -> Vec<OutputMapping> {
    let whole = fields.what();
    let what = What::Part("an output", &whole);
    fields
        .list("outputs", report)
        .iter()
        .filter_map(|node| {
            let item = Fields::of(node, what, report)?;
            item.warn_unknown(&OUTPUT, report);
            let from = item.required_text("from", "name the Terraform output", report);
            let to = item.required_text("to", "name the connection's attribute", report);
            let (from, at) = from?;
            Some(OutputMapping {
                from,
                to: to?.0,
                at,
            })
        })
        .collect()
}
