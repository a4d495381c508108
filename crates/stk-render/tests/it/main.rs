//! The dialect, the trees and the messages, through the public API.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "tests say what they expect"
)]

mod dialect;
mod differential;
mod errors;
mod opaque;
mod properties;
mod refusals;
mod trees;

use serde_json::{Value, json};
use stk_render::{Context, Rendered, TemplateFile, Templates};

/// What most tests render with.
fn variables() -> Value {
    json!({
        "name": "my queue",
        "n": 5,
        "t": true,
        "f": false,
        "nothing": null,
        "ratio": 2.5,
        "list": [3, 1, 2],
        "names": ["b", "a", "C"],
        "map": {"b": 1, "a": [1, "x", null, true], "c": {"k": "it's"}},
        "users": [
            {"name": "ann", "age": 3},
            {"name": "bob", "age": 2},
            {"name": "cid", "age": 3},
        ],
        "connections": {"topic": {"arn": "arn:aws:sns:sa-east-1:1:t"}},
    })
}

fn context(variables: Value) -> Context {
    match variables {
        Value::Object(variables) => Context::new(variables),
        other => panic!("not an object: {other}"),
    }
}

fn templates(files: &[(&str, &str)]) -> Templates {
    Templates {
        files: files
            .iter()
            .map(|&(path, text)| TemplateFile {
                path: path.to_owned(),
                bytes: text.as_bytes().to_vec(),
                executable: false,
            })
            .collect(),
    }
}

/// The tree as one text.
fn show(rendered: &Rendered) -> String {
    let mut shown = String::new();
    for (path, file) in rendered.tree.iter() {
        let mark = if file.executable { " (executable)" } else { "" };
        shown.push_str(&format!("== {path}{mark}\n"));
        shown.push_str(&String::from_utf8_lossy(&file.bytes));
        if !shown.ends_with('\n') {
            shown.push_str("<no line end>\n");
        }
    }
    for warning in &rendered.warnings {
        shown.push_str(&format!("warning: {warning}\n"));
    }
    shown
}
