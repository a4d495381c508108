//! From a plugin's package to its rendered Terraform; nothing here touches a store.

use std::path::Path;

use stk_compose::policy::{self, BackendBlock};
use stk_compose::values::{self, Misplaced, Problem};
use stk_render::{
    ErrorKind, File, RenderError, Rendered, TemplateFile, Templates, Token, Tree, Warning,
    WriteError,
};
use stk_run::{Alias, RunRecord, Unit};
use stk_store::archive::Entry;

use crate::Scope;
use crate::connections::Connections;
use crate::policy::Violation;
use crate::{context, secrets};

/// The two spellings of the folder whose files are rendered at deploy.
const FOLDERS: [&str; 2] = ["templates-deploy/", "templates_deploy/"];

/// Lists the files of a plugin that are left out when it is published, so also here.
const IGNORED: &str = ".stkignore";

/// A plugin's rendered Terraform.
#[derive(Clone, Debug)]
pub struct Project {
    /// The files, by path.
    pub tree: Tree,
    /// What is odd, but not wrong.
    pub warnings: Vec<String>,
}

/// Why a plugin's Terraform cannot be rendered, or is not allowed.
#[derive(Debug, thiserror::Error)]
pub enum UnitError {
    /// The package has no templates; the plugin cannot be deployed.
    #[error("plugin `{alias}` has nothing to deploy: its package has no `templates-deploy` folder")]
    NoTemplates {
        /// The plugin.
        alias: Alias,
    },
    /// A template or a computed input is wrong; the plugin's author's fault, or an input's.
    #[error("plugin `{alias}` could not be rendered")]
    Template {
        /// The plugin.
        alias: Alias,
        /// Where and why.
        #[source]
        source: RenderError,
    },
    /// A secret was printed where Terraform cannot read it from a variable.
    #[error("plugin `{alias}` prints a secret where it cannot stand")]
    Secret {
        /// The plugin.
        alias: Alias,
        /// Where and why, the first of the rendered files.
        #[source]
        source: MisplacedSecret,
    },
    /// The plugin decides where its state is kept, which is the runtime's business; Terraform would
    /// refuse two backends only after it was started.
    #[error(
        "plugin `{alias}` brings its own {}, but the runtime decides where the state is kept",
        listed(.blocks)
    )]
    Backend {
        /// The plugin.
        alias: Alias,
        /// Every such block, with file and line of the rendered Terraform.
        blocks: Vec<BackendBlock>,
    },
    /// The plugin does what the user's inputs do not allow.
    #[error(
        "{scope} has what is not allowed here: {}",
        crate::policy::listed(.violations)
    )]
    Forbidden {
        /// The plugin, or the project.
        scope: Scope,
        /// What, and where; never empty.
        violations: Vec<Violation>,
        /// Whether the plugin is to be destroyed.
        destroying: bool,
    },
}

/// A secret in a place where no value can be filled in.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{place}: {subject}{problem}")]
pub struct MisplacedSecret {
    /// The template and its line, where they are known, else the rendered file and its line.
    pub place: String,
    /// "the secret input `x`: ", where one secret is at fault.
    pub subject: String,
    /// Why it cannot stand there.
    pub problem: Problem,
}

impl UnitError {
    /// An error when there are violations.
    pub(crate) fn forbid(
        scope: &Scope,
        destroying: bool,
        violations: Vec<Violation>,
    ) -> Result<(), Self> {
        if violations.is_empty() {
            return Ok(());
        }
        Err(Self::Forbidden {
            scope: scope.clone(),
            violations,
            destroying,
        })
    }

    /// What to do next.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoTemplates { .. } => {
                "add a `templates-deploy` folder with Terraform files to the plugin, or apply it \
                 with `type: app`"
                    .to_owned()
            }
            Self::Template { source, .. } => source.excerpt.as_ref().map_or_else(
                || "correct the template, or the input that it uses".to_owned(),
                |excerpt| {
                    format!(
                        "correct this line or the input that it uses: {}",
                        excerpt.trim()
                    )
                },
            ),
            Self::Secret { .. } => {
                "a secret becomes a variable of Terraform: print it where an argument's value or a \
                 part of a quoted text stands"
                    .to_owned()
            }
            Self::Forbidden {
                violations,
                destroying,
                ..
            } => crate::policy::help(violations, *destroying),
            Self::Backend { .. } => {
                "remove the block from the plugin's templates; the state's place is set with \
                 TFSTATE_BUCKET_NAME"
                    .to_owned()
            }
        }
    }
}

