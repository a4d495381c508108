//! plugin.yaml's head, metadata and spec.

use indexmap::IndexMap;

use super::connections::slots;
use super::input::read_inputs;
use super::{ConnectionSlot, PluginDefinition, consistency, pattern, variables};
use crate::finding::{FindingCode, Parsed, Report, quoted};
use crate::manifest::{Link, SchemaVersion, document_kind, kind_of};
use crate::shape::plugin_yaml::{GENERATES, METADATA, REQUIRES, RUNTIME, SPEC, TOP};
use crate::yaml::{Fields, What, load, text_of};

pub(super) fn parse(file: &str, text: &str) -> Parsed<PluginDefinition> {
    let mut report = Report::new(file);
    let definition = read(file, text, &mut report);
    report.finish(definition)
}

fn read(file: &str, text: &str, report: &mut Report) -> Option<PluginDefinition> {
    let root = load(text, report)?;
    let top = Fields::of(&root, What::Document, report)?;
    top.warn_unknown(&TOP, report);
    let schema_version = schema_version(&top, report)?;
    let is_plugin = document_kind(&top, "plugin", report);
    let metadata = required_mapping(&top, "metadata", report);
    let spec = required_mapping(&top, "spec", report);
    if !is_plugin {
        return None;
    }
    let metadata = metadata?;
    metadata.warn_unknown(&METADATA, report);
    let name = name(&metadata, report);
    let version = version(&metadata, report);
    let display_name = metadata.text("display-name", report);
    let description = metadata.text("description", report);

    let spec = spec?;
    spec.warn_unknown(&SPEC, report);
    let kind = spec
        .required_text("type", "add `type: infra` or `type: app`", report)
        .and_then(|(text, at)| kind_of(&text, at, &spec.name_of("type"), report));
    let runtime_environment = match spec.mapping("runtime", report) {
        Some(runtime) => {
            runtime.warn_unknown(&RUNTIME, report);
            runtime.texts("environment", report)
        }
        None => Vec::new(),
    };
    let mut inputs = read_inputs(
        spec.list("inputs", report),
        What::Key("inputs", &What::Document),
        report,
    );
    let mut inputs_envs = read_inputs(
        spec.list("inputs-envs", report),
        What::Key("inputs-envs", &What::Document),
        report,
    );
    let mut patterns = pattern::Known::default();
    pattern::read(&mut inputs, &mut patterns, report);
    pattern::read(&mut inputs_envs, &mut patterns, report);
    consistency::check(&inputs, &inputs_envs, report);
    let (computed_inputs, _) = spec.values("computed-inputs", report);
    let (global_computed_inputs, _) = spec.values("global-computed-inputs", report);
    let mut requires = Vec::new();
    let mut required_variables = Vec::new();
    if let Some(fields) = spec.mapping("requires", report) {
        fields.warn_unknown(&REQUIRES, report);
        requires = slots(&fields, report);
        required_variables = variables::read(&fields, report);
    }
    let mut generates: Vec<ConnectionSlot> = Vec::new();
    let mut links = Vec::new();
    if let Some(fields) = spec.mapping("generates", report) {
        fields.warn_unknown(&GENERATES, report);
        generates = slots(&fields, report);
        links = read_links(&fields, report);
    }
    let outputs = outputs(&spec, report);
    let allowed_resource_fork = spec.texts("allowed-resource-fork", report);
    let single_use = spec.boolean("single-use", report).unwrap_or(false);
    let stk_projects_only = spec.boolean("stk-projects-only", report);
    let app_allowed = spec.boolean("app-allowed", report);
    Some(PluginDefinition {
        file: file.to_owned(),
        schema_version,
        name: name?,
        version: version?,
        display_name,
        description,
        kind: kind?,
        runtime_environment,
        single_use,
        stk_projects_only,
        app_allowed,
        inputs,
        inputs_envs,
        computed_inputs,
        global_computed_inputs,
        requires,
        generates,
        required_variables,
        links,
        outputs,
        allowed_resource_fork,
    })
}

fn required_mapping<'n, 'a, 's>(
    top: &'s Fields<'n, 'a, '_>,
    key: &'s str,
    report: &mut Report,
) -> Option<Fields<'n, 'a, 's>> {
    if top.node(key).is_none() {
        report.error_with_help(
            FindingCode::MissingKey,
            top.place(key),
            format!("`{key}` is missing"),
            "a plugin.yaml has `schema-version`, `kind: plugin`, `metadata` and `spec`",
        );
        return None;
    }
    top.mapping(key, report)
}

fn schema_version(top: &Fields<'_, '_, '_>, report: &mut Report) -> Option<SchemaVersion> {
    let help = "this version reads plugins of schema v1, v2 and v3; a plugin.yaml without a version is older and must be migrated";
    let (text, at) = top.required_text("schema-version", help, report)?;
    match text.as_str() {
        "v1" => Some(SchemaVersion::V1),
        "v2" => Some(SchemaVersion::V2),
        "v3" => Some(SchemaVersion::V3),
        other => {
            report.error_with_help(
                FindingCode::SchemaVersion,
                at,
                format!("the schema version {} is unknown", quoted(other)),
                help,
            );
            None
        }
    }
}

fn name(metadata: &Fields<'_, '_, '_>, report: &mut Report) -> Option<String> {
    let (name, at) = metadata.required_text("name", "add the plugin's name", report)?;
    let is_slug = name.split('-').all(|part| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    });
    if !is_slug {
        report.warning(
            FindingCode::InvalidMetadata,
            at,
            format!("the plugin's name {} is not in kebab case", quoted(&name)),
            Some(
                "StackSpot takes lower-case letters and digits with single `-` between them"
                    .to_owned(),
            ),
        );
    }
    Some(name)
}

fn version(metadata: &Fields<'_, '_, '_>, report: &mut Report) -> Option<String> {
    let (version, at) = metadata.required_text("version", "add the plugin's version", report)?;
    if semver::Version::parse(&version).is_ok() {
        return Some(version);
    }
    report.error_with_help(
        FindingCode::InvalidMetadata,
        at,
        format!("{} is not a version", quoted(&version)),
        "write three numbers, such as `1.0.0`",
    );
    None
}

fn read_links(fields: &Fields<'_, '_, '_>, report: &mut Report) -> Vec<Link> {
    let whole = fields.what();
    let mut links = Vec::new();
    for key in ["links", "link"] {
        for node in fields.list(key, report) {
            if let Some(link) = Fields::of(node, What::Part("a link", &whole), report) {
                links.push(Link {
                    name: link.text("name", report),
                    url: link.text("url", report),
                    kind: link.text("type", report),
                    picture: link.text("picture", report),
                });
            }
        }
    }
    links
}

/// v3's `outputs: {name: text}`. Its purpose is not documented: what is no text is left out without an error.
fn outputs(spec: &Fields<'_, '_, '_>, report: &mut Report) -> IndexMap<String, String> {
    spec.mapping("outputs", report)
        .map(|fields| {
            fields
                .entries()
                .iter()
                .filter_map(|entry| {
                    Some((
                        entry.key.clone().into_owned(),
                        text_of(&entry.value)?.to_owned(),
                    ))
                })
                .collect()
        })
        .unwrap_or_default()
}
