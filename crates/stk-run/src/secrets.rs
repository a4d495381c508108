use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Alias, Unit};

/// The start of the names of environment variables that hold a secret input.
pub const SECRET_VARIABLE_PREFIX: &str = "STK_SECRET_";

/// Where a secret stands among a plugin's inputs: the input's name, and the way into its value where it is an object or
/// a list (`["users", "0", "password"]`). Displays as `users.0.password`.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct SecretPath(Vec<String>);

impl SecretPath {
    /// The path of these parts.
    pub fn new<P: Into<String>>(parts: impl IntoIterator<Item = P>) -> Self {
        Self(parts.into_iter().map(Into::into).collect())
    }

    /// The parts, the input's name first.
    #[must_use]
    pub fn parts(&self) -> &[String] {
        &self.0
    }

    /// The environment variable that may hold its value: `STK_SECRET_<ALIAS>_<INPUT>`, in upper case, with `_` for every
    /// character that is neither a letter nor a digit of ASCII.
    #[must_use]
    pub fn variable(&self, alias: &str) -> String {
        let mut name = SECRET_VARIABLE_PREFIX.to_owned();
        let parts = std::iter::once(alias).chain(self.0.iter().map(String::as_str));
        for (index, part) in parts.enumerate() {
            if index > 0 {
                name.push('_');
            }
            name.extend(part.chars().map(|letter| {
                if letter.is_ascii_alphanumeric() {
                    letter.to_ascii_uppercase()
                } else {
                    '_'
                }
            }));
        }
        name
    }
}

impl fmt::Display for SecretPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0.join("."))
    }
}

/// The values of secret inputs, as they were handed to a process. Nothing of them is ever stored.
///
/// They come from the input `SECRET_INPUTS`, a JSON object `{"<alias>": {"<input>": "<value>"}}` in which a value may be
/// an object or a list where the input is one, and from environment variables ([`SecretPath::variable`]). An empty text
/// counts as not given: that is what GitHub makes of a secret that does not exist.
#[derive(Clone, Debug, Default)]
pub struct Secrets {
    plugins: BTreeMap<String, Node>,
    variables: BTreeMap<String, SecretString>,
}

#[derive(Clone, Debug)]
enum Node {
    Value(SecretString),
    Inner(BTreeMap<String, Self>),
}

/// Why `SECRET_INPUTS` cannot be read. Never shows a part of it.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SecretsError {
    /// It is not JSON.
    #[error("not valid JSON at line {line}, column {column}")]
    Json {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
    },
    /// It is JSON, but not of the form.
    #[error("{what} must be {expected}, found {found}")]
    Shape {
        /// Which part: names of plugins and inputs only.
        what: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
}

impl SecretsError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Json { .. } => {
                "write `{\"<alias>\": {\"<input>\": ${{ toJSON(secrets.NAME) }}}}`; without `toJSON`, a quote or a \
                 backslash in the secret breaks the JSON"
            }
            Self::Shape { .. } => "write `{\"<alias>\": {\"<input>\": \"<value>\"}}`",
        }
    }
}

/// A secret that nobody gave a value for.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the secret input `{path}` of plugin `{alias}` has no value")]
pub struct MissingSecret {
    /// The plugin.
    pub alias: Alias,
    /// Where it stands among the plugin's inputs.
    pub path: SecretPath,
}

impl MissingSecret {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        let parts = self.path.parts().iter().rev();
        let inner = parts.fold("\"…\"".to_owned(), |inner, part| {
            format!("{{\"{part}\": {inner}}}")
        });
        format!(
            "give it in SECRET_INPUTS as `{{\"{}\": {inner}}}`, or in the environment variable {}",
            self.alias,
            self.path.variable(self.alias.as_str())
        )
    }
}

