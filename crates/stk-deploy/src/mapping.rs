//! From Terraform's outputs to the attributes of generated connections.

use serde_json::{Map, Value, json};
use stk_run::{ConnectionValues, Generation};
use terraform_runner::Outputs;

/// A generated connection lacks attributes, because Terraform has no such outputs.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "connection `{connection}` cannot be filled: {}",
    missing_text(.missing)
)]
pub struct MappingError {
    /// The connection's name in the workspace.
    pub connection: String,
    /// What is missing: the Terraform output and the attribute that it should fill.
    pub missing: Vec<(String, String)>,
    /// The outputs that there are.
    pub available: Vec<String>,
}

impl MappingError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        let available = if self.available.is_empty() {
            "there are no outputs at all".to_owned()
        } else {
            let names: Vec<_> = self
                .available
                .iter()
                .map(|name| format!("`{name}`"))
                .collect();
            format!("there are {}", names.join(", "))
        };
        format!(
            "declare the output in the root of the plugin's `templates-deploy`, or correct `from` \
             in its plugin.yaml; {available}"
        )
    }
}

fn missing_text(missing: &[(String, String)]) -> String {
    let missing: Vec<_> = missing
        .iter()
        .map(|(from, to)| format!("Terraform has no output `{from}` for its attribute `{to}`"))
        .collect();
    missing.join(", ")
}

/// The values of `generation`. A sensitive output gives an attribute without a value.
pub(crate) fn values(
    generation: &Generation,
    outputs: &Outputs,
) -> Result<ConnectionValues, MappingError> {
    let mut values = ConnectionValues::default();
    let mut missing = Vec::new();
    for mapping in &generation.outputs {
        match outputs.get(&mapping.from) {
            Some(output) if output.sensitive => values.sensitive.push(mapping.to.clone()),
            Some(output) => {
                let value = output.value.clone().unwrap_or_default();
                values.attributes.insert(mapping.to.clone(), value);
            }
            None => missing.push((mapping.from.clone(), mapping.to.clone())),
        }
    }
    if missing.is_empty() {
        Ok(values)
    } else {
        Err(MappingError {
            connection: generation.connection.clone(),
            missing,
            available: outputs.iter().map(|(name, _)| name.clone()).collect(),
        })
    }
}

/// The outputs in the shape of `terraform output -json`, but without the values of sensitive ones.
pub(crate) fn document(outputs: &Outputs) -> Value {
    outputs
        .iter()
        .map(|(name, output)| {
            let mut fields = Map::new();
            fields.insert("sensitive".to_owned(), output.sensitive.into());
            if let Some(kind) = &output.kind {
                fields.insert("type".to_owned(), kind.clone());
            }
            if let Some(value) = output.value.as_ref().filter(|_| !output.sensitive) {
                fields.insert("value".to_owned(), value.clone());
            }
            (name.clone(), json!(fields))
        })
        .collect::<Map<_, _>>()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stk_run::OutputMapping;
    use terraform_runner::Output;

    fn outputs() -> Outputs {
        [("topic-arn", "arn:1", false), ("password", "hunter2", true)]
            .into_iter()
            .map(|(name, value, sensitive)| {
                let output = Output {
                    value: Some(value.into()),
                    sensitive,
                    kind: Some("string".into()),
                };
                (name.to_owned(), output)
            })
            .collect()
    }

    fn generation(mappings: &[(&str, &str)]) -> Generation {
        Generation {
            slot: "topic".to_owned(),
            connection: "orders topic".to_owned(),
            kind: None,
            outputs: mappings
                .iter()
                .map(|(from, to)| OutputMapping {
                    from: (*from).to_owned(),
                    to: (*to).to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn outputs_with_hyphens_fill_attributes() {
        let values = values(&generation(&[("topic-arn", "arn")]), &outputs()).unwrap();
        assert_eq!(values.attributes["arn"], "arn:1");
    }

    #[test]
    fn a_sensitive_output_is_named_without_its_value() {
        let values = values(&generation(&[("password", "pass")]), &outputs()).unwrap();
        assert_eq!(values.sensitive, ["pass"]);
        assert!(values.attributes.is_empty());
        assert!(!document(&outputs()).to_string().contains("hunter2"));
    }

    #[test]
    fn a_missing_output_is_explained() {
        let error = values(&generation(&[("arn", "arn"), ("name", "n")]), &outputs()).unwrap_err();
        insta::assert_snapshot!(error, @"connection `orders topic` cannot be filled: Terraform has no output `arn` for its attribute `arn`, Terraform has no output `name` for its attribute `n`");
        insta::assert_snapshot!(error.help(), @"declare the output in the root of the plugin's `templates-deploy`, or correct `from` in its plugin.yaml; there are `password`, `topic-arn`");
    }
}
