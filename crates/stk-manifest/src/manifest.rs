//! `.stk/stk.yaml`: which plugins a project applies, with which inputs and connections.

use serde_json::{Map, Value};

use crate::connection::SelectedConnection;
use crate::finding::{Finding, FindingCode, Parsed, Position, Report, Severity};
use crate::qualifier::PluginQualifier;
use crate::yaml::Places;

mod alias;
mod connections;
mod parse;
mod plugin;

pub(crate) use self::connections::CONNECTOR_MARK;
pub(crate) use self::parse::document_kind;

/// What stk.yaml holds in place of a `password` input's value: the secret itself is not in the file.
pub const SECRET_PLACEHOLDER: &str = "***";

/// The `schema-version` of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SchemaVersion {
    /// `v1`, written until September 2023.
    V1,
    /// `v2`.
    V2,
    /// `v3`: known for plugin.yaml; read like v2 (with a warning) in stk.yaml, where it has not been seen.
    V3,
}

impl SchemaVersion {
    /// `v1`, `v2` or `v3`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// What a project or a plugin is for. Only infra plugins are deployed, in projects of both kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `type: app`.
    App,
    /// `type: infra`.
    Infra,
}

impl Kind {
    /// `app` or `infra`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Infra => "infra",
        }
    }
}

/// A project's stk.yaml.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// The file as the caller named it: the file of findings about this manifest.
    pub file: String,
    /// `schema-version`.
    pub schema_version: SchemaVersion,
    /// `metadata.name`.
    pub name: Option<String>,
    /// `metadata.description`.
    pub description: Option<String>,
    /// `metadata.stack`: `slug` or `slug@version`.
    pub stack: Option<String>,
    /// `metadata.stack-version-id`.
    pub stack_version_id: Option<String>,
    /// `metadata.starter`.
    pub starter: Option<String>,
    /// `spec.type`.
    pub kind: Kind,
    /// `spec.infra-id` of an infra project, `spec.app-id` of an app: present once the project is registered.
    pub id: Option<String>,
    /// `spec.plugins`, in file order. A plugin that an error made unusable is left out.
    pub plugins: Vec<AppliedPlugin>,
    /// `spec.global-inputs`.
    pub global_inputs: Map<String, Value>,
    /// `spec.global-computed-inputs`: values, already computed when the plugins were applied.
    pub global_computed_inputs: Map<String, Value>,
    /// `spec.repository`.
    pub repository: Option<String>,
    pub(crate) global_places: Places,
    pub(crate) global_computed_places: Places,
    /// Where `spec` starts: the place of findings about the project as a whole.
    pub(crate) at: Position,
}

/// One entry of `spec.plugins`.
#[derive(Debug, Clone, PartialEq)]
pub struct AppliedPlugin {
    /// Unique in the project; a valid folder and Terraform module name.
    pub alias: String,
    /// Whether the file has no alias (v1) and [`AppliedPlugin::alias`] was made from the plugin's name.
    pub alias_is_derived: bool,
    /// `name`: which plugin.
    pub qualifier: PluginQualifier,
    /// `type`.
    pub kind: Kind,
    /// `plugin-version-id`.
    pub plugin_version_id: Option<String>,
    /// `stack-version-id`.
    pub stack_version_id: Option<String>,
    /// `inputs` as written, connection objects and v1's flattened connector inputs included.
    pub inputs: Map<String, Value>,
    /// `inputs-envs`: input name to environment name to value. Every value of the outer map is an object.
    pub inputs_envs: Map<String, Value>,
    /// The connections from every place in which the entry can hold them.
    pub connections: AppliedConnections,
    /// `links.generates`.
    pub links: Vec<Link>,
    /// The entry's index in `spec.plugins`, app plugins included.
    pub index: u32,
    /// Where the entry starts.
    pub position: Position,
    pub(crate) input_places: Places,
    pub(crate) inputs_envs_places: Places,
}

/// The connections of one applied plugin, in file order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppliedConnections {
    /// What the plugin gives.
    pub generates: Vec<SelectedConnection>,
    /// What the plugin needs. v1's connectors are all here: only plugin.yaml says which of them are given.
    pub requires: Vec<SelectedConnection>,
}

/// An item of `links.generates`: a link for people. The url may hold template expressions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// `name`.
    pub name: Option<String>,
    /// `url`.
    pub url: Option<String>,
    /// `type`.
    pub kind: Option<String>,
    /// `picture`.
    pub picture: Option<String>,
}

impl Manifest {
    /// Reads an stk.yaml. `file` is only used in findings; `text` is the file's content.
    ///
    /// The value is `None` when the text is not YAML, is no mapping, or has an unknown `schema-version`, a wrong
    /// `kind` or no usable `spec`. Otherwise there is a value, also beside errors about single plugins.
    #[must_use]
    pub fn parse(file: &str, text: &str) -> Parsed<Self> {
        parse::parse(file, text)
    }

    /// The whole document as JSON, unknown keys included, for whoever hands it on.
    ///
    /// Keys stay in the order of the file, quoted scalars stay texts, anchors and `<<` are resolved. This reads the
    /// text again, so that a [`Manifest`] is not twice its size for the few that need it. The findings are those of
    /// the YAML alone: [`Manifest::parse`] has them too. The value is `None` when the text is no YAML mapping.
    #[must_use]
    pub fn document(file: &str, text: &str) -> Parsed<Map<String, Value>> {
        parse::document(file, text)
    }

    /// What identifies the project in the stores: `spec.infra-id` or `spec.app-id`, else `metadata.name`.
    ///
    /// # Errors
    ///
    /// A finding that says what to add, when the file has neither.
    pub fn project_identity(&self) -> Result<&str, Box<Finding>> {
        if let Some(identity) = self.id.as_deref().or(self.name.as_deref()) {
            return Ok(identity);
        }
        let key = match self.kind {
            Kind::App => "app-id",
            Kind::Infra => "infra-id",
        };
        Err(Box::new(Finding {
            severity: Severity::Error,
            code: FindingCode::NoIdentity,
            message: format!(
                "nothing says which project this is: there is neither `spec.{key}` nor `metadata.name`"
            ),
            file: self.file.clone(),
            line: self.at.line,
            column: self.at.column,
            help: Some(format!(
                "add `metadata.name: <a name for the project>`, or register the project with StackSpot, which adds `spec.{key}`"
            )),
        }))
    }

    /// The plugins that a deployment is about: those of `type: infra`, in file order.
    pub fn infra_plugins(&self) -> impl Iterator<Item = &AppliedPlugin> {
        self.plugins
            .iter()
            .filter(|plugin| plugin.kind == Kind::Infra)
    }

    /// A finding about `plugin`, at its entry.
    #[must_use]
    pub fn finding_at(
        &self,
        plugin: &AppliedPlugin,
        code: FindingCode,
        message: impl Into<String>,
        help: Option<String>,
    ) -> Finding {
        Finding {
            severity: Severity::Error,
            code,
            message: message.into(),
            file: self.file.clone(),
            line: plugin.position.line,
            column: plugin.position.column,
            help,
        }
    }
}

/// Reads `type: app|infra`.
pub(crate) fn kind_of(text: &str, at: Position, what: &str, report: &mut Report) -> Option<Kind> {
    match text {
        "app" => Some(Kind::App),
        "infra" => Some(Kind::Infra),
        other => {
            report.error_with_help(
                FindingCode::InvalidChoice,
                at,
                format!(
                    "{what} must be `app` or `infra`, found {}",
                    crate::finding::quoted(other)
                ),
                "write `type: infra` for what is deployed with Terraform",
            );
            None
        }
    }
}