impl Secrets {
    /// Reads `SECRET_INPUTS`, if it is given, and the environment variables that hold secrets among `environment`.
    ///
    /// # Errors
    ///
    /// [`SecretsError`] when `SECRET_INPUTS` is not of the form.
    pub fn read<'e>(
        json: Option<&SecretString>,
        environment: impl IntoIterator<Item = (&'e str, &'e str)>,
    ) -> Result<Self, SecretsError> {
        let plugins = match json {
            None => BTreeMap::new(),
            Some(json) => plugins(json.expose_secret())?,
        };
        let variables = environment
            .into_iter()
            .filter(|(name, value)| name.starts_with(SECRET_VARIABLE_PREFIX) && !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.to_owned().into()))
            .collect();
        Ok(Self { plugins, variables })
    }

    /// The value at `path` of the plugin `alias`; `SECRET_INPUTS` wins over the environment.
    #[must_use]
    pub fn get(&self, alias: &str, path: &SecretPath) -> Option<&SecretString> {
        self.in_json(alias, path)
            .or_else(|| self.variables.get(&path.variable(alias)))
    }

    fn in_json(&self, alias: &str, path: &SecretPath) -> Option<&SecretString> {
        let mut node = self.plugins.get(alias)?;
        for part in path.parts() {
            match node {
                Node::Inner(inner) => node = inner.get(part)?,
                Node::Value(_) => return None,
            }
        }
        match node {
            Node::Value(value) => Some(value),
            Node::Inner(_) => None,
        }
    }

    /// The plugins that `SECRET_INPUTS` names, with the paths that it gives values for.
    pub fn given(&self) -> impl Iterator<Item = (&str, Vec<SecretPath>)> {
        self.plugins.iter().map(|(alias, node)| {
            let mut paths = Vec::new();
            each(node, &mut Vec::new(), &mut |path, _| {
                paths.push(SecretPath(path.to_vec()));
            });
            (alias.as_str(), paths)
        })
    }

    /// The secrets of `units` that have no value here, in order.
    #[must_use]
    pub fn missing<'u>(&self, units: impl IntoIterator<Item = &'u Unit>) -> Vec<MissingSecret> {
        units
            .into_iter()
            .flat_map(|unit| unit.secrets.iter().map(move |path| (&unit.alias, path)))
            .filter(|(alias, path)| self.get(alias.as_str(), path).is_none())
            .map(|(alias, path)| MissingSecret {
                alias: alias.clone(),
                path: path.clone(),
            })
            .collect()
    }

    /// Every value, for whoever masks them in what is printed.
    #[must_use]
    pub fn values(&self) -> Vec<&SecretString> {
        let mut values: Vec<_> = self.variables.values().collect();
        for node in self.plugins.values() {
            each(node, &mut Vec::new(), &mut |_, value| values.push(value));
        }
        values
    }
}

fn each<'n>(
    node: &'n Node,
    path: &mut Vec<String>,
    found: &mut impl FnMut(&[String], &'n SecretString),
) {
    match node {
        Node::Value(value) => found(path, value),
        Node::Inner(inner) => {
            for (name, node) in inner {
                path.push(name.clone());
                each(node, path, found);
                path.pop();
            }
        }
    }
}

fn plugins(json: &str) -> Result<BTreeMap<String, Node>, SecretsError> {
    if json.trim().is_empty() {
        return Ok(BTreeMap::new());
    }
    // The parser's message may quote what it found.
    let value: Value = serde_json::from_str(json).map_err(|error| SecretsError::Json {
        line: error.line(),
        column: error.column(),
    })?;
    let wrong = |what: String, expected, value: &Value| SecretsError::Shape {
        what,
        expected,
        found: kind(value),
    };
    let Value::Object(plugins) = value else {
        return Err(wrong("SECRET_INPUTS".to_owned(), "an object", &value));
    };
    let mut read = BTreeMap::new();
    for (alias, inputs) in plugins {
        if !inputs.is_object() {
            let what = format!("the value of the plugin `{alias}` in SECRET_INPUTS");
            return Err(wrong(what, "an object", &inputs));
        }
        if let Some(node) = node(&alias, inputs, &mut Vec::new())? {
            read.insert(alias, node);
        }
    }
    Ok(read)
}

