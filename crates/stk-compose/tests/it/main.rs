//! The policy scan, the filling in of values and the composition of projects, through the public API.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests say what they expect, and start the real Terraform"
)]

mod project;
mod values;

use insta::assert_snapshot;
use proptest::prelude::*;
use stk_compose::policy::{self, Backends};

/// What was found, one line each.
fn report(files: &[(&str, &str)]) -> String {
    let Backends {
        blocks,
        nested,
        unread,
    } = policy::backends(files.iter().map(|&(path, text)| (path, text.as_bytes())));
    let blocks = blocks.iter().map(|block| format!("block {block}"));
    let nested = nested.iter().map(|block| format!("nested {block}"));
    let unread = unread.iter().map(|file| format!("unread {file}"));
    blocks
        .chain(nested)
        .chain(unread)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn native_syntax_with_lines() {
    let main = r#"
# terraform { backend "comment" {} }
locals { backend = "s3" }
terraform {
  required_version = ">= 1.10"
  backend "s3" {
    bucket = "x"
  }
}
resource "terraform_data" "x" {
  backend "not-here" {}
  input = <<-EOT
    terraform {
      backend "heredoc" {}
    }
  EOT
}
"#;
    let override_file = "\u{feff}terraform {\r\n  cloud {\r\n  }\r\n}\r\n";
    assert_snapshot!(report(&[
        ("main.tf", main),
        ("z_override.tf", override_file),
        ("same.tofu", "terraform { backend \"local\" {} }"),
        ("unlabelled.tf", "terraform {\nbackend {}\n}"),
    ]), @r#"
    block main.tf:6: backend "s3"
    block same.tofu:1: backend "local"
    block unlabelled.tf:2: backend
    block z_override.tf:2: cloud
    unread same.tofu:1: invalid attribute; expected `=`
    "#);
}

#[test]
fn nested_modules_are_told_apart_and_other_files_are_left_alone() {
    let text = "terraform {\n  backend \"s3\" {}\n}\n";
    assert_snapshot!(report(&[
        ("modules/a/main.tf", text),
        ("docs/main.tf.md", text),
        ("main.tf.bak", text),
        (".hidden.tf", text),
        ("main.tf~", text),
        ("#main.tf#", text),
        ("app.tpl", text),
        ("broken/x.tf", "terraform {"),
    ]), @r#"nested modules/a/main.tf:2: backend "s3""#);
}

#[test]
fn json_syntax() {
    assert_snapshot!(report(&[
        ("a.tf.json", "{\n \"//\": \"terraform: backend\",\n \"terraform\": {\n  \"backend\": {\"s3\": {\"bucket\": \"{\\\"backend\\\":1}\"}}\n }\n}"),
        // A property twice, and lists, are legal in HCL's JSON.
        ("b.tf.json", "{\"terraform\": {\"backend\":\n{\"gcs\": {}}}, \"terraform\": {}}"),
        ("c.tf.json", "[{\"terraform\": [{},\n{\"backend\": [{},{\"http\": {}}]},\n{\"cloud\": {\"organization\": \"o\"}}]}]"),
        ("d.tf.json", "{\"resource\": {\"terraform\": {\"backend\": {\"s3\": {}}}}}"),
        ("e.tf.json", "{\"terraform\": {\"backend\": {\"local\": {}}}"),
    ]), @r#"
    block a.tf.json:4: backend "s3"
    block b.tf.json:2: backend "gcs"
    block c.tf.json:2: backend "http"
    block c.tf.json:3: cloud
    block e.tf.json:1: backend "local"
    unread e.tf.json:1: EOF while parsing an object
    "#);
}

#[test]
fn a_file_that_does_not_parse_is_searched_all_the_same() {
    let text = r#"
locals {
  new = provider::x::y(1) <=> 2
  text = "${"}terraform { backend \"no\" {}"}"
  more = <<EOT
terraform { backend "no" {} }
${ jsonencode({ a = { b = "}" } }) } $${ %{ if true }x%{ endif }
EOT
}
/* terraform { backend "no" {} } */
terraform /* really */ { // yes
  required_providers { aws = { source = "hashicorp/aws" } }
  backend azurerm {
  }
  other { cloud {} }
  cloud {}
}
"#;
    assert_snapshot!(report(&[("new.tf", text), ("open.tf", "terraform {\n  backend \"s3\" {\n")]), @r#"
    block new.tf:13: backend "azurerm"
    block new.tf:16: cloud
    block open.tf:2: backend "s3"
    unread new.tf:3: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit
    unread open.tf:2: invalid block body; expected `}`, newline or identifier
    "#);
}

#[test]
fn bytes_that_are_not_text_are_no_reason_to_stop() {
    let mut bytes = b"terraform { backend \"s3\" {} }\nlocals { x = \"".to_vec();
    bytes.extend([0xff, 0xfe, b'"', b' ', b'}', b'\n']);
    let found = policy::backends([("main.tf", bytes.as_slice())]);
    assert_eq!(found.blocks.len(), 1);
}

#[test]
fn deep_input_is_no_reason_to_stop() {
    let deep = |piece: &str| piece.repeat(100_000);
    for text in [
        deep("["),
        deep("{"),
        deep("a {\n"),
        format!("x = {}1", deep("-")),
        format!("x = {}", deep("!")),
        format!("x = {}", deep("(")),
        format!("x = a{}", deep(".b")),
        format!("x = a{}", deep("[0]")),
        format!("x = 1{}", deep(" + 1")),
        format!("x = {}1", deep("1 ? 1 : ")),
        format!("x = \"{}", deep("${\"")),
        format!("x = \"{}\"", deep("%{ if x }")),
    ] {
        let text = format!("terraform {{\n  backend \"s3\" {{}}\n}}\n{text}\n");
        let found =
            policy::backends([("main.tf", text.as_bytes()), ("x.tf.json", text.as_bytes())]);
        assert_eq!(found.blocks.len(), 1, "{}", &text[..80]);
    }
}

proptest! {
    #[test]
    fn no_input_panics(text in "(terraform|backend|cloud|\"s3\"|\"|\\{|\\}|\\[|\\]|\\$\\{|%\\{|<<EOT|<<-EOT|EOT|#|//|/\\*|\\*/|[=:,.a-z0-9 \\\\]|\n|é)*") {
        let _ = policy::backends([("main.tf", text.as_bytes()), ("main.tf.json", text.as_bytes())]);
    }

    /// The search by tokens sees what the parser sees: an unfinished line at the end makes the file unreadable for the
    /// parser and changes nothing else.
    #[test]
    fn both_searches_agree(blocks in prop::collection::vec(
        prop_oneof![
            Just("terraform {\n  backend \"s3\" {\n  }\n}\n"),
            Just("terraform {\n  cloud {\n    organization = \"o\"\n  }\n}\n"),
            Just("# terraform { backend \"no\" {} }\n"),
            Just("/* terraform {\n backend \"no\" {} } */\n"),
            Just("locals {\n  a = \"${{ backend = { cloud = 1 } }}\"\n}\n"),
            Just("locals {\n  a = <<-EOT\n    terraform {\n      cloud {}\n    }\n  EOT\n  b = 1\n}\n"),
            Just("resource \"terraform\" \"backend\" {\n  cloud {\n  }\n}\n"),
        ],
        0..6,
    )) {
        let text = blocks.concat();
        let parsed = policy::backends([("main.tf", text.as_bytes())]);
        prop_assert!(parsed.unread.is_empty(), "{:?}", parsed.unread);
        let broken = format!("{text}locals {{ x = <=> }}\n");
        let scanned = policy::backends([("main.tf", broken.as_bytes())]);
        prop_assert_eq!(scanned.unread.len(), 1);
        prop_assert_eq!(parsed.blocks, scanned.blocks);
    }
}
