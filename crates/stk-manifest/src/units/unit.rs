//! One unit from one applied plugin and its definition.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::rules::Rules;
use super::{Secrets, Unit, computed, merge, secret, slots};
use crate::definition::PluginDefinition;
use crate::dynamic::DynamicInputs;
use crate::finding::{FindingCode, Parsed, Report};
use crate::manifest::{AppliedPlugin, Manifest};

pub(super) fn units<Definition: Borrow<PluginDefinition>>(
    manifest: &Manifest,
    plugins: &BTreeMap<String, Definition>,
    environment: &str,
    dynamic: &DynamicInputs,
    secrets: Secrets<'_>,
) -> Parsed<Vec<Unit>> {
    let mut report = Report::new(&manifest.file);
    let is_declared = |name: &str| {
        plugins
            .values()
            .flat_map(|plugin| {
                let plugin: &PluginDefinition = plugin.borrow();
                plugin.inputs.iter().chain(&plugin.inputs_envs)
            })
            .any(|input| input.name == name)
    };
    let global_inputs = secret::without_placeholders(
        &manifest.global_inputs,
        &manifest.global_places,
        "global input",
        &is_declared,
        &mut report,
    );
    let global_computed = secret::without_placeholders(
        &manifest.global_computed_inputs,
        &manifest.global_computed_places,
        "global computed input",
        &|_| false,
        &mut report,
    );
    let rules = Rules::of(manifest);
    let mut units = Vec::with_capacity(manifest.plugins.len());
    for applied in manifest.infra_plugins() {
        let Some(definition) = plugins.get(&applied.alias).map(Borrow::borrow) else {
            report.error_with_help(
                FindingCode::NoDefinition,
                applied.position,
                format!(
                    "the plugin `{}` (`{}`) has no plugin.yaml",
                    applied.alias, applied.qualifier
                ),
                "put the plugin's folder where plugins are looked for",
            );
            continue;
        };
        compare(applied, definition, &mut report);
        rules.check(applied, definition, &mut report);
        let mut found = secret::Found::new(&secrets, &applied.alias);
        let inputs = merge::merged(
            manifest,
            applied,
            definition,
            environment,
            dynamic,
            &mut found,
            &mut report,
        );
        units.push(unit(
            applied,
            definition,
            inputs,
            found.paths,
            &global_inputs,
            &global_computed,
            &mut report,
        ));
    }
    report.finish(Some(units))
}

fn unit(
    applied: &AppliedPlugin,
    definition: &PluginDefinition,
    inputs: Map<String, Value>,
    secrets: Vec<Vec<String>>,
    global_inputs: &Map<String, Value>,
    global_computed: &Map<String, Value>,
    report: &mut Report,
) -> Unit {
    let (requires, generates) = slots::matched(applied, definition, &inputs, report);
    Unit {
        alias: applied.alias.clone(),
        position: applied.index,
        qualifier: applied.qualifier.clone(),
        plugin_name: definition.name.clone(),
        plugin_version: Some(definition.version.clone()),
        inputs,
        secrets,
        global_inputs: global_inputs.clone(),
        computed_inputs: definition.computed_inputs.clone(),
        global_computed_inputs: computed::globals(global_computed, definition),
        requires,
        generates,
        at: applied.position,
    }
}

/// Differences between stk.yaml and plugin.yaml that are odd, but can be deployed.
fn compare(applied: &AppliedPlugin, definition: &PluginDefinition, report: &mut Report) {
    if definition.name != applied.qualifier.plugin {
        report.warning(
            FindingCode::NameMismatch,
            applied.position,
            format!(
                "the plugin `{}` is applied as `{}`, but {} says that its name is `{}`",
                applied.alias, applied.qualifier.plugin, definition.file, definition.name
            ),
            None,
        );
    }
    if definition.kind != applied.kind {
        report.warning(
            FindingCode::KindMismatch,
            applied.position,
            format!(
                "the plugin `{}` is applied as `type: {}`, but {} says `type: {}`",
                applied.alias,
                applied.kind.as_str(),
                definition.file,
                definition.kind.as_str()
            ),
            None,
        );
    }
}
