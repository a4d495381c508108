//! Reading stk.yaml with 10, 1,000 and 10,000 plugins, each generating a connection and requiring an earlier one; and,
//! where this machine has them, the stk.yaml files of other people.

use std::fmt::Write as _;

use divan::Bencher;
use divan::counter::BytesCount;
use stk_manifest::{Manifest, units_without_definitions};
use stk_testing::real;

fn main() {
    divan::main();
}

fn stk_yaml(plugins: usize) -> String {
    let mut text = "schema-version: v2
kind: manifest
metadata:
  name: big
  description: generated
  stack: stack@1.0.39
spec:
  type: infra
  infra-id: 01J592VJHJVHQB3D6SV6FGX8F2
  plugins:
"
    .to_owned();
    for index in 0..plugins {
        let _ = write!(
            text,
            "  - name: studio/stack@1.0.0/plugin-{}@0.0.2
    alias: plugin-{index}-1723660584592
    plugin-version-id: 01HG9893S8WVPTMGETXAWS447N
    stack-version-id: 01HG18BB3J3FD7T448W2NS864Y
    type: infra
    inputs:
      topic_name: topic-{index}
      port: '8080'
      replicas: 3
      fifo: false
    inputs-envs: {{}}
    connections:
      generates:
      - type: aws-sns-conn
        selected: conn-{index}
        alias: sns-generate-alias-1
      requires:
      - type: aws-sns-conn
        selected: conn-{}
        alias: sns-require-alias-1
    links:
      generates: []
",
            index % 50,
            index * 7919 % index.max(1)
        );
    }
    text.push_str("  global-inputs: {}\n  global-computed-inputs: {}\n");
    text
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn parse(bencher: Bencher<'_, '_>, plugins: usize) {
    let text = stk_yaml(plugins);
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| Manifest::parse("stk.yaml", divan::black_box(&text)));
}

#[divan::bench(args = [10, 1_000, 10_000])]
fn units(bencher: Bencher<'_, '_>, plugins: usize) {
    let parsed = Manifest::parse("stk.yaml", &stk_yaml(plugins));
    let Some(manifest) = parsed.value else {
        return;
    };
    bencher.bench(|| units_without_definitions(divan::black_box(&manifest)));
}

/// All of them, one after the other.
#[divan::bench]
fn real_manifests(bencher: Bencher<'_, '_>) {
    let manifests = match real::manifests() {
        Ok(manifests) => manifests,
        Err(skip) => return skip.report("real_manifests"),
    };
    let bytes: usize = manifests.iter().map(|manifest| manifest.text.len()).sum();
    bencher.counter(BytesCount::new(bytes)).bench(|| {
        for manifest in &manifests {
            divan::black_box(Manifest::parse(
                "stk.yaml",
                divan::black_box(&manifest.text),
            ));
        }
    });
}
