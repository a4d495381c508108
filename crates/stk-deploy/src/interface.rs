//! Whether the plugins of a project fit each other, before any of them is deployed.
//!
//! Two looks at each plugin: what its templates read ([`stk_render::reads`]), and what they render to, with stand-ins for
//! the values that only a deployment knows. Where neither gives an answer nothing is said: a plugin that can be deployed
//! must not be called wrong.

mod attributes;
mod outputs;
mod paths;
mod stand_ins;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};
use stk_render::reads::{Read, reads, reads_of};
use stk_render::{Context, RenderError, Rendered, Templates, Warning};
use stk_run::{Action, Alias, Digest, RunRecord, Unit};
use stk_store::archive::Entry;

use crate::{context, render};

/// What does not fit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// The plugin that it was found in.
    pub alias: Alias,
    /// What it is.
    pub problem: Problem,
}

/// What does not fit between a plugin and others, or between its parts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Problem {
    /// A template reads an attribute of a connection that the connection's generator does not give it.
    MissingAttribute {
        /// Where it reads it.
        place: Place,
        /// How a template would write it, as `connections.topic.arn`.
        expression: String,
        /// The plugin's own name for the connection.
        slot: String,
        /// The connection's name in the workspace.
        connection: String,
        /// The plugin that generates it.
        generator: Alias,
        /// What it does not give.
        attribute: String,
        /// What it gives.
        provided: Vec<String>,
        /// What comes of it.
        effect: Effect,
    },
    /// A template reads a connection for which the plugin has no slot.
    UnknownSlot {
        /// Where it reads it.
        place: Place,
        /// How a template would write it, as `connections.topik`.
        expression: String,
        /// The slot that there is not.
        slot: String,
        /// The slots that there are.
        slots: Vec<String>,
        /// What comes of it.
        effect: Effect,
    },
    /// An attribute of a generated connection is filled from an output that Terraform will not have.
    MissingOutput {
        /// The plugin's own name for the connection.
        slot: String,
        /// The Terraform output.
        from: String,
        /// The attribute that it should fill.
        to: String,
        /// The outputs that there are.
        declared: Vec<String>,
    },
    /// No plugin of the project requires this generated connection.
    Unused {
        /// The plugin's own name for it.
        slot: String,
        /// Its name in the workspace.
        connection: String,
    },
    /// A template prints something that has no value.
    Undefined {
        /// Where.
        place: Place,
        /// What has no value, and what comes of it.
        message: String,
    },
}

/// What comes of a read of something that is not there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Effect {
    /// The template gets there with these inputs, and prints nothing, or fails.
    Certain,
    /// It only compares it, which is always false.
    Compared,
    /// Whether it gets there is not known.
    Possible,
}

/// A place in a template.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// The file, as a path below the plugin's `templates-deploy`; `computed_inputs.<name>` or
    /// `global_computed_inputs.<name>` for a template in plugin.yaml.
    pub template: String,
    /// Line in the template, from 1.
    pub line: u32,
    /// Column in characters, from 1; 1 where it is not known.
    pub column: u32,
}

/// How much the inputs of the record are those of a deployment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Inputs {
    /// They are, and so is the environment.
    Final,
    /// No environment was chosen: which branches templates take is not sure.
    NoEnvironment,
    /// Some are missing or wrong, which others have said already.
    Incomplete,
}

/// Everything in the plugins that `record` applies that does not fit: in the record's order, and for each plugin sorted
/// by place. `packages` holds the plugins' files by [`Unit::package`], and `known` the connections that live in the
/// workspace, as far as they are at hand. Of many plugins in a [`batch`](stk_render::batch) it is faster.
#[must_use]
pub fn interface(
    record: &RunRecord,
    packages: &BTreeMap<Digest, Vec<Entry>>,
    known: &BTreeMap<String, Map<String, Value>>,
    inputs: Inputs,
) -> Vec<Mismatch> {
    let units = Units::of(record);
    let mut versions: BTreeMap<&Digest, Option<Version>> = BTreeMap::new();
    let mut found = Vec::new();
    for unit in &record.units {
        if unit.action != Action::Apply {
            continue;
        }
        let mut problems = Vec::new();
        let version = versions.entry(&unit.package).or_insert_with(|| {
            let package = packages.get(&unit.package)?.clone();
            let templates = render::templates(&unit.alias, package).ok()?;
            let reads = reads(&templates);
            Some(Version { templates, reads })
        });
        if let Some(Version { templates, reads }) = version {
            let computed = computed(unit);
            let reads: Vec<_> = reads.iter().chain(&computed).collect();
            let connections = stand_ins::connections(&units, unit, &reads, known);
            let look = Look {
                units: &units,
                unit,
                templates,
                reads: &reads,
                context: context::build(record, unit, &connections).ok(),
                inputs,
            };
            problems.extend(look.problems());
        }
        problems.extend(units.unused(unit));
        found.extend(problems.into_iter().map(|problem| Mismatch {
            alias: unit.alias.clone(),
            problem,
        }));
    }
    found
}

/// What is the same for every plugin that is applied from one package.
struct Version {
    templates: Templates,
    reads: Vec<Read>,
}

/// The plugins of a record, to be found without a search.
struct Units<'a> {
    by_alias: BTreeMap<&'a str, &'a Unit>,
    /// The connections that a plugin requires which is applied.
    required: BTreeSet<&'a str>,
}

