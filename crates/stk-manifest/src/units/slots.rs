//! The connections that stk.yaml selects against the slots that plugin.yaml has.

use serde_json::{Map, Value};

use super::bare::requirement;
use super::{Generation, Requirement};
use crate::connection::{
    ConnectionSource, Direction, FoundConnection, SelectedConnection, Step, find_connections,
};
use crate::definition::{ConnectionSlot, InputDefinition, PluginDefinition};
use crate::finding::{FindingCode, Report, Severity, nearest, quoted};
use crate::manifest::AppliedPlugin;

pub(super) fn matched(
    applied: &AppliedPlugin,
    definition: &PluginDefinition,
    inputs: &Map<String, Value>,
    report: &mut Report,
) -> (Vec<Requirement>, Vec<Generation>) {
    let mut slots = Slots {
        applied,
        definition,
        taken: Vec::new(),
        report,
    };
    let mut requires = slots.requires();
    let mut generates = slots.generates();
    slots.left_over();
    slots.inputs(inputs, &mut requires, &mut generates);
    (requires, generates)
}

struct Slots<'u, 'r> {
    applied: &'u AppliedPlugin,
    definition: &'u PluginDefinition,
    /// The selected connections that a slot took, by identity.
    taken: Vec<*const SelectedConnection>,
    report: &'r mut Report,
}

