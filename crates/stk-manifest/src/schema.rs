//! JSON Schemas (draft-07) of stk.yaml and plugin.yaml, made of the tables that the parsers take their keys from.
//!
//! They take what the parsers take, and refuse what the parsers call an error of a value's type or form; what needs
//! two places at once (an alias that stands twice) is beyond them. A key that the format does not know, or only in
//! another schema version, is taken: it carries a `deprecationMessage`, which editors show, and which other validators
//! pass over.
//!
//! Draft-07, because it is what yaml-language-server and its relatives read without conditions.

use serde_json::{Map, Value, json};

use crate::connection::CONNECTION_MARK;
use crate::definition::InputKind;
use crate::manifest::SchemaVersion;
use crate::shape::{
    ALL, Form, Key, Shape, Type, plugin_yaml as plugin_tables, stk_yaml as stk_tables,
};

/// The schema of `.stk/stk.yaml`.
#[must_use]
pub fn stk_yaml() -> Value {
    document(
        &stk_tables::TOP,
        "A project's `.stk/stk.yaml`: which plugins it applies, with which inputs and connections.",
        // The file that nobody has seen is read as v2, with a warning.
        Some("`schema-version: v3` is not known for stk.yaml; the file is read as v2"),
    )
}

/// The schema of a plugin's `plugin.yaml`.
#[must_use]
pub fn plugin_yaml() -> Value {
    document(
        &plugin_tables::TOP,
        "A plugin's `plugin.yaml`: what it asks for, what it requires and what it generates.",
        None,
    )
}

/// The definition of an input's value.
const INPUT_VALUE: &str = "value";
/// The most keys that the remark about an unknown one lists.
const MOST_LISTED: usize = 12;

fn document(top: &'static Shape, description: &str, odd_v3: Option<&str>) -> Value {
    let mut definitions = Map::new();
    let mut schema = mapping(top, &mut definitions);
    let if_version = |version: SchemaVersion, then: Map<String, Value>| {
        json!({
            "if": {
                "properties": { "schema-version": { "const": version.as_str() } },
                "required": ["schema-version"],
            },
            "then": then,
        })
    };
    let mut versions: Vec<Value> = ALL
        .iter()
        .filter_map(|version| {
            let then = overlay(top, *version, &mut Vec::new())?;
            Some(if_version(*version, then))
        })
        .collect();
    if let Some(message) = odd_v3 {
        let remark = json!({ "schema-version": { "deprecationMessage": message } });
        let then = Map::from_iter([("properties".to_owned(), remark)]);
        versions.push(if_version(SchemaVersion::V3, then));
    }
    schema.insert("allOf".to_owned(), Value::Array(versions));
    let mut document = Map::new();
    document.insert(
        "$schema".to_owned(),
        json!("http://json-schema.org/draft-07/schema#"),
    );
    document.insert("title".to_owned(), json!(top.title));
    document.insert("description".to_owned(), json!(description));
    document.extend(schema);
    if !definitions.is_empty() {
        document.insert("definitions".to_owned(), Value::Object(definitions));
    }
    Value::Object(document)
}

/// The schema of a mapping, without a title.
fn mapping(shape: &'static Shape, definitions: &mut Map<String, Value>) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.extend(keys(shape.keys, definitions));
    let variants: Vec<Value> = shape
        .variants
        .iter()
        .map(|variant| {
            let is = match variant.values {
                [one] => json!({ "const": one }),
                several => json!({ "enum": several }),
            };
            json!({
                "if": { "properties": { variant.key: is }, "required": [variant.key] },
                "then": keys(variant.keys, definitions),
            })
        })
        .collect();
    if !variants.is_empty() {
        schema.insert("allOf".to_owned(), Value::Array(variants));
    }
    if !shape.is_open {
        let mut message = format!("{} has no such key; it is ignored (STK005)", shape.title);
        // A long list would be all that an editor shows.
        if shape.keys.len() <= MOST_LISTED {
            let names: Vec<&str> = shape.names().collect();
            message = format!("{message}. Its keys: {}", names.join(", "));
        }
        schema.insert(
            "additionalProperties".to_owned(),
            json!({ "deprecationMessage": message }),
        );
    }
    schema
}

