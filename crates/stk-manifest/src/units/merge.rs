//! The inputs of one unit: candidates by precedence, then the plugin's declarations one by one.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};

use super::check::{Checker, Subject};
use super::origin::Origin;
use super::secret;
use crate::definition::{InputDefinition, InputKind, PluginDefinition};
use crate::dynamic::{self, DynamicInputs};
use crate::finding::{FindingCode, Position, Report, Severity, nearest, quoted};
use crate::manifest::{AppliedPlugin, CONNECTOR_MARK, Manifest, SECRET_PLACEHOLDER};

/// A value that was given for an input; the strongest source won.
#[derive(Debug, Clone, Copy)]
struct Candidate<'u> {
    value: &'u Value,
    origin: Origin<'u>,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Global,
    Entry,
    Environment,
    Dynamic,
}

/// Whether an input is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Active {
    Yes,
    No,
    /// The deciding input has no value: the input keeps a value that was given, and gets none otherwise.
    Undecided,
}

pub(super) fn merged(
    manifest: &Manifest,
    applied: &AppliedPlugin,
    definition: &PluginDefinition,
    environment: &str,
    dynamic: &DynamicInputs,
    secrets: &mut secret::Found<'_>,
    report: &mut Report,
) -> Map<String, Value> {
    let declared = || definition.inputs.iter().chain(&definition.inputs_envs);
    let names: HashSet<&str> = declared().map(|input| input.name.as_str()).collect();
    let is_declared = |name: &str| names.contains(name);
    let candidates = candidates(manifest, applied, environment, dynamic, &is_declared);
    let mut merge = Merge {
        file: &manifest.file,
        applied,
        definition,
        environment,
        candidates,
        inputs: Map::new(),
        secrets,
        report,
    };
    for input in declared() {
        merge.declared(input);
    }
    for (index, (name, value)) in applied.inputs.iter().enumerate() {
        let origin = match applied.input_places.parts.get(index) {
            Some(places) => Origin::yaml(&manifest.file, places),
            None => Origin::flat(&manifest.file, applied.position),
        };
        if is_declared(name) {
            merge.conditioned_out(name, value, origin);
        } else {
            merge.undeclared(name, origin.at);
        }
    }
    for (index, (name, _)) in applied.inputs_envs.iter().enumerate() {
        if !is_declared(name) && !applied.inputs.contains_key(name) {
            merge.undeclared(name, applied.inputs_envs_places.at_path(&[index]));
        }
    }
    for (name, _) in dynamic.values() {
        if !is_declared(name) {
            merge.keep(name);
        }
    }
    merge.inputs
}

fn candidates<'u>(
    manifest: &'u Manifest,
    applied: &'u AppliedPlugin,
    environment: &str,
    dynamic: &'u DynamicInputs,
    is_declared: &impl Fn(&str) -> bool,
) -> HashMap<&'u str, Candidate<'u>> {
    let mut candidates = HashMap::new();
    // `null` is how YAML writes "nothing here": it neither is a value nor hides a weaker one.
    let mut add = |name: &'u str, value: &'u Value, origin: Origin<'u>, source: Source| {
        if !value.is_null() {
            candidates.insert(
                name,
                Candidate {
                    value,
                    origin,
                    source,
                },
            );
        }
    };
    for (index, (name, value)) in manifest.global_inputs.iter().enumerate() {
        if is_declared(name) {
            let origin = Origin::yaml(&manifest.file, &manifest.global_places).part(index);
            add(name, value, origin, Source::Global);
        }
    }
    for (index, (name, value)) in applied.inputs.iter().enumerate() {
        let origin = Origin::yaml(&manifest.file, &applied.input_places).part(index);
        add(name, value, origin, Source::Entry);
    }
    for (index, (name, values)) in applied.inputs_envs.iter().enumerate() {
        let places = Origin::yaml(&manifest.file, &applied.inputs_envs_places).part(index);
        let by_name = values.as_object().into_iter().flatten();
        for (index, (name_of_environment, value)) in by_name.enumerate() {
            if name_of_environment == environment {
                add(name, value, places.part(index), Source::Environment);
            }
        }
    }
    for (name, value) in dynamic.values() {
        let column = u32::try_from(dynamic.offset(name) + 1).unwrap_or(u32::MAX);
        let origin = Origin::flat(dynamic::SOURCE, Position { line: 1, column });
        add(name, value, origin, Source::Dynamic);
    }
    candidates
}

struct Merge<'u, 'r, 's> {
    file: &'u str,
    applied: &'u AppliedPlugin,
    definition: &'u PluginDefinition,
    environment: &'u str,
    candidates: HashMap<&'u str, Candidate<'u>>,
    inputs: Map<String, Value>,
    secrets: &'r mut secret::Found<'s>,
    report: &'r mut Report,
}

