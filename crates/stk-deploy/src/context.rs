//! What a plugin's templates see.

use serde_json::{Map, Value};
use stk_render::{Context, RenderError, Warning, evaluate};
use stk_run::{RunRecord, Unit};

use crate::connections::Connections;

/// The names that StackSpot gives to facts about the project and the plugin; each is a variable of
/// its own and, in upper case, a field of `var`.
fn facts(record: &RunRecord, unit: &Unit) -> Map<String, Value> {
    let text = |value: Option<&str>| Value::from(value.unwrap_or_default());
    let mut facts = Map::new();
    let mut add = |name: &str, value: Value| facts.insert(name.to_owned(), value);
    add("stk_project_name", text(record.project.name.as_deref()));
    add("stk_workspace", text(record.workspace.as_deref()));
    add("stk_manifest_type", record.project.kind.name().into());
    add("stk_stack", text(unit.plugin.stack.as_deref()));
    add("stk_studio", unit.plugin.studio.as_str().into());
    add("stk_plugin_type", "infra".into());
    add("stk_plugin_name", unit.plugin.name.as_str().into());
    add("stk_plugin_version", text(unit.plugin.version.as_deref()));
    add(
        "stk_plugin_qualifier",
        unit.plugin.qualifier.as_str().into(),
    );
    facts
}

/// The context of `unit`'s templates, with its computed inputs evaluated.
///
/// A bare name means, in this order: a computed input, a global computed input, an input, a global
/// input, a fact about the deployment. So a computed input may shadow the input that it is made of,
/// which then is still reachable as `inputs.<name>`.
pub(crate) fn build(
    record: &RunRecord,
    unit: &Unit,
    connections: &Connections,
) -> Result<(Context, Vec<Warning>), RenderError> {
    let facts = facts(record, unit);
    let environment = Value::from(record.target.environment.as_str());

    let mut inputs = unit.inputs.clone();
    let mut refusals = Refusals::default();
    for (name, value) in &mut inputs {
        let mut path = vec![name.clone()];
        fill_connection_inputs(value, &mut path, unit, connections, &mut refusals);
    }
    refusals.add_connections(unit, connections);
    // StackSpot adds these to every plugin's inputs; a plugin's own input of that name wins.
    for (name, value) in [
        ("environment", Some(environment.clone())),
        ("stk_env_id", Some(environment.clone())),
        ("workspace", record.workspace.as_deref().map(Value::from)),
        ("stk_wks_id", record.workspace.as_deref().map(Value::from)),
    ] {
        if let Some(value) = value {
            inputs.entry(name).or_insert(value);
        }
    }

    let mut variables = facts.clone();
    variables.insert("stk_env".to_owned(), environment);
    variables.insert(
        "var".to_owned(),
        facts
            .into_iter()
            .map(|(name, value)| (name.to_uppercase(), value))
            .collect::<Map<_, _>>()
            .into(),
    );
    overlay(&mut variables, &unit.global_inputs);
    overlay(&mut variables, &inputs);
    variables.insert("inputs".to_owned(), inputs.clone().into());
    variables.insert(
        "global_inputs".to_owned(),
        unit.global_inputs.clone().into(),
    );
    let by_slot: Map<_, _> = connections
        .values
        .iter()
        .map(|(slot, values)| (slot.clone(), values.attributes.clone().into()))
        .collect();
    variables.insert("connections".to_owned(), by_slot.into());

    let mut warnings = Vec::new();
    for (group, templates) in [
        ("global_computed_inputs", &unit.global_computed_inputs),
        ("computed_inputs", &unit.computed_inputs),
    ] {
        variables.insert(group.to_owned(), Value::Object(Map::new()));
        for (name, template) in templates {
            let value = match template {
                Value::String(template) => {
                    let context = refusals.context(variables.clone());
                    let evaluated = evaluate(template, &format!("{group}.{name}"), &context)?;
                    warnings.extend(evaluated.warnings);
                    Value::String(evaluated.text)
                }
                other => other.clone(),
            };
            if let Some(Value::Object(computed)) = variables.get_mut(group) {
                computed.insert(name.clone(), value.clone());
            }
            variables.insert(name.clone(), value);
        }
    }
    Ok((refusals.context(variables), warnings))
}

