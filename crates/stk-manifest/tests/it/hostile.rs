//! Documents that try to exhaust or confuse the reader: bounded time, a clear error, no panic.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use stk_manifest::{Manifest, PluginDefinition};

use crate::support::{plugin, show};

/// Both readers see the text; the answer is the manifest's.
fn check(text: &str) -> String {
    let started = Instant::now();
    let parsed = Manifest::parse("stk.yaml", text);
    let _ = PluginDefinition::parse("plugin.yaml", text);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(120), "took {took:?}");
    show(&parsed.findings)
}

#[test]
fn alias_bomb() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..12 {
        let below = format!("*a{}", level - 1);
        let _ = writeln!(text, "a{level}: &a{level} [{}]", vec![below; 10].join(", "));
    }
    insta::assert_snapshot!(check(&text), @"
    stk.yaml:5:40: error[STK002]: YAML aliases repeat more than 100000 values; nothing real needs that
      help: write the values out
    ");
}

#[test]
fn merge_bomb() {
    let mut text = "a0: &a0 {k: v}\n".to_owned();
    for level in 1..200 {
        let _ = writeln!(
            text,
            "a{level}: &a{level} {{k{level}: v, <<: *a{}}}",
            level - 1
        );
    }
    let _ = writeln!(text, "schema-version: v2");
    assert!(!check(&text).is_empty());
}

