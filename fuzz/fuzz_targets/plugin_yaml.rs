//! `plugin.yaml`: any text is read or refused, and what is read can be applied.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use stk_manifest::{DynamicInputs, Manifest, PluginDefinition, units};

const MANIFEST: &str = "schema-version: v2\nkind: manifest\nmetadata: {name: x}\nspec:\n  type: infra\n  \
                        plugins:\n  - {name: s/p@1.0.0, alias: a, type: infra, inputs: {a: 1, b: x, c: [1], d: {e: f}}}\n";

fuzz_target!(|text: &str| {
    let parsed = PluginDefinition::parse("plugin.yaml", text);
    assert!(parsed.value.is_some() || parsed.has_errors());
    if let (Some(definition), Some(manifest)) =
        (parsed.value, Manifest::parse("stk.yaml", MANIFEST).value)
    {
        let definitions = BTreeMap::from([("a".to_owned(), definition)]);
        let _ = units(&manifest, &definitions, "dev", &DynamicInputs::default(), stk_manifest::Secrets::Later);
    }
});