impl<'a> Units<'a> {
    fn of(record: &'a RunRecord) -> Self {
        let units = record.units.iter();
        let applied = record
            .units
            .iter()
            .filter(|unit| unit.action == Action::Apply);
        Self {
            by_alias: units.map(|unit| (unit.alias.as_str(), unit)).collect(),
            required: applied
                .flat_map(|unit| &unit.requires)
                .map(|requirement| requirement.connection.as_str())
                .collect(),
        }
    }

    fn unused(&self, unit: &Unit) -> Vec<Problem> {
        let generated = unit.generates.iter();
        generated
            .filter(|generation| !self.required.contains(generation.connection.as_str()))
            .map(|generation| Problem::Unused {
                slot: generation.slot.clone(),
                connection: generation.connection.clone(),
            })
            .collect()
    }
}

/// What the computed inputs of `unit` read.
fn computed(unit: &Unit) -> Vec<Read> {
    let mut found = Vec::new();
    for (group, templates) in [
        ("global_computed_inputs", &unit.global_computed_inputs),
        ("computed_inputs", &unit.computed_inputs),
    ] {
        for (name, template) in templates {
            if let Some(text) = template.as_str().filter(|text| text.contains('{')) {
                found.extend(reads_of(text, &format!("{group}.{name}")));
            }
        }
    }
    found
}

/// One plugin, looked at.
struct Look<'a> {
    units: &'a Units<'a>,
    unit: &'a Unit,
    templates: &'a Templates,
    reads: &'a [&'a Read],
    /// What the templates see, with what is odd about it; `None` when a computed input fails.
    context: Option<(Context, Vec<Warning>)>,
    inputs: Inputs,
}

impl Look<'_> {
    fn problems(&self) -> Vec<Problem> {
        let rendering = self.render();
        let mut problems = self.missing_attributes();
        problems.extend(self.undefined(&rendering.warnings));
        problems.sort_by(|left, right| place(left).cmp(&place(right)));
        problems.extend(self.missing_outputs(&rendering));
        problems
    }

    /// The files that can be rendered with stand-ins.
    fn render(&self) -> Rendering {
        let mut rendering = Rendering::default();
        if self.inputs == Inputs::Incomplete && !self.has_mapped_outputs() {
            // Nobody asks.
            return rendering;
        }
        let Some((context, warnings)) = &self.context else {
            let all = self.templates.files.iter();
            rendering.failed = all.map(|file| file.path.clone()).collect();
            return rendering;
        };
        rendering.warnings.clone_from(warnings);
        match stk_render::render(self.templates, context) {
            Ok(rendered) => rendering.add(rendered),
            Err(_) => {
                for file in &self.templates.files {
                    let alone = Templates {
                        files: vec![file.clone()],
                    };
                    match stk_render::render(&alone, context) {
                        Ok(rendered) => rendering.add(rendered),
                        Err(RenderError { template, .. }) => {
                            rendering.failed.insert(template);
                        }
                    }
                }
            }
        }
        rendering
    }

    /// What prints as nothing. Attributes of connections are looked at elsewhere, and their stand-ins are none of the
    /// author's business.
    fn undefined(&self, warnings: &[Warning]) -> Vec<Problem> {
        if self.inputs == Inputs::Incomplete {
            return Vec::new();
        }
        let mut problems = Vec::new();
        for warning in warnings {
            let Some(expression) = expression(&warning.message) else {
                continue;
            };
            let on_line: Vec<_> = self
                .reads
                .iter()
                .filter(|read| read.template == warning.template && Some(read.line) == warning.line)
                .collect();
            let at = on_line.iter().find(|read| read.to_string() == expression);
            // What is not found may be a connection under another name.
            let mut meant = on_line.iter().filter(|_| at.is_none()).chain(at);
            if meant.any(|read| paths::is_connection(self.unit, read)) {
                continue;
            }
            problems.push(Problem::Undefined {
                place: Place {
                    template: warning.template.clone(),
                    line: warning.line.unwrap_or(1),
                    column: at.map_or(1, |read| read.column),
                },
                message: warning.message.clone(),
            });
        }
        problems.dedup();
        problems
    }
}

/// What of a plugin could be rendered.
#[derive(Default)]
struct Rendering {
    files: Vec<(String, Vec<u8>)>,
    warnings: Vec<Warning>,
    /// Templates that could not.
    failed: BTreeSet<String>,
}

impl Rendering {
    fn add(&mut self, rendered: Rendered) {
        for (path, file) in rendered.tree.iter() {
            self.files.push((path.to_owned(), file.bytes.clone()));
        }
        self.warnings.extend(rendered.warnings);
    }
}

/// What a warning about an undefined value names.
fn expression(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('`')?;
    let (expression, _) = rest.split_once("` is undefined")?;
    Some(expression)
}

fn place(problem: &Problem) -> Option<(&str, u32, u32)> {
    match problem {
        Problem::MissingAttribute { place, .. }
        | Problem::UnknownSlot { place, .. }
        | Problem::Undefined { place, .. } => Some((&place.template, place.line, place.column)),
        Problem::MissingOutput { .. } | Problem::Unused { .. } => None,
    }
}

#[cfg(test)]
mod tests;