impl<'u> Merge<'u, '_, '_> {
    fn declared(&mut self, input: &'u InputDefinition) {
        // The same name with another condition: the first declaration whose condition holds is the input.
        if self.inputs.contains_key(&input.name) {
            return;
        }
        let active = self.active(input);
        if active == Active::No {
            return;
        }
        let subject = Subject {
            plugin: &self.applied.alias,
            path: input.name.clone(),
        };
        if let Some(candidate) = self.candidates.get(input.name.as_str()).copied() {
            if self.is_secret(Some(input), &input.name, &candidate) {
                return;
            }
            let mut checker = Checker {
                report: self.report,
                plugin_file: &self.definition.file,
                // Everything in DYNAMIC_INPUTS is text: that it needs converting says nothing.
                is_text_only: candidate.source == Source::Dynamic,
            };
            let value = checker.check(input, candidate.value, candidate.origin, &subject);
            self.inputs.insert(input.name.clone(), value);
            return;
        }
        if self.secrets.is_given(&input.name) {
            self.take_whole(&input.name);
            return;
        }
        if active == Active::Undecided {
            return;
        }
        match input.usable_default() {
            Some(default)
                if !input.kind.is_connection() && secret::placeholders(default).is_empty() =>
            {
                let origin = Origin::flat(&self.definition.file, input.at);
                let mut checker = Checker {
                    report: self.report,
                    plugin_file: &self.definition.file,
                    is_text_only: true,
                };
                let value = checker.check(input, default, origin, &subject);
                self.inputs.insert(input.name.clone(), value);
            }
            _ => self.missing(input),
        }
    }

    fn active(&self, input: &InputDefinition) -> Active {
        let Some(condition) = &input.condition else {
            return Active::Yes;
        };
        let name = condition.variable.as_str();
        // An input that is declared further down decides with the value that it was given, or with its default.
        let actual = self
            .inputs
            .get(name)
            .or_else(|| self.candidates.get(name).map(|candidate| candidate.value))
            .or_else(|| {
                self.definition
                    .inputs
                    .iter()
                    .chain(&self.definition.inputs_envs)
                    .find(|other| other.name == name && other.condition.is_none())
                    .and_then(InputDefinition::usable_default)
            });
        match actual {
            None => Active::Undecided,
            Some(actual) if condition.holds(actual) => Active::Yes,
            Some(_) => Active::No,
        }
    }

    /// Takes what is secret of a value for a secret; `true` when there is nothing left to take.
    fn is_secret(
        &mut self,
        input: Option<&InputDefinition>,
        name: &str,
        candidate: &Candidate<'_>,
    ) -> bool {
        let written_out = input.map_or_else(Vec::new, |input| {
            secret::written_out(input, candidate.value)
        });
        let own = |place: &secret::Place| {
            let mut path = vec![name.to_owned()];
            path.extend(place.path.iter().cloned());
            path
        };
        for place in &written_out {
            let origin = place.origin(candidate.origin);
            let finding = self.secrets.written_out(&own(place), origin);
            self.report.push(finding);
        }
        if !written_out.is_empty() {
            return true;
        }
        if self.secrets.is_given(name) {
            self.take_whole(name);
            return true;
        }
        for place in secret::placeholders(candidate.value) {
            let origin = place.origin(candidate.origin);
            if let Some(finding) = self.secrets.add(own(&place), "", origin) {
                self.report.push(finding);
            }
        }
        false
    }

    /// Takes the whole input for a secret that has a value.
    fn take_whole(&mut self, name: &str) {
        let origin = Origin::flat(&self.definition.file, self.applied.position);
        // There is a value, so there is nothing to report.
        self.secrets.add(vec![name.to_owned()], "", origin);
        self.inputs
            .insert(name.to_owned(), SECRET_PLACEHOLDER.into());
    }

