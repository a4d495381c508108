//! Composition: what stands in the files, and what the real Terraform makes of them.

mod composed;
mod document;
mod errors;
mod properties;
mod providers;
mod terraform;

use stk_compose::project::{ComposeError, File, FilledBy, Filling, Module, Project, compose};
use stk_compose::values::Variable;

fn module<'a>(
    alias: &'a str,
    files: &[(&'a str, &'a str)],
    fillings: &[(&'a str, FilledBy<'a>)],
) -> Module<'a> {
    Module {
        alias,
        files: files
            .iter()
            .map(|&(path, text)| File {
                path,
                bytes: text.as_bytes(),
            })
            .collect(),
        fillings: fillings
            .iter()
            .map(|&(token, value)| Filling { token, value })
            .collect(),
    }
}

fn output<'a>(
    slot: &'a str,
    attribute: &'a str,
    generator: &'a str,
    output: &'a str,
) -> FilledBy<'a> {
    FilledBy::Output {
        slot,
        attribute,
        generator,
        output,
    }
}

fn secret(name: &str) -> Variable {
    Variable {
        name: name.to_owned(),
        description: format!("The secret `{name}`."),
        sensitive: true,
        text: true,
    }
}

fn composed(modules: &[Module<'_>]) -> Project {
    compose(modules, &[]).unwrap_or_else(|errors| panic!("{}", lines(&errors)))
}

fn refused(modules: &[Module<'_>]) -> String {
    lines(&compose(modules, &[]).unwrap_err())
}

fn lines(errors: &[ComposeError]) -> String {
    errors.iter().map(|error| format!("{error}\n")).collect()
}

/// The files whose paths `wanted` says yes to, as one text.
fn shown(project: &Project, wanted: impl Fn(&str) -> bool) -> String {
    let files = project.files.iter().filter(|(path, _)| wanted(path));
    files
        .map(|(path, bytes)| format!("--- {path}\n{}", String::from_utf8_lossy(bytes)))
        .collect()
}

fn notes(project: &Project) -> String {
    let notes = project.notes.iter();
    notes.map(|note| format!("{note}\n")).collect()
}

fn at_the_root(path: &str) -> bool {
    !path.contains('/')
}
