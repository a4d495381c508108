use std::collections::BTreeMap;

use stk_manifest::{DynamicInputs, Manifest, PluginDefinition, Secrets, units};

use crate::support::{Values, merge, plugin, project, show};

const SPEC: &str = "inputs:
- {name: pass, label: Password, type: password}
- {name: token, label: Token, type: text, required: false}
- {name: late, label: Late, type: password, required: true}
- {name: maybe, label: Maybe, type: password, required: false}
- {name: box, type: object, required: false, inputs: [{name: inner, type: password}, {name: size, type: int}]}
- {name: users, type: list, required: false, input: {type: object, inputs: [{name: pin, type: password}]}}";

/// The inputs, the secrets and the findings of a plugin with the definition `spec`.
fn merged(inputs: &str, spec: &str, dynamic: &str, secrets: Secrets<'_>) -> String {
    let inputs: String = inputs.lines().map(|line| format!("  {line}\n")).collect();
    let stk = project(&format!(
        "- name: studio/stack@1.0.0/bucket@1.0.0\n  alias: b\n  type: infra\n{inputs}"
    ));
    let manifest = Manifest::parse("stk.yaml", &stk).value.expect("a manifest");
    let definition = PluginDefinition::parse("plugin.yaml", &plugin("v3", spec));
    let plugins = BTreeMap::from([("b".to_owned(), definition.value.expect("a definition"))]);
    let dynamic = DynamicInputs::parse(dynamic).expect("dynamic inputs");
    let parsed = units(&manifest, &plugins, "dev", &dynamic, secrets);
    let unit = parsed.value.expect("units").remove(0);
    let inputs = serde_json::to_string(&unit.inputs).expect("JSON");
    let paths: Vec<String> = unit.secrets.iter().map(|path| path.join(".")).collect();
    let findings = show(&parsed.findings);
    format!("{inputs}\n{}\n{findings}", paths.join(" "))
}

const STARS: &str = "inputs:
  pass: '***'
  token: '***'
  box: {inner: '***', size: 3}
  users: [{pin: '***'}]
  undeclared: ['***']
  x__CONNECTOR__pass: '***'";

#[test]
fn a_missing_value_is_an_error_that_says_how_to_give_it() {
    insta::assert_snapshot!(merged(STARS, SPEC, "", Secrets::Given(&Values(&["b.late"]))), @r#"
    {"pass":"***","token":"***","late":"***","box":{"inner":"***","size":3},"users":[{"pin":"***"}],"undeclared":["***"],"x__CONNECTOR__pass":"***"}
    pass token late box.inner users.0.pin undeclared.0 x__CONNECTOR__pass
    stk.yaml:12:15: error[STK045]: the secret input `pass` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"pass": "…"}}`, or in the environment variable STK_SECRET_B_PASS; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:13:16: error[STK045]: the secret input `token` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"token": "…"}}`, or in the environment variable STK_SECRET_B_TOKEN; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:14:22: error[STK045]: the secret input `box.inner` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"box": {"inner": "…"}}}`, or in the environment variable STK_SECRET_B_BOX_INNER; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:15:23: error[STK045]: the secret input `users.0.pin` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"users": {"0": {"pin": "…"}}}}`, or in the environment variable STK_SECRET_B_USERS_0_PIN; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:16:21: warning[STK042]: the plugin `b` declares no input `undeclared`; templates see it all the same
    stk.yaml:16:22: error[STK045]: the secret input `undeclared.0` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"undeclared": {"0": "…"}}}`, or in the environment variable STK_SECRET_B_UNDECLARED_0; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:17:29: error[STK045]: the secret input `x__CONNECTOR__pass` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"x__CONNECTOR__pass": "…"}}`, or in the environment variable STK_SECRET_B_X__CONNECTOR__PASS; a GitHub secret that does not exist is an empty text, which counts as no value
    "#);
}

