//! stk.yaml's head, metadata and spec.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::plugin::{PluginReader, read_plugin};
use super::{AppliedPlugin, Kind, Manifest, SchemaVersion, kind_of};
use crate::finding::{FindingCode, Parsed, Position, Report, nearest, quoted};
use crate::shape::stk_yaml::{METADATA, SPEC, TOP};
use crate::yaml::{Fields, What, load, to_map};

pub(super) fn parse(file: &str, text: &str) -> Parsed<Manifest> {
    let mut report = Report::new(file);
    let manifest = read(file, text, &mut report);
    report.finish(manifest)
}

pub(super) fn document(file: &str, text: &str) -> Parsed<Map<String, Value>> {
    let mut report = Report::new(file);
    let value = load(text, &mut report).and_then(|root| {
        let top = Fields::of(&root, What::Document, &mut report)?;
        Some(to_map(top.entries(), &mut report))
    });
    report.finish(value)
}

fn read(file: &str, text: &str, report: &mut Report) -> Option<Manifest> {
    let root = load(text, report)?;
    let top = Fields::of(&root, What::Document, report)?;
    top.warn_unknown(&TOP, report);
    let schema_version = schema_version(&top, report);
    let is_manifest = document_kind(&top, "manifest", report);
    let metadata = top.mapping("metadata", report);
    if let Some(metadata) = &metadata {
        metadata.warn_unknown(&METADATA, report);
    }
    let spec = match top.node("spec") {
        Some(_) => top.mapping("spec", report)?,
        None => {
            report.error_with_help(
                FindingCode::MissingKey,
                top.place("spec"),
                "`spec` is missing",
                "an stk.yaml has `spec:` with `type:` and `plugins:` below it",
            );
            return None;
        }
    };
    spec.warn_unknown(&SPEC, report);
    let of_metadata = |key: &str, report: &mut Report| {
        metadata
            .as_ref()
            .and_then(|metadata| metadata.text(key, report))
            .filter(|text| !text.trim().is_empty())
    };
    let name = of_metadata("name", report);
    let description = of_metadata("description", report);
    let stack = of_metadata("stack", report);
    let stack_version_id = of_metadata("stack-version-id", report);
    let starter = of_metadata("starter", report);
    let kind = spec
        .required_text("type", "add `type: infra` or `type: app`", report)
        .and_then(|(text, at)| kind_of(&text, at, "`type` of `spec`", report));
    let (global_inputs, global_places) = spec.values("global-inputs", report);
    let (global_computed_inputs, global_computed_places) =
        spec.values("global-computed-inputs", report);
    let repository = spec.text("repository", report);
    // An unknown version may have another shape: what follows would be guesses.
    let schema_version = schema_version?;
    if !is_manifest {
        return None;
    }
    let plugins = plugins(&spec, schema_version, report);
    let kind = kind?;
    let id = spec
        .text(
            match kind {
                Kind::App => "app-id",
                Kind::Infra => "infra-id",
            },
            report,
        )
        .filter(|id| !id.trim().is_empty());
    Some(Manifest {
        file: file.to_owned(),
        schema_version,
        name,
        description,
        stack,
        stack_version_id,
        starter,
        kind,
        id,
        plugins,
        global_inputs,
        global_computed_inputs,
        repository,
        global_places,
        global_computed_places,
        at: spec.at,
    })
}

fn schema_version(top: &Fields<'_, '_, '_>, report: &mut Report) -> Option<SchemaVersion> {
    let help = "this version reads `schema-version: v1` and `schema-version: v2`";
    let (text, at) = top.required_text("schema-version", help, report)?;
    match text.as_str() {
        "v1" => Some(SchemaVersion::V1),
        "v2" => Some(SchemaVersion::V2),
        "v3" => {
            report.warning(
                FindingCode::SchemaVersion,
                at,
                "`schema-version: v3` is not known for stk.yaml; the file is read as v2",
                None,
            );
            Some(SchemaVersion::V3)
        }
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

/// Whether `kind` is `expected`; a missing or other one is an error.
pub(crate) fn document_kind(top: &Fields<'_, '_, '_>, expected: &str, report: &mut Report) -> bool {
    let help = format!("this file must have `kind: {expected}`");
    let Some((text, at)) = top.required_text("kind", &help, report) else {
        return false;
    };
    if text == expected {
        return true;
    }
    report.error_with_help(
        FindingCode::DocumentKind,
        at,
        format!("the kind is {}, not `{expected}`", quoted(&text)),
        match nearest(&text, ["manifest", "plugin", "action", "stack", "test"]) {
            Some(kind) if kind != expected => {
                format!("{help}; is it the {kind}'s file?")
            }
            _ => help,
        },
    );
    false
}

fn plugins(
    spec: &Fields<'_, '_, '_>,
    schema_version: SchemaVersion,
    report: &mut Report,
) -> Vec<AppliedPlugin> {
    // Nothing is destroyed because a line is missing: that there are no plugins has to be said.
    if spec.node("plugins").is_none() {
        let problem = if spec.entry("plugins").is_some() {
            "is empty"
        } else {
            "is missing"
        };
        report.error_with_help(
            FindingCode::MissingKey,
            spec.place("plugins"),
            format!("{} {problem}", spec.name_of("plugins")),
            "list the applied plugins; write `plugins: []` if there are none, which destroys what \
             is deployed",
        );
    }
    let nodes = spec.list("plugins", report);
    let mut reader = PluginReader::new(schema_version);
    let mut plugins: Vec<AppliedPlugin> = Vec::with_capacity(nodes.len());
    let mut aliases: HashMap<String, Position> = HashMap::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let Some((plugin, alias_at)) = read_plugin(node, index, &mut reader, &aliases, report)
        else {
            continue;
        };
        if let Some(first) = aliases.get(&plugin.alias) {
            report.error_with_help(
                FindingCode::DuplicateAlias,
                alias_at,
                format!(
                    "the alias `{}` stands twice: on line {} and on line {}",
                    plugin.alias, first.line, alias_at.line
                ),
                "give each applied plugin its own alias",
            );
            continue;
        }
        aliases.insert(plugin.alias.clone(), alias_at);
        plugins.push(plugin);
    }
    plugins
}
