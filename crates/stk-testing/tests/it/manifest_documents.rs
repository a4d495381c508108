//! `docs/findings.md` and `docs/schemas/` are what stk-manifest says.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail as the tests do"
)]

use std::fs;
use std::path::Path;

use gha::Environment;
use stk_manifest::{FindingCode, schema};

/// Fails when the file at `path` is not `expected`; with UPDATE_DOCS=1 it is written first.
fn check(path: &str, expected: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path);
    if Environment::from_process().get("UPDATE_DOCS") == Some("1") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is not what the code says; write it anew with\n\n    UPDATE_DOCS=1 cargo test -p stk-testing\n"
    );
}

#[test]
fn the_findings_are_explained() {
    let mut text = String::from(
        "# Findings\n\n\
         <!-- Generated from crates/stk-manifest/src/finding/explanations: UPDATE_DOCS=1 cargo test -p stk-testing -->\n\n\
         What each code means that `stk-runtime validate`, the other calls and the annotations of the actions show, why it matters, and what\n\
         to do. `stk-runtime validate --explain STK012` prints one of them. The codes do not change their meaning: scripts may rely on them.\n\n\
         | code | about |\n|---|---|\n",
    );
    for code in FindingCode::ALL {
        let title = code.title();
        text.push_str(&format!(
            "| [{code}](#{}) | {title} |\n",
            anchor(&format!("{code}: {title}"))
        ));
    }
    for code in FindingCode::ALL {
        // One level below the document's own heading.
        text.push_str(&format!("\n#{}", code.explanation()));
    }
    check("docs/findings.md", &text);
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|character| character.is_alphanumeric() || matches!(character, ' ' | '-' | '_'))
        .map(|character| if character == ' ' { '-' } else { character })
        .collect()
}

#[test]
fn the_schemas_are_made_of_the_parsers_tables() {
    for (path, schema) in [
        ("docs/schemas/stk.schema.json", schema::stk_yaml()),
        ("docs/schemas/plugin.schema.json", schema::plugin_yaml()),
    ] {
        check(path, &format!("{schema:#}\n"));
    }
}
