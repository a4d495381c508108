//! What is wrong with a composition, and what is worth to be said about one.

use std::fmt;

use crate::values::Misplaced;

/// A place in a plugin's rendered files. Displays as ``plugin `a`, main.tf:3``.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The plugin's alias.
    pub alias: String,
    /// The file, relative to the plugin's folder.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { alias, file, line } = self;
        write!(formatter, "plugin `{alias}`, {file}:{line}")
    }
}

/// Why plugins cannot be composed into one project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The alias is no identifier of Terraform.
    #[error(
        "the alias `{alias}` cannot be the name of a Terraform module, which has only letters, digits, `_` and `-` and \
         starts with a letter or `_`; give the plugin another alias, or deploy each plugin as a project of its own"
    )]
    Alias {
        /// The alias.
        alias: String,
    },
    /// Two plugins have the same alias.
    #[error("two plugins have the alias `{alias}`; give one of them another")]
    Duplicate {
        /// The alias.
        alias: String,
    },
    /// A file would not be in the plugin's folder.
    #[error(
        "plugin `{alias}`: the path {path:?} of a rendered file does not lead into the plugin's folder"
    )]
    Path {
        /// The plugin.
        alias: String,
        /// The path.
        path: String,
    },
    /// A value that is not known yet stands where no reference can stand.
    #[error("plugin `{alias}`, {misplaced}")]
    Misplaced {
        /// The plugin.
        alias: String,
        /// Where and why; its token tells which value.
        misplaced: Misplaced,
    },
    /// Two plugins mean different variables by one name.
    #[error(
        "the plugins `{first}` and `{second}` both bring a variable `{name}`, and mean different ones"
    )]
    Variable {
        /// The name of the variable.
        name: String,
        /// The plugin that names it first.
        first: String,
        /// The other plugin.
        second: String,
    },
    /// The plugin that generates a connection is not in the project.
    #[error(
        "plugin `{alias}` requires `{attribute}` of the connection `{slot}` from the plugin `{generator}`, which is not \
         in this project"
    )]
    Generator {
        /// The plugin that requires the connection.
        alias: String,
        /// The slot of the connection.
        slot: String,
        /// The attribute.
        attribute: String,
        /// The plugin that is missing.
        generator: String,
    },
    /// The Terraform of the plugin that generates a connection has no such output.
    #[error(
        "plugin `{alias}` requires `{attribute}` of the connection `{slot}`, which is the output `{output}` of the plugin \
         `{generator}`; its Terraform declares no such output{}", suggestion(.nearest.as_deref(), .generator, .output)
    )]
    Output {
        /// The plugin that requires the connection.
        alias: String,
        /// The slot of the connection.
        slot: String,
        /// The attribute.
        attribute: String,
        /// The plugin that generates it.
        generator: String,
        /// The output that is missing.
        output: String,
        /// An output of a similar name.
        nearest: Option<String>,
    },
    /// A local module outside of the plugin's folder, where another plugin would be.
    #[error(
        "{place}: the module source {from:?} leads out of the plugin's folder; copy the module into the plugin, or take it \
         from a registry or a repository"
    )]
    SourceLeaves {
        /// Where it stands.
        place: Place,
        /// The source.
        from: String,
    },
    /// Terraform allows an `import` block in the root module only.
    #[error(
        "{0}: an `import` block can stand in the root module of a project only, and here the plugin is a module; \
         import the resource once while each plugin is deployed as a project of its own, then remove the block"
    )]
    Import(Place),
    /// A variable that nobody can set, because the plugin is a module here.
    #[error(
        "{place}: the variable `{name}` has no default, and in one project for all plugins nothing sets it; write the value \
         in the template, or give the variable a default"
    )]
    Unset {
        /// Where it is declared.
        place: Place,
        /// The variable.
        name: String,
    },
    /// A file that Terraform reads in the root module only sets a variable.
    #[error(
        "{place}: Terraform reads this file in the root module of a project only, and here the plugin is a module; make the \
         value of `{name}` the default of the variable"
    )]
    Values {
        /// Where it is set.
        place: Place,
        /// The variable.
        name: String,
    },
    /// No version of a provider meets what two plugins require.
    #[error(
        "no version of the provider `{provider}` is both `{first}` ({first_place}) and `{second}` ({second_place}); one \
         project has one version of a provider: change one of the two `required_providers`, or deploy each plugin as a \
         project of its own"
    )]
    Versions {
        /// The provider's source.
        provider: String,
        /// What one of them requires.
        first: String,
        /// Where.
        first_place: Box<Place>,
        /// What the other one requires.
        second: String,
        /// Where.
        second_place: Box<Place>,
    },
}

fn suggestion(nearest: Option<&str>, generator: &str, output: &str) -> String {
    match nearest {
        Some(nearest) => format!(
            ": did you mean `{nearest}`? Correct `from` of the output in the plugin's `generates`"
        ),
        None => format!(
            ": add `output \"{output}\"` to the templates of `{generator}`, or correct its `generates`"
        ),
    }
}

/// What is worth to be said about a composition, but not wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Plugins share one configuration of a provider.
    #[error(
        "the plugins {} configure the provider `{provider}` alike: it stands in {} once, which saves {} of {} instances",
        listed(.aliases), super::PROVIDERS_FILE, .aliases.len() - 1, .aliases.len()
    )]
    Hoisted {
        /// The name of the provider in the plugins.
        provider: String,
        /// The plugins, two at least.
        aliases: Vec<String>,
    },
    /// Plugins keep their configuration of a provider.
    #[error(
        "{place}: the plugin keeps its own configuration of the provider `{provider}`: {reason}"
    )]
    Kept {
        /// Where it stands.
        place: Place,
        /// The name of the provider in the plugin.
        provider: String,
        /// Why.
        reason: String,
    },
    /// Two plugins mean different providers by one name, which is right but easily taken for a mistake.
    #[error(
        "the provider name `{name}` means `{first}` in {first_place} and `{second}` in {second_place}"
    )]
    Sources {
        /// The name.
        name: String,
        /// What one of them means.
        first: String,
        /// Where.
        first_place: Box<Place>,
        /// What the other one means.
        second: String,
        /// Where.
        second_place: Box<Place>,
    },
    /// A path means another folder than in a project of the plugin alone.
    #[error(
        "{place}: `{path}` leads into the folder of the whole project here, and into the plugin's only where each plugin is \
         deployed as a project of its own; begin the path with `${{path.module}}`"
    )]
    Path {
        /// Where it stands.
        place: Place,
        /// The path, or its beginning.
        path: String,
    },
    /// A file could not be read, so its outputs and providers are not known.
    #[error(
        "{place}: the file cannot be read here as Terraform, so outputs that it declares are not the project's: {reason}"
    )]
    Unread {
        /// Where reading stopped.
        place: Place,
        /// What the parser said.
        reason: String,
    },
}

fn listed(aliases: &[String]) -> String {
    let quoted: Vec<String> = aliases.iter().map(|alias| format!("`{alias}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