    fn missing(&mut self, input: &InputDefinition) {
        let name = &input.name;
        let plugin = &self.applied.alias;
        let at = self.applied.position;
        let label = match &input.label {
            Some(label) if !label.is_empty() => format!(" ({})", quoted(label)),
            _ => String::new(),
        };
        let by_environment = &self.applied.inputs_envs;
        if let Some(index) = by_environment.keys().position(|key| key == name)
            && let Some(Value::Object(others)) = by_environment.get(name)
        {
            let environments: Vec<&str> = others.keys().map(String::as_str).collect();
            let environment = self.environment;
            let meant = nearest(environment, environments.iter().copied())
                .map_or_else(String::new, |near| format!(" (or is `{near}` meant?)"));
            self.report.error_with_help(
                FindingCode::NoValueForEnvironment,
                self.applied.inputs_envs_places.at_path(&[index]),
                format!(
                    "the input `{name}`{label} of the plugin `{plugin}` has no value for the environment `{environment}`; it has one for {}",
                    list(&environments)
                ),
                format!("add `{environment}: <value>` under `{name}` in `inputs-envs`{meant}"),
            );
            return;
        }
        match input.kind {
            InputKind::RequiredConnection | InputKind::GeneratedConnection => {
                let kind = input
                    .connection_interface_type
                    .as_deref()
                    .unwrap_or("<connection interface type>");
                self.report.error_with_help(
                    FindingCode::MissingConnection,
                    at,
                    format!(
                        "the plugin `{plugin}` selects no connection for its input `{name}`{label}"
                    ),
                    format!(
                        "add `{name}: {{stk-type: {}, selected: <connection>, type: {kind}}}` to the plugin's `inputs`",
                        input.kind.as_str()
                    ),
                );
            }
            InputKind::Password if input.required != Some(false) => {
                let origin = Origin::flat(self.file, at);
                if let Some(finding) = self.secrets.add(vec![name.clone()], &label, origin) {
                    self.report.push(finding);
                }
                self.inputs.insert(name.clone(), SECRET_PLACEHOLDER.into());
            }
            _ if input.required == Some(true) => {
                let place = if self.is_by_environment(input) {
                    format!(
                        "add `{name}: {{{}: <value>}}` to the plugin's `inputs-envs`",
                        self.environment
                    )
                } else if input.global {
                    format!("add `{name}: <value>` to `global-inputs` of `spec`")
                } else {
                    format!("add `{name}: <value>` to the plugin's `inputs`")
                };
                self.report.error_with_help(
                    FindingCode::MissingInput,
                    at,
                    format!("the plugin `{plugin}` requires the input `{name}`{label}"),
                    format!("{place}, or give `--{name} <value>` in DYNAMIC_INPUTS"),
                );
            }
            // Without `required` and without a default an input is meant to be given, but StackSpot lets it pass.
            _ if input.required.is_none() => {
                self.report.warning(
                    FindingCode::MissingInput,
                    at,
                    format!(
                        "the input `{name}`{label} of the plugin `{plugin}` has no value and no default; templates see it as undefined"
                    ),
                    Some(format!("add `{name}: <value>` to the plugin's `inputs`")),
                );
            }
            _ => {}
        }
    }

    fn is_by_environment(&self, input: &InputDefinition) -> bool {
        self.definition
            .inputs_envs
            .iter()
            .any(|other| std::ptr::eq(other, input))
    }

    /// A declared name that stk.yaml gives and that no declaration took.
    fn conditioned_out(&mut self, name: &str, value: &Value, origin: Origin<'_>) {
        if self.inputs.contains_key(name) || value.is_null() {
            return;
        }
        // A password that is written out has its own error.
        let conditions: Vec<String> = self
            .definition
            .inputs
            .iter()
            .chain(&self.definition.inputs_envs)
            .filter(|input| input.name == name && self.active(input) == Active::No)
            .filter_map(|input| input.condition.as_ref())
            .map(|condition| {
                format!(
                    "`{} {} {}`",
                    condition.variable, condition.operator, condition.value
                )
            })
            .collect();
        if conditions.is_empty() {
            return;
        }
        self.report.push(origin.finding(
            Severity::Warning,
            FindingCode::ConditionedOut,
            format!(
                "the input {} of the plugin `{}` is left out: its condition {} does not hold",
                quoted(name),
                self.applied.alias,
                conditions.join(" or ")
            ),
            Some("remove it, or change the input that decides".to_owned()),
        ));
    }

    /// A name that stk.yaml gives and plugin.yaml does not know.
    fn undeclared(&mut self, name: &'u str, at: Position) {
        if !name.contains(CONNECTOR_MARK) {
            let is_full = self.report.is_full(Severity::Warning);
            let known = self
                .definition
                .inputs
                .iter()
                .chain(&self.definition.inputs_envs)
                .filter(|_| !is_full);
            self.report.warning(
                FindingCode::UnknownInput,
                at,
                format!(
                    "the plugin `{}` declares no input {}; templates see it all the same",
                    self.applied.alias,
                    quoted(name)
                ),
                nearest(name, known.map(|input| input.name.as_str()))
                    .map(|known| format!("did you mean `{known}`?")),
            );
        }
        self.keep(name);
    }

    /// Takes a value that no declaration describes as it is.
    fn keep(&mut self, name: &'u str) {
        let Some(candidate) = self.candidates.get(name).copied() else {
            return;
        };
        if self.is_secret(None, name, &candidate) {
            return;
        }
        self.inputs.insert(name.to_owned(), candidate.value.clone());
    }
}

/// "`a`, `b` and `c`".
fn list(names: &[&str]) -> String {
    let quoted_names: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    match quoted_names.split_last() {
        None => "none".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
