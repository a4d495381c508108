//! The secrets of a plugin: what templates see of them, the Terraform variables that they become, and their values.

use std::collections::BTreeSet;

use crate::error::Scope;
use secrecy::SecretString;
use stk_compose::values::Variable;
use stk_run::{Alias, SecretPath, Secrets, Unit};
use terraform_runner::{ChildEnvironment, EnvironmentError};

/// The secrets of `unit` with the Terraform variable of each. The names depend on nothing but the paths.
pub(crate) fn variables(unit: &Unit) -> Vec<(&SecretPath, Variable)> {
    let mut taken = BTreeSet::new();
    unit.secrets
        .iter()
        .map(|path| {
            let mut name = String::from("stk_secret");
            for part in path.parts() {
                name.push('_');
                name.extend(part.chars().map(|letter| {
                    if letter.is_ascii_alphanumeric() || letter == '-' {
                        letter
                    } else {
                        '_'
                    }
                }));
            }
            // `a.b` and `a_b` are two inputs.
            let first = name.clone();
            let mut number = 2;
            while !taken.insert(name.clone()) {
                name = format!("{first}_{number}");
                number += 1;
            }
            let variable = Variable {
                name,
                description: format!("The secret input {path} of the plugin {}.", unit.alias),
                sensitive: true,
                text: true,
            };
            (path, variable)
        })
        .collect()
}

/// The variable `name` of the plugin `alias` at the root of the whole project. No two plugins can have one name.
pub(crate) fn project_name(alias: &Alias, name: &str) -> String {
    format!("{name}_of_{alias}_{}", alias.as_str().len())
}

/// Hands the values of the secrets of `unit` to Terraform. One that is missing is left out: Terraform then says which
/// variable it lacks, and whoever executes tasks has said it before anything ran.
pub(crate) fn hand_over(
    scope: &Scope,
    unit: &Unit,
    secrets: &Secrets,
    environment: &mut ChildEnvironment,
) -> Result<(), EnvironmentError> {
    for (path, variable) in variables(unit) {
        let value: Option<&SecretString> = secrets.get(unit.alias.as_str(), path);
        if let Some(value) = value {
            let name = match scope {
                Scope::Plugin(_) => variable.name,
                Scope::Project => project_name(&unit.alias, &variable.name),
            };
            environment.set_variable(&name, value.clone())?;
        }
    }
    Ok(())
}

/// What a token of the secret is known by. Two paths that print alike (`a` → `b`, and an input called `a.b`) have two.
pub(crate) fn name(path: &SecretPath) -> String {
    path.parts().join("\u{1f}")
}

/// Why a template cannot do anything with a secret but print it.
pub(crate) fn reason(path: &SecretPath) -> String {
    format!(
        "the input `{path}` is a secret: a template can only print it, because its value is not \
         known before Terraform runs; do what is to be done with it in Terraform"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::samples::unit;

    fn unit_with(paths: &[&[&str]]) -> Unit {
        let mut unit = unit(json!({}));
        unit.secrets = paths
            .iter()
            .map(|path| SecretPath::new(path.iter().copied()))
            .collect();
        unit
    }

    #[test]
    fn every_secret_has_a_variable_of_its_own() {
        let unit = unit_with(&[
            &["password"],
            &["db-user", "ção"],
            &["a", "b"],
            &["a_b"],
            &["a", "b_2"],
            &["a.b"],
        ]);
        let names: Vec<_> = variables(&unit)
            .into_iter()
            .map(|(path, variable)| format!("{path}: {}\n", variable.name))
            .collect();
        insta::assert_snapshot!(names.concat(), @"
        password: stk_secret_password
        db-user.ção: stk_secret_db-user___o
        a.b: stk_secret_a_b
        a_b: stk_secret_a_b_2
        a.b_2: stk_secret_a_b_2_2
        a.b: stk_secret_a_b_3
        ");
    }
}
