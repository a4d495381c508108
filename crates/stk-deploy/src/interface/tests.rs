use serde_json::json;
use stk_run::{Generation, OutputMapping};

use super::*;
use crate::samples::{entry, object, record, requirement, unit};

fn generation(connection: &str, outputs: &[(&str, &str)]) -> Generation {
    Generation {
        slot: "out".to_owned(),
        connection: connection.to_owned(),
        kind: None,
        outputs: outputs
            .iter()
            .map(|(from, to)| OutputMapping {
                from: (*from).to_owned(),
                to: (*to).to_owned(),
            })
            .collect(),
    }
}

/// A `topic` that gives `arn`, and a `queue` that requires it and gives a connection filled from `outputs`.
fn found(outputs: &[(&str, &str)], files: &[(&str, &str)]) -> Vec<String> {
    let mut topic = unit(json!({}));
    topic.alias = "topic".parse().unwrap();
    topic.package = Digest::of(b"topic");
    topic.generates = vec![generation("orders topic", &[("arn", "arn")])];
    let mut queue = unit(json!({"on": false}));
    let mut required = requirement("topic", "orders topic");
    required.from = Some(topic.alias.clone());
    queue.requires = vec![required, requirement("network", "shared network")];
    queue.generates = vec![generation("orders queue", outputs)];
    let files = files
        .iter()
        .map(|(path, text)| entry(&format!("templates-deploy/{path}"), text))
        .collect();
    let packages = BTreeMap::from([(queue.package.clone(), files)]);
    let known = BTreeMap::from([(
        "shared network".to_owned(),
        object(json!({"subnets": ["a", "b"]})),
    )]);
    interface(&record(&[topic, queue]), &packages, &known, Inputs::Final)
        .into_iter()
        .filter_map(|mismatch| match mismatch.problem {
            Problem::MissingAttribute {
                expression, effect, ..
            } => Some(format!("{expression} {effect:?}")),
            Problem::MissingOutput { from, .. } => Some(format!("output {from}")),
            Problem::UnknownSlot { expression, .. } => Some(format!("slot {expression}")),
            Problem::Undefined { place, message } => {
                Some(format!("{}:{} {message}", place.line, place.column))
            }
            Problem::Unused { .. } => None,
        })
        .collect()
}

const DECLARED: &str = "output \"url\" {\n  value = 1\n}\n";

#[test]
fn outputs_are_those_of_the_rendered_files() {
    let url = &[("url", "url")][..];
    assert!(found(url, &[("main.tf", DECLARED)]).is_empty());
    assert_eq!(found(url, &[("main.tf", "# none\n")]), ["output url"]);
    assert_eq!(
        found(
            url,
            &[("main.tf", "{% if on %}output \"url\" {}{% endif %}\n")]
        ),
        ["output url"]
    );
    assert!(found(url, &[("{{ connections.topic.arn }}.tf", DECLARED)]).is_empty());
    let subnets = "{% for s in connections.network.subnets %}\noutput \"subnet_{{ s }}\" {\n  value = 1\n}\n{% endfor %}\n";
    assert!(found(&[("subnet_b", "b")], &[("main.tf", subnets)]).is_empty());
}

#[test]
fn where_rendering_gives_no_answer_nothing_is_said() {
    let url = &[("url", "url")][..];
    for text in [
        "output \"{{ connections.topic.arn }}\" {\n  value = 1\n}\n",
        "{% if connections.topic.arn == 'x' %}\noutput \"url\" {\n  value = 1\n}\n{% endif %}\n",
        "# output\n{{ 1 / 0 }}\n",
        "# output\n{{ connections.topic.arn.missing.more }}\n",
        "output \"url\" {\n",
    ] {
        let found = found(url, &[("main.tf", text)]);
        assert!(
            !found.contains(&"output url".to_owned()),
            "{text}: {found:?}"
        );
    }
    // A file that cannot be rendered and has nothing to do with outputs hides none.
    let files = [("main.tf", "# x\n"), ("other.tf", "{{ 1 / 0 }}\n")];
    assert_eq!(found(url, &files), ["output url"]);
}

#[test]
fn loops_over_connections_are_followed_to_the_ones_they_reach() {
    let all = "{% for slot, c in connections.items() %}{{ c.arn }}{% endfor %}\n";
    assert!(found(&[], &[("main.tf", all)]).is_empty());
    let all = "{% for slot, c in connections.items() %}{{ c.zone }}{% endfor %}\n";
    assert_eq!(
        found(&[], &[("main.tf", all)]),
        ["connections[*].zone Certain"]
    );
    let one = "{% for slot, c in connections.items() %}{% if slot == 'network' %}{{ c.zone }}{% endif %}{% endfor %}\n";
    assert!(found(&[], &[("main.tf", one)]).is_empty());
}

#[test]
fn what_is_not_of_this_project_is_not_judged() {
    assert!(found(&[], &[("main.tf", "{{ connections.network.vpc }}\n")]).is_empty());
}

#[test]
fn a_slot_is_a_requirement_a_generation_or_an_input() {
    let text = "{% for q in connections.on %}{{ q }}{% endfor %}{{ connections.out.name }}{{ connections.none.name }}\n";
    assert_eq!(found(&[], &[("main.tf", text)]), ["slot connections.none"]);
}

#[test]
fn undefined_values_beside_connections_are_told_apart() {
    let text = "{{ owner }} {{ connections.topic.zone }} {{ inputs.team }}\n";
    assert_eq!(
        found(&[], &[("main.tf", text)]),
        [
            "1:4 `owner` is undefined; it prints as nothing",
            "connections.topic.zone Certain",
            "1:52 `inputs.team` is undefined; it prints as nothing",
        ]
    );
}
