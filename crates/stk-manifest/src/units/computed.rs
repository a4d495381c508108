//! Global computed inputs: stored values beside templates.

use serde_json::{Map, Value};

use crate::definition::PluginDefinition;

/// stk.yaml's values, then the plugin's templates for the names that stk.yaml lacks.
///
/// stk.yaml holds what was computed when the plugins were applied, for all plugins of the project, so a stored value
/// wins over the template that it came from: that is the value that the application's own files were made with.
pub(super) fn globals(
    stored: &Map<String, Value>,
    definition: &PluginDefinition,
) -> Map<String, Value> {
    let mut globals: Map<String, Value> = stored
        .iter()
        .map(|(name, value)| (name.clone(), literal(value)))
        .collect();
    for (name, template) in &definition.global_computed_inputs {
        if !globals.contains_key(name) {
            globals.insert(name.clone(), template.clone());
        }
    }
    globals
}

/// The value such that rendering it as a Jinja template gives it back.
fn literal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(literal_text(text)),
        other => other.clone(),
    }
}

fn literal_text(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(place) = rest.find('{') {
        let (before, opening) = rest.split_at(place);
        literal.push_str(before);
        let delimiter = ["{{", "{%", "{#"]
            .into_iter()
            .find(|delimiter| opening.starts_with(delimiter));
        let length = match delimiter {
            Some(delimiter) => {
                literal.push_str("{{ '");
                literal.push_str(delimiter);
                literal.push_str("' }}");
                delimiter.len()
            }
            None => {
                literal.push('{');
                1
            }
        };
        rest = opening.get(length..).unwrap_or_default();
    }
    literal.push_str(rest);
    literal
}

#[cfg(test)]
mod tests {
    use super::literal_text;

    #[test]
    fn only_what_opens_a_template_is_protected() {
        assert_eq!(literal_text("br.com.x"), "br.com.x");
        assert_eq!(literal_text("${a} { b }} é"), "${a} { b }} é");
        assert_eq!(literal_text("a{{ b }}"), "a{{ '{{' }} b }}");
        assert_eq!(literal_text("{%{#"), "{{ '{%' }}{{ '{#' }}");
        assert_eq!(literal_text("{{{%"), "{{ '{{' }}{{ '{%' }}");
        assert_eq!(literal_text("{"), "{");
    }
}