fn listed(blocks: &[BackendBlock]) -> String {
    let blocks: Vec<_> = blocks.iter().map(ToString::to_string).collect();
    blocks.join(", ")
}

/// Renders `unit` of `record` from the files of its `package` and checks what comes out.
///
/// # Errors
///
/// [`UnitError`] when a template is wrong or what it renders is not allowed.
pub fn render(
    record: &RunRecord,
    unit: &Unit,
    package: Vec<Entry>,
    connections: &Connections,
) -> Result<Project, UnitError> {
    let Unfilled {
        mut tree,
        tokens,
        warnings,
    } = rendered(record, unit, package, connections)?;
    fill_in(unit, &tokens, &mut tree)?;
    Ok(Project { tree, warnings })
}

/// A plugin's rendered Terraform with tokens in it.
pub(crate) struct Unfilled {
    pub(crate) tree: Tree,
    pub(crate) tokens: Vec<Token>,
    pub(crate) warnings: Vec<String>,
}

/// As [`render`], with tokens for what is filled in later.
pub(crate) fn rendered(
    record: &RunRecord,
    unit: &Unit,
    package: Vec<Entry>,
    connections: &Connections,
) -> Result<Unfilled, UnitError> {
    let alias = &unit.alias;
    let failed = |source| UnitError::Template {
        alias: alias.clone(),
        source,
    };
    let templates = templates(alias, package)?;
    let (context, mut warnings) = context::build(record, unit, connections).map_err(failed)?;
    let Rendered {
        tree,
        warnings: rendering,
        tokens,
    } = stk_render::render(&templates, &context).map_err(failed)?;
    warnings.extend(rendering);
    let mut warnings: Vec<_> = warnings.iter().map(Warning::to_string).collect();
    let found = policy::backends(
        tree.iter()
            .map(|(path, file)| (path, file.bytes.as_slice())),
    );
    if !found.blocks.is_empty() {
        return Err(UnitError::Backend {
            alias: alias.clone(),
            blocks: found.blocks,
        });
    }
    warnings.extend(
        found
            .nested
            .iter()
            .map(|block| format!("{block}: Terraform ignores this in a nested module")),
    );
    Ok(Unfilled {
        tree,
        tokens,
        warnings,
    })
}

/// Replaces the tokens of secrets in `tree` by Terraform variables.
fn fill_in(unit: &Unit, tokens: &[Token], tree: &mut Tree) -> Result<(), UnitError> {
    let variables = secrets::variables(unit);
    let known: Vec<_> = tokens
        .iter()
        .filter_map(|token| {
            let (_, variable) = variables
                .iter()
                .find(|(path, _)| secrets::name(path) == token.name)?;
            let text = token.text.as_str();
            Some(values::Token { text, variable })
        })
        .collect();
    let files = tree
        .iter()
        .map(|(path, file)| (path, file.bytes.as_slice()));
    let filled = values::fill(files, &known).map_err(|misplaced| UnitError::Secret {
        alias: unit.alias.clone(),
        source: misplaced_secret(misplaced, tokens),
    })?;
    for (path, bytes) in filled.files {
        let executable = tree.get(&path).is_some_and(|file| file.executable);
        tree.insert(&path, File { bytes, executable })
            .map_err(|error| UnitError::Template {
                alias: unit.alias.clone(),
                source: RenderError {
                    template: path.clone(),
                    line: None,
                    message: error.to_string(),
                    excerpt: None,
                    kind: ErrorKind::Path,
                },
            })?;
    }
    Ok(())
}

