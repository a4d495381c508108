//! `pattern`: which values are refused, where, and what is said of a pattern that cannot be read.

use stk_manifest::PluginDefinition;

use crate::support::{merged, plugin, show};

#[test]
fn values_of_every_source() {
    let spec = "inputs:
- {name: name, type: text, pattern: '^[a-z-]+$', help: 'lower-case letters and -'}
- {name: notes, type: textarea, pattern: '^Dear', description: A letter}
- {name: port, type: int, pattern: '^[1-9][0-9]{3}$'}
- {name: hosts, type: list, input: {type: text, pattern: '\\.example$'}}
- {name: box, type: object, inputs: [{name: side, type: text, pattern: '^(left|right)$', default: middle}]}
- {name: fallback, type: text, pattern: '^x', default: y}
- {name: optional, type: text, required: false, pattern: '^x'}
- {name: needed, type: text, required: true, pattern: '^x'}
- {name: chosen, type: select, items: [a, b], pattern: '^x'}
- {name: flag, type: text, pattern: '^x'}
inputs-envs:
- {name: zone, type: text, pattern: '^[a-z]+$'}";
    let given = "inputs:
  name: Upper
  notes: Hello
  port: 80
  hosts: [a.example, b.test]
  box: {}
  optional: ''
  needed: ''
  chosen: a
  flag: true
inputs-envs:
  zone: {dev: '1', prd: '2'}";
    insta::assert_snapshot!(merged(given, spec, ""), @r#"
    {"name":"Upper","notes":"Hello","port":80,"hosts":["a.example","b.test"],"box":{"side":"middle"},"fallback":"y","optional":"","needed":"","chosen":"a","flag":true,"zone":"1"}
    stk.yaml:12:15: error[STK051]: the input `name` of the plugin `b` must match the pattern `^[a-z-]+$`, found `Upper`
      help: the plugin says of it: `lower-case letters and -`
    stk.yaml:13:16: error[STK051]: the input `notes` of the plugin `b` must match the pattern `^Dear`, found `Hello`
      help: the plugin says of it: `A letter`
    stk.yaml:14:15: error[STK051]: the input `port` of the plugin `b` must match the pattern `^[1-9][0-9]{3}$`, found `80`
    stk.yaml:15:28: error[STK051]: the input `hosts[1]` of the plugin `b` must match the pattern `\.example$`, found `b.test`
    stk.yaml:18:17: error[STK051]: the input `needed` of the plugin `b` must match the pattern `^x`, found an empty text
    stk.yaml:20:15: warning[STK041]: the input `flag` of the plugin `b` is declared as text, but the value is the boolean `true`, which templates print as `True`
      help: put it in quotes if text is meant: 'true'
    stk.yaml:22:21: error[STK051]: the input `zone` of the plugin `b` must match the pattern `^[a-z]+$`, found `1`
    plugin.yaml:15:40: warning[STK051]: the default `middle` of the input `box.side` of the plugin `b` does not match the input's own pattern `^(left|right)$`
    plugin.yaml:16:5: warning[STK051]: the default `y` of the input `fallback` of the plugin `b` does not match the input's own pattern `^x`
    "#);
    insta::assert_snapshot!(merged("inputs: {name: a-b, notes: \"Dear Ana,\\n\", port: '8080', hosts: [], box: {side: left}, needed: x, flag: x}", spec, "--zone B --optional y"), @r#"
    {"name":"a-b","notes":"Dear Ana,\n","port":8080,"hosts":[],"box":{"side":"left"},"fallback":"y","optional":"y","needed":"x","flag":"x","zone":"B"}
    stk.yaml:8:7: warning[STK040]: the input `chosen` of the plugin `b` has no value and no default; templates see it as undefined
      help: add `chosen: <value>` to the plugin's `inputs`
    DYNAMIC_INPUTS:1:1: error[STK051]: the input `zone` of the plugin `b` must match the pattern `^[a-z]+$`, found `B`
    DYNAMIC_INPUTS:1:10: error[STK051]: the input `optional` of the plugin `b` must match the pattern `^x`, found `y`
    plugin.yaml:16:5: warning[STK051]: the default `y` of the input `fallback` of the plugin `b` does not match the input's own pattern `^x`
    "#);
}

#[test]
fn a_pattern_that_cannot_be_read_is_said_once() {
    let spec = "inputs:
- {name: a, type: text, pattern: '^[a-z'}
- {name: b, type: text, pattern: '^[a-z'}
- {name: c, type: list, input: {type: text, pattern: '(?<!a+)(?P<x'}}
- {name: d, type: text, pattern: [x]}";
    let parsed = PluginDefinition::parse("plugin.yaml", &plugin("v2", spec));
    insta::assert_snapshot!(show(&parsed.findings), @"
    plugin.yaml:11:36: warning[STK051]: the pattern `^[a-z` of the input `a` cannot be read, so values are not checked against it: at position 5: Invalid character class
    plugin.yaml:12:36: warning[STK051]: the pattern `^[a-z` of the input `b` cannot be read, so values are not checked against it: at position 5: Invalid character class
    plugin.yaml:13:56: warning[STK051]: the pattern `(?<!a+)(?P<x` of a list's item cannot be read, so values are not checked against it: at position 8: Could not parse group name
    plugin.yaml:14:36: error[STK004]: `pattern` of the input `d` must be text, found a list
    ");
    let spec = "inputs:\n- {name: a, type: text, pattern: '^[a-z'}";
    insta::assert_snapshot!(merged("inputs: {a: anything}", spec, ""), @r#"{"a":"anything"}"#);
}

#[test]
fn look_arounds_and_long_values() {
    let spec = "inputs:
- {name: bucket, type: text, pattern: '^(?!xn--)(?!.*\\.\\.)[a-z0-9.-]{3,63}(?<!-)$'}
- {name: policy, type: textarea, pattern: '^(?s)\\{'}";
    insta::assert_snapshot!(merged("inputs: {bucket: my..bucket, policy: '{}'}", spec, ""), @r#"
    {"bucket":"my..bucket","policy":"{}"}
    stk.yaml:11:24: error[STK051]: the input `bucket` of the plugin `b` must match the pattern `^(?!xn--)(?!.*\.\.)[a-z0-9.-]{3,63}(?<!-)$`, found `my..bucket`
    "#);
    let long = format!(
        "inputs: {{bucket: my-bucket, policy: '{{{}}}'}}",
        "x".repeat(5_000)
    );
    let shown = merged(&long, spec, "");
    insta::assert_snapshot!(shown.lines().skip(1).collect::<Vec<_>>().join("\n"), @r"stk.yaml:11:43: warning[STK051]: the value of the input `policy` of the plugin `b` is not checked against the pattern `^(?s)\{`: that would take too long");
}
