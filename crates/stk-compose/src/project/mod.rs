//! Composing rendered plugins into one Terraform project: a module for each, the unified deployment of StackSpot's
//! document ("Deploy StackSpot Unificado").
//!
//! The layout is the document's: a folder for each plugin with its rendered files, `<alias>-outputs.tf` for each at the
//! root, and `stk-modules.tf` with `module "<alias>" { source = "./<alias>" }` for each. What a plugin generates and another
//! one of the project requires becomes a reference, so that one plan shows all of it. The file that says where the state
//! is kept is the caller's to add; that no plugin brings one is for [`backends`](crate::policy::backends) to say, before.

mod error;
mod facts;
mod fill;
mod flow;
mod json;
mod names;
mod outputs;
mod paths;
mod providers;
mod requirements;
mod write;

use std::collections::BTreeMap;

pub use error::{ComposeError, Note, Place};
pub use providers::HoistedProvider;

use crate::values::Variable;
use facts::Facts;

/// The file with the `module` blocks, as the document calls it.
pub const MODULES_FILE: &str = "stk-modules.tf";

/// The file with the provider configurations that several plugins share. Only there when there are some.
pub const PROVIDERS_FILE: &str = "stk-providers.tf";

/// What the file with the outputs of a plugin is called after its alias.
pub const OUTPUTS_SUFFIX: &str = "-outputs.tf";

/// A rendered plugin, also a removed one that is destroyed in this deployment.
#[derive(Clone, Debug)]
pub struct Module<'a> {
    /// The plugin's alias: its folder, and the name of its module.
    pub alias: &'a str,
    /// Its rendered files, with tokens for the values in `fillings`.
    pub files: Vec<File<'a>>,
    /// What stands for the tokens.
    pub fillings: Vec<Filling<'a>>,
}

/// A rendered file.
#[derive(Clone, Copy, Debug)]
pub struct File<'a> {
    /// Its path in the plugin's folder, `/` between the segments.
    pub path: &'a str,
    /// What stands in it.
    pub bytes: &'a [u8],
}

/// A token and what stands for it.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// The token, as for [`Token`](crate::values::Token).
    pub token: &'a str,
    /// Where its value comes from.
    pub value: FilledBy<'a>,
}

/// Where the value of a token comes from.
#[derive(Clone, Copy, Debug)]
pub enum FilledBy<'a> {
    /// From whoever runs Terraform: a variable of the whole project, which is passed on to the module. Its name is unique in
    /// the project; two plugins that name the same variable get the same value.
    Variable(&'a Variable),
    /// From another plugin of the project.
    Output {
        /// The slot of the connection at the plugin that requires it.
        slot: &'a str,
        /// The attribute of the connection that the template reads.
        attribute: &'a str,
        /// The alias of the plugin that generates it.
        generator: &'a str,
        /// The output of that plugin's Terraform.
        output: &'a str,
    },
}

/// One Terraform project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Every file, by path.
    pub files: BTreeMap<String, Vec<u8>>,
    /// The root variables that whoever runs Terraform must hand in, sorted by name: those of
    /// [`FilledBy::Variable`] that a file uses.
    pub variables: Vec<Variable>,
    /// The root outputs by name, and what each stands for.
    pub outputs: BTreeMap<String, OutputOf>,
    /// The provider configurations that stand at the root instead of in several plugins.
    pub hoisted: Vec<HoistedProvider>,
    /// What is worth to be said, but not wrong.
    pub notes: Vec<Note>,
}

/// The output of a plugin that a root output stands for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OutputOf {
    /// The plugin's alias.
    pub alias: String,
    /// The name of the output in the plugin's Terraform.
    pub output: String,
    /// Whether Terraform hides its value.
    pub sensitive: bool,
}

/// Composes `modules`, in their order, into one project. Removed plugins are composed like the others.
///
/// `earlier` are the [hoisted providers](Project::hoisted) that the state of this project may name: those of the last
/// successful deployment and of every attempt since. A resource that is in the state but no longer in a plugin's
/// Terraform can be destroyed only with the configuration that the state names, so that stays declared. One that
/// nothing uses costs nothing, for Terraform does not start it.
///
/// An output is [sensitive](OutputOf::sensitive) when the plugin says so, or when it holds a sensitive value that the plugin
/// is handed, as far as that can be followed; where it cannot (through a module from elsewhere), Terraform refuses
/// the root output and asks for `sensitive = true`, which then belongs into the plugin's own output.
///
/// # Errors
///
/// Everything that is wrong, in the order of the plugins.
pub fn compose(
    modules: &[Module<'_>],
    earlier: &[HoistedProvider],
) -> Result<Project, Vec<ComposeError>> {
    let mut errors = names::check(modules);
    if !errors.is_empty() {
        return Err(errors);
    }
    let facts: Vec<Facts> = modules.iter().map(Facts::of).collect();
    for (module, facts) in modules.iter().zip(&facts) {
        errors.extend(facts.errors(module));
    }
    let filled = match fill::fill(modules, &facts) {
        Ok(filled) => filled,
        Err(found) => {
            errors.extend(found);
            return Err(errors);
        }
    };
    let mut notes = Vec::new();
    requirements::check(modules, &facts, &mut errors, &mut notes);
    if !errors.is_empty() {
        return Err(errors);
    }
    for (module, facts) in modules.iter().zip(&facts) {
        notes.extend(facts.notes(module));
    }
    let hoisting = providers::hoist(modules, &facts, &mut notes);
    let outputs = outputs::outputs(modules, &facts, &filled);
    Ok(write::project(write::Parts {
        modules,
        filled,
        hoisting,
        earlier,
        outputs,
        notes,
    }))
}