/// `required` and `properties`.
fn keys(keys: &'static [Key], definitions: &mut Map<String, Value>) -> Map<String, Value> {
    let mut schema = Map::new();
    let required: Vec<&str> = keys
        .iter()
        .filter(|key| key.required == ALL)
        .map(|key| key.name)
        .collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut property = Map::new();
            property.insert("description".to_owned(), json!(described(key)));
            property.extend(value(&key.kind, key.required == ALL, definitions));
            (key.name.to_owned(), Value::Object(property))
        })
        .collect();
    schema.insert("properties".to_owned(), Value::Object(properties));
    schema
}

/// The description with the versions that have the key, if not all have it.
fn described(key: &Key) -> String {
    if key.versions == ALL {
        return key.description.to_owned();
    }
    format!("{} (schema {})", key.description, listed(key.versions))
}

fn listed(versions: &[SchemaVersion]) -> String {
    let names: Vec<&str> = versions.iter().map(|version| version.as_str()).collect();
    names.join(" and ")
}

/// The schema of a value. One that need not be there may also be null, which counts as not being there; one that
/// must be there may not be blank.
fn value(
    kind: &Type,
    is_required: bool,
    definitions: &mut Map<String, Value>,
) -> Map<String, Value> {
    let types = |types: &[&str]| {
        let mut types = types.to_vec();
        if !is_required {
            types.push("null");
        }
        match types.as_slice() {
            [one] => json!(one),
            several => json!(several),
        }
    };
    let of = |schema: Value| match schema {
        Value::Object(schema) => schema,
        _ => Map::new(),
    };
    match kind {
        Type::Any => Map::new(),
        Type::Text => {
            let mut schema = of(json!({ "type": types(&["string", "number", "boolean"]) }));
            if is_required {
                schema.insert("pattern".to_owned(), json!(r"\S"));
                schema.insert(
                    "patternErrorMessage".to_owned(),
                    json!("This must not be empty"),
                );
            }
            schema
        }
        Type::Matching(form) => matching(form, &types),
        Type::Choice(choices) => {
            let mut choices: Vec<Value> = choices().into_iter().map(Value::from).collect();
            if !is_required {
                choices.push(Value::Null);
            }
            of(json!({ "enum": choices }))
        }
        Type::Boolean => of(json!({
            "type": types(&["boolean", "string"]),
            "pattern": "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo])$",
            "patternErrorMessage": "Write true or false",
        })),
        Type::Mapping(shape) => {
            let mut schema = mapping(shape, definitions);
            schema.insert("type".to_owned(), types(&["object"]));
            schema
        }
        Type::Definition(shape, extra) => {
            let shape = shape();
            define(shape, definitions);
            // In draft-07 what stands beside a `$ref` does not count, so it stands in a list.
            let mut parts = vec![reference(&definition_name(shape))];
            if !extra.is_empty() {
                parts.push(Value::Object(keys(extra, definitions)));
            }
            of(json!({ "allOf": parts }))
        }
        Type::MapOf(inner) => of(json!({
            "type": types(&["object"]),
            // An input may be null: it has no value then.
            "additionalProperties": value(inner, true, definitions),
        })),
        Type::List(inner) => {
            // A text that is null is read as it is written.
            let is_filled = !matches!(inner, Type::Text);
            of(json!({
                "type": types(&["array"]),
                "items": value(inner, is_filled, definitions),
            }))
        }
        Type::TextOrMapping(shape) => of(json!({
            "if": { "type": "object" },
            "then": mapping(shape, definitions),
            "else": { "type": ["string", "number", "boolean", "null"] },
        })),
        Type::InputValue => {
            definitions.insert(INPUT_VALUE.to_owned(), input_value());
            of(reference(INPUT_VALUE))
        }
    }
}

