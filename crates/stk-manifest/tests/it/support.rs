//! Short ways to parse and to show.

use std::collections::BTreeMap;

use stk_manifest::{
    DynamicInputs, Finding, Manifest, Parsed, PluginDefinition, SecretSource, Secrets, Unit,
};

/// Each finding on a line, its help below it.
pub(crate) fn show(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for finding in findings {
        lines.push(finding.to_string());
        if let Some(help) = &finding.help {
            lines.push(format!("  help: {help}"));
        }
    }
    lines.join("\n")
}

/// The findings about an stk.yaml.
pub(crate) fn findings(text: &str) -> String {
    show(&Manifest::parse("stk.yaml", text).findings)
}

/// An infra project with the given entries of `plugins` (written at the margin).
pub(crate) fn project(plugins: &str) -> String {
    let plugins: String = plugins
        .lines()
        .map(|line| format!("    {line}\n"))
        .collect();
    format!(
        "schema-version: v2\nkind: manifest\nmetadata:\n  name: shop\nspec:\n  type: infra\n  plugins:\n{plugins}"
    )
}

/// An infra plugin of schema v2 or v3 with the given keys of `spec` (written at the margin).
pub(crate) fn plugin(schema: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "schema-version: {schema}\nkind: plugin\nmetadata:\n  name: bucket\n  display-name: Bucket\n  description: A bucket\n  version: 1.0.0\nspec:\n  type: infra\n{spec}"
    )
}

/// The units of a project whose plugins all have the definition `plugin`.
pub(crate) fn merge(stk: &str, plugin: &str, dynamic: &str) -> Parsed<Vec<Unit>> {
    let manifest = Manifest::parse("stk.yaml", stk);
    assert!(!manifest.has_errors(), "{}", show(&manifest.findings));
    let manifest = manifest.value.expect("a manifest without errors");
    let definition = PluginDefinition::parse("plugin.yaml", plugin);
    assert!(!definition.has_errors(), "{}", show(&definition.findings));
    let definition = definition.value.expect("a definition without errors");
    let plugins: BTreeMap<String, PluginDefinition> = manifest
        .plugins
        .iter()
        .map(|applied| (applied.alias.clone(), definition.clone()))
        .collect();
    let dynamic = DynamicInputs::parse(dynamic).expect("readable dynamic inputs");
    stk_manifest::units(
        &manifest,
        &plugins,
        "dev",
        &dynamic,
        Secrets::Given(&Values(&[])),
    )
}

/// The secrets that have a value, as `alias.path`.
pub(crate) struct Values<'v>(pub(crate) &'v [&'v str]);

impl SecretSource for Values<'_> {
    fn has(&self, alias: &str, path: &[String]) -> bool {
        self.0
            .contains(&format!("{alias}.{}", path.join(".")).as_str())
    }

    fn variable(&self, alias: &str, path: &[String]) -> String {
        format!("STK_SECRET_{alias}_{}", path.join("_")).to_uppercase()
    }
}

/// The merged inputs of the only unit, then the findings.
pub(crate) fn merged(inputs: &str, spec: &str, dynamic: &str) -> String {
    let inputs: String = inputs.lines().map(|line| format!("  {line}\n")).collect();
    let stk = project(&format!(
        "- name: studio/stack@1.0.0/bucket@1.0.0\n  alias: b\n  type: infra\n{inputs}"
    ));
    let parsed = merge(&stk, &plugin("v3", spec), dynamic);
    let units = parsed.value.expect("units");
    let inputs = units
        .first()
        .map(|unit| serde_json::to_string(&unit.inputs).expect("a map of JSON values"));
    let findings = show(&parsed.findings);
    format!("{}\n{findings}", inputs.unwrap_or_default())
        .trim_end()
        .to_owned()
}
