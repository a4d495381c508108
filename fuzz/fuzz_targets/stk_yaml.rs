//! `stk.yaml`: any text is read or refused, and what is read can be merged.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use stk_manifest::{DynamicInputs, Manifest, PluginDefinition, units, units_without_definitions};

fuzz_target!(|text: &str| {
    let parsed = Manifest::parse("stk.yaml", text);
    assert!(parsed.value.is_some() || parsed.has_errors());
    for finding in &parsed.findings {
        assert!(finding.line > 0 && finding.column > 0, "{finding}");
    }
    if let Some(manifest) = parsed.value {
        let _ = manifest.project_identity();
        let _ = units_without_definitions(&manifest);
        let none = BTreeMap::<String, PluginDefinition>::new();
        let _ = units(&manifest, &none, "dev", &DynamicInputs::default(), stk_manifest::Secrets::Later);
    }
});
