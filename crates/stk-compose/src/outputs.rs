//! Which outputs a rendered Terraform project declares.

use std::collections::BTreeSet;

use hcl_edit::{parser, structure::Body};

use crate::Syntax;

/// What [`outputs`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outputs {
    /// The names of the `output` blocks in files of the root module, overrides included.
    pub names: BTreeSet<String>,
    /// Files of the root module that could not be parsed, sorted: they may declare more.
    pub unread: Vec<String>,
}

/// Finds the `output` blocks of a Terraform project's root module. `files` are relative path and content, as for
/// [`backends`](crate::policy::backends); files of sub-folders are other modules, whose outputs are not the project's.
pub fn outputs<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Outputs {
    let mut found = Outputs::default();
    for (file, bytes) in files {
        if file.contains('/') {
            continue;
        }
        let Some(syntax) = Syntax::of(file) else {
            continue;
        };
        let text = String::from_utf8_lossy(bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let names = match syntax {
            Syntax::Native => native(text),
            Syntax::Json => json(text),
        };
        match names {
            Some(names) => found.names.extend(names),
            None => found.unread.push(file.to_owned()),
        }
    }
    found.unread.sort();
    found
}

fn native(text: &str) -> Option<Vec<String>> {
    let body: Body = parser::parse_body(text).ok()?;
    let labels = body
        .get_blocks("output")
        .filter_map(|block| block.labels.first());
    Some(labels.map(|label| label.as_str().to_owned()).collect())
}

/// `{"output": {"name": {…}}}`; HCL's JSON allows a list of objects in place of an object.
fn json(text: &str) -> Option<Vec<String>> {
    let document: serde_json::Value = serde_json::from_str(text).ok()?;
    let mut names = Vec::new();
    for root in objects(&document) {
        let outputs = root.get("output").into_iter().flat_map(objects);
        names.extend(outputs.flat_map(serde_json::Map::keys).cloned());
    }
    Some(names)
}

pub(crate) fn objects(
    value: &serde_json::Value,
) -> impl Iterator<Item = &serde_json::Map<String, serde_json::Value>> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    value
        .as_object()
        .into_iter()
        .chain(list.iter().filter_map(serde_json::Value::as_object))
}

#[cfg(test)]
mod tests {
    use super::outputs;

    fn names(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let found = outputs(files.iter().map(|(path, text)| (*path, text.as_bytes())));
        (found.names.into_iter().collect(), found.unread)
    }

    #[test]
    fn outputs_of_the_root_module_in_both_syntaxes() {
        let (names, unread) = names(&[
            (
                "main.tf",
                "# output \"comment\" {}\noutput \"arn\" {\n  value = <<-E\n    output \"text\" {}\n  E\n}\noutput bare {\n  value = 1\n}\n",
            ),
            (
                "more.tf.json",
                r#"{"output": {"url": {"value": 1}}, "locals": {"output": {"no": 1}}}"#,
            ),
            ("list.tf.json", r#"[{"output": [{"a": {}}, {"b": {}}]}]"#),
            ("main.tofu", "output \"tofu\" {\n  value = 1\n}\n"),
            (
                "x_override.tf",
                "\u{feff}output \"over\" {\n  value = 1\n}\n",
            ),
            ("module/main.tf", "output \"inner\" {\n  value = 1\n}\n"),
            ("notes.md", "output \"notes\" {}"),
            (".hidden.tf", "output \"hidden\" {}"),
        ]);
        assert_eq!(names, ["a", "arn", "b", "bare", "over", "tofu", "url"]);
        assert!(unread.is_empty());
    }

    #[test]
    fn files_that_cannot_be_parsed_are_named() {
        let (names, unread) = names(&[
            ("b.tf.json", "{"),
            ("a.tf", "output \"x\" {"),
            ("c.tf", "output \"y\" {\n  value = 1\n}\n"),
        ]);
        assert_eq!(names, ["y"]);
        assert_eq!(unread, ["a.tf", "b.tf.json"]);
    }
}