fn misplaced_secret(misplaced: Vec<Misplaced>, tokens: &[Token]) -> MisplacedSecret {
    let Some(first) = misplaced.into_iter().next() else {
        return MisplacedSecret {
            place: String::new(),
            subject: String::new(),
            problem: Problem::NotTerraform,
        };
    };
    let token = first
        .token
        .as_deref()
        .and_then(|text| tokens.iter().find(|token| token.text == text));
    let place = match token {
        Some(Token {
            template,
            line: Some(line),
            ..
        }) => format!("{template}:{line}"),
        _ => format!("{}:{} (rendered)", first.file, first.line),
    };
    MisplacedSecret {
        place,
        subject: token.map_or_else(String::new, |token| {
            format!("the secret input `{}`: ", token.name.replace('\u{1f}', "."))
        }),
        problem: first.problem,
    }
}

/// Every syntax error in the templates of a package.
///
/// # Errors
///
/// [`UnitError::NoTemplates`] when there are none at all.
pub fn check(alias: &Alias, package: Vec<Entry>) -> Result<Vec<RenderError>, UnitError> {
    Ok(stk_render::check(&templates(alias, package)?))
}

impl Project {
    /// Writes the files below `folder`, which must not hold any of them yet.
    ///
    /// # Errors
    ///
    /// [`WriteError`], with the path that could not be written.
    pub fn write_to(&self, folder: &Path) -> Result<(), WriteError> {
        self.tree.write_to(folder)
    }
}

