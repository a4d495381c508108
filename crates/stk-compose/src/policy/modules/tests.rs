use insta::assert_snapshot;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

use super::*;

/// As the published READMEs write it, comments included.
const PUBLISHED: &str = r#"[
  {
    "sourceType": "gitHttps",
    "path": "github.com/stack-spot", // Allows all repositories of the organization
    "private": true,
    "app": "app",
    "token": "ghp_canary", # a secret
  },
  /* é */ { "sourceType": "terraformRegistry", "path": " hashicorp/stack-spot ", "private": false },
]
"#;

/// The message, with the help.
#[track_caller]
fn refused(text: &str) -> String {
    let error = ModuleSources::parse(text).unwrap_err();
    format!("{error}\n  help: {}", error.help())
}

#[test]
fn the_published_form_is_read() {
    let read = ModuleSources::parse(PUBLISHED).unwrap();
    assert_eq!(read.unknown, []);
    let [git, registry] = read.sources.as_slice() else {
        panic!("{read:?}");
    };
    assert_eq!(git.kind, ModuleSourceKind::GitHttps);
    assert_eq!(git.path, "github.com/stack-spot");
    assert!(git.private);
    assert_eq!(git.app.as_deref(), Some("app"));
    let token = git.token.as_ref().map(|token| token.expose_secret());
    assert_eq!(token, Some("ghp_canary"));
    assert_eq!(registry.kind, ModuleSourceKind::TerraformRegistry);
    assert_eq!(registry.path, "hashicorp/stack-spot");
    assert!(!registry.private && registry.app.is_none() && registry.token.is_none());
}

#[test]
fn a_token_is_not_shown() {
    let shown = format!("{:?}", ModuleSources::parse(PUBLISHED));
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("REDACTED"), "{shown}");
}

#[test]
fn what_is_empty_is_not_there() {
    let read = ModuleSources::parse(
        r#"[{"sourceType": "gitHttps", "path": "x", "token": "", "app": " ", "private": null}]"#,
    )
    .unwrap();
    let [source] = read.sources.as_slice() else {
        panic!("{read:?}");
    };
    assert!(!source.private && source.app.is_none() && source.token.is_none());
    assert!(ModuleSources::parse("[]").unwrap().sources.is_empty());
}

#[test]
fn unknown_keys_are_noted() {
    let text = "[{\"sourceType\": \"gitHttps\",\n \"path\": \"x\",\n \"Token\": \"canary\"}]";
    let read = ModuleSources::parse(text).unwrap();
    let [key] = read.unknown.as_slice() else {
        panic!("{read:?}");
    };
    assert_eq!(key.to_string(), "line 3, column 11: unknown key `Token`");
}

#[test]
fn what_is_not_json_has_a_place() {
    assert_snapshot!(refused("[\n  // é\n  {\"path\": \"x\" \"token\": \"canary\"}\n]"), @"
    line 3, column 16: expected `,` or `}`
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("[/* é */ }"), @"
    line 1, column 10: expected value
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("[{\"path\": \"a\nb\"}]"), @r"
    line 1, column 12: control character (\u0000-\u001F) found while parsing a string
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(r#"[{"sourceType": "gitHttps", "path": "\ud800"}]"#), @"
    line 1, column 44: unexpected end of hex escape
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("[] []"), @"
    line 1, column 4: trailing characters
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("[\n  {"), @"
    line 2, column 3: EOF while parsing an object
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("\u{feff}\n"), @"
    line 2, column 1: EOF while parsing a value
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("['x']"), @"
    line 1, column 2: expected value
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
}

#[test]
fn a_comment_that_swallowed_the_rest_is_explained() {
    assert_snapshot!(refused("[ { \"path\": \"x\", # what `>-` makes of a comment } ]"), @"
    line 1, column 51: EOF while parsing an object
      help: a comment reaches to the end of its line; if the workflow writes the input as `>-`, which joins lines, write it as `|`
    ");
}

#[test]
fn other_shapes_are_refused_without_their_values() {
    let with = |members: &str| format!("[\n {{{members}}}]");
    assert_snapshot!(refused("{\"token\": \"canary\"}"), @"
    line 1, column 1: expected a list `[…]`, but it is an object
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused("[\n \"canary\"]"), @"
    line 2, column 2: expected an object `{…}`, but it is a text
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"path\": \"x\"")), @"
    line 2, column 2: `sourceType` is missing or empty
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"sourceType\": \"canary\"")), @"
    line 2, column 17: `sourceType` must be `gitHttps` or `terraformRegistry`
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"sourceType\": \"gitHttps\", \"path\": \" \"")), @"
    line 2, column 2: `path` is missing or empty
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"private\": \"canary\"")), @"
    line 2, column 14: `private` must be `true` or `false`, but it is a text
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"token\": 12345")), @"
    line 2, column 12: `token` must be a text, but it is a number
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"token\": [[\"canary\"]]")), @"
    line 2, column 12: `token` must be a text, but it is a list
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
    assert_snapshot!(refused(&with("\"path\": \"x\", \"path\": \"canary\"")), @"
    line 2, column 24: the key `path` is given twice
      help: give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is private
    ");
}

#[test]
fn hostile_texts_are_refused_at_once() {
    let nested = "[".repeat(100_000);
    let closed = format!("{nested}{}", "]".repeat(100_000));
    let inside = format!("[{{\"path\": {closed}}}]");
    let keys: String = (0..50_000).map(|key| format!("\"{key}\": 1, ")).collect();
    for text in [
        nested.as_str(),
        &closed,
        &inside,
        &format!("[{{{keys}}}]"),
        &",".repeat(100_000),
        &"#".repeat(100_000),
        &"/*".repeat(100_000),
        "\0",
    ] {
        ModuleSources::parse(text).unwrap_err();
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_at_a_place_that_it_has(text in r#"([\[\]{},:"\\/#*\n ]|"path"|"token"|é|1|true|null){0,30}"#) {
        if let Err(error) = ModuleSources::parse(&text) {
            let line = text.split('\n').nth(error.at.line - 1).unwrap();
            prop_assert!(error.at.column <= line.chars().count() + 1, "{error}");
        }
    }
}