fn overlay(variables: &mut Map<String, Value>, with: &Map<String, Value>) {
    for (name, value) in with {
        variables.insert(name.clone(), value.clone());
    }
}

/// Gives every v3 connection input, however deeply nested, its `connection` object. `path` leads to
/// `value` through the inputs.
fn fill_connection_inputs(
    value: &mut Value,
    path: &mut Vec<String>,
    unit: &Unit,
    connections: &Connections,
    refusals: &mut Refusals,
) {
    match value {
        Value::Object(fields) => {
            let required =
                fields.get("stk-type").and_then(Value::as_str) == Some("required-connection");
            let selected = fields
                .get("selected")
                .and_then(Value::as_str)
                .filter(|_| required)
                .map(str::to_owned);
            if let Some(selected) = selected {
                path.push("connection".to_owned());
                let slot = slot_of(&selected, unit);
                if let Some(values) = slot.and_then(|slot| connections.values.get(slot)) {
                    fields.insert("connection".to_owned(), values.attributes.clone().into());
                    for attribute in &values.sensitive {
                        let below = [path.as_slice(), std::slice::from_ref(attribute)].concat();
                        refusals.add_input(below, reason(attribute, &selected));
                    }
                }
                if let Some(reason) = slot.and_then(|slot| connections.unknown.get(slot)) {
                    refusals.add_input(path.clone(), reason.clone());
                }
                path.pop();
                return;
            }
            for (name, nested) in fields {
                path.push(name.clone());
                fill_connection_inputs(nested, path, unit, connections, refusals);
                path.pop();
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                fill_connection_inputs(item, path, unit, connections, refusals);
                path.pop();
            }
        }
        _ => {}
    }
}

fn slot_of<'a>(connection: &str, unit: &'a Unit) -> Option<&'a str> {
    let requirement = unit
        .requires
        .iter()
        .find(|each| each.connection == connection)?;
    Some(&requirement.slot)
}

/// Attributes whose Terraform output is sensitive have no value here: what is rendered is stored,
/// and a secret must not be. A template that reads one fails and says so, instead of printing
/// nothing.
#[derive(Default)]
struct Refusals(Vec<(Vec<String>, String)>);

impl Refusals {
    /// Refuses what is at `path` below the inputs, and below the input's bare name.
    fn add_input(&mut self, path: Vec<String>, reason: String) {
        let mut below = vec!["inputs".to_owned()];
        below.extend(path.iter().cloned());
        self.0.push((below, reason.clone()));
        self.0.push((path, reason));
    }

    fn add_connections(&mut self, unit: &Unit, connections: &Connections) {
        for requirement in &unit.requires {
            let slot = &requirement.slot;
            let path = ["connections".to_owned(), slot.clone()];
            if let Some(reason) = connections.unknown.get(slot) {
                self.0.push((path.to_vec(), reason.clone()));
            }
            let values = connections.values.get(slot);
            for attribute in values.iter().flat_map(|values| &values.sensitive) {
                let path = [path.as_slice(), std::slice::from_ref(attribute)].concat();
                self.0
                    .push((path, reason(attribute, &requirement.connection)));
            }
        }
    }

    fn context(&self, variables: Map<String, Value>) -> Context {
        let mut context = Context::new(variables);
        for (path, reason) in &self.0 {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            context.refuse(&path, reason);
        }
        context
    }
}

fn reason(attribute: &str, connection: &str) -> String {
    format!(
        "attribute `{attribute}` of connection `{connection}` is a sensitive Terraform output, so \
         its value is not stored and cannot be rendered"
    )
}
