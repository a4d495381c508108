use proptest::prelude::*;

use super::*;
use crate::{Context, ErrorKind, evaluate};

/// Everything below the variables themselves that `source` reads.
fn shown(source: &str) -> String {
    let reads = reads_of(source, "main.tf");
    let lines = reads.iter().filter(|read| read.path.len() > 1).map(|read| {
        let usage = match read.usage {
            Usage::Needed => "needed",
            Usage::Compared => "compared",
            Usage::Tolerated => "tolerated",
        };
        let conditional = if read.conditional { ", perhaps" } else { "" };
        format!("{}:{}: {read} {usage}{conditional}", read.line, read.column)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// How `connections.c.a` is read.
fn usage(source: &str) -> Vec<Usage> {
    reads_of(source, "main.tf")
        .into_iter()
        .filter(|read| read.to_string() == "connections.c.a")
        .map(|read| read.usage)
        .collect()
}

#[test]
fn every_spelling_leads_to_one_path() {
    insta::assert_snapshot!(shown("\
a = {{ connections.topic.arn }}
b = {{ connections['topic'].arn }}
c = {{ connections[\"topic\"][\"arn\"] }} # {{ connections['my-topic'].arn|upper }}
d = {{ my_input.connection.arn }} {{ inputs['my-input'].connection.arn }}
e = {{ (connections.topic).arn.split(':')[5] }}
f = {{ connections|attr('topic')|attr('arn') }}
g = {{ 'x' ~ connections.topic.arn + '-' }}
"), @"
    1:20: connections.topic needed
    1:26: connections.topic.arn needed
    2:20: connections.topic needed
    2:29: connections.topic.arn needed
    3:20: connections.topic needed
    3:29: connections.topic.arn needed
    3:56: connections['my-topic'] needed
    3:68: connections['my-topic'].arn needed
    4:17: my_input.connection needed
    4:28: my_input.connection.arn needed
    4:45: inputs['my-input'] needed
    4:57: inputs['my-input'].connection needed
    4:68: inputs['my-input'].connection.arn needed
    5:21: connections.topic needed
    5:28: connections.topic.arn needed
    6:8: connections.topic needed
    6:8: connections.topic.arn needed
    7:26: connections.topic needed
    7:32: connections.topic.arn needed
    ");
}

#[test]
fn names_are_followed() {
    insta::assert_snapshot!(shown("\
{% set c = connections.topic %}
{{ c.arn }}
{% set arn = c.arn %}
{{ arn }}
{% with w = connections['queue'], u = 1 %}{{ w.url }}{% endwith %}
{% for b in buckets %}{{ b.inner.connection.arn }}{{ loop.index }}{% endfor %}
{% for slot in ['a', 'b'] %}{{ connections[slot].arn }}{% endfor %}
{% for slot, attr in [('a', 'x'), ('b', 'y')] %}{{ connections[slot][attr] }}{% endfor %}
{% for name, each in connections.items() %}{{ each.arn }}{% endfor %}
{% for each in connections.values() %}{{ each.arn }}{% endfor %}
{{ buckets[0].inner.connection.arn }} {{ (buckets|first).name }}
"), @"
    1:24: connections.topic tolerated
    2:4: connections.topic needed
    2:6: connections.topic.arn needed
    3:14: connections.topic needed
    3:16: connections.topic.arn tolerated
    4:4: connections.topic.arn needed
    5:25: connections.queue tolerated
    5:46: connections.queue needed
    5:48: connections.queue.url needed
    6:26: buckets[*] needed, perhaps
    6:28: buckets[*].inner needed, perhaps
    6:34: buckets[*].inner.connection needed, perhaps
    6:45: buckets[*].inner.connection.arn needed, perhaps
    7:44: connections.a needed
    7:44: connections.b needed
    7:50: connections.a.arn needed
    7:50: connections.b.arn needed
    8:64: connections.a needed
    8:64: connections.b needed
    8:70: connections.a.x needed
    8:70: connections.b.y needed
    9:47: connections[*] needed, perhaps
    9:52: connections[*].arn needed, perhaps
    10:42: connections[*] needed, perhaps
    10:47: connections[*].arn needed, perhaps
    11:12: buckets[0] needed
    11:15: buckets[0].inner needed
    11:21: buckets[0].inner.connection needed
    11:32: buckets[0].inner.connection.arn needed
    11:58: buckets[0].name needed
    ");
}

#[test]
fn what_is_not_known_is_not_listed() {
    insta::assert_snapshot!(shown("\
{% for slot in connections.keys() %}{{ connections[slot].arn }}{% endfor %}
{% macro m(c) %}{{ c.arn }}{% endmacro %}
{{ m(connections.topic) }}
{% set ns = namespace(c=connections.topic) %}{{ ns.c.arn }}
{% if x %}{% set c = connections.topic %}{% else %}{% set c = {} %}{% endif %}{{ c.arn }}
{% set connections = {} %}{{ connections.topic.arn }}
{{ loop.index }} {{ [1][0].arn }} {{ lookup.items }}
{% raw %}{{ raw.arn }}{% endraw %} {# {{ comment.arn }} #}
"), @"
    3:18: connections.topic tolerated
    4:37: connections.topic needed
    5:34: connections.topic tolerated, perhaps
    ");
}

#[test]
fn what_a_template_is_prepared_for_is_tolerated() {
    for source in [
        "{{ connections.c.a is defined }}",
        "{{ connections.c.a|default('x') }}",
        "{{ connections.c.a | d }}",
        "{{ connections.c.get('a', 'x') }}",
        "{{ connections.c.a or 'x' }}",
        "{{ connections.c.a if connections.c.a is defined }}",
        "{{ 'x' if connections.c.a is not defined else connections.c.a }}",
        "{% if connections.c.a %}{{ connections.c.a }}{% endif %}",
        "{% if connections.c.a is defined and x %}{{ connections.c['a'] }}{% endif %}",
        "{% if not connections.c.a %}x{% else %}{{ connections.c.a }}{% endif %}",
        "{% if x %}{% elif connections.c.a %}{{ connections.c.a }}{% endif %}",
        "{% if 'a' in connections.c %}{{ connections.c.a }}{% endif %}",
        "{% if 'a' in connections.c.keys() %}{{ connections.c.a }}{% endif %}",
        "{% set c = connections.c %}{% if c.a %}{{ connections.c.a }}{% endif %}",
        "{% set a = connections.c.a %}{% if a %}{{ a }}{% endif %}",
        "{% set has = connections.c.a is defined %}{% if has %}{{ connections.c.a }}{% endif %}",
        "{% set has = connections.c.a is defined %}{% set also = has and x %}{% if also %}{{ connections.c.a }}{% endif %}",
        "{% set never_used = connections.c.a %}",
        "{% set _ = connections.c.update({'a': 1}) %}{{ connections.c.a }}",
        "{% macro m(a) %}{{ a|default('') }}{% endmacro %}{{ m(connections.c.a) }}",
        "{{ connections.c.a is defined and connections.c.a }}",
        "{% for x in y if connections.c.a %}{{ connections.c.a }}{% endfor %}",
    ] {
        let usage = usage(source);
        assert!(!usage.is_empty(), "{source}");
        assert!(
            usage.iter().all(|usage| *usage == Usage::Tolerated),
            "{source}: {usage:?}"
        );
    }
}

#[test]
fn what_it_is_not_prepared_for_is_needed() {
    for source in [
        "{{ connections.c.a }}",
        "{{ connections.c.a|upper }}",
        "{{ connections.c.a.b is defined }}",
        "{{ connections.c.a if x }}",
        "{{ x if y else connections.c.a }}",
        "{{ 'x' or connections.c.a }}",
        "{{ {'k': connections.c.a}|tojson }} {{ f(connections.c.a) }}",
        "{% if connections.c.b %}{{ connections.c.a }}{% endif %}",
        "{% if connections.c %}{{ connections.c.a }}{% endif %}",
        "{% if connections.d.a %}{{ connections.c.a }}{% endif %}",
        "{% if connections.c.a %}{% endif %}{{ connections.c.a }}",
        "{% for x in connections.c.a %}{% endfor %}",
        "{% filter replace('x', connections.c.a) %}{% endfilter %}",
        "{% set x | replace('x', connections.c.a) %}{% endset %}",
        "{% macro m() %}{{ connections.c.a }}{% endmacro %}",
        "{% call m() %}{{ connections.c.a }}{% endcall %}",
        "{% block b %}{{ connections.c.a }}{% endblock %}",
        "{% print connections.c.a %}",
        "{{ x|default(connections.c.a) }}",
        "{% set x = y ~ connections.c.a %}",
    ] {
        assert!(usage(source).contains(&Usage::Needed), "{source}");
    }
}

#[test]
fn a_comparison_is_neither() {
    let source = "{% if connections.c.a == 'x' %}{{ connections.c.a }}{% endif %}";
    assert_eq!(usage(source), [Usage::Compared, Usage::Tolerated]);
}

#[test]
fn whether_a_read_happens_is_said() {
    insta::assert_snapshot!(shown("\
{{ a.always }} {{ 'x' if a.tested else a.other }}
{% if x %}
  {{ a.branch }}
{% endif %}
{% for x in ['written'] %}{{ a.written }}{% else %}{{ a.empty }}{% endfor %}
{% for x in y %}{{ a.loop }}{% endfor %}
"), @"
    1:6: a.always needed
    1:28: a.tested tolerated
    1:42: a.other needed, perhaps
    3:8: a.branch needed, perhaps
    5:32: a.written needed
    5:57: a.empty needed, perhaps
    6:22: a.loop needed, perhaps
    ");
}

#[test]
fn columns_count_characters() {
    insta::assert_snapshot!(shown("é = \"{{ a.b }}\"\r\n  ü {{\n  a\n  .c }}"), @"
    1:11: a.b needed
    4:4: a.c needed
    ");
}

#[test]
fn what_is_no_template_reads_nothing() {
    for source in [
        "{{ a.b",
        "{% if %}{{ a.b }}",
        "{% include 'a' %}{{ a.b }}",
        "a.b",
    ] {
        assert!(reads_of(source, "main.tf").is_empty(), "{source}");
    }
    let deep = format!("{{{{ {}a.b{} }}}}", "(".repeat(9_999), ")".repeat(9_999));
    assert!(reads_of(&deep, "main.tf").is_empty());
}

#[test]
fn loops_in_loops_end() {
    let list = format!("[{}]", vec!["1"; 200].join(", "));
    let start = format!("{{% for x in {list} %}}").repeat(10);
    let source = format!("{start}{{{{ a.b }}}}{}", "{% endfor %}".repeat(10));
    assert!(reads_of(&source, "main.tf").is_empty());
}

/// There are two readers of one grammar: this one, and the one that writes templates for the engine.
#[test]
fn every_template_that_can_be_rendered_can_be_read() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut count = 0;
    for entry in std::fs::read_dir(corpus).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let sources: Vec<String> = match path.extension().and_then(|kind| kind.to_str()) {
            Some("exprs") => text
                .lines()
                .map(|line| format!("{{{{ {line} }}}}{{% if {line} %}}{{% endif %}}"))
                .collect(),
            Some("txt") => text.split("=====\n").map(str::to_owned).collect(),
            _ => continue,
        };
        for source in sources {
            let Ok(template) = jinja::read(&source, false) else {
                continue;
            };
            let loads = ["include", "import", "extends", "from"];
            if template.engine.contains("include ")
                && loads.iter().any(|word| source.contains(word))
            {
                continue;
            }
            count += 1;
            let tree = Cursor::new(tokens(&template.source)).template();
            assert!(tree.is_some(), "{name}: {source}");
        }
    }
    assert!(count > 1_000, "{count}");
}

const PIECES: &[&str] = &[
    "{{ a.b }}",
    "{{ a['c'] ~ a.b }}",
    "{{ x.b }}",
    "{{ y }}",
    "{% set x = a %}",
    "{% set y = a.c %}",
    "{% set a = d %}",
    "{% set x, y = d, a.b %}",
    "{% with x = a, y = a.b %}",
    "{% endwith %}",
    "{% if a.b %}",
    "{% if d.none %}",
    "{% elif a.c is defined %}",
    "{% else %}",
    "{% endif %}",
    "{% for x in [a, d] %}",
    "{% for x in a.list %}",
    "{% for x, y in [(a, a.b)] if y %}",
    "{% for k, y in a.items() %}",
    "{% endfor %}",
    "{% macro m(x) %}",
    "{% endmacro %}",
    "{{ m(a) }}",
    "{{ y if a.b else a.c }}",
    "{{ a.c|default(a.b) }}",
    "{{ a.b and a.c }}{{ a.c == a.b }}",
    "é \r\n",
];

/// Templates whose statements are closed more often than by chance.
fn source() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..14);
    pieces.prop_map(|pieces| {
        let mut open = Vec::new();
        let mut source = String::new();
        for piece in pieces {
            let word = piece.trim_start_matches("{% ").split(' ').next();
            let word = word.filter(|_| piece.starts_with("{%")).unwrap_or_default();
            match word {
                "with" | "if" | "for" | "macro" => open.push(word),
                "else" | "elif" if open.last() != Some(&"if") => continue,
                "set" | "else" | "elif" | "" => {}
                _ => match open.pop() {
                    Some(open) if word == format!("end{open}") => {}
                    Some(other) => {
                        open.push(other);
                        continue;
                    }
                    None => continue,
                },
            }
            source.push_str(piece);
        }
        for word in open.iter().rev() {
            source.push_str(&format!("{{% end{word} %}}"));
        }
        source
    })
}

fn context() -> Context {
    let variables = serde_json::json!({
        "a": {"b": "1", "c": "2", "list": [{"b": "3"}]},
        "d": {"b": "4", "c": "5"},
    });
    Context::new(variables.as_object().cloned().unwrap_or_default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// What is said to be needed without a condition fails the template when it may not be used.
    #[test]
    fn what_is_said_to_be_read_is_read(source in source()) {
        if evaluate(&source, "main.tf", &context()).is_err() {
            return Ok(());
        }
        for read in reads_of(&source, "main.tf") {
            let lines = source.replace("\r\n", "\n");
            let line = lines.split('\n').nth(read.line as usize - 1).unwrap_or_default();
            prop_assert!((read.column as usize) <= line.chars().count(), "{read:?} in {source:?}");
            let [Step::Name(variable), Step::Name(name)] = read.path.as_slice() else {
                continue;
            };
            if read.conditional || read.usage == Usage::Tolerated {
                continue;
            }
            let mut context = context();
            context.refuse(&[variable, name], "read");
            let error = evaluate(&source, "main.tf", &context).err();
            prop_assert_eq!(error.map(|error| error.kind), Some(ErrorKind::Refused), "{:?} in {:?}", read, source);
        }
    }
}
