//! The outputs of a root module.

use std::collections::BTreeMap;
use std::collections::btree_map;

use serde::Deserialize;
use serde_json::Value;

/// One output.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its value; `None` for a sensitive one, whose value is never kept, and for an output that is only planned.
    pub value: Option<Value>,
    /// The configuration calls it sensitive.
    pub sensitive: bool,
    /// Its type as the program writes it: `"string"`, `["list","string"]`, `["object",{"a":"number"}]`...
    pub kind: Option<Value>,
}

/// Name -> output, sorted by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outputs {
    entries: BTreeMap<String, Output>,
}

impl Outputs {
    /// The output called `name`.
    pub fn get(&self, name: &str) -> Option<&Output> {
        self.entries.get(name)
    }

    /// All outputs, sorted by name.
    pub fn iter(&self) -> btree_map::Iter<'_, String, Output> {
        self.entries.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Reads what `output -json` prints: the first JSON value; what follows it is ignored, because newer versions
    /// print deprecations after it. `None` when there is no such value.
    pub(crate) fn from_output_command(text: &str) -> Option<Self> {
        let start = text.find('{')?;
        let mut values = serde_json::Deserializer::from_str(&text[start..])
            .into_iter::<BTreeMap<String, RawOutput>>();
        Some(Self::from_raw(values.next()?.ok()?))
    }

    pub(crate) fn from_raw(raw: BTreeMap<String, RawOutput>) -> Self {
        let entries = raw
            .into_iter()
            .map(|(name, raw)| {
                let value = raw.value.filter(|_| !raw.sensitive);
                (
                    name,
                    Output {
                        value,
                        sensitive: raw.sensitive,
                        kind: raw.kind,
                    },
                )
            })
            .collect();
        Self { entries }
    }
}

impl<'a> IntoIterator for &'a Outputs {
    type Item = (&'a String, &'a Output);
    type IntoIter = btree_map::Iter<'a, String, Output>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl FromIterator<(String, Output)> for Outputs {
    fn from_iter<I: IntoIterator<Item = (String, Output)>>(entries: I) -> Self {
        Self {
            entries: entries.into_iter().collect(),
        }
    }
}

/// An output in an `outputs` event or in `output -json` (Terraform `internal/command/views/json/output.go`).
#[derive(Deserialize)]
pub(crate) struct RawOutput {
    #[serde(default)]
    sensitive: bool,
    #[serde(rename = "type", default)]
    kind: Option<Value>,
    /// A `null` is a value; only a missing key is none.
    #[serde(default, deserialize_with = "present")]
    value: Option<Value>,
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensitive_value_is_not_kept() {
        let text = r#"{"a":{"sensitive":false,"type":"string","value":"x"},"b":{"sensitive":true,"type":"string","value":"hunter2"},"c":{"sensitive":false,"type":"dynamic","value":null}}"#;
        let outputs = Outputs::from_output_command(text).unwrap();
        assert_eq!(outputs.get("a").unwrap().value, Some(Value::from("x")));
        assert_eq!(outputs.get("b").unwrap().value, None);
        assert_eq!(outputs.get("c").unwrap().value, Some(Value::Null));
        assert!(!format!("{outputs:?}").contains("hunter2"));
    }

    #[test]
    fn text_around_the_document_is_ignored() {
        let outputs = Outputs::from_output_command("Note\n{}\nWarning: {deprecated}").unwrap();
        assert!(outputs.is_empty());
        assert_eq!(Outputs::from_output_command("no document"), None);
        assert_eq!(Outputs::from_output_command("{broken"), None);
    }
}
