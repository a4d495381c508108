//! What a plugin says about where it may be applied.
//!
//! StackSpot checks these rules when a plugin is applied, which has happened long before a deployment. Breaking one is
//! a warning: the only way to obey would be to remove a plugin, which destroys what is deployed.

use std::collections::HashMap;

use crate::definition::PluginDefinition;
use crate::finding::{FindingCode, Position, Report};
use crate::manifest::{AppliedPlugin, Kind, Manifest};

/// The first entry of each plugin, whatever its version: studio, stack and name.
pub(super) struct Rules<'m> {
    project: Kind,
    first: HashMap<(&'m str, Option<&'m str>, &'m str), (u32, Position)>,
}

impl<'m> Rules<'m> {
    pub(super) fn of(manifest: &'m Manifest) -> Self {
        let mut first = HashMap::with_capacity(manifest.plugins.len());
        for applied in &manifest.plugins {
            first
                .entry(identity(applied))
                .or_insert((applied.index, applied.position));
        }
        Self {
            project: manifest.kind,
            first,
        }
    }

    pub(super) fn check(
        &self,
        applied: &'m AppliedPlugin,
        definition: &PluginDefinition,
        report: &mut Report,
    ) {
        if definition.single_use
            && let Some((index, at)) = self.first.get(&identity(applied))
            && *index != applied.index
        {
            report.warning(
                FindingCode::ApplyRule,
                applied.position,
                format!(
                    "the plugin `{}` is applied twice, here and on line {}, but {} says `single-use: true`",
                    applied.qualifier.plugin, at.line, definition.file
                ),
                Some("both are deployed; their resources may have the same names".to_owned()),
            );
        }
        if self.project == Kind::App && definition.app_allowed == Some(false) {
            report.warning(
                FindingCode::ApplyRule,
                applied.position,
                format!(
                    "the plugin `{}` is applied in a project of `type: app`, but {} says `app-allowed: false`",
                    applied.alias, definition.file
                ),
                Some("it is deployed all the same; StackSpot applies it in projects of `type: infra` only".to_owned()),
            );
        }
    }
}

fn identity(applied: &AppliedPlugin) -> (&str, Option<&str>, &str) {
    let qualifier = &applied.qualifier;
    (
        &qualifier.studio,
        qualifier.stack.as_deref(),
        &qualifier.plugin,
    )
}
