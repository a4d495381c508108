//! One entry of `spec.plugins`.

use std::collections::HashMap;

use serde_json::Value;

use super::alias::{self, Derived};
use super::{AppliedPlugin, Kind, Link, SchemaVersion, connections, kind_of};
use crate::finding::{FindingCode, Position, Report, quoted};
use crate::qualifier::PluginQualifier;
use crate::shape::stk_yaml::{LINK, LINKS, PLUGIN};
use crate::yaml::{Fields, Node, What};

/// What the reading of one entry needs to know of the file and of earlier entries.
pub(super) struct PluginReader {
    schema_version: SchemaVersion,
    derived: Derived,
}

impl PluginReader {
    pub(super) fn new(schema_version: SchemaVersion) -> Self {
        Self {
            schema_version,
            derived: Derived::default(),
        }
    }
}

/// Reads an entry; returns it with the place of its alias. `None` after an error that leaves it unusable.
pub(super) fn read_plugin(
    node: &Node<'_>,
    index: usize,
    reader: &mut PluginReader,
    aliases: &HashMap<String, Position>,
    report: &mut Report,
) -> Option<(AppliedPlugin, Position)> {
    let ordinal = What::Entry(index + 1);
    let head = Fields::of(node, ordinal, report)?;
    let qualifier = qualifier(&head, report);
    let (alias, alias_at, alias_is_derived) = match own_alias(&head, reader.schema_version, report)
    {
        OwnAlias::Valid(alias, at) => (Some(alias), at, false),
        OwnAlias::Unusable => (None, node.at, false),
        OwnAlias::Absent => {
            let alias = qualifier.as_ref().map(|qualifier| {
                let (alias, repeated) = reader
                    .derived
                    .next(&qualifier.plugin, |alias| aliases.contains_key(alias));
                if repeated {
                    report.warning(
                        FindingCode::DuplicateAlias,
                        node.at,
                        format!(
                            "the plugin {} is applied more than once without an alias: this entry is called `{alias}` by its place in the file, so when one of them is removed, another one takes over its name and what is deployed under it",
                            quoted(&qualifier.plugin)
                        ),
                        Some(format!(
                            "give each of them an `alias` before one is removed, this one `alias: {alias}`"
                        )),
                    );
                }
                alias
            });
            (alias, node.at, true)
        }
    };
    let what = match &alias {
        Some(alias) => What::Plugin(alias),
        None => ordinal,
    };
    let fields = Fields::of(node, what, report)?;
    fields.warn_unknown(&PLUGIN, report);
    let kind = fields
        .required_text("type", "add `type: infra` or `type: app`", report)
        .and_then(|(text, at)| kind_of(&text, at, &fields.name_of("type"), report));
    let (inputs, input_places) = fields.values("inputs", report);
    let (inputs_envs, inputs_envs_places) = fields.values("inputs-envs", report);
    if let Some(envs) = fields.mapping("inputs-envs", report) {
        for entry in envs.entries() {
            // Reports what is not a mapping; the values themselves were read above.
            let whole = envs.what();
            Fields::of(&entry.value, What::Key(&entry.key, &whole), report);
        }
    }
    let connections = connections::read(&fields, &inputs, &input_places, report);
    let links = links(&fields, report);
    let plugin_version_id = fields.text("plugin-version-id", report);
    let stack_version_id = fields.text("stack-version-id", report);
    let inputs_envs = inputs_envs
        .into_iter()
        .map(|(name, value)| match value {
            Value::Object(_) => (name, value),
            _ => (name, Value::Object(serde_json::Map::new())),
        })
        .collect();
    let plugin = AppliedPlugin {
        alias: alias?,
        alias_is_derived,
        qualifier: qualifier?,
        kind: kind?,
        plugin_version_id,
        stack_version_id,
        inputs,
        inputs_envs,
        connections,
        links,
        index: u32::try_from(index).unwrap_or(u32::MAX),
        position: node.at,
        input_places,
        inputs_envs_places,
    };
    Some((plugin, alias_at))
}

fn qualifier(head: &Fields<'_, '_, '_>, report: &mut Report) -> Option<PluginQualifier> {
    const HELP: &str =
        "write `<studio>/<stack>@<version>/<plugin>@<version>` or `<studio>/<plugin>@<version>`";
    let (text, at) = head.required_text("name", HELP, report)?;
    match PluginQualifier::parse(&text) {
        Ok(qualifier) => Some(qualifier),
        Err(error) => {
            report.error_with_help(
                FindingCode::InvalidQualifier,
                at,
                format!("{} does not name a plugin: {error}", quoted(&text)),
                HELP,
            );
            None
        }
    }
}

enum OwnAlias {
    Valid(String, Position),
    Unusable,
    Absent,
}

fn own_alias(
    head: &Fields<'_, '_, '_>,
    schema_version: SchemaVersion,
    report: &mut Report,
) -> OwnAlias {
    if schema_version == SchemaVersion::V1 && head.node("alias").is_none() {
        return OwnAlias::Absent;
    }
    match head.required_text(
        "alias",
        "add an `alias:` that is unique in this file",
        report,
    ) {
        Some((alias, at)) if alias::check(&alias, at, report) => OwnAlias::Valid(alias, at),
        _ => OwnAlias::Unusable,
    }
}

fn links(fields: &Fields<'_, '_, '_>, report: &mut Report) -> Vec<Link> {
    let Some(links) = fields.mapping("links", report) else {
        return Vec::new();
    };
    links.warn_unknown(&LINKS, report);
    let whole = fields.what();
    let what = What::Part("a link", &whole);
    links
        .list("generates", report)
        .iter()
        .filter_map(|node| {
            let link = Fields::of(node, what, report)?;
            link.warn_unknown(&LINK, report);
            Some(Link {
                name: link.text("name", report),
                url: link.text("url", report),
                kind: link.text("type", report),
                picture: link.text("picture", report),
            })
        })
        .collect()
}

/// Kept here so that a plugin's kind is compared in one way.
impl AppliedPlugin {
    /// Whether a deployment is about this plugin.
    #[must_use]
    pub fn is_infra(&self) -> bool {
        self.kind == Kind::Infra
    }
}
