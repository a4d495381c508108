//! Input definitions.

use serde_json::Value;

use super::{Condition, ConditionOperator, Pattern};
use crate::connection::OutputMapping;
use crate::definition::connections::outputs;
use crate::finding::{FindingCode, Position, Report, nearest, quoted};
use crate::shape::plugin_yaml::{CONDITION, EXTERNAL_ITEMS, INPUT};
use crate::yaml::{Fields, Node, What, text_of};

/// One input that a plugin declares.
#[derive(Debug, Clone, PartialEq)]
pub struct InputDefinition {
    /// The input's name. Empty for the nested input of a list, which has none.
    pub name: String,
    /// What a person is asked.
    pub label: Option<String>,
    /// `description`.
    pub description: Option<String>,
    /// `help`: what a person is told about good values.
    pub help: Option<String>,
    /// The declared type.
    pub kind: InputKind,
    /// `required`; `None` when not said. A required connection is always required.
    pub required: Option<bool>,
    /// `default`, as written: an int's default is often a quoted text in v1 and v2.
    pub default: Option<Value>,
    /// `pattern`: a regular expression that a text or a number must match.
    pub pattern: Option<Pattern>,
    /// `global: true`: asked once, kept in `spec.global-inputs`.
    pub global: bool,
    /// The items of a select or multiselect; empty when they come from outside (`external-items`).
    pub items: Vec<Value>,
    /// Where StackSpot fetches the items from when a person is asked: never at a deployment.
    pub external_items: Option<ExternalItems>,
    /// `add-question` of a list: what a person is asked before another item.
    pub add_question: Option<String>,
    /// When the input is asked for; `None` for always.
    pub condition: Option<Condition>,
    /// The inputs of an object.
    pub inputs: Vec<Self>,
    /// The input that each item of a list is.
    pub item: Option<Box<Self>>,
    /// The type of a connection input.
    pub connection_interface_type: Option<String>,
    /// The attributes of a generated connection.
    pub outputs: Vec<OutputMapping>,
    /// Where the definition stands in plugin.yaml.
    pub at: Position,
}

/// `external-items`: the items of a select or multiselect that come from a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalItems {
    /// `source`: the service's URL.
    pub source: Option<String>,
    /// `value`: the path to an item's value in the answer.
    pub value: Option<String>,
    /// `label`: the path to the text that a person sees.
    pub label: Option<String>,
}

/// The type of an input. A `text` with `items` (an old spelling) is a [`InputKind::Select`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InputKind {
    /// `text`
    Text,
    /// `textarea`
    Textarea,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `number`: an older word; whole or not.
    Number,
    /// `password`
    Password,
    /// `select`
    Select,
    /// `multiselect`
    Multiselect,
    /// `list` (v3)
    List,
    /// `object` (v3)
    Object,
    /// `required-connection` (v3)
    RequiredConnection,
    /// `generated-connection` (v3)
    GeneratedConnection,
}

impl InputKind {
    const NAMES: &[(&'static str, Self)] = &[
        ("text", Self::Text),
        ("textarea", Self::Textarea),
        ("bool", Self::Bool),
        ("int", Self::Int),
        ("number", Self::Number),
        ("password", Self::Password),
        ("select", Self::Select),
        ("multiselect", Self::Multiselect),
        ("list", Self::List),
        ("object", Self::Object),
        ("required-connection", Self::RequiredConnection),
        ("generated-connection", Self::GeneratedConnection),
    ];

    /// The types as plugin.yaml writes them.
    pub(crate) fn names() -> Vec<&'static str> {
        Self::NAMES.iter().map(|(name, _)| *name).collect()
    }

    /// The type as plugin.yaml writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(_, kind)| *kind == self)
            .map_or("", |(name, _)| name)
    }

    /// Whether the input's value is a connection.
    #[must_use]
    pub const fn is_connection(self) -> bool {
        matches!(self, Self::RequiredConnection | Self::GeneratedConnection)
    }
}

impl InputDefinition {
    /// The default, unless it is nothing: `null`, or the empty text for a number or a boolean.
    pub(crate) fn usable_default(&self) -> Option<&Value> {
        self.default
            .as_ref()
            .filter(|default| !default.is_null() && !self.is_left_empty(default))
    }

    /// Whether `value` is the empty text where a number or a boolean is declared: what is left of a question that
    /// nobody answered.
    pub(crate) fn is_left_empty(&self, value: &Value) -> bool {
        matches!(
            self.kind,
            InputKind::Int | InputKind::Number | InputKind::Bool
        ) && value.as_str() == Some("")
    }
}

