//! The files of the composed project.

use std::collections::BTreeMap;

use hcl_edit::Span;
use hcl_edit::structure::Body;

use super::fill::{Argument, Filled, FilledModule};
use super::providers::Hoisting;
use super::{
    HoistedProvider, MODULES_FILE, Module, Note, OUTPUTS_SUFFIX, OutputOf, PROVIDERS_FILE, Project,
};
use crate::Syntax;
use crate::values::{VARIABLES_FILE, declaration};

type Providers = BTreeMap<String, Option<String>>;

/// What a project is made of.
pub(super) struct Parts<'a, 'm> {
    pub(super) modules: &'a [Module<'m>],
    pub(super) filled: Filled,
    pub(super) hoisting: Hoisting,
    pub(super) earlier: &'a [HoistedProvider],
    pub(super) outputs: BTreeMap<String, OutputOf>,
    pub(super) notes: Vec<Note>,
}

pub(super) fn project(parts: Parts<'_, '_>) -> Project {
    let Parts {
        modules,
        filled,
        hoisting,
        earlier,
        outputs,
        notes,
    } = parts;
    let mut files = BTreeMap::new();
    let mut calls = Vec::new();
    let per_module = modules.iter().zip(filled.modules);
    let hoisted = hoisting.modules.iter().zip(&hoisting.undeclared);
    for ((module, filled), (providers, undeclared)) in per_module.zip(hoisted) {
        calls.push(call(module.alias, &filled, providers));
        let mut folder: BTreeMap<String, Vec<u8>> = module
            .files
            .iter()
            .map(|file| (file.path.to_owned(), file.bytes.to_vec()))
            .collect();
        folder.extend(filled.files);
        let entries = undeclared.iter();
        let mut declared = (!undeclared.is_empty())
            .then(|| required(entries.map(|(name, source)| (name.as_str(), source.as_str()))));
        for (name, alias) in providers {
            let declared = alias.as_ref().and_then(|_| declared.take());
            replace(&mut folder, name, alias.is_some(), declared);
        }
        for (path, bytes) in folder {
            files.insert(format!("{}/{path}", module.alias), bytes);
        }
        let text = root_outputs(module.alias, &outputs);
        files.insert(
            format!("{}{OUTPUTS_SUFFIX}", module.alias),
            text.into_bytes(),
        );
    }
    files.insert(MODULES_FILE.to_owned(), calls.join("\n").into_bytes());
    let variables: Vec<_> = filled.variables.into_values().collect();
    if !variables.is_empty() {
        let declarations: Vec<_> = variables.iter().map(declaration).collect();
        let text = declarations.join("\n");
        files.insert(VARIABLES_FILE.to_owned(), text.into_bytes());
    }
    if let Some(text) = root_providers(&hoisting.providers, earlier) {
        files.insert(PROVIDERS_FILE.to_owned(), text.into_bytes());
    }
    Project {
        files,
        variables,
        outputs,
        hoisted: hoisting.providers,
        notes,
    }
}

/// The `module` block of a plugin: as in the document when nothing is handed in.
fn call(alias: &str, filled: &FilledModule, providers: &Providers) -> String {
    let mut text = format!("module \"{alias}\" {{\n  source = \"./{alias}\"\n");
    let mut handed = String::new();
    for (name, alias) in providers {
        if let Some(alias) = alias {
            handed.push_str(&format!("    {name} = {name}.{alias}\n"));
        }
    }
    if !handed.is_empty() {
        text.push_str(&format!("\n  providers = {{\n{handed}  }}\n"));
    }
    if !filled.arguments.is_empty() {
        text.push('\n');
        let width = filled.arguments.keys().map(String::len).max().unwrap_or(0);
        for (name, argument) in &filled.arguments {
            let value = match argument {
                Argument::Variable { .. } => format!("var.{name}"),
                Argument::Output { generator, output } => format!("module.{generator}.{output}"),
            };
            text.push_str(&format!("  {name:width$} = {value}\n"));
        }
    }
    text.push_str("}\n");
    text
}

fn root_outputs(alias: &str, outputs: &BTreeMap<String, OutputOf>) -> String {
    let mut blocks = Vec::new();
    for (name, of) in outputs.iter().filter(|(_, of)| of.alias == alias) {
        let mut text = format!("output \"{name}\" {{\n");
        if of.sensitive {
            text.push_str(&format!(
                "  value     = module.{alias}.{}\n  sensitive = true\n",
                of.output
            ));
        } else {
            text.push_str(&format!("  value = module.{alias}.{}\n", of.output));
        }
        text.push_str("}\n");
        blocks.push(text);
    }
    blocks.join("\n")
}

/// A `terraform` block that says what providers are meant by names.
fn required<'p>(providers: impl Iterator<Item = (&'p str, &'p str)>) -> String {
    let mut text = "terraform {\n  required_providers {\n".to_owned();
    for (name, source) in providers {
        let source = source
            .strip_prefix("registry.terraform.io/")
            .unwrap_or(source);
        text.push_str(&format!(
            "    {name} = {{\n      source = \"{source}\"\n    }}\n"
        ));
    }
    text.push_str("  }\n}\n");
    text
}

fn root_providers(now: &[HoistedProvider], earlier: &[HoistedProvider]) -> Option<String> {
    let mut sources: BTreeMap<&str, &str> = BTreeMap::new();
    let mut blocks: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for provider in now.iter().chain(earlier) {
        // A name means one provider; what is used now goes first.
        let source = *sources
            .entry(&provider.name)
            .or_insert(provider.source.as_str());
        if source == provider.source {
            blocks.insert((&provider.name, &provider.alias), &provider.body);
        }
    }
    if blocks.is_empty() {
        return None;
    }
    let mut text = required(sources.into_iter());
    for ((name, alias), body) in blocks {
        text.push_str(&format!(
            "\nprovider \"{name}\" {{\n  alias = \"{alias}\"\n{body}}}\n"
        ));
    }
    Some(text)
}

/// Takes the default configuration of the provider `name` out of the files of a plugin's root module, and puts `declared`
/// in its place.
fn replace(
    folder: &mut BTreeMap<String, Vec<u8>>,
    name: &str,
    hoisted: bool,
    declared: Option<String>,
) {
    for (path, bytes) in folder.iter_mut() {
        if path.contains('/') || !matches!(Syntax::of(path), Some(Syntax::Native)) {
            continue;
        }
        let text = String::from_utf8_lossy(bytes).into_owned();
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if !text.contains("provider") {
            continue;
        }
        let Ok(body) = text.parse::<Body>() else {
            continue;
        };
        let block = body.get_blocks("provider").find(|block| {
            block
                .labels
                .first()
                .is_some_and(|label| label.as_str() == name)
                && !block.body.has_attribute("alias")
        });
        let Some(span) = block.and_then(Span::span) else {
            continue;
        };
        let (Some(before), Some(after)) = (text.get(..span.start), text.get(span.end..)) else {
            continue;
        };
        let comment = if hoisted {
            format!(
                "# The provider `{name}` is configured in {PROVIDERS_FILE} at the root: other plugins configure it alike."
            )
        } else {
            format!(
                "# The provider `{name}` has no configuration: in a module, Terraform takes that of the project."
            )
        };
        let declared = declared.unwrap_or_default();
        let after = after
            .strip_prefix("\r\n")
            .or(after.strip_prefix('\n'))
            .unwrap_or(after);
        let changed = format!("{before}{comment}\n{declared}{after}");
        *bytes = changed.into_bytes();
        return;
    }
}
