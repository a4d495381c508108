//! `docs/inputs.md` is what the `action.yml` files say.

use std::fs;
use std::path::Path;

use gha::Environment;
use stk_testing::inputs_document::render;

use crate::actions::{NAMES, action};

#[test]
fn the_document_says_what_the_actions_declare() {
    let actions: Vec<_> = NAMES
        .map(|name| (format!("actions/{name}"), action(name)))
        .into();
    let pairs: Vec<_> = actions
        .iter()
        .map(|(folder, action)| (folder.as_str(), action))
        .collect();
    let expected = render(&pairs);
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/inputs.md");
    if Environment::from_process().get("UPDATE_DOCS") == Some("1") {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, &expected).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "docs/inputs.md is not what the action.yml files say; write it anew with\n\n    UPDATE_DOCS=1 cargo test -p stk-testing\n"
    );
}