fn matching(form: &Form, types: &impl Fn(&[&str]) -> Value) -> Map<String, Value> {
    let mut own = vec!["string"];
    own.extend(form.scalars);
    let mut schema = Map::new();
    schema.insert("type".to_owned(), types(&own));
    schema.insert("pattern".to_owned(), json!(form.pattern));
    schema.insert("patternErrorMessage".to_owned(), json!(form.message));
    schema
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{name}") })
}

/// The title without an article and without spaces, which a reference cannot hold.
fn definition_name(shape: &Shape) -> String {
    shape.title.trim_start_matches("an ").replace(' ', "-")
}

fn define(shape: &'static Shape, definitions: &mut Map<String, Value>) {
    let name = definition_name(shape);
    if definitions.contains_key(&name) {
        return;
    }
    // A place first: the shape contains itself.
    definitions.insert(name.clone(), Value::Null);
    let schema = mapping(shape, definitions);
    definitions.insert(name, Value::Object(schema));
}

/// The value of an input: anything, but an object that is a connection has to be a whole one.
fn input_value() -> Value {
    let marks = [
        InputKind::RequiredConnection,
        InputKind::GeneratedConnection,
    ]
    .map(InputKind::as_str);
    let text = |description: &str| {
        json!({
            "description": description,
            "type": "string",
            "pattern": r"\S",
            "patternErrorMessage": "This must not be empty",
        })
    };
    json!({
        "properties": {
            CONNECTION_MARK: {
                "description": format!("With `{}` or `{}` the value is a connection.", marks[0], marks[1]),
                // Whatever else it holds is looked into like any value.
                "allOf": [reference(INPUT_VALUE)],
            },
        },
        "if": {
            "type": "object",
            "properties": { CONNECTION_MARK: { "enum": marks } },
            "required": [CONNECTION_MARK],
        },
        "then": {
            "required": ["selected", "type"],
            "properties": {
                "selected": text("The connection's name in the workspace. A requirer and its generator have the same name here."),
                "type": text("The connection interface type, such as `aws-s3-conn`."),
            },
        },
        "additionalProperties": reference(INPUT_VALUE),
        "items": reference(INPUT_VALUE),
    })
}

/// What one schema version adds to a mapping: keys that it needs, and remarks on keys that it does not have.
fn overlay(
    shape: &'static Shape,
    version: SchemaVersion,
    above: &mut Vec<*const Shape>,
) -> Option<Map<String, Value>> {
    let address = std::ptr::from_ref(shape);
    // Shapes inside themselves are looked at once: the outer key already has the remark.
    if above.contains(&address) {
        return None;
    }
    above.push(address);
    let mut schema = Map::new();
    let mut required = Vec::new();
    let mut properties = Map::new();
    for key in shape.keys {
        if !key.versions.contains(&version) {
            let message = format!(
                "`{}` belongs to schema {}; this file is {}",
                key.name,
                listed(key.versions),
                version.as_str()
            );
            properties.insert(
                key.name.to_owned(),
                json!({ "deprecationMessage": message }),
            );
            continue;
        }
        let mut property = Map::new();
        if key.required != ALL && key.required.contains(&version) {
            required.push(key.name);
            property = value(&key.kind, true, &mut Map::new());
        }
        property.extend(inner(&key.kind, version, above).unwrap_or_default());
        if !property.is_empty() {
            properties.insert(key.name.to_owned(), Value::Object(property));
        }
    }
    above.pop();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !properties.is_empty() {
        schema.insert("properties".to_owned(), Value::Object(properties));
    }
    (!schema.is_empty()).then_some(schema)
}

fn inner(
    kind: &Type,
    version: SchemaVersion,
    above: &mut Vec<*const Shape>,
) -> Option<Map<String, Value>> {
    let (key, schema) = match kind {
        Type::Mapping(shape) => return overlay(shape, version, above),
        Type::Definition(shape, _) => return overlay(shape(), version, above),
        Type::List(item) => ("items", inner(item, version, above)?),
        Type::MapOf(item) => ("additionalProperties", inner(item, version, above)?),
        _ => return None,
    };
    Some(Map::from_iter([(key.to_owned(), Value::Object(schema))]))
}