#[test]
fn with_its_values_a_plugin_has_nothing_to_complain_about() {
    let given = [
        "b.pass",
        "b.token",
        "b.late",
        "b.box.inner",
        "b.users.0.pin",
        "b.undeclared.0",
        "b.x__CONNECTOR__pass",
    ];
    insta::assert_snapshot!(merged(STARS, SPEC, "", Secrets::Given(&Values(&given))), @r#"
    {"pass":"***","token":"***","late":"***","box":{"inner":"***","size":3},"users":[{"pin":"***"}],"undeclared":["***"],"x__CONNECTOR__pass":"***"}
    pass token late box.inner users.0.pin undeclared.0 x__CONNECTOR__pass
    stk.yaml:16:21: warning[STK042]: the plugin `b` declares no input `undeclared`; templates see it all the same
    "#);
}

#[test]
fn a_look_at_the_project_needs_no_values() {
    insta::assert_snapshot!(merged(STARS, SPEC, "", Secrets::Later), @r#"
    {"pass":"***","token":"***","late":"***","box":{"inner":"***","size":3},"users":[{"pin":"***"}],"undeclared":["***"],"x__CONNECTOR__pass":"***"}
    pass token late box.inner users.0.pin undeclared.0 x__CONNECTOR__pass
    stk.yaml:8:7: note[STK045]: the input `late` (`Late`) of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    stk.yaml:12:15: note[STK045]: the input `pass` of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    stk.yaml:13:16: note[STK045]: the input `token` of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    stk.yaml:14:22: note[STK045]: the input `box.inner` of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    stk.yaml:15:23: note[STK045]: the input `users.0.pin` of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    stk.yaml:16:21: warning[STK042]: the plugin `b` declares no input `undeclared`; templates see it all the same
    stk.yaml:16:22: note[STK045]: the input `undeclared.0` of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    stk.yaml:17:29: note[STK045]: the input `x__CONNECTOR__pass` of the plugin `b` is a secret: a deployment needs its value
      help: give it in SECRET_INPUTS when you deploy
    "#);
}

#[test]
fn what_a_connection_input_keeps_of_its_connection_is_none() {
    let spec = "inputs: [{name: db, label: Db, type: required-connection, connection-interface-type: aws-rds-conn}]";
    let inputs = "inputs: {db: {stk-type: required-connection, selected: x, type: aws-rds-conn, connection: {password: '***'}}}";
    let shown = merged(inputs, spec, "", Secrets::Given(&Values(&[])));
    assert!(!shown.contains("STK045"), "{shown}");
}

#[test]
fn a_password_needs_no_stars_and_any_input_can_be_a_secret() {
    let given = ["b.pass", "b.token", "b.late", "b.maybe"];
    insta::assert_snapshot!(merged("inputs: {token: shown}", SPEC, "", Secrets::Given(&Values(&given))), @r#"
    {"pass":"***","token":"***","late":"***","maybe":"***"}
    pass token late maybe
    "#);
}

#[test]
fn a_password_that_is_written_out_is_an_error_without_its_value() {
    let shown = merged(
        "inputs: {pass: canary, box: {inner: canary}, users: [{pin: 1234567}]}",
        SPEC,
        "--late canary",
        Secrets::Given(&Values(&["b.pass"])),
    );
    assert!(
        !shown.contains("canary") && !shown.contains("1234567"),
        "{shown}"
    );
    insta::assert_snapshot!(shown, @r#"
    {}

    stk.yaml:11:22: error[STK045]: the password `pass` of the plugin `b` is written out, for everybody who can read this
      help: write `***` instead, choose a new password, and give it in SECRET_INPUTS as `{"b": {"pass": "…"}}`, or in the environment variable STK_SECRET_B_PASS; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:11:43: error[STK045]: the password `box.inner` of the plugin `b` is written out, for everybody who can read this
      help: write `***` instead, choose a new password, and give it in SECRET_INPUTS as `{"b": {"box": {"inner": "…"}}}`, or in the environment variable STK_SECRET_B_BOX_INNER; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:11:66: error[STK045]: the password `users.0.pin` of the plugin `b` is written out, for everybody who can read this
      help: write `***` instead, choose a new password, and give it in SECRET_INPUTS as `{"b": {"users": {"0": {"pin": "…"}}}}`, or in the environment variable STK_SECRET_B_USERS_0_PIN; a GitHub secret that does not exist is an empty text, which counts as no value
    DYNAMIC_INPUTS:1:1: error[STK045]: the password `late` of the plugin `b` is written out, for everybody who can read this
      help: write `***` instead, choose a new password, and give it in SECRET_INPUTS as `{"b": {"late": "…"}}`, or in the environment variable STK_SECRET_B_LATE; a GitHub secret that does not exist is an empty text, which counts as no value
    "#);
}

#[test]
fn a_global_secret_reaches_the_plugins_that_declare_it() {
    let stk = project("- {name: studio/bucket@1.0.0, alias: b, type: infra}")
        + "  global-inputs: {key: '***', region: x, nobody: '***'}\n  global-computed-inputs: {key: '***'}\n";
    let parsed = merge(&stk, &plugin("v2", "inputs: [{name: key, type: text}]"), "");
    insta::assert_snapshot!(show(&parsed.findings), @r#"
    stk.yaml:9:24: error[STK045]: the secret input `key` of the plugin `b` has no value
      help: give it in SECRET_INPUTS as `{"b": {"key": "…"}}`, or in the environment variable STK_SECRET_B_KEY; a GitHub secret that does not exist is an empty text, which counts as no value
    stk.yaml:9:50: warning[STK045]: the global input `nobody` is a secret (`***`) and is left out: no plugin declares an input of that name
    stk.yaml:10:33: warning[STK045]: the global computed input `key` is a secret (`***`) and is left out: no plugin declares an input of that name
    "#);
    let unit = parsed.value.expect("units").remove(0);
    assert_eq!(unit.secrets, [["key"]]);
    assert_eq!(
        serde_json::to_string(&unit.global_inputs).expect("JSON"),
        r#"{"region":"x"}"#
    );
    assert!(unit.global_computed_inputs.is_empty());
}
