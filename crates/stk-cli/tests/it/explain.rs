//! Codes explained.

use stk_manifest::FindingCode;

use crate::support::Case;

#[test]
fn a_code_is_explained() {
    let case = Case::new("empty");
    let ran = case.success(&["validate", "--explain", "STK012"]);
    assert_eq!(ran.stderr, "");
    insta::assert_snapshot!(ran.stdout, @"
    # STK012: a key that must be there is missing or empty

    The format cannot do without this key, and it is not there, or nothing stands behind it.

    **Why it matters.** Without `type` it is not known whether the plugin is deployed; without
    `plugins`, whether nothing is meant or a line was lost. Nothing is destroyed because of a lost
    line, so it is an error.

    **Wrong:**

    ```yaml
    # stk.yaml, in spec
    plugins:
    - name: acme/messaging@1.0.0/topic@2.0.0
      alias: orders-topic
    ```

    **Right:**

    ```yaml
    # stk.yaml, in spec
    plugins:
    - name: acme/messaging@1.0.0/topic@2.0.0
      alias: orders-topic
      type: infra
    ```

    **What to do.** Add the key; the help under the finding says with which values. For a project
    without plugins write `plugins: []`.
    ");
    let lower = case.success(&["validate", "--explain", "stk012"]);
    assert_eq!(lower.stdout, ran.stdout);
    // No project is needed.
    Case::new("no-stk-yaml").success(&["validate", "--explain=STK071"]);
}

#[test]
fn every_code_is_listed() {
    let case = Case::new("empty");
    let ran = case.success(&["validate", "--explain"]);
    let codes: Vec<_> = ran
        .stdout
        .lines()
        .map(|line| line.split_once("  ").unwrap().0)
        .collect();
    let all: Vec<_> = FindingCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, all);
    let list = case.success(&["validate", "--explain", "list"]);
    assert_eq!(list.stdout, ran.stdout);
}

#[test]
fn an_unknown_code_is_a_bad_input() {
    let case = Case::new("empty");
    insta::assert_snapshot!(case.seen(&["validate", "--explain", "stk12"]), @"
    exit 10
    error: `stk12` is not the code of a finding
      help: did you mean STK012 (a key that must be there is missing or empty)?
      help: `stk-runtime validate --explain` lists them all
    ");
    insta::assert_snapshot!(case.seen(&["validate", "--explain", "E0308"]), @"
    exit 10
    error: `E0308` is not the code of a finding
      help: `stk-runtime validate --explain` lists them all
    ");
}

/// The first block of a section of an explanation, without the comment that names its file.
fn block(code: FindingCode, section: &str) -> String {
    let (_, after) = code.explanation().split_once(section).unwrap();
    let block = after.split("```").nth(1).unwrap();
    let body = block.lines().skip(2);
    body.map(|line| format!("{line}\n")).collect()
}

fn codes(case: &Case, arguments: &[&str]) -> Vec<String> {
    let ran = case.run(arguments);
    let shown = format!("{}{}", ran.stdout, ran.stderr);
    let found = shown.lines().filter_map(|line| {
        let (_, after) = line.split_once("error[")?;
        Some(after.split(']').next().unwrap().to_owned())
    });
    found.collect()
}

#[test]
fn the_examples_about_the_order_have_their_finding() {
    for code in [FindingCode::Cycle, FindingCode::TwoGenerators] {
        let case = Case::new("empty");
        let write = |section| {
            let spec: String = block(code, section)
                .lines()
                .map(|line| format!("  {line}\n"))
                .collect();
            let head = "schema-version: v2\nkind: manifest\nmetadata: {name: shop}\nspec:\n  type: infra\n";
            case.write(".stk/stk.yaml", &format!("{head}{spec}"));
        };
        write("**Wrong:**");
        let call = ["validate", "--manifest-only"];
        assert_eq!(codes(&case, &call), [code.as_str()]);
        write("**Right:**");
        assert_eq!(codes(&case, &call), [""; 0], "{code}");
    }
}

#[test]
fn the_examples_about_templates_have_their_finding() {
    let case = Case::new("quickstart");
    let folder = "plugins/acme/storage@2.1.0/bucket@2.0.1/templates-deploy";
    let code = FindingCode::TemplateSyntax;
    case.write(&format!("{folder}/more.tf"), &block(code, "**Wrong:**"));
    assert_eq!(codes(&case, &["validate"]), [code.as_str()]);
    case.write(&format!("{folder}/more.tf"), &block(code, "**Right:**"));
    assert_eq!(codes(&case, &["validate"]), [""; 0]);
    let folder = case.project.workdir.join(folder);
    std::fs::rename(&folder, folder.with_file_name("templates")).unwrap();
    assert_eq!(
        codes(&case, &["validate"]),
        [FindingCode::NoTemplates.as_str()]
    );
}
