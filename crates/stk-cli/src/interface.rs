//! Whether the plugins fit each other: connection types, attributes, outputs.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use gha::Environment;
use stk_deploy::{Effect, Inputs, Mismatch, Place, Problem};
use stk_manifest::{Finding, FindingCode, Severity, Unit, nearest};
use stk_orchestrator::{PluginSource, Project};
use stk_run::DeployMode;

use crate::render::record;
use crate::templates::{Packages, stand_in};

/// Every mismatch between the plugins of `project`. `packages` holds their files. Nothing but the types is compared
/// where there is no order, because then nobody knows whose connection a template reads.
pub(crate) fn check(
    project: Project,
    name: &str,
    packages: &Packages,
    inputs: Inputs,
    environment: &Environment,
) -> Vec<Finding> {
    let file = project.manifest.file.clone();
    let mut findings = types(&project.units, &file);
    let known = project.workspace.connections.all().clone();
    let places = Places {
        packages,
        file,
        order: (0..)
            .zip(&project.units)
            .map(|(index, unit)| (unit.alias.clone(), index))
            .collect(),
        units: project.units.clone(),
        sources: project.sources.clone(),
    };
    let digests = places
        .sources
        .iter()
        .map(|(alias, source)| (alias.clone(), stand_in(source)))
        .collect();
    if let Ok(record) = record(project, name, DeployMode::PerPlugin, &digests, environment) {
        let mut mismatches = stk_deploy::interface(&record, packages, &known, inputs);
        // In the order of stk.yaml, as everything else.
        mismatches.sort_by_key(|mismatch| places.order.get(mismatch.alias.as_str()));
        findings.extend(
            mismatches
                .iter()
                .filter_map(|mismatch| places.finding(mismatch)),
        );
    }
    findings
}

/// Connections that are required as another type than they are generated as.
fn types(units: &[Unit], file: &str) -> Vec<Finding> {
    let mut generators = HashMap::new();
    for unit in units {
        for generated in &unit.generates {
            generators
                .entry(generated.connection.as_str())
                .or_insert((unit, generated));
        }
    }
    let mut findings = Vec::new();
    for unit in units {
        for required in &unit.requires {
            let Some((generator, generated)) = generators.get(required.connection.as_str()) else {
                continue;
            };
            let unknown = required.kind.is_empty() || generated.kind.is_empty();
            // v1 writes a type with `_` for `-`.
            if unknown || required.kind.replace('_', "-") == generated.kind.replace('_', "-") {
                continue;
            }
            findings.push(Finding {
                severity: Severity::Warning,
                code: FindingCode::ConnectionTypes,
                message: format!(
                    "the plugin `{}` requires the connection `{}` (slot `{}`) as `{}`, but the plugin `{}` generates it as `{}`",
                    unit.alias,
                    required.connection,
                    required.slot,
                    required.kind,
                    generator.alias,
                    generated.kind
                ),
                file: file.to_owned(),
                line: required.at.line,
                column: required.at.column,
                help: Some(format!(
                    "select a connection of the type `{}`, or correct the type that is wrong",
                    required.kind
                )),
            });
        }
    }
    findings
}

/// Where the parts of a project stand.
struct Places<'a> {
    packages: &'a Packages,
    file: String,
    units: Vec<Unit>,
    /// Where in `units` each alias is.
    order: HashMap<String, usize>,
    sources: BTreeMap<String, PluginSource>,
}

