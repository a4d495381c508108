//! A value against the type that plugin.yaml declares.

use serde_json::{Map, Number, Value};

use super::origin::Origin;
use super::secret;
use crate::connection::CONNECTION_MARK;
use crate::definition::{InputDefinition, InputKind, Match, equal};
use crate::finding::{FindingCode, Report, Severity, nearest, quoted};

/// What a message says a value belongs to.
pub(super) struct Subject<'s> {
    pub(super) plugin: &'s str,
    /// The input's name, with the path to the part that is looked at.
    pub(super) path: String,
}

impl Subject<'_> {
    fn inner(&self, path: String) -> Self {
        Self {
            plugin: self.plugin,
            path,
        }
    }
}

pub(super) struct Checker<'c> {
    pub(super) report: &'c mut Report,
    pub(super) plugin_file: &'c str,
    /// Whether the value comes from where everything is text, or from a default: conversions then go unsaid.
    pub(super) is_text_only: bool,
}

impl Checker<'_> {
    /// The value as the declared type has it. A value that does not fit is reported and returned as it is.
    pub(super) fn check(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        // A secret is of the right type when it is filled in, or never.
        if secret::is_placeholder(value) {
            return value.clone();
        }
        if input.required != Some(true) && input.is_left_empty(value) {
            return value.clone();
        }
        let checked = match input.kind {
            InputKind::Text | InputKind::Textarea | InputKind::Password => {
                self.text(input, value, origin, subject)
            }
            InputKind::Bool => self.boolean(input, value, origin, subject),
            InputKind::Int | InputKind::Number => self.number(input, value, origin, subject),
            InputKind::Select => self.select(input, value, origin, subject),
            InputKind::Multiselect => self.multiselect(input, value, origin, subject),
            InputKind::List => self.list(input, value, origin, subject),
            InputKind::Object => self.object(input, value, origin, subject),
            InputKind::RequiredConnection | InputKind::GeneratedConnection => {
                self.connection(input, value, origin, subject)
            }
        };
        self.pattern(input, &checked, origin, subject);
        checked
    }

    fn text(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        match value {
            Value::String(_) => value.clone(),
            // A template prints a number and its text alike.
            Value::Number(number) => Value::String(number.to_string()),
            // It prints `True`, which the text `true` would not: the value stays what it is.
            Value::Bool(boolean) if !self.is_text_only => {
                self.report.push(origin.finding(
                    Severity::Warning,
                    FindingCode::WrongInputType,
                    format!(
                        "{} is declared as {}, but the value is the boolean `{boolean}`, which templates print as `{}`",
                        name_of(subject),
                        input.kind.as_str(),
                        if *boolean { "True" } else { "False" }
                    ),
                    Some(format!("put it in quotes if text is meant: '{boolean}'")),
                ));
                value.clone()
            }
            Value::Bool(boolean) => Value::String(boolean.to_string()),
            _ => self.wrong(input, value, origin, subject),
        }
    }

    /// A text or number that the input's pattern refuses is an error; a default is the plugin's own, and a warning.
    fn pattern(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) {
        let Some(pattern) = &input.pattern else {
            return;
        };
        let printed;
        let text = match (input.kind, value) {
            (InputKind::Text | InputKind::Textarea | InputKind::Password, Value::String(text)) => {
                text
            }
            (InputKind::Int | InputKind::Number, Value::Number(number)) => {
                printed = number.to_string();
                &printed
            }
            // What is of another type was reported, and an item of a list is one of its items.
            _ => return,
        };
        // An answer that need not be given.
        if text.is_empty() && input.required != Some(true) {
            return;
        }
        let is_default = origin.file == self.plugin_file;
        let shown = match input.kind {
            InputKind::Password => "another text".to_owned(),
            _ if text.is_empty() => "an empty text".to_owned(),
            _ => quoted(text),
        };
        let (severity, message) = match pattern.check(text) {
            Match::Yes | Match::Unreadable => return,
            Match::No if is_default => (
                Severity::Warning,
                format!(
                    "the default {shown} of {} does not match the input's own pattern {}",
                    name_of(subject),
                    quoted(pattern.as_str())
                ),
            ),
            Match::No => (
                Severity::Error,
                format!(
                    "{} must match the pattern {}, found {shown}",
                    name_of(subject),
                    quoted(pattern.as_str())
                ),
            ),
            Match::TooCostly => (
                Severity::Warning,
                format!(
                    "the value of {} is not checked against the pattern {}: that would take too long",
                    name_of(subject),
                    quoted(pattern.as_str())
                ),
            ),
        };
        let help = input
            .help
            .as_deref()
            .or(input.description.as_deref())
            .filter(|help| !help.trim().is_empty())
            .map(|help| format!("the plugin says of it: {}", quoted(help)));
        self.report
            .push(origin.finding(severity, FindingCode::PatternMismatch, message, help));
    }

    fn boolean(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        let boolean = match value {
            Value::Bool(_) => return value.clone(),
            Value::String(text) if text.eq_ignore_ascii_case("true") => true,
            Value::String(text) if text.eq_ignore_ascii_case("false") => false,
            _ => return self.wrong(input, value, origin, subject),
        };
        if !self.is_text_only {
            self.report.push(origin.finding(
                Severity::Warning,
                FindingCode::WrongInputType,
                format!(
                    "{} is declared as bool, but the value is a text in quotes; it is read as `{boolean}`",
                    name_of(subject)
                ),
                Some("remove the quotes".to_owned()),
            ));
        }
        Value::Bool(boolean)
    }

    fn number(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        let is_whole_only = input.kind == InputKind::Int;
        let number = match value {
            Value::Number(number) => Some(number.clone()),
            Value::String(text) => parse_number(text.trim()),
            _ => None,
        };
        match number {
            Some(number) if !(is_whole_only && number.is_f64()) => Value::Number(number),
            _ => self.wrong(input, value, origin, subject),
        }
    }

    fn select(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => {
                self.item(input, value, origin, subject)
            }
            // `default: [x]` for a select occurs.
            Value::Array(items) if items.len() == 1 => match items.first() {
                Some(Value::Array(_) | Value::Object(_)) | None => {
                    self.wrong(input, value, origin, subject)
                }
                Some(item) => self.item(input, item, origin.part(0), subject),
            },
            _ => self.wrong(input, value, origin, subject),
        }
    }

    fn multiselect(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        match value {
            Value::Array(items) => Value::Array(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, item)| self.item(input, item, origin.part(index), subject))
                    .collect(),
            ),
            Value::Object(_) => self.wrong(input, value, origin, subject),
            scalar => Value::Array(vec![self.item(input, scalar, origin, subject)]),
        }
    }

    /// One chosen item. An item that the list does not have is a warning: lists change, stk.yaml stays.
    fn item(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        if input.items.is_empty() {
            return value.clone();
        }
        if let Some(item) = input.items.iter().find(|item| equal(item, value)) {
            // A text from DYNAMIC_INPUTS becomes the item that it names; elsewhere the value stays as written.
            return if self.is_text_only { item } else { value }.clone();
        }
        let items: Vec<String> = input.items.iter().map(plain).collect();
        let shown = plain(value);
        let help = match nearest(&shown, items.iter().map(String::as_str)) {
            Some(item) => format!("did you mean {}?", quoted(item)),
            None => format!("the items are {}", quoted(&items.join(", "))),
        };
        self.report.push(origin.finding(
            Severity::Warning,
            FindingCode::NotAnItem,
            format!("{} has no item {}", name_of(subject), quoted(&shown)),
            Some(help),
        ));
        value.clone()
    }

    fn list(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        let Value::Array(items) = value else {
            return self.wrong(input, value, origin, subject);
        };
        let Some(definition) = &input.item else {
            return value.clone();
        };
        Value::Array(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| {
                    let inner = subject.inner(format!("{}[{index}]", subject.path));
                    self.check(definition, item, origin.part(index), &inner)
                })
                .collect(),
        )
    }

    fn object(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        let Value::Object(given) = value else {
            return self.wrong(input, value, origin, subject);
        };
        let mut object = Map::new();
        for definition in &input.inputs {
            let name = &definition.name;
            if object.contains_key(name) || !holds(definition, &object, given) {
                continue;
            }
            let inner = subject.inner(format!("{}.{name}", subject.path));
            let index = given.keys().position(|key| key == name);
            let own = index.zip(given.get(name).filter(|own| !own.is_null()));
            match (own, definition.usable_default()) {
                (Some((index, own)), _) => {
                    let checked = self.check(definition, own, origin.part(index), &inner);
                    object.insert(name.clone(), checked);
                }
                (None, Some(default)) => {
                    let at = Origin::flat(self.plugin_file, definition.at);
                    let checked = self.check(definition, default, at, &inner);
                    object.insert(name.clone(), checked);
                }
                (None, _)
                    if definition.kind.is_connection() && definition.required != Some(false) =>
                {
                    let kind = definition.connection_interface_type.as_deref();
                    self.report.push(origin.finding(
                        Severity::Error,
                        FindingCode::MissingConnection,
                        format!("{} selects no connection", name_of(&inner)),
                        Some(format!(
                            "add `{name}: {{stk-type: {}, selected: <connection>, type: {}}}` to it",
                            definition.kind.as_str(),
                            kind.unwrap_or("<connection interface type>")
                        )),
                    ));
                }
                (None, _) if definition.required == Some(true) => {
                    self.report.push(origin.finding(
                        Severity::Error,
                        FindingCode::MissingInput,
                        format!("{} is required", name_of(&inner)),
                        Some(format!("add `{name}: <value>` to it")),
                    ));
                }
                (None, _) => {}
            }
        }
        for (index, (name, own)) in given.iter().enumerate() {
            if let Some(definition) = input
                .inputs
                .iter()
                .find(|definition| definition.name == *name)
            {
                if !object.contains_key(name) && !own.is_null() {
                    self.conditioned_out(definition, origin.part(index), subject);
                }
                continue;
            }
            if !input.inputs.is_empty() {
                let known = input
                    .inputs
                    .iter()
                    .map(|definition| definition.name.as_str());
                self.report.push(origin.part(index).finding(
                    Severity::Warning,
                    FindingCode::UnknownInput,
                    format!("{} declares no input {}", name_of(subject), quoted(name)),
                    nearest(name, known).map(|known| format!("did you mean `{known}`?")),
                ));
            }
            object.insert(name.clone(), own.clone());
        }
        Value::Object(object)
    }

    /// A part of an object that is given and not asked for.
    fn conditioned_out(
        &mut self,
        definition: &InputDefinition,
        origin: Origin<'_>,
        object: &Subject<'_>,
    ) {
        let Some(condition) = &definition.condition else {
            return;
        };
        let part = object.inner(format!("{}.{}", object.path, definition.name));
        self.report.push(origin.finding(
            Severity::Warning,
            FindingCode::ConditionedOut,
            format!(
                "{} is left out: its condition `{} {} {}` does not hold",
                name_of(&part),
                condition.variable,
                condition.operator,
                condition.value
            ),
            Some("remove it, or change the input that decides".to_owned()),
        ));
    }

    fn connection(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        let mark = value.get(CONNECTION_MARK).and_then(Value::as_str);
        if mark == Some(input.kind.as_str()) {
            return value.clone();
        }
        self.report.push(origin.finding(
            Severity::Error,
            FindingCode::WrongInputType,
            format!(
                "{} is declared as {}, found {}",
                name_of(subject),
                input.kind.as_str(),
                match mark {
                    Some(mark) => format!("a {}", quoted(mark)),
                    None => describe(value),
                }
            ),
            Some(format!(
                "write `{{stk-type: {}, selected: <connection>, type: <connection interface type>}}`",
                input.kind.as_str()
            )),
        ));
        value.clone()
    }

    fn wrong(
        &mut self,
        input: &InputDefinition,
        value: &Value,
        origin: Origin<'_>,
        subject: &Subject<'_>,
    ) -> Value {
        self.report.push(origin.finding(
            Severity::Error,
            FindingCode::WrongInputType,
            format!(
                "{} is declared as {}, found {}",
                name_of(subject),
                input.kind.as_str(),
                describe(value)
            ),
            match (input.kind, value) {
                (InputKind::Bool, _) => Some("write `true` or `false`".to_owned()),
                (InputKind::Int, Value::Number(_)) => Some("an int is a whole number".to_owned()),
                _ => None,
            },
        ));
        value.clone()
    }
}

/// Whether an object's nested input is asked for; conditions look at its siblings.
fn holds(
    definition: &InputDefinition,
    done: &Map<String, Value>,
    given: &Map<String, Value>,
) -> bool {
    let Some(condition) = &definition.condition else {
        return true;
    };
    match done
        .get(&condition.variable)
        .or_else(|| given.get(&condition.variable))
    {
        Some(actual) => condition.holds(actual),
        None => given.contains_key(&definition.name),
    }
}

fn name_of(subject: &Subject<'_>) -> String {
    format!(
        "the input `{}` of the plugin `{}`",
        subject.path, subject.plugin
    )
}

fn parse_number(text: &str) -> Option<Number> {
    if let Ok(number) = text.parse::<i64>() {
        return Some(Number::from(number));
    }
    if let Ok(number) = text.parse::<u64>() {
        return Some(Number::from(number));
    }
    // `parse` also takes `inf` and `nan`, which no JSON number is.
    text.parse::<f64>().ok().and_then(Number::from_f64)
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(boolean) => format!("the boolean `{boolean}`"),
        Value::Number(number) => format!("the number `{number}`"),
        Value::String(text) => format!("the text {}", quoted(text)),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
    }
}
