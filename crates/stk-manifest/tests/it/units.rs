//! Merging and checking inputs.

use std::collections::BTreeMap;

use stk_manifest::{
    DynamicInputs, Manifest, PluginDefinition, Secrets, units, units_without_definitions,
};

use crate::support::{merge, merged, plugin, project, show};

#[test]
fn precedence() {
    let spec = "inputs:\n- {name: a, type: text, default: 1-default}\n- {name: b, type: text, default: 1-default}\n- {name: c, type: text, default: 1-default}\n- {name: d, type: text, default: 1-default}\n- {name: e, type: text, default: 1-default, global: true}";
    let stk = project(
        "- name: studio/stack@1.0.0/bucket@1.0.0
  alias: b
  type: infra
  inputs: {c: 3-input, d: 3-input, e: 3-input}
  inputs-envs: {d: {dev: 4-dev, prd: 4-prd}, e: {dev: 4-dev}}",
    ) + "  global-inputs: {b: 2-global, c: 2-global, d: 2-global, e: 2-global, other: x}\n";
    let parsed = merge(&stk, &plugin("v2", spec), "--e 5-dynamic --new x --flag");
    assert_eq!(show(&parsed.findings), "");
    let unit = parsed.value.expect("units").remove(0);
    insta::assert_snapshot!(serde_json::to_string(&unit.inputs).expect("JSON"), @r#"{"a":"1-default","b":"2-global","c":"3-input","d":"4-dev","e":"5-dynamic","new":"x","flag":true}"#);
    insta::assert_snapshot!(serde_json::to_string(&unit.global_inputs).expect("JSON"), @r#"{"b":"2-global","c":"2-global","d":"2-global","e":"2-global","other":"x"}"#);
}

#[test]
fn conversions() {
    let spec = "inputs:
- {name: port, type: text}
- {name: size, type: int}
- {name: ratio, type: number}
- {name: on, type: bool}
- {name: one, type: text, items: ['1', '2']}
- {name: many, type: multiselect, items: [a, b]}
- {name: fallback, type: int, default: '3'}
- {name: off, type: bool, default: 'false'}
- {name: chosen, type: select, items: [x], default: [x]}";
    let given = "inputs: {port: 8080, size: '12', ratio: '1.5', on: 'true', one: 1, many: a}";
    insta::assert_snapshot!(merged(given, spec, ""), @r#"
    {"port":"8080","size":12,"ratio":1.5,"on":true,"one":1,"many":["a"],"fallback":3,"off":false,"chosen":"x"}
    stk.yaml:11:58: warning[STK041]: the input `on` of the plugin `b` is declared as bool, but the value is a text in quotes; it is read as `true`
      help: remove the quotes
    "#);
    insta::assert_snapshot!(merged("inputs: {}", spec, "--port 1 --size 2 --ratio 3 --on true --one 2 --many b"), @r#"{"port":"1","size":2,"ratio":3,"on":true,"one":"2","many":["b"],"fallback":3,"off":false,"chosen":"x"}"#);
}

#[test]
fn wrong_types_are_found_at_their_place() {
    let spec = "inputs:
- {name: text, type: text}
- {name: flag, type: text}
- {name: size, type: int}
- {name: on, type: bool}
- {name: one, type: select, items: [small, large]}
- {name: sizes, type: list, input: {type: int}}
- {name: box, type: object, inputs: [{name: w, type: int, required: true}, {name: h, type: int}, {name: d, type: int, default: '7'}]}
- {name: conn, type: required-connection, connection-interface-type: aws-s3-conn}";
    let given = "inputs:
  text: [a]
  flag: true
  size: 1.5
  on: yes
  one: smal
  sizes:
  - 1
  - '2'
  - three
  box:
    h: tall
    hh: 1
  conn: my-bucket
  txet: x";
    insta::assert_snapshot!(merged(given, spec, ""), @r#"
    {"text":["a"],"flag":true,"size":1.5,"on":"yes","one":"smal","sizes":[1,2,"three"],"box":{"h":"tall","d":7,"hh":1},"conn":"my-bucket","txet":"x"}
    stk.yaml:12:15: error[STK041]: the input `text` of the plugin `b` is declared as text, found a list
    stk.yaml:13:15: warning[STK041]: the input `flag` of the plugin `b` is declared as text, but the value is the boolean `true`, which templates print as `True`
      help: put it in quotes if text is meant: 'true'
    stk.yaml:14:15: error[STK041]: the input `size` of the plugin `b` is declared as int, found the number `1.5`
      help: an int is a whole number
    stk.yaml:15:13: error[STK041]: the input `on` of the plugin `b` is declared as bool, found the text `yes`
      help: write `true` or `false`
    stk.yaml:16:14: warning[STK044]: the input `one` of the plugin `b` has no item `smal`
      help: did you mean `small`?
    stk.yaml:20:11: error[STK041]: the input `sizes[2]` of the plugin `b` is declared as int, found the text `three`
    stk.yaml:22:11: error[STK040]: the input `box.w` of the plugin `b` is required
      help: add `w: <value>` to it
    stk.yaml:22:14: error[STK041]: the input `box.h` of the plugin `b` is declared as int, found the text `tall`
    stk.yaml:23:15: warning[STK042]: the input `box` of the plugin `b` declares no input `hh`
      help: did you mean `h`?
    stk.yaml:24:15: error[STK041]: the input `conn` of the plugin `b` is declared as required-connection, found the text `my-bucket`
      help: write `{stk-type: required-connection, selected: <connection>, type: <connection interface type>}`
    stk.yaml:25:15: warning[STK042]: the plugin `b` declares no input `txet`; templates see it all the same
      help: did you mean `text`?
    "#);
    insta::assert_snapshot!(merged("inputs: {text: x, flag: x, on: true, one: small, sizes: [], box: {w: 1}, conn: {stk-type: required-connection, selected: x, type: aws-s3-conn}}", spec, "--text ok --size many"), @r#"
    {"text":"ok","flag":"x","size":"many","on":true,"one":"small","sizes":[],"box":{"w":1,"d":7},"conn":{"stk-type":"required-connection","selected":"x","type":"aws-s3-conn"}}
    DYNAMIC_INPUTS:1:11: error[STK041]: the input `size` of the plugin `b` is declared as int, found the text `many`
    "#);
}

#[test]
fn missing_inputs() {
    let spec = "inputs:
- {name: a, label: The name, type: text, required: true}
- {name: g, label: G, type: text, required: true, global: true}
- {name: unsaid, label: U, type: text}
- {name: optional, label: O, type: text, required: false}
- {name: nothing, type: text, required: true}
- {name: needs, label: Needs, type: required-connection, connection-interface-type: aws-s3-conn}
- {name: gives, label: Gives, type: generated-connection, outputs: [{from: a, to: b}]}
inputs-envs:
- {name: domain, label: Domain, type: text, required: true}
- {name: zone, label: Zone, type: text}";
    insta::assert_snapshot!(merged("inputs: {nothing: }\ninputs-envs: {zone: {development: x, prd: y}}", spec, ""), @"
    {}
    stk.yaml:8:7: error[STK040]: the plugin `b` requires the input `a` (`The name`)
      help: add `a: <value>` to the plugin's `inputs`, or give `--a <value>` in DYNAMIC_INPUTS
    stk.yaml:8:7: error[STK040]: the plugin `b` requires the input `g` (`G`)
      help: add `g: <value>` to `global-inputs` of `spec`, or give `--g <value>` in DYNAMIC_INPUTS
    stk.yaml:8:7: warning[STK040]: the input `unsaid` (`U`) of the plugin `b` has no value and no default; templates see it as undefined
      help: add `unsaid: <value>` to the plugin's `inputs`
    stk.yaml:8:7: error[STK040]: the plugin `b` requires the input `nothing`
      help: add `nothing: <value>` to the plugin's `inputs`, or give `--nothing <value>` in DYNAMIC_INPUTS
    stk.yaml:8:7: error[STK048]: the plugin `b` selects no connection for its input `needs` (`Needs`)
      help: add `needs: {stk-type: required-connection, selected: <connection>, type: aws-s3-conn}` to the plugin's `inputs`
    stk.yaml:8:7: error[STK048]: the plugin `b` selects no connection for its input `gives` (`Gives`)
      help: add `gives: {stk-type: generated-connection, selected: <connection>, type: <connection interface type>}` to the plugin's `inputs`
    stk.yaml:8:7: error[STK040]: the plugin `b` requires the input `domain` (`Domain`)
      help: add `domain: {dev: <value>}` to the plugin's `inputs-envs`, or give `--domain <value>` in DYNAMIC_INPUTS
    stk.yaml:12:27: error[STK046]: the input `zone` (`Zone`) of the plugin `b` has no value for the environment `dev`; it has one for `development` and `prd`
      help: add `dev: <value>` under `zone` in `inputs-envs` (or is `development` meant?)
    ");
}

#[test]
fn conditions() {
    let spec = "inputs:
- {name: kind, type: text, default: none}
- {name: none_only, type: text, required: true, condition: {variable: kind, operator: '==', value: none}, default: d}
- {name: size, type: int, required: true, condition: {variable: kind, operator: '!=', value: none}}
- {name: version, type: select, items: ['11'], default: '11', condition: {variable: boot, operator: '<', value: '3'}}
- {name: version, type: select, items: ['17'], default: '17', condition: {variable: boot, operator: '>=', value: '3'}}
- {name: boot, type: text}
- {name: far, type: text, default: x, condition: {variable: size, operator: '>', value: 1}}";
    insta::assert_snapshot!(merged("inputs: {size: 5, boot: 2.7.2}", spec, ""), @r#"
    {"kind":"none","none_only":"d","version":"11","boot":"2.7.2","far":"x"}
    stk.yaml:11:22: warning[STK043]: the input `size` of the plugin `b` is left out: its condition `kind != "none"` does not hold
      help: remove it, or change the input that decides
    "#);
    insta::assert_snapshot!(merged("inputs: {kind: full, size: 5, boot: 3.1.0}", spec, ""), @r#"{"kind":"full","size":5,"version":"17","boot":"3.1.0","far":"x"}"#);
    insta::assert_snapshot!(merged("inputs: {far: given, boot: '3'}", spec, ""), @r#"{"kind":"none","none_only":"d","version":"17","boot":"3","far":"given"}"#);
}

/// Each operator, on a version, a number in quotes and a list.
#[test]
fn every_operator() {
    let inputs: Vec<String> = [
        ("version", "'=='", "2.7.2"),
        ("version", "'!='", "2.7.2"),
        ("version", "'>'", "'2.7'"),
        ("version", "'>='", "'3'"),
        ("version", "'<'", "'2.10.0'"),
        ("version", "'<='", "2.7.2"),
        ("count", "'>'", "'9'"),
        ("count", "'<'", "9"),
        ("tags", "containsAny", "[b, c]"),
        ("tags", "notContainsAny", "[b, c]"),
        ("tags", "containsAll", "[a, b]"),
        ("tags", "notContainsAll", "[a, c]"),
        ("tags", "containsAny", "a"),
        ("on", "'=='", "'true'"),
        ("off", "'=='", "true"),
    ]
    .iter()
    .enumerate()
    .map(|(index, (variable, operator, value))| {
        format!("- {{name: i{index}, type: text, default: '{variable} {}', condition: {{variable: {variable}, operator: {operator}, value: {value}}}}}", operator.trim_matches('\''))
    })
    .collect();
    let spec = format!(
        "inputs:\n- {{name: version, type: text}}\n- {{name: count, type: int}}\n- {{name: tags, type: multiselect, items: [a, b, c]}}\n- {{name: on, type: bool}}\n- {{name: off, type: bool, default: 'false'}}\n{}",
        inputs.join("\n")
    );
    insta::assert_snapshot!(merged("inputs: {version: 2.7.2, count: '10', tags: [a, b], on: true}", &spec, ""), @r#"{"version":"2.7.2","count":10,"tags":["a","b"],"on":true,"off":false,"i0":"version ==","i2":"version >","i4":"version <","i5":"version <=","i6":"count >","i8":"tags containsAny","i10":"tags containsAll","i11":"tags notContainsAll","i12":"tags containsAny","i13":"on =="}"#);
}

#[test]
fn what_is_left_empty() {
    let spec = "inputs:
- {name: size, type: int, default: ''}
- {name: on, type: bool, required: false, default: ''}
- {name: ratio, type: number, required: false}
- {name: must, type: int, required: true}
- {name: box, type: object, inputs: [{name: depth, type: int, default: ''}]}";
    insta::assert_snapshot!(merged("inputs: {on: '', ratio: '', must: '', box: {}}", spec, ""), @r#"
    {"on":"","ratio":"","must":"","box":{}}
    stk.yaml:8:7: warning[STK040]: the input `size` of the plugin `b` has no value and no default; templates see it as undefined
      help: add `size: <value>` to the plugin's `inputs`
    stk.yaml:11:41: error[STK041]: the input `must` of the plugin `b` is declared as int, found the text ``
    "#);
}

#[test]
fn computed_inputs_stay_templates() {
    let spec = "computed-inputs: {upper: '{{ name | upper }}', n: 3}\nglobal-computed-inputs: {package: '{{ a }}', region: '{{ b }}'}";
    let stk = project("- {name: studio/bucket@1.0.0, alias: b, type: infra}")
        + "  global-computed-inputs: {region: 'x {{ y }}', app_name: shop}\n";
    let unit = merge(&stk, &plugin("v2", spec), "")
        .value
        .expect("units")
        .remove(0);
    insta::assert_snapshot!(serde_json::to_string(&unit.computed_inputs).expect("JSON"), @r#"{"upper":"{{ name | upper }}","n":3}"#);
    insta::assert_snapshot!(serde_json::to_string(&unit.global_computed_inputs).expect("JSON"), @r#"{"region":"x {{ '{{' }} y }}","app_name":"shop","package":"{{ a }}"}"#);
}

#[test]
fn other_versions_names_and_missing_definitions() {
    let stk = project(
        "- {name: studio/bukket@2.0.0, alias: a, type: infra}
- {name: studio/bucket@1.0.0, alias: missing, type: infra}
- {name: studio/bucket@1.0.0, alias: app, type: app}",
    );
    let manifest = Manifest::parse("stk.yaml", &stk).value.expect("a manifest");
    let definition = PluginDefinition::parse("bucket/plugin.yaml", &plugin("v2", "inputs: []"))
        .value
        .expect("a definition");
    let first = manifest.plugins.first().expect("a plugin");
    let mismatch = definition
        .version_mismatch(&manifest, first)
        .expect("a mismatch");
    insta::assert_snapshot!(show(&[mismatch]), @"
    stk.yaml:8:7: error[STK034]: the plugin `a` is applied as version 2.0.0, but bucket/plugin.yaml is version 1.0.0
      help: put version 2.0.0 of `bukket` in place, or apply version 1.0.0
    ");
    let second = manifest.plugins.get(1).expect("a plugin");
    assert_eq!(definition.version_mismatch(&manifest, second), None);
    let plugins = BTreeMap::from([("a".to_owned(), definition)]);
    let parsed = units(
        &manifest,
        &plugins,
        "dev",
        &DynamicInputs::default(),
        Secrets::Later,
    );
    insta::assert_snapshot!(show(&parsed.findings), @"
    stk.yaml:8:7: warning[STK035]: the plugin `a` is applied as `bukket`, but bucket/plugin.yaml says that its name is `bucket`
    stk.yaml:9:7: error[STK033]: the plugin `missing` (`studio/bucket@1.0.0`) has no plugin.yaml
      help: put the plugin's folder where plugins are looked for
    ");
    assert_eq!(parsed.value.map(|units| units.len()), Some(1));
    assert_eq!(units_without_definitions(&manifest).len(), 2);
}
