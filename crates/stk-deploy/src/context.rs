//! What a plugin's templates see.

use serde_json::{Map, Value};
use stk_render::{Context, RenderError, Truth, Warning, evaluate};
use stk_run::{RunRecord, SecretPath, Unit};

use crate::connections::Connections;
use crate::secrets;

/// The names that StackSpot gives to facts about the project and the plugin; each is a variable of
/// its own and, in upper case, a field of `var`. Its facts about the account and the person
/// (`stk_account_name`, `stk_username`, `stk_email`) are left undefined: without StackSpot nobody
/// knows them, and a template that prints one is warned about instead of printing nothing silently.
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
    for path in &unit.secrets {
        refusals.add_secret(path);
    }
    // StackSpot adds these to every plugin's inputs; a plugin's own input of that name wins.
    for (name, value) in [
        ("environment", Some(environment.clone())),
        ("stk_env", Some(environment.clone())),
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
            refusals.shadow(name);
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
                for (slot, attribute) in slot
                    .into_iter()
                    .flat_map(|slot| connections.attributes(slot).map(move |name| (slot, name)))
                {
                    let slot = slot.to_owned();
                    let place = [path.as_slice(), std::slice::from_ref(&attribute)].concat();
                    refusals.add_opaque_input(place, Opaque::Attribute { slot, attribute });
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

/// Values that templates must not use, or must only print.
///
/// Attributes whose Terraform output is sensitive have no value here: what is rendered is stored,
/// and a secret must not be. A template that reads one fails and says so, instead of printing
/// nothing. Secret inputs are printed as tokens, which become Terraform variables.
#[derive(Default)]
struct Refusals {
    refused: Vec<(Vec<String>, String)>,
    opaque: Vec<(Vec<String>, Opaque)>,
}

/// A value that is printed as a token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Opaque {
    /// A secret input.
    Secret(SecretPath),
    /// An attribute of a connection that a plugin of the same project generates.
    Attribute {
        /// The slot of the connection.
        slot: String,
        /// The attribute.
        attribute: String,
    },
}

impl Opaque {
    /// What [`Token::name`](stk_render::Token) is for it. A secret's name has no tab.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Secret(path) => secrets::name(path),
            Self::Attribute { slot, attribute } => format!("{slot}\t{attribute}"),
        }
    }

    /// A secret that is empty counts as missing, so it is something; an output may be empty.
    fn truth(&self) -> Truth {
        match self {
            Self::Secret(_) => Truth::Something,
            Self::Attribute { .. } => Truth::Unknown,
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Secret(path) => secrets::reason(path),
            Self::Attribute { slot, attribute } => format!(
                "the attribute `{attribute}` of the connection `{slot}` is not known before the plan is \
                 applied: a template can only print it, into the value of an argument or a quoted \
                 text; do what is to be done with it in Terraform"
            ),
        }
    }
}

impl Refusals {
    /// Refuses what is at `path` below the inputs, and below the input's bare name.
    fn add_input(&mut self, path: Vec<String>, reason: String) {
        let mut below = vec!["inputs".to_owned()];
        below.extend(path.iter().cloned());
        self.refused.push((below, reason.clone()));
        self.refused.push((path, reason));
    }

    fn add_opaque_input(&mut self, path: Vec<String>, opaque: Opaque) {
        let mut below = vec!["inputs".to_owned()];
        below.extend(path.iter().cloned());
        self.opaque.push((below, opaque.clone()));
        self.opaque.push((path, opaque));
    }

    fn add_secret(&mut self, path: &SecretPath) {
        self.add_opaque_input(path.parts().to_vec(), Opaque::Secret(path.clone()));
    }

    fn add_connections(&mut self, unit: &Unit, connections: &Connections) {
        for requirement in &unit.requires {
            let slot = &requirement.slot;
            let path = ["connections".to_owned(), slot.clone()];
            if let Some(reason) = connections.unknown.get(slot) {
                self.refused.push((path.to_vec(), reason.clone()));
            }
            for attribute in connections.attributes(slot) {
                let path = [path.as_slice(), std::slice::from_ref(&attribute)].concat();
                let slot = slot.clone();
                self.opaque
                    .push((path, Opaque::Attribute { slot, attribute }));
            }
            let values = connections.values.get(slot);
            for attribute in values.iter().flat_map(|values| &values.sensitive) {
                let path = [path.as_slice(), std::slice::from_ref(attribute)].concat();
                self.refused
                    .push((path, reason(attribute, &requirement.connection)));
            }
        }
    }