pub(crate) fn templates(alias: &Alias, package: Vec<Entry>) -> Result<Templates, UnitError> {
    let mut ignored = None;
    let mut files = Vec::with_capacity(package.len());
    for entry in package {
        let below = FOLDERS
            .iter()
            .find_map(|folder| entry.path.strip_prefix(folder));
        if let Some(path) = below {
            files.push(TemplateFile {
                path: path.to_owned(),
                bytes: entry.bytes,
                executable: entry.executable,
            });
        } else if entry.path == IGNORED {
            ignored = Some(entry.bytes);
        }
    }
    if files.is_empty() {
        return Err(UnitError::NoTemplates {
            alias: alias.clone(),
        });
    }
    let templates = Templates { files };
    match ignored {
        None => Ok(templates),
        Some(patterns) => templates
            .excluding(&patterns, FOLDERS[0])
            .map_err(|source| UnitError::Template {
                alias: alias.clone(),
                source,
            }),
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use serde_json::json;

    use super::*;
    use crate::samples::{entry, record, unit};
    use stk_run::SecretPath;

    fn check_render(entries: Vec<Entry>) -> Result<Project, UnitError> {
        let unit = unit(json!({"name": "orders"}));
        render(&record(&[]), &unit, entries, &Connections::new())
    }

    fn message(error: &UnitError) -> String {
        let cause = error
            .source()
            .map(|source| format!("\n  caused by: {source}"));
        format!(
            "{error}{}\n  help: {}",
            cause.unwrap_or_default(),
            error.help()
        )
    }

    #[test]
    fn what_a_plugin_ignores_is_left_out() {
        let project = check_render(vec![
            entry(".stkignore", "*.md\ntemplates-deploy/drafts/\n"),
            entry("templates-deploy/main.tf", "# {{ name }}"),
            entry("templates-deploy/README.md", "{{ broken"),
            entry("templates-deploy/drafts/new.tf", "{{ broken"),
        ])
        .unwrap();
        let files: Vec<_> = project.tree.iter().map(|(path, _)| path).collect();
        assert_eq!(files, ["main.tf"]);
    }

    #[test]
    fn only_the_deploy_templates_are_rendered_under_either_spelling() {
        for folder in ["templates-deploy", "templates_deploy"] {
            let project = check_render(vec![
                entry("plugin.yaml", "schema-version: v2"),
                entry("templates/app.txt", "{{ broken"),
                entry(&format!("{folder}/main.tf"), "# {{ name }}"),
                entry(&format!("{folder}/sub/{{{{ name }}}}.tf"), "# ${keep}"),
            ])
            .unwrap();
            let files: Vec<_> = project
                .tree
                .iter()
                .map(|(path, file)| format!("{path}: {}", String::from_utf8_lossy(&file.bytes)))
                .collect();
            assert_eq!(files, ["main.tf: # orders", "sub/orders.tf: # ${keep}"]);
            assert!(project.warnings.is_empty());
        }
    }

    #[test]
    fn a_package_without_deploy_templates_is_refused() {
        let error =
            check_render(vec![entry("plugin.yaml", ""), entry("templates/a.tf", "")]).unwrap_err();
        insta::assert_snapshot!(message(&error), @"
        plugin `queue` has nothing to deploy: its package has no `templates-deploy` folder
          help: add a `templates-deploy` folder with Terraform files to the plugin, or apply it with `type: app`
        ");
        assert!(matches!(
            check(&unit(json!({})).alias, Vec::new()),
            Err(UnitError::NoTemplates { .. })
        ));
    }

    #[test]
    fn a_secret_becomes_a_sensitive_variable() {
        let mut unit = unit(json!({"password": "***", "users": [{"pin": "***"}], "size": 3}));
        unit.secrets = vec![
            SecretPath::new(["password"]),
            SecretPath::new(["users", "0", "pin"]),
        ];
        unit.computed_inputs =
            crate::samples::computed(&[("url", "db://admin:{{ password }}@host/{{ size }}")]);
        let package = vec![
            entry(
                "templates-deploy/main.tf",
                "resource \"db\" \"a\" {\n  password = \"{{ password }}\"\n  url = \"{{ url }}\"\n}\n",
            ),
            entry(
                "templates-deploy/users.tf",
                "{% for user in users %}\nmodule \"user{{ loop.index }}\" {\n  source = \"./user\"\n  pin = {{ user.pin }}\n}\n{% endfor %}\n",
            ),
            entry("templates-deploy/user/main.tf", "variable \"pin\" {}\n"),
            entry(
                "templates-deploy/README-deploy.md",
                "The password is {{ inputs.password }}.\n",
            ),
        ];
        let record = record(std::slice::from_ref(&unit));
        let project = render(&record, &unit, package, &Connections::new()).unwrap();
        let files: Vec<_> = project
            .tree
            .iter()
            .map(|(path, file)| format!("--- {path}\n{}", String::from_utf8_lossy(&file.bytes)))
            .collect();
        insta::assert_snapshot!(files.concat(), @r#"
        --- README-deploy.md
        The password is ***.
        --- main.tf
        resource "db" "a" {
          password = "${var.stk_secret_password}"
          url = "db://admin:${var.stk_secret_password}@host/3"
        }
        --- stk-variables.tf
        variable "stk_secret_password" {
          description = "The secret input password of the plugin queue."
          type        = string
          sensitive   = true
        }

        variable "stk_secret_users_0_pin" {
          description = "The secret input users.0.pin of the plugin queue."
          type        = string
          sensitive   = true
        }
        --- user/main.tf
        variable "pin" {}
        --- users.tf
        module "user1" {
          source = "./user"
          pin = var.stk_secret_users_0_pin
        }
        "#);
    }

    #[test]
    fn secrets_that_print_alike_are_two() {
        let mut unit = unit(json!({"a": {"b": "***"}, "a.b": "***"}));
        unit.secrets = vec![SecretPath::new(["a", "b"]), SecretPath::new(["a.b"])];
        let package = vec![entry(
            "templates-deploy/main.tf",
            "x = {{ inputs.a.b }}\ny = {{ inputs['a.b'] }}\n",
        )];
        let record = record(std::slice::from_ref(&unit));
        let project = render(&record, &unit, package, &Connections::new()).unwrap();
        assert_eq!(
            project.tree.get("main.tf").unwrap().bytes,
            b"x = var.stk_secret_a_b\ny = var.stk_secret_a_b_2\n"
        );
    }

    #[test]
    fn a_secret_in_a_wrong_place_is_shown_with_its_template_and_line() {
        let mut unit = unit(json!({"password": "***"}));
        unit.secrets = vec![SecretPath::new(["password"])];
        let cases = [
            ("main.tf", "a = 1\nresource \"x\" \"{{ password }}\" {}\n"),
            ("main.tf", "a = {{ password | length }}\n"),
            ("app/config.tpl", "\n\npassword={{ inputs.password }}\n"),
            ("app/main.tf", "x = {{ password }}\n"),
            ("{{ password }}.tf", ""),
        ];
        let messages: Vec<_> = cases
            .into_iter()
            .map(|(path, text)| {
                let package = vec![entry(&format!("templates-deploy/{path}"), text)];
                let record = record(std::slice::from_ref(&unit));
                let error = render(&record, &unit, package, &Connections::new()).unwrap_err();
                let source = error.source().unwrap().to_string();
                format!("{error}\n  {source}\n  {}\n", error.help())
            })
            .collect();
        insta::assert_snapshot!(messages.concat(), @r#"
        plugin `queue` prints a secret where it cannot stand
          main.tf:2: the secret input `password`: a value that is filled in later cannot be the name of a block: Terraform must know all names before it knows any value
          a secret becomes a variable of Terraform: print it where an argument's value or a part of a quoted text stands
        plugin `queue` could not be rendered
          main.tf:1: the input `password` is a secret: a template can only print it, because its value is not known before Terraform runs; do what is to be done with it in Terraform
          correct this line or the input that it uses: a = {{ password | length }}
        plugin `queue` prints a secret where it cannot stand
          app/config.tpl:3: the secret input `password`: a value that is filled in later can stand in `.tf` files only; hand it on from there, with `templatefile` or an argument
          a secret becomes a variable of Terraform: print it where an argument's value or a part of a quoted text stands
        plugin `queue` prints a secret where it cannot stand
          app/main.tf:1 (rendered): no `module` block has the folder `app` as its source, so nothing can be handed in; a value that is filled in later can stand only in the plugin's own files and in modules that it calls with `source = "./…"`
          a secret becomes a variable of Terraform: print it where an argument's value or a part of a quoted text stands
        plugin `queue` could not be rendered
          {{ password }}.tf: in the file's name: the input `password` is a secret: a template can only print it, because its value is not known before Terraform runs; do what is to be done with it in Terraform
          correct the template, or the input that it uses
        "#);
    }

    #[test]
    fn a_template_that_fails_shows_its_line() {
        let error = check_render(vec![entry(
            "templates-deploy/main.tf",
            "one\n  two = {{ missing.field }}\n",
        )])
        .unwrap_err();
        insta::assert_snapshot!(message(&error), @"
        plugin `queue` could not be rendered
          caused by: main.tf:2: `missing` is undefined
          help: correct this line or the input that it uses: two = {{ missing.field }}
        ");
    }

    #[test]
    fn every_syntax_error_is_found_at_once() {
        let entries = vec![
            entry("templates-deploy/a.tf", "{% if x %}"),
            entry("templates-deploy/b.tf", "fine"),
            entry("templates-deploy/c.tf", "{{ }"),
        ];
        let errors = check(&unit(json!({})).alias, entries).unwrap();
        let templates: Vec<_> = errors.iter().map(|error| error.template.as_str()).collect();
        assert_eq!(templates, ["a.tf", "c.tf"]);
    }

    #[test]
    fn a_backend_of_the_plugins_own_is_refused_and_a_nested_one_mentioned() {
        let backend = "terraform {\n  backend \"s3\" {}\n}\n";
        let error = check_render(vec![
            entry("templates-deploy/state.tf", backend),
            entry("templates-deploy/cloud.tf", "terraform {\n  cloud {}\n}\n"),
        ])
        .unwrap_err();
        insta::assert_snapshot!(message(&error), @r#"
        plugin `queue` brings its own cloud.tf:2: cloud, state.tf:2: backend "s3", but the runtime decides where the state is kept
          help: remove the block from the plugin's templates; the state's place is set with TFSTATE_BUCKET_NAME
        "#);
        let project =
            check_render(vec![entry("templates-deploy/module/state.tf", backend)]).unwrap();
        insta::assert_snapshot!(project.warnings.join("\n"), @r#"module/state.tf:2: backend "s3": Terraform ignores this in a nested module"#);
    }

    #[test]
    fn a_file_whose_name_leaves_the_folder_is_refused() {
        let error = check_render(vec![entry("templates-deploy/{{ '../x' }}.tf", "")]).unwrap_err();
        insta::assert_snapshot!(message(&error), @"
        plugin `queue` could not be rendered
          caused by: {{ '../x' }}.tf: the file's name renders to `../x.tf`: `..` leaves the plugin's folder
          help: correct the template, or the input that it uses
        ");
    }
}