#[test]
fn nested_anchors_are_bounded() {
    let mut text = String::new();
    for level in 0..60 {
        let _ = write!(text, "&n{level} [");
    }
    text.push_str(&"x, ".repeat(20_000));
    text.push_str(&"]".repeat(60));
    insta::assert_snapshot!(check(&text), @"
    stk.yaml:1:333: error[STK002]: YAML aliases repeat more than 100000 values; nothing real needs that
      help: write the values out
    ");
}

#[test]
fn an_alias_of_itself() {
    insta::assert_snapshot!(check("a: &a [*a]\n"), @"stk.yaml:1:8: error[STK001]: this alias names a value that it is part of");
}

#[test]
fn a_hundred_thousand_deep() {
    for opening in ["[", "{a: ", "- ", "? ", "[{a: ", "{[", "!!map {a: "] {
        let shown = check(&opening.repeat(100_000));
        assert_eq!(shown.lines().count(), 2, "{opening}: {shown}");
        assert!(
            shown.contains("STK002") || shown.contains("STK001"),
            "{opening}: {shown}"
        );
    }
    insta::assert_snapshot!(check(&"[".repeat(100_000)), @"
    stk.yaml:1:256: error[STK002]: values are nested more than 64 deep
      help: flatten the value; no StackSpot document nests this deep
    ");
    let mut block = String::new();
    for depth in 0..3_000 {
        let _ = writeln!(block, "{}a:", " ".repeat(depth));
    }
    insta::assert_snapshot!(check(&block), @"
    stk.yaml:65:65: error[STK002]: values are nested more than 64 deep
      help: flatten the value; no StackSpot document nests this deep
    ");
}

#[test]
fn too_large() {
    insta::assert_snapshot!(check(&"x".repeat(17 * 1024 * 1024)), @"
    stk.yaml:1:1: error[STK002]: the file is 17825792 bytes long; at most 16777216 are read
      help: check that this is the file that you mean
    ");
    insta::assert_snapshot!(check(&format!("[{}]", "a,".repeat(2_100_000))), @"
    stk.yaml:1:4000000: error[STK002]: the file holds more than 2000000 YAML values
      help: check that this is the file that you mean
    ");
}

#[test]
fn control_characters() {
    insta::assert_snapshot!(check("schema-version: v2\nkind: \0manifest\n"), @"
    stk.yaml:2:7: error[STK001]: the control character U+0000 is not allowed in YAML
      help: the file may be binary or saved as UTF-16; save it as UTF-8 text
    ");
    insta::assert_snapshot!(check("a: \u{1b}[31mred\n"), @"
    stk.yaml:1:4: error[STK001]: the control character U+001B is not allowed in YAML
      help: the file may be binary or saved as UTF-16; save it as UTF-8 text
    ");
    assert!(check("\u{feff}\u{feff}a: 1\n").contains("error"));
}

#[test]
fn tabs() {
    insta::assert_snapshot!(check("schema-version: v2\nspec:\n\ttype: infra\n"), @"
    stk.yaml:3:2: error[STK001]: this is not valid YAML: tabs disallowed within this context (block indentation)
      help: indent with spaces: YAML does not allow tabs there
    ");
}

#[test]
fn broken_syntax() {
    insta::assert_snapshot!(check("schema-version: v2\nspec:\n  name: a: b\n"), @"
    stk.yaml:3:10: error[STK001]: this is not valid YAML: mapping values are not allowed in this context
      help: put a text that contains `: ` in quotes, or check the indentation of this line
    ");
    insta::assert_snapshot!(check("a: 'b\n"), @"
    stk.yaml:1:4: error[STK001]: this is not valid YAML: while scanning a quoted scalar, found unexpected end of stream
      help: close the quote or the bracket that is opened here
    ");
    insta::assert_snapshot!(check("a: [b\nc: d\n"), @"stk.yaml:2:2: error[STK001]: this is not valid YAML: illegal placement of ':' indicator");
    insta::assert_snapshot!(check("a: *b\n"), @"
    stk.yaml:1:4: error[STK001]: this is not valid YAML: while parsing node, found unknown anchor
      help: a text that starts with `*` must stand in quotes
    ");
    insta::assert_snapshot!(check("a: {{ b }}\n"), @"
    stk.yaml:1:5: error[STK001]: a list or mapping cannot be a key
      help: put text before the colon; a value that starts with `{{` must stand in quotes
    ");
    insta::assert_snapshot!(check("a: %b\n"), @"
    stk.yaml:1:4: error[STK001]: this is not valid YAML: unexpected character: `%'
      help: a text that starts with `%`, `@` or a backtick must stand in quotes
    ");
    insta::assert_snapshot!(check("a: @b\n"), @"
    stk.yaml:1:4: error[STK001]: this is not valid YAML: unexpected character: `@'
      help: a text that starts with `%`, `@` or a backtick must stand in quotes
    ");
    insta::assert_snapshot!(check("a: 1\n b: 2\n"), @"
    stk.yaml:2:3: error[STK001]: this is not valid YAML: mapping values are not allowed in this context
      help: put a text that contains `: ` in quotes, or check the indentation of this line
    ");
    insta::assert_snapshot!(check("a: 1\n---\nb: 2\n"), @"
    stk.yaml:2:1: error[STK001]: a second YAML document starts here; the file must hold one
      help: remove the `---` line and what follows it
    ");
    insta::assert_snapshot!(check("? [a, b]\n: c\n"), @"
    stk.yaml:1:3: error[STK001]: a list or mapping cannot be a key
      help: put text before the colon; a value that starts with `{{` must stand in quotes
    ");
    insta::assert_snapshot!(check("<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n"), @"
    stk.yaml:2:2: error[STK001]: this is not valid YAML: mapping values are not allowed in this context
      help: a merge conflict was left in the file: see line 1
    ");
}

#[test]
fn tags_are_ignored() {
    insta::assert_snapshot!(check("schema-version: !!python/object/apply:os.system ['rm -rf /']\nkind: !custom manifest\nspec: {type: !!str infra, plugins: !!set {}}\n"), @"
    stk.yaml:1:17: warning[STK006]: the YAML tag `!!python/object/apply:os.system` is ignored
      help: tags mean nothing in this file; remove it
    stk.yaml:1:17: error[STK004]: `schema-version` must be text, found a list
    stk.yaml:2:7: warning[STK006]: the YAML tag `!custom` is ignored
      help: tags mean nothing in this file; remove it
    stk.yaml:3:36: warning[STK006]: the YAML tag `!!set` is ignored
      help: tags mean nothing in this file; remove it
    ");
}

#[test]
fn duplicate_keys_in_a_large_mapping() {
    let mut text =
        "schema-version: v2\nkind: manifest\nspec:\n  type: infra\n  plugins: []\n  global-inputs:\n".to_owned();
    for key in 0..50 {
        let _ = writeln!(text, "    k{}: 1", key % 49);
    }
    insta::assert_snapshot!(check(&text), @"
    stk.yaml:56:5: error[STK003]: the key `k0` stands twice in this mapping: on line 7 and on line 56
      help: remove one of the two
    ");
}

#[test]
fn many_duplicates_stay_fast() {
    let mut text =
        "schema-version: v2\nkind: manifest\nspec:\n  type: infra\n  plugins: []\n  global-inputs:\n".to_owned();
    for _ in 0..20_000 {
        text.push_str("    k: 1\n");
    }
    let shown = check(&text);
    assert_eq!(shown.lines().count(), 2 * 1_001);
    let last: Vec<&str> = shown.lines().skip(2 * 999).collect();
    insta::assert_snapshot!(last.join("\n"), @"
    stk.yaml:1007:5: error[STK003]: the key `k` stands twice in this mapping: on line 7 and on line 1007
      help: remove one of the two
    stk.yaml:1007:5: note[STK054]: there are more findings than are shown: 18999 more errors, 0 more warnings and 0 more notes
      help: correct what is shown, then check again
    ");
}

#[test]
fn warnings_never_push_out_an_error() {
    let mut text = "schema-version: v2\nkind: manifest\n".to_owned();
    for key in 0..300_000 {
        let _ = writeln!(text, "k{key}: 1");
    }
    text.push_str("spec: {type: infra, plugins: x}\n");
    let shown = check(&text);
    assert_eq!(shown.matches("warning[STK005]").count(), 1_000);
    let last: Vec<&str> = shown.lines().skip(999).collect();
    insta::assert_snapshot!(last.join("\n"), @"
    stk.yaml:1002:1: warning[STK005]: the file has no key `k999`; it is ignored
    stk.yaml:300003:30: error[STK004]: `plugins` of `spec` must be a list, found the text `x`
    stk.yaml:300003:30: note[STK054]: there are more findings than are shown: 0 more errors, 299000 more warnings and 0 more notes
      help: correct what is shown, then check again
    ");
}

/// What is looked up by name stays fast when there are very many names.
#[test]
fn many_names() {
    let mut keys = "a: &a {".to_owned();
    for key in 0..15_000 {
        let _ = write!(keys, "k{key}: 1, ");
    }
    keys.push_str("}\nb:\n  <<: *a\n");
    for key in 0..200_000 {
        let _ = writeln!(keys, "  l{key}: 1");
    }
    assert!(check(&keys).contains("STK012"));

    let mut slots = plugin("v2", "generates:\n  connections:");
    for slot in 0..100_000 {
        let _ = writeln!(slots, "    - {{type: t, alias: s{slot}}}");
    }
    let parsed = PluginDefinition::parse("plugin.yaml", &slots);
    assert_eq!(parsed.value.map(|it| it.generates.len()), Some(100_000));

    let mut connectors = "schema-version: v1\nkind: manifest\nspec:\n  type: infra\n  plugins:\n  - name: a/b@1.0.0\n    type: infra\n    inputs:\n".to_owned();
    for connector in 0..60_000 {
        let _ = writeln!(
            connectors,
            "      t{connector}__CONNECTOR: c\n      t{connector}__CONNECTOR__arn: x"
        );
    }
    let parsed = Manifest::parse("stk.yaml", &connectors);
    let plugin = parsed.value.expect("a manifest").plugins.remove(0);
    assert_eq!(plugin.connections.requires.len(), 60_000);
    assert!(
        plugin
            .connections
            .requires
            .iter()
            .all(|it| it.kept.contains_key("arn"))
    );
}

/// Patterns that cost much to read: only so many of them are.
#[test]
fn many_patterns() {
    let mut text = plugin("v2", "inputs:");
    for input in 0..2_000 {
        let _ = writeln!(
            text,
            "  - {{name: i{input}, type: text, pattern: '^(?=.*\\d)\\w{{1,{}}}$'}}",
            input % 300
        );
    }
    let started = Instant::now();
    let parsed = PluginDefinition::parse("plugin.yaml", &text);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(60), "took {took:?}");
    let first = parsed.findings.first().map(ToString::to_string);
    insta::assert_snapshot!(first.unwrap_or_default(), @r"plugin.yaml:35:38: warning[STK051]: the pattern `^(?=.*\d)\w{1,24}$` of the input `i24` cannot be read, so values are not checked against it: it would take too much memory");
}