/// The value with its texts as secrets; `None` for what is not given.
fn node(alias: &str, value: Value, path: &mut Vec<String>) -> Result<Option<Node>, SecretsError> {
    let entries: Vec<(String, Value)> = match value {
        Value::String(text) if text.is_empty() => return Ok(None),
        Value::String(text) => return Ok(Some(Node::Value(text.into()))),
        // A number in quotes and one without are the same secret.
        Value::Number(number) => return Ok(Some(Node::Value(number.to_string().into()))),
        Value::Object(fields) => fields.into_iter().collect(),
        Value::Array(items) => (0_u32..)
            .zip(items)
            .map(|(index, item)| (index.to_string(), item))
            .collect(),
        other @ (Value::Null | Value::Bool(_)) => {
            return Err(SecretsError::Shape {
                what: format!(
                    "the secret `{}` of the plugin `{alias}` in SECRET_INPUTS",
                    path.join(".")
                ),
                expected: "a text",
                found: kind(&other),
            });
        }
    };
    let mut inner = BTreeMap::new();
    for (name, value) in entries {
        path.push(name);
        let read = node(alias, value, path)?;
        if let (Some(name), Some(read)) = (path.pop(), read) {
            inner.insert(name, read);
        }
    }
    Ok(Some(Node::Inner(inner)))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str, environment: &[(&str, &str)]) -> Result<Secrets, SecretsError> {
        let json = SecretString::from(json);
        Secrets::read(Some(&json), environment.iter().copied())
    }

    fn get<'s>(secrets: &'s Secrets, alias: &str, path: &[&str]) -> Option<&'s str> {
        let path = SecretPath::new(path.iter().copied());
        secrets.get(alias, &path).map(ExposeSecret::expose_secret)
    }

    #[test]
    fn values_come_from_the_json_and_from_the_environment() {
        let secrets = read(
            r#"{"my-db": {"password": "a", "users": [{"pin": 12}, {"pin": ""}], "empty": ""}}"#,
            &[
                ("STK_SECRET_MY_DB_PASSWORD", "b"),
                ("STK_SECRET_MY_DB_USERS_1_PIN", "c"),
                ("STK_SECRET_MY_DB_EMPTY", "d"),
                ("STK_SECRET_MY_DB_NONE", ""),
                ("OTHER", "e"),
            ],
        )
        .unwrap();
        assert_eq!(get(&secrets, "my-db", &["password"]), Some("a"));
        assert_eq!(get(&secrets, "my-db", &["users", "0", "pin"]), Some("12"));
        assert_eq!(get(&secrets, "my-db", &["users", "1", "pin"]), Some("c"));
        assert_eq!(get(&secrets, "my-db", &["empty"]), Some("d"));
        assert_eq!(get(&secrets, "my-db", &["none"]), None);
        assert_eq!(get(&secrets, "my-db", &["users"]), None);
        assert_eq!(get(&secrets, "my-db", &["password", "x"]), None);
        assert_eq!(get(&secrets, "other", &["password"]), None);
        assert_eq!(secrets.values().len(), 5);
        let given: Vec<String> = secrets
            .given()
            .flat_map(|(alias, paths)| paths.into_iter().map(move |path| format!("{alias}:{path}")))
            .collect();
        assert_eq!(given, ["my-db:password", "my-db:users.0.pin"]);
    }

    #[test]
    fn an_error_never_shows_a_value() {
        let cases = [
            "{\"a\": {\"b\": \"canary\"",
            "{\"a\": {\"b\": \"can\"ary\"}}",
            "canary",
            "[\"canary\"]",
            "{\"a\": \"canary\"}",
            "{\"a\": {\"b\": {\"c\": null}}}",
            "{\"a\": {\"b\": true}}",
        ];
        let messages: Vec<String> = cases
            .into_iter()
            .map(|json| format!("{}\n", read(json, &[]).unwrap_err()))
            .collect();
        let messages = messages.concat();
        assert!(!messages.contains("can"));
        insta::assert_snapshot!(messages, @"
        not valid JSON at line 1, column 20
        not valid JSON at line 1, column 18
        not valid JSON at line 1, column 1
        SECRET_INPUTS must be an object, found a list
        the value of the plugin `a` in SECRET_INPUTS must be an object, found a text
        the secret `b.c` of the plugin `a` in SECRET_INPUTS must be a text, found null
        the secret `b` of the plugin `a` in SECRET_INPUTS must be a text, found true or false
        ");
    }

    #[test]
    fn no_input_is_no_secret() {
        let none = Secrets::read(None, []).unwrap();
        assert!(none.values().is_empty());
        assert!(read("  ", &[]).unwrap().values().is_empty());
        assert!(!format!("{:?}", read("{\"a\": {\"b\": \"canary\"}}", &[])).contains("canary"));
    }
}