impl Places<'_> {
    fn finding(&self, mismatch: &Mismatch) -> Option<Finding> {
        let alias = mismatch.alias.as_str();
        let unit = self.units.get(*self.order.get(alias)?)?;
        let source = self.sources.get(alias)?;
        Some(match &mismatch.problem {
            Problem::MissingAttribute {
                place,
                expression,
                slot,
                connection,
                generator,
                attribute,
                provided,
                effect,
            } => {
                let message = format!(
                    "the plugin `{alias}` {} `{expression}`, but the connection `{connection}` (slot `{slot}`), which the plugin `{generator}` generates, has no attribute `{attribute}`",
                    verb(*effect)
                );
                let names = provided.iter().map(String::as_str);
                let help = match nearest(attribute, names) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("`{generator}` gives it {}", listed(provided)),
                };
                let code = FindingCode::MissingAttribute;
                self.in_template(source, place, severity(*effect), code, message, Some(help))
            }
            Problem::UnknownSlot {
                place,
                expression,
                slot,
                slots,
                effect,
            } => {
                let message = format!(
                    "the plugin `{alias}` {} `{expression}`, but it requires no connection for a slot `{slot}`",
                    verb(*effect)
                );
                let help = match nearest(slot, slots.iter().map(String::as_str)) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None if slots.is_empty() => {
                        "add the slot to `requires.connections` of its plugin.yaml".to_owned()
                    }
                    None => format!("the slots that it requires are {}", listed(slots)),
                };
                let code = FindingCode::UndeclaredSlot;
                self.in_template(source, place, severity(*effect), code, message, Some(help))
            }
            Problem::Undefined { place, message } => {
                let message = format!("in the plugin `{alias}` {message}");
                let code = FindingCode::UndefinedValue;
                self.in_template(source, place, Severity::Warning, code, message, None)
            }
            Problem::MissingOutput {
                slot,
                from,
                to,
                declared,
            } => {
                let generated = unit.generates.iter().find(|each| each.slot == *slot)?;
                let mapping = generated
                    .outputs
                    .iter()
                    .find(|mapping| mapping.from == *from && mapping.to == *to)?;
                let help = match nearest(from, declared.iter().map(String::as_str)) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None if declared.is_empty() => {
                        format!("declare `output \"{from}\"` in the root of `templates-deploy`")
                    }
                    None => format!("the templates declare {}", listed(declared)),
                };
                Finding {
                    severity: Severity::Error,
                    code: FindingCode::MissingOutput,
                    message: format!(
                        "the attribute `{to}` of the connection `{}` (slot `{slot}`) is filled from the output `{from}`, which no template of the plugin `{alias}` declares",
                        generated.connection
                    ),
                    file: source.definition_file().display().to_string(),
                    line: mapping.at.line,
                    column: mapping.at.column,
                    help: Some(help),
                }
            }
            Problem::Unused { slot, connection } => {
                let generated = unit.generates.iter().find(|each| each.slot == *slot)?;
                Finding {
                    severity: Severity::Note,
                    code: FindingCode::UnusedConnection,
                    message: format!(
                        "no plugin of this project requires the connection `{connection}` that the plugin `{alias}` generates; it is there for other projects of the workspace"
                    ),
                    file: self.file.clone(),
                    line: generated.at.line,
                    column: generated.at.column,
                    help: None,
                }
            }
        })
    }

    fn in_template(
        &self,
        source: &PluginSource,
        place: &Place,
        severity: Severity,
        code: FindingCode,
        message: String,
        help: Option<String>,
    ) -> Finding {
        let computed = [
            ("computed_inputs.", "computed-inputs"),
            ("global_computed_inputs.", "global-computed-inputs"),
        ]
        .iter()
        .find_map(|(prefix, key)| Some((key, place.template.strip_prefix(prefix)?)));
        let (file, line, column, message) = match computed {
            Some((key, name)) => (
                source.definition_file(),
                self.line_of(source, key, name),
                1,
                format!("{message} (computed input `{name}`)"),
            ),
            None => (
                source.templates.join(&place.template),
                place.line,
                place.column,
                message,
            ),
        };
        Finding {
            severity,
            code,
            message,
            file: file.display().to_string(),
            line,
            column,
            help,
        }
    }

    /// The line of a computed input in plugin.yaml, as far as a look at its lines tells: of its own key, or of the key
    /// that it stands below. Those of stk.yaml's `global-computed-inputs` are values and never get here.
    fn line_of(&self, source: &PluginSource, key: &str, name: &str) -> u32 {
        let files = self.packages.get(&stand_in(source)).into_iter().flatten();
        let definition = files.into_iter().find(|entry| entry.path == "plugin.yaml");
        let text = definition.map_or(Cow::default(), |entry| {
            String::from_utf8_lossy(&entry.bytes)
        });
        let starts = |line: &str, word: &str| {
            let line = line.trim_start().trim_start_matches(['"', '\'']);
            let rest = line.strip_prefix(word);
            rest.is_some_and(|rest| rest.trim_start_matches(['"', '\'']).starts_with(':'))
        };
        let mut lines = (1..).zip(text.lines());
        let Some((parent, _)) = lines.find(|(_, line)| starts(line, key)) else {
            return 1;
        };
        let own = lines.find(|(_, line)| starts(line, name));
        own.map_or(parent, |(line, _)| line)
    }
}

fn verb(effect: Effect) -> &'static str {
    match effect {
        Effect::Certain => "reads",
        Effect::Compared => "compares",
        Effect::Possible => "may read",
    }
}

fn severity(effect: Effect) -> Severity {
    match effect {
        Effect::Certain => Severity::Error,
        Effect::Compared | Effect::Possible => Severity::Warning,
    }
}

fn listed(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