    /// A computed input took the bare name of an input: what the name means now is not refused.
    fn shadow(&mut self, name: &str) {
        let is_other = |path: &Vec<String>| path.first().is_none_or(|first| first != name);
        self.refused.retain(|(path, _)| is_other(path));
        self.opaque.retain(|(path, _)| is_other(path));
    }

    fn context(&self, variables: Map<String, Value>) -> Context {
        let mut context = Context::new(variables);
        for (path, reason) in &self.refused {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            context.refuse(&path, reason);
        }
        for (path, opaque) in &self.opaque {
            let path: Vec<_> = path.iter().map(String::as_str).collect();
            context.opaque(&path, opaque.name(), opaque.reason(), opaque.truth());
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

#[cfg(test)]
mod tests {
    use serde_json::json;
    use stk_render::ErrorKind;

    use super::*;
    use crate::samples::{computed, object, record, requirement, unit, values};

    /// What `template` renders to, or its error.
    fn check(
        unit: &Unit,
        connections: &Connections,
        template: &str,
    ) -> Result<String, RenderError> {
        let (context, _) = build(&record(std::slice::from_ref(unit)), unit, connections)?;
        Ok(evaluate(template, "test", &context)?.text)
    }

    fn text(unit: &Unit, template: &str) -> String {
        check(unit, &Connections::new(), template).unwrap()
    }

    #[test]
    fn every_fact_has_its_two_names() {
        let unit = unit(json!({}));
        let facts = [
            "stk_project_name",
            "stk_workspace",
            "stk_manifest_type",
            "stk_stack",
            "stk_studio",
            "stk_plugin_type",
            "stk_plugin_name",
            "stk_plugin_version",
            "stk_plugin_qualifier",
        ];
        let lines: Vec<_> = facts
            .iter()
            .map(|name| {
                let upper = name.to_uppercase();
                let line = text(&unit, &format!("{name} = {{{{ {name} }}}}"));
                let fact = text(&unit, &format!("{name} = {{{{ var.{upper} }}}}"));
                assert_eq!(line, fact);
                line
            })
            .collect();
        insta::assert_snapshot!(lines.join("\n"), @"
        stk_project_name = shop
        stk_workspace = retail
        stk_manifest_type = infra
        stk_stack = messaging@1.0.0
        stk_studio = acme
        stk_plugin_type = infra
        stk_plugin_name = queue
        stk_plugin_version = 1.1.0
        stk_plugin_qualifier = acme/messaging@1.0.0/queue@1.1.0
        ");
    }

    #[test]
    fn the_environment_and_the_workspace_are_inputs_too() {
        let unit = unit(json!({}));
        let names = [
            "stk_env",
            "inputs.stk_env",
            "environment",
            "inputs.environment",
            "stk_env_id",
            "inputs.stk_env_id",
            "workspace",
            "inputs.workspace",
            "stk_wks_id",
            "inputs.stk_wks_id",
        ];
        let template = names.map(|name| format!("{{{{ {name} }}}}")).join(" ");
        insta::assert_snapshot!(text(&unit, &template), @"dev dev dev dev dev dev retail retail retail retail");
    }

    #[test]
    fn what_only_stackspot_knows_is_undefined_and_warned_about() {
        let mut unit = unit(json!({}));
        for name in ["stk_account_name", "stk_username", "stk_email"] {
            assert_eq!(
                text(&unit, &format!("{{{{ {name} is defined }}}}")),
                "False"
            );
        }
        unit.computed_inputs = computed(&[("owner", "{{ stk_email }}")]);
        let record = record(&[]);
        let (_, warnings) = build(&record, &unit, &Connections::new()).unwrap();
        insta::assert_snapshot!(warnings[0], @"computed_inputs.owner:1: `stk_email` is undefined; it prints as nothing");
    }

    #[test]
    fn a_plugins_own_input_wins_over_what_is_injected() {
        let unit = unit(json!({"environment": "Sandbox", "stk_stack": "mine"}));
        let template = "{{ environment }} {{ inputs.environment }} {{ stk_env }} {{ stk_stack }} {{ var.STK_STACK }}";
        insta::assert_snapshot!(text(&unit, template), @"Sandbox Sandbox dev mine messaging@1.0.0");
    }

    #[test]
    fn the_nearest_of_equal_names_wins() {
        let mut unit = unit(json!({"a": "input", "b": "input", "c": "input"}));
        unit.global_inputs = object(json!({"a": "global", "d": "global"}));
        unit.global_computed_inputs =
            computed(&[("b", "global computed"), ("c", "global computed")]);
        unit.computed_inputs = computed(&[("c", "computed")]);
        let template = "{{ a }}, {{ b }}, {{ c }}, {{ d }}";
        insta::assert_snapshot!(text(&unit, template), @"input, global computed, computed, global");
        let template = "{{ global_inputs.a }}, {{ inputs.b }}, {{ global_computed_inputs.c }}, {{ computed_inputs.c }}";
        insta::assert_snapshot!(text(&unit, template), @"global, input, global computed, computed");
    }

    #[test]
    fn computed_inputs_read_each_other_in_order_and_may_shadow_what_they_read() {
        let mut unit = unit(json!({"queue_name": "my-queue"}));
        unit.global_computed_inputs = object(json!({"base": "com.acme", "size": 3}));
        unit.computed_inputs = computed(&[
            ("queue_name", "{{ inputs.queue_name | replace('-', '_') }}"),
            (
                "package",
                "{{ global_computed_inputs.base }}.{{ queue_name }}",
            ),
            (
                "folder",
                "{{ computed_inputs.package | replace('.', '/') }}",
            ),
        ]);
        let template =
            "{{ queue_name }} {{ inputs.queue_name }} {{ package }} {{ folder }} {{ size + 1 }}";
        insta::assert_snapshot!(text(&unit, template), @"my_queue my-queue com.acme.my_queue com/acme/my_queue 4");
    }

    #[test]
    fn a_computed_input_that_fails_is_named() {
        let mut unit = unit(json!({}));
        unit.computed_inputs = computed(&[("good", "x"), ("bad", "{{ nothing.at.all }}")]);
        let error = check(&unit, &Connections::new(), "").unwrap_err();
        insta::assert_snapshot!(error, @"computed_inputs.bad:1: `nothing` is undefined");
    }

    #[test]
    fn hyphenated_inputs_are_read_by_item() {
        let unit = unit(json!({"bucket-name": "logs"}));
        assert_eq!(text(&unit, "{{ inputs['bucket-name'] }}"), "logs");
    }

    fn topic(sensitive: &[&str]) -> Connections {
        let mut connections = Connections::new();
        let attributes = json!({"arn": "arn:1", "names": ["a", "b"]});
        connections.insert("source-topic", values(attributes, sensitive));
        connections
    }

    #[test]
    fn a_connection_is_read_by_its_slot() {
        let mut unit = unit(json!({}));
        unit.requires = vec![requirement("source-topic", "orders topic")];
        let template =
            "{{ connections['source-topic'].arn }} {{ connections['source-topic'].names[1] }}";
        assert_eq!(check(&unit, &topic(&[]), template).unwrap(), "arn:1 b");
    }

    /// Inputs of a v3 plugin with a connection at the top, in an object, in a list and in both.
    fn nested() -> Unit {
        let connection = |selected: &str| json!({"stk-type": "required-connection", "type": "topic-conn", "selected": selected});
        let mut unit = unit(json!({
            "topic": connection("one"),
            "settings": {"inner": connection("two")},
            "topics": [connection("one"), connection("two")],
            "buckets": [{"name": "b", "inner": connection("two")}],
            "made": {"stk-type": "generated-connection", "type": "queue-conn", "selected": "one"},
        }));
        unit.requires = vec![
            requirement("topic", "one"),
            requirement("settings.inner", "two"),
        ];
        unit
    }

    fn two(sensitive: &[&str]) -> Connections {
        let mut connections = Connections::new();
        connections.insert("topic", values(json!({"arn": "arn:1"}), sensitive));
        connections.insert("settings.inner", values(json!({"arn": "arn:2"}), sensitive));
        connections
    }

    #[test]
    fn a_connection_input_is_filled_wherever_it_stands() {
        let unit = nested();
        let template = "{{ topic.connection.arn }} {{ inputs.topic.connection.arn }} {{ connections.topic.arn }} \
             {{ topic.selected }} {{ topic.type }} {{ settings.inner.connection.arn }} \
             {% for each in topics %}{{ each.connection.arn }},{% endfor %} \
             {% for bucket in buckets %}{{ bucket.inner.connection.arn }}={{ bucket.inner.selected }}{% endfor %} \
             {{ made.connection is defined }}";
        insta::assert_snapshot!(check(&unit, &two(&[]), template).unwrap(), @"arn:1 arn:1 arn:1 one topic-conn arn:2 arn:1,arn:2, arn:2=two False");
    }

    #[test]
    fn a_sensitive_attribute_is_refused_by_every_way_to_it() {
        let unit = nested();
        let connections = two(&["token"]);
        for template in [
            "{{ connections.topic.token }}",
            "{{ connections['settings.inner'].token }}",
            "{{ topic.connection.token }}",
            "{{ inputs.topic.connection.token }}",
            "{{ settings.inner.connection.token }}",
            "{{ inputs.settings.inner.connection.token }}",
            "{{ topics[1].connection.token }}",
            "{{ inputs.topics[0].connection.token }}",
            "{% for bucket in buckets %}{{ bucket.inner.connection.token }}{% endfor %}",
            "{% for name, value in topic.connection | items %}{{ value }}{% endfor %}",
            "{% if topic.connection.token %}{% endif %}",
            "{{ topic.connection }}",
            "{{ inputs.settings | tojson }}",
            "{{ connections }}",
        ] {
            let error = check(&unit, &connections, template).expect_err(template);
            assert_eq!(error.kind, ErrorKind::Refused, "{template}: {error}");
            // What is not sensitive stays readable.
            assert_eq!(
                check(&unit, &connections, "{{ topic.connection.arn }}").unwrap(),
                "arn:1"
            );
        }
        let error = check(&unit, &connections, "\n{{ topics[1].connection.token }}").unwrap_err();
        insta::assert_snapshot!(error, @"test:2: attribute `token` of connection `two` is a sensitive Terraform output, so its value is not stored and cannot be rendered");
    }

    #[test]
    fn a_computed_input_cannot_launder_a_sensitive_attribute() {
        let mut unit = nested();
        unit.computed_inputs = computed(&[("token", "{{ topic.connection.token | upper }}")]);
        let error = check(&unit, &two(&["token"]), "").unwrap_err();
        insta::assert_snapshot!(error, @"computed_inputs.token:1: attribute `token` of connection `one` is a sensitive Terraform output, so its value is not stored and cannot be rendered");
    }

    #[test]
    fn a_connection_without_known_values_fails_where_it_is_used() {
        let unit = nested();
        let mut connections = Connections::new();
        connections.insert_unknown("topic", "connection `one` is known after the deployment");
        connections.insert("settings.inner", values(json!({"arn": "arn:2"}), &[]));
        for template in [
            "{{ topic.connection.arn }}",
            "{{ connections.topic.arn }}",
            "{{ topics[0].connection }}",
        ] {
            let error = check(&unit, &connections, template).expect_err(template);
            assert_eq!(error.kind, ErrorKind::Refused, "{template}: {error}");
            assert_eq!(
                error.message,
                "connection `one` is known after the deployment"
            );
        }
        let others = "{{ topic.selected }} {{ settings.inner.connection.arn }}";
        assert_eq!(check(&unit, &connections, others).unwrap(), "one arn:2");
    }
}