/// Reads the inputs in `nodes`. `owner` is what messages call their place.
pub(super) fn read_inputs(
    nodes: &[Node<'_>],
    owner: What<'_>,
    report: &mut Report,
) -> Vec<InputDefinition> {
    nodes
        .iter()
        .enumerate()
        .filter_map(|(index, node)| {
            let ordinal = What::Numbered("input", index + 1, &owner);
            read_input(node, ordinal, true, report)
        })
        .collect()
}

fn read_input(
    node: &Node<'_>,
    ordinal: What<'_>,
    is_named: bool,
    report: &mut Report,
) -> Option<InputDefinition> {
    let head = Fields::of(node, ordinal, report)?;
    let name = if is_named {
        let (name, at) = head.required_text("name", "each input needs a `name:`", report)?;
        let is_valid = name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '-'));
        if !is_valid {
            report.error_with_help(
                FindingCode::InvalidInput,
                at,
                format!("the input name {} is not valid", quoted(&name)),
                "an input's name is made of letters, digits, `_` and `-`",
            );
            return None;
        }
        name
    } else {
        String::new()
    };
    let what = if is_named {
        What::Input(&name)
    } else {
        ordinal
    };
    let fields = Fields::of(node, what, report)?;
    fields.warn_unknown(&INPUT, report);
    let items = match fields.node("items") {
        Some(_) => fields
            .list("items", report)
            .iter()
            .map(|item| item.to_value(report))
            .collect(),
        None => Vec::new(),
    };
    let has_items = fields.node("items").is_some() || fields.node("external-items").is_some();
    let kind = match kind(&fields, report)? {
        InputKind::Text if has_items => InputKind::Select,
        kind => kind,
    };
    let inputs = if kind == InputKind::Object {
        read_inputs(fields.list("inputs", report), what, report)
    } else {
        Vec::new()
    };
    let item = if kind == InputKind::List {
        fields
            .node("input")
            .and_then(|node| read_input(node, What::Part("the item", &what), false, report))
            .map(Box::new)
    } else {
        None
    };
    if kind == InputKind::List && fields.node("input").is_none() {
        report.error_with_help(
            FindingCode::InvalidInput,
            fields.at,
            format!("{what} is a list without `input`"),
            "add `input:` with the type of the list's items",
        );
    }
    let definition = InputDefinition {
        name: String::new(),
        label: fields.text("label", report),
        description: told(&fields, "description"),
        help: told(&fields, "help"),
        required: match kind {
            InputKind::RequiredConnection => Some(true),
            _ => fields.boolean("required", report),
        },
        default: fields.node("default").map(|node| node.to_value(report)),
        pattern: fields.node("pattern").and_then(|node| {
            let text = fields.text("pattern", report)?;
            Some(Pattern::unread(text, node.at))
        }),
        global: fields.boolean("global", report).unwrap_or(false),
        external_items: fields.mapping("external-items", report).map(|external| {
            external.warn_unknown(&EXTERNAL_ITEMS, report);
            ExternalItems {
                source: told(&external, "source"),
                value: told(&external, "value"),
                label: told(&external, "label"),
            }
        }),
        add_question: told(&fields, "add-question"),
        condition: fields
            .mapping("condition", report)
            .and_then(|condition| read_condition(&condition, report)),
        connection_interface_type: fields.text("connection-interface-type", report),
        outputs: if kind == InputKind::GeneratedConnection {
            outputs(&fields, report)
        } else {
            Vec::new()
        },
        at: fields.at,
        kind,
        items,
        inputs,
        item,
    };
    Some(InputDefinition { name, ..definition })
}

/// Text that only matters when a person is asked: another shape of it is no fault of a deployment.
fn told(fields: &Fields<'_, '_, '_>, key: &str) -> Option<String> {
    fields.node(key).and_then(text_of).map(str::to_owned)
}

fn kind(fields: &Fields<'_, '_, '_>, report: &mut Report) -> Option<InputKind> {
    let (text, at) = fields.required_text("type", "each input needs a `type:`", report)?;
    if let Some((_, kind)) = InputKind::NAMES.iter().find(|(name, _)| *name == text) {
        return Some(*kind);
    }
    let names = InputKind::NAMES.iter().map(|(name, _)| *name);
    let help = match nearest(&text, names.clone()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("the types are {}", names.collect::<Vec<_>>().join(", ")),
    };
    report.error_with_help(
        FindingCode::InvalidInput,
        at,
        format!("{} has the unknown type {}", fields.what(), quoted(&text)),
        help,
    );
    None
}

fn read_condition(fields: &Fields<'_, '_, '_>, report: &mut Report) -> Option<Condition> {
    fields.warn_unknown(&CONDITION, report);
    let variable = fields.required_text("variable", "name the input that decides", report);
    let operator = fields.required_text(
        "operator",
        "write an operator in quotes, such as `'!='`",
        report,
    );
    let value = fields.node("value").map(|node| node.to_value(report));
    let (operator, at) = operator?;
    let Some(operator) = ConditionOperator::parse(&operator) else {
        let names = ConditionOperator::NAMES.iter().map(|(name, _)| *name);
        report.error_with_help(
            FindingCode::InvalidCondition,
            at,
            format!(
                "{} has the unknown operator {}",
                fields.what(),
                quoted(&operator)
            ),
            match nearest(&operator, names.clone()) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("the operators are {}", names.collect::<Vec<_>>().join(" ")),
            },
        );
        return None;
    };
    Some(Condition {
        variable: variable?.0,
        operator,
        value: value.unwrap_or(Value::Null),
        at: fields.at,
    })
}
