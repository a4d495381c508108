//! Every finding at once.

use crate::support::Case;

/// A project with a mistake of each stage.
fn faulty() -> Case {
    let case = Case::new("quickstart");
    case.project.edit_manifest(|text| {
        text.replace("threshold: 500", "threshold: many")
            .replace("topic_name: orders\n", "topic_nam: orders\n")
    });
    case.write(
        "plugins/acme/storage@2.1.0/bucket@2.0.1/templates-deploy/more.tf",
        "{% if versioned %}\nnever closed\n",
    );
    case
}

#[test]
fn a_project_without_mistakes() {
    insta::assert_snapshot!(Case::new("quickstart").seen(&["validate"]), @"
    exit 0
    0 errors, 0 warnings
    ");
}

#[test]
fn all_findings_are_shown_at_once() {
    insta::assert_snapshot!(faulty().seen(&["validate", "--env", "dev"]), @"
    exit 11
    quickstart/.stk/stk.yaml:42:7: error[STK040]: the plugin `orders-topic` requires the input `topic_name` (`Name of the topic`)
      help: add `topic_name: <value>` to the plugin's `inputs`, or give `--topic_name <value>` in DYNAMIC_INPUTS
    quickstart/.stk/stk.yaml:46:20: warning[STK042]: the plugin `orders-topic` declares no input `topic_nam`; templates see it all the same
      help: did you mean `topic_name`?
    quickstart/.stk/stk.yaml:99:20: error[STK041]: the input `threshold` of the plugin `orders-queue-alarm` is declared as int, found the text `many`
    quickstart/plugins/acme/storage@2.1.0/bucket@2.0.1/templates-deploy/more.tf:2:1: error[STK071]: syntax error: the template ends, but the `{% if %}` of line 1 is not closed by `{% endif %}`
      help: the line is `never closed`
    3 errors, 1 warning
    ");
}

#[test]
fn findings_as_json() {
    let ran = faulty().run(&["validate", "--format", "json"]);
    assert_eq!(ran.code, 11);
    assert_eq!(ran.stderr, "");
    insta::assert_snapshot!(ran.stdout, @r#"
    {
      "errors": 3,
      "warnings": 1,
      "findings": [
        {
          "severity": "error",
          "code": "STK040",
          "message": "the plugin `orders-topic` requires the input `topic_name` (`Name of the topic`)",
          "file": "quickstart/.stk/stk.yaml",
          "line": 42,
          "column": 7,
          "help": "add `topic_name: <value>` to the plugin's `inputs`, or give `--topic_name <value>` in DYNAMIC_INPUTS"
        },
        {
          "severity": "warning",
          "code": "STK042",
          "message": "the plugin `orders-topic` declares no input `topic_nam`; templates see it all the same",
          "file": "quickstart/.stk/stk.yaml",
          "line": 46,
          "column": 20,
          "help": "did you mean `topic_name`?"
        },
        {
          "severity": "error",
          "code": "STK041",
          "message": "the input `threshold` of the plugin `orders-queue-alarm` is declared as int, found the text `many`",
          "file": "quickstart/.stk/stk.yaml",
          "line": 99,
          "column": 20,
          "help": null
        },
        {
          "severity": "error",
          "code": "STK071",
          "message": "syntax error: the template ends, but the `{% if %}` of line 1 is not closed by `{% endif %}`",
          "file": "quickstart/plugins/acme/storage@2.1.0/bucket@2.0.1/templates-deploy/more.tf",
          "line": 2,
          "column": 1,
          "help": "the line is `never closed`"
        }
      ]
    }
    "#);
}

#[test]
fn the_exit_code_tells_the_stage() {
    for (fixture, code) in [
        ("duplicate-alias", 11),
        ("version-mismatch", 11),
        ("missing-required-input", 11),
        ("cycle", 12),
        ("two-generators", 12),
        ("template-syntax", 13),
        ("empty", 0),
        ("app-with-infra", 0),
        ("v1", 0),
    ] {
        let ran = Case::new(fixture).run(&["validate"]);
        assert_eq!(ran.code, code, "{fixture}: {}", ran.stdout);
    }
}

#[test]
fn a_template_that_is_wrong_has_a_line() {
    insta::assert_snapshot!(Case::new("template-syntax").seen(&["validate"]), @"
    exit 13
    template-syntax/plugins/acme/faulty@1.0.0/unclosed@1.0.0/templates-deploy/network/rules.tf:4:1: error[STK071]: syntax error: the template ends, but the `{% if %}` of line 3 is not closed by `{% endif %}`
      help: the line is `port = 443`
    1 error, 0 warnings
    ");
}

#[test]
fn a_value_for_an_environment_is_asked_for_when_one_is_named() {
    let case = Case::new("quickstart");
    let plugin = "plugins/acme/storage@2.1.0/bucket@2.0.1/plugin.yaml";
    let text = std::fs::read_to_string(case.project.workdir.join(plugin)).unwrap();
    case.write(plugin, &text.replace("default: 30", "required: true"));
    case.success(&["validate"]);
    case.success(&["validate", "--env", "prd"]);
    insta::assert_snapshot!(case.seen(&["validate", "--env", "qa"]), @"
    exit 11
    quickstart/.stk/stk.yaml:87:11: error[STK046]: the input `retention_days` (`Days that a file is kept`) of the plugin `invoices-bucket` has no value for the environment `qa`; it has one for `dev` and `prd`
      help: add `qa: <value>` under `retention_days` in `inputs-envs`
    1 error, 0 warnings
    ");
}

#[test]
fn the_manifest_alone_needs_no_plugins() {
    let case = Case::new("plugin-missing");
    let ran = case.success(&["validate", "--manifest-only"]);
    assert_eq!(ran.stdout, "0 errors, 0 warnings\n");
    assert_eq!(case.run(&["validate"]).code, 11);
    let case = Case::new("cycle");
    assert_eq!(case.run(&["validate", "--manifest-only"]).code, 12);
}

#[test]
fn a_project_that_is_not_there() {
    insta::assert_snapshot!(Case::new("no-stk-yaml").seen(&["validate"]), @"
    exit 11
    error: there is no `no-stk-yaml/.stk/stk.yaml`
      help: set WORKDIR (--workdir) to the folder that holds `.stk`
      help: in a workflow, check the repository out before this step (actions/checkout)
    ");
}

#[test]
fn in_a_workflow_findings_are_annotated() {
    let case = faulty();
    let folder = case.path("").display().to_string();
    let case = case
        .with("GITHUB_ACTIONS", "true")
        .with("GITHUB_WORKSPACE", &folder);
    let ran = case.run(&["validate"]);
    insta::assert_snapshot!(case.shown(&ran.stderr), @"
    ::error file=quickstart/.stk/stk.yaml,line=42,col=7,title=STK040::the plugin `orders-topic` requires the input `topic_name` (`Name of the topic`)%0Aadd `topic_name: <value>` to the plugin's `inputs`, or give `--topic_name <value>` in DYNAMIC_INPUTS
    ::warning file=quickstart/.stk/stk.yaml,line=46,col=20,title=STK042::the plugin `orders-topic` declares no input `topic_nam`; templates see it all the same%0Adid you mean `topic_name`?
    ::error file=quickstart/.stk/stk.yaml,line=99,col=20,title=STK041::the input `threshold` of the plugin `orders-queue-alarm` is declared as int, found the text `many`
    ::error file=quickstart/plugins/acme/storage@2.1.0/bucket@2.0.1/templates-deploy/more.tf,line=2,col=1,title=STK071::syntax error: the template ends, but the `{%25 if %25}` of line 1 is not closed by `{%25 endif %25}`%0Athe line is `never closed`
    ");
}

#[test]
fn a_manifest_alone_need_not_say_which_project_it_is() {
    let case = Case::new("no-identity");
    let ran = case.success(&["validate", "--manifest-only"]);
    assert!(ran.stdout.contains("warning[STK017]"), "{}", ran.stdout);
    case.success(&["graph", "--manifest-only"]);
    assert_eq!(case.run(&["validate"]).code, 11);
}
