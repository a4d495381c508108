//! A generated project of any size: its `stk.yaml`, and the plugins that it applies.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use stk_manifest::{DynamicInputs, Manifest, Parsed, PluginDefinition, Unit};
use stk_orchestrator::{Decision, Draft, Project, Settings, WorkspaceFile};
use stk_order::DeployOrder;
use stk_run::{Digest, Holder, RunRecord, Target};

/// A topic, a queue that reads a topic, a subscription from a topic to a queue, and an alarm on a
/// queue and a subscription: eight connections, so a plugin has two.
const PLUGINS: [(&str, &str); 4] = [
    ("topic", include_str!("topic.yaml")),
    ("queue", include_str!("queue.yaml")),
    ("subscription", include_str!("subscription.yaml")),
    ("alarm", include_str!("alarm.yaml")),
];

/// The text of a project, and what else the decision needs to know.
pub(crate) struct Generated {
    /// `stk.yaml`.
    pub(crate) text: String,
    definitions: BTreeMap<String, PluginDefinition>,
    packages: BTreeMap<String, Digest>,
    settings: Settings,
}

impl Generated {
    /// `count` plugins with about two connections each, in groups of four. What a plugin requires is
    /// generated anywhere in the file, before it or after it.
    pub(crate) fn of(count: usize) -> Self {
        let plugins = PLUGINS.map(|(name, text)| {
            let definition = accept(PluginDefinition::parse(name, text));
            (definition, Digest::of(text.as_bytes()))
        });
        let mut text = HEAD.to_owned();
        let mut definitions = BTreeMap::new();
        let mut packages = BTreeMap::new();
        let complete = (count / PLUGINS.len()).max(1) as u64;
        let mut state = 42_u64;
        // A group that is surely complete. A linear congruential generator (Knuth's MMIX) is random
        // enough, and the same everywhere.
        let mut any = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % complete
        };
        for index in 0..count {
            let (group, which) = (index / PLUGINS.len(), index % PLUGINS.len());
            let alias = format!("orders-{}-{group:05}", PLUGINS[which].0);
            entry(&mut text, which, &alias, group, [any(), any()]);
            let (definition, digest) = &plugins[which];
            definitions.insert(alias.clone(), definition.clone());
            packages.insert(alias, digest.clone());
        }
        Self {
            text,
            definitions,
            packages,
            settings: Settings {
                secrets: stk_run::Secrets::default(),
                environment: "dev".to_owned(),
                mode: stk_run::DeployMode::PerPlugin,
                version_tag: "v1".to_owned(),
                workspace: None,
                holder: Holder::default(),
            },
        }
    }

    pub(crate) fn parse(&self) -> Manifest {
        accept(Manifest::parse(".stk/stk.yaml", &self.text))
    }

    pub(crate) fn units(&self, manifest: &Manifest) -> Vec<Unit> {
        let dynamic = DynamicInputs::default();
        accept(stk_manifest::units(
            manifest,
            &self.definitions,
            "dev",
            &dynamic,
            stk_manifest::Secrets::Later,
        ))
    }

    pub(crate) fn order(units: &[Unit]) -> DeployOrder {
        stk_order::order(units, &[]).unwrap()
    }

    pub(crate) fn draft(
        &self,
        manifest: Manifest,
        units: Vec<Unit>,
        order: DeployOrder,
    ) -> Draft<'_> {
        Draft {
            run_id: "01J9V6MWFTWQ392331QBCS46KQ".parse().unwrap(),
            target: Target {
                project: "orders".to_owned(),
                environment: "dev".to_owned(),
            },
            project: Project {
                manifest,
                units,
                sources: BTreeMap::new(),
                workspace: WorkspaceFile::default(),
                warnings: Vec::new(),
            },
            decision: Decision {
                order,
                workspace_connections: BTreeMap::new(),
            },
            deployed: Vec::new(),
            packages: &self.packages,
            settings: &self.settings,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    pub(crate) fn write(record: &RunRecord) -> Vec<u8> {
        serde_json::to_vec(record).unwrap()
    }

    /// Everything, from the text of `stk.yaml` to the bytes of the record.
    pub(crate) fn all(&self) -> Vec<u8> {
        let manifest = self.parse();
        let units = self.units(&manifest);
        let order = Self::order(&units);
        Self::write(&self.draft(manifest, units, order).record().unwrap())
    }
}

/// A generator that makes faulty projects would measure the wrong thing.
fn accept<T>(parsed: Parsed<T>) -> T {
    assert!(parsed.findings.is_empty(), "{}", parsed.findings[0]);
    parsed.value.unwrap()
}

const HEAD: &str = "\
schema-version: v2
kind: manifest
metadata:
  name: orders
  description: A generated project
  stack: messaging@1.0.0
spec:
  type: infra
  repository: https://git.example/acme/orders
  global-inputs:
    team: checkout
  global-computed-inputs:
    region: eu-west-1
  plugins:
";

/// One entry, as `stk apply plugin` writes it.
fn entry(text: &mut String, which: usize, alias: &str, group: usize, other: [u64; 2]) {
    let name = PLUGINS[which].0;
    let [one, two] = other;
    let connection = |name: &str, mark: &str, kind: &str, selected: String| {
        format!(
            "        {name}:\n          stk-type: {mark}-connection\n          type: {kind}-conn\n          \
             selected: {selected}\n"
        )
    };
    let slot = |name: &str, kind: &str, selected: String| {
        format!(
            "          - type: {kind}-conn\n            selected: {selected}\n            alias: {name}\n"
        )
    };
    let mut inputs = String::new();
    let (mut generates, mut requires) = (String::new(), String::new());
    match name {
        "topic" => {
            let _ = writeln!(
                inputs,
                "        topic_name: orders-{group}\n        retention_days: 7"
            );
            generates = slot("topic", "topic", format!("topic-{group}"));
        }
        "queue" => {
            let _ = writeln!(
                inputs,
                "        queue_name: orders-to-ship-{group}\n        visibility_timeout_seconds: 120\n        \
                 dead_letter: true"
            );
            inputs += &connection("source", "required", "topic", format!("topic-{one}"));
            inputs += &connection("queue", "generated", "queue", format!("queue-{group}"));
        }
        "subscription" => {
            inputs += "        raw_delivery: true\n        event_types:\n          - OrderPlaced\n          \
                       - OrderCancelled\n";
            inputs += &connection("source_topic", "required", "topic", format!("topic-{one}"));
            inputs += &connection("target_queue", "required", "queue", format!("queue-{two}"));
            inputs += &connection(
                "subscription",
                "generated",
                "subscription",
                format!("subscription-{group}"),
            );
        }
        _ => {
            inputs += "        threshold: 500\n";
            requires = slot("queue", "queue", format!("queue-{one}"));
            requires += &slot(
                "subscription",
                "subscription",
                format!("subscription-{two}"),
            );
        }
    }
    let list = |name: &str, slots: String| match slots.as_str() {
        "" => format!("        {name}: []\n"),
        slots => format!("        {name}:\n{slots}"),
    };
    let _ = write!(
        text,
        "    - name: acme/messaging@1.0.0/{name}@1.0.0\n      alias: {alias}\n      type: infra\n      \
         inputs:\n{inputs}      inputs-envs: {{}}\n      connections:\n{}{}      links:\n        \
         generates: []\n",
        list("generates", generates),
        list("requires", requires),
    );
}