impl<'u> Slots<'u, '_> {
    fn requires(&mut self) -> Vec<Requirement> {
        self.definition
            .requires
            .iter()
            .filter_map(|slot| self.fill(slot, Direction::Requires).map(requirement))
            .collect()
    }

    fn generates(&mut self) -> Vec<Generation> {
        self.definition
            .generates
            .iter()
            .filter_map(|slot| {
                self.fill(slot, Direction::Generates)
                    .map(|selected| generation(selected, slot.outputs.clone()))
            })
            .collect()
    }

    /// The connection that stk.yaml selects for `slot`; none is an error.
    fn fill(
        &mut self,
        slot: &ConnectionSlot,
        direction: Direction,
    ) -> Option<&'u SelectedConnection> {
        let connections = &self.applied.connections;
        let listed = match direction {
            Direction::Requires => &connections.requires,
            Direction::Generates => &connections.generates,
        };
        let taken = &self.taken;
        let found = listed
            .iter()
            .find(|selected| {
                selected.source == ConnectionSource::List && selected.slot == slot.slot
            })
            // v1 lists all connectors together, by type.
            .or_else(|| {
                connections.requires.iter().find(|selected| {
                    selected.source == ConnectionSource::Connector
                        && same_type(&selected.kind, &slot.kind)
                        && !taken.contains(&std::ptr::from_ref(*selected))
                })
            });
        let Some(selected) = found else {
            self.missing(slot, direction);
            return None;
        };
        self.taken.push(std::ptr::from_ref(selected));
        if !same_type(&selected.kind, &slot.kind) {
            self.report.warning(
                FindingCode::ConnectionType,
                selected.at,
                format!(
                    "the slot `{}` of the plugin `{}` is of the type {}, but the connection {} is given as {}",
                    slot.slot,
                    self.applied.alias,
                    quoted(&slot.kind),
                    quoted(&selected.connection),
                    quoted(&selected.kind)
                ),
                None,
            );
        }
        Some(selected)
    }

    fn missing(&mut self, slot: &ConnectionSlot, direction: Direction) {
        let (verb, key) = match direction {
            Direction::Requires => ("requires a connection", "requires"),
            Direction::Generates => ("generates a connection", "generates"),
        };
        self.report.error_with_help(
            FindingCode::MissingConnection,
            self.applied.position,
            format!(
                "the plugin `{}` {verb} for its slot {} (type {}), but stk.yaml selects none",
                self.applied.alias,
                quoted(&slot.slot),
                quoted(&slot.kind)
            ),
            format!(
                "add `{{type: {}, selected: <connection>, alias: {}}}` to `connections.{key}` of the plugin",
                slot.kind, slot.slot
            ),
        );
    }

    /// Selected connections for which the plugin has no slot.
    fn left_over(&mut self) {
        let connections = &self.applied.connections;
        for (selected, slots, others, verb) in connections
            .requires
            .iter()
            .map(|selected| {
                (
                    selected,
                    &self.definition.requires,
                    &self.definition.generates,
                    "requires",
                )
            })
            .chain(connections.generates.iter().map(|selected| {
                (
                    selected,
                    &self.definition.generates,
                    &self.definition.requires,
                    "generates",
                )
            }))
        {
            if selected.source == ConnectionSource::Input
                || self.taken.contains(&std::ptr::from_ref(selected))
            {
                continue;
            }
            let names = || slots.iter().map(|slot| slot.slot.as_str());
            let help = if others.iter().any(|slot| slot.slot == selected.slot) {
                let other = if verb == "requires" {
                    "generates"
                } else {
                    "requires"
                };
                format!("the plugin {other} this slot: move the entry to `connections.{other}`")
            } else if let Some(name) = nearest(&selected.slot, names()) {
                format!("did you mean `{name}`?")
            } else if slots.is_empty() {
                format!("the plugin {verb} no connections: remove the entry")
            } else {
                format!(
                    "the slots that it {verb} are {}",
                    quoted(&names().collect::<Vec<_>>().join(", "))
                )
            };
            self.report.error_with_help(
                FindingCode::UnknownSlot,
                selected.at,
                format!(
                    "the plugin `{}` {verb} no connection for the slot {}",
                    self.applied.alias,
                    quoted(&selected.slot)
                ),
                help,
            );
        }
    }

    /// Connection inputs (v3), as they are after the merge: one that a condition removed is not there any more.
    fn inputs(
        &mut self,
        inputs: &Map<String, Value>,
        requires: &mut Vec<Requirement>,
        generates: &mut Vec<Generation>,
    ) {
        for found in find_connections(inputs) {
            let slot = found.slot();
            let connections = &self.applied.connections;
            let selected = match found.direction {
                Direction::Requires => &connections.requires,
                Direction::Generates => &connections.generates,
            }
            .iter()
            .find(|selected| selected.source == ConnectionSource::Input && selected.slot == slot);
            // One without a name or a type was reported when the manifest was read.
            let Some(selected) = selected else {
                continue;
            };
            let declared = declaration(self.definition, &found);
            if let Some(declared) = declared
                && let Some(kind) = &declared.connection_interface_type
                && !same_type(kind, &selected.kind)
            {
                self.report.warning(
                    FindingCode::ConnectionType,
                    selected.at,
                    format!(
                        "the connection input `{slot}` of the plugin `{}` is of the type {}, but the connection {} is given as {}",
                        self.applied.alias,
                        quoted(kind),
                        quoted(&selected.connection),
                        quoted(&selected.kind)
                    ),
                    None,
                );
            }
            match found.direction {
                Direction::Requires => requires.push(requirement(selected)),
                Direction::Generates => {
                    if declared.is_none() {
                        self.undeclared(selected);
                    }
                    let outputs = declared.map_or_else(Vec::new, |input| input.outputs.clone());
                    generates.push(generation(selected, outputs));
                }
            }
        }
    }

    /// Nothing says which outputs make up this connection, so it could only be published empty.
    fn undeclared(&mut self, selected: &SelectedConnection) {
        let names = self
            .definition
            .inputs
            .iter()
            .filter(|input| input.kind.is_connection())
            .map(|input| input.name.as_str());
        self.report.add(
            Severity::Error,
            FindingCode::UnknownSlot,
            selected.at,
            format!(
                "the plugin `{}` generates no connection for the input {}",
                self.applied.alias,
                quoted(&selected.slot)
            ),
            nearest(&selected.slot, names).map(|name| format!("did you mean `{name}`?")),
        );
    }
}

/// The connection input in plugin.yaml that a connection object is the value of.
fn declaration<'d>(
    definition: &'d PluginDefinition,
    found: &FoundConnection<'_>,
) -> Option<&'d InputDefinition> {
    let mut steps = found.path.iter();
    let Some(Step::Key(name)) = steps.next() else {
        return None;
    };
    // A name can be declared twice; the declarations of a connection differ in their conditions only.
    let mut input = definition
        .inputs
        .iter()
        .filter(|input| input.name == *name)
        .max_by_key(|input| input.kind.is_connection())?;
    for step in steps {
        input = match step {
            Step::Index(_) => input.item.as_deref()?,
            Step::Key(name) => input.inputs.iter().find(|input| input.name == *name)?,
        };
    }
    input.kind.is_connection().then_some(input)
}

fn generation(
    selected: &SelectedConnection,
    outputs: Vec<crate::connection::OutputMapping>,
) -> Generation {
    Generation {
        slot: selected.slot.clone(),
        connection: selected.connection.clone(),
        kind: selected.kind.clone(),
        outputs,
        at: selected.at,
    }
}

/// v1's flattened inputs write a type with `_` for `-`.
fn same_type(left: &str, right: &str) -> bool {
    left == right || left.replace('_', "-") == right.replace('_', "-")
}
