//! What stands in composed files.

use super::*;

#[test]
fn a_connection_is_handed_down_to_nested_modules() {
    let password = secret("stk_secret_db_password");
    let project = composed(&[
        module(
            "source",
            &[("main.tf", "output \"topic-arn\" {\n  value = 1\n}\n")],
            &[],
        ),
        module(
            "sink",
            &[
                (
                    "main.tf",
                    "module \"inner\" {\n  source = \"./inner\"\n}\n\noutput \"all\" {\n  value = \"x-t_1_\"\n}\n",
                ),
                ("inner/main.tf", "locals {\n  a = t_0_\n  b = \"t_1_\"\n}\n"),
            ],
            &[
                ("t_0_", output("the topic", "a.b", "source", "topic-arn")),
                ("t_1_", FilledBy::Variable(&password)),
                ("t_2_", output("unused", "arn", "source", "topic-arn")),
            ],
        ),
    ]);
    insta::assert_snapshot!(shown(&project, |path| !path.starts_with("source/")), @r#"
    --- sink-outputs.tf
    output "sink_all" {
      value     = module.sink.all
      sensitive = true
    }
    --- sink/inner/main.tf
    locals {
      a = var.stk_connection_the_topic_a_b
      b = "${var.stk_secret_db_password}"
    }

    variable "stk_connection_the_topic_a_b" {
      description = "a.b of the connection the topic: the output topic-arn of the plugin source."
    }

    variable "stk_secret_db_password" {
      description = "The secret `stk_secret_db_password`."
      type        = string
      sensitive   = true
    }
    --- sink/main.tf
    module "inner" {
      source = "./inner"
      stk_connection_the_topic_a_b = var.stk_connection_the_topic_a_b
      stk_secret_db_password = var.stk_secret_db_password
    }

    output "all" {
      value = "x-${var.stk_secret_db_password}"
    }

    variable "stk_connection_the_topic_a_b" {
      description = "a.b of the connection the topic: the output topic-arn of the plugin source."
    }

    variable "stk_secret_db_password" {
      description = "The secret `stk_secret_db_password`."
      type        = string
      sensitive   = true
    }
    --- source-outputs.tf
    output "source_topic-arn" {
      value = module.source.topic-arn
    }
    --- stk-modules.tf
    module "source" {
      source = "./source"
    }

    module "sink" {
      source = "./sink"

      stk_connection_the_topic_a_b = module.source.topic-arn
      stk_secret_db_password       = var.stk_secret_db_password
    }
    --- stk-variables.tf
    variable "stk_secret_db_password" {
      description = "The secret `stk_secret_db_password`."
      type        = string
      sensitive   = true
    }
    "#);
    assert_eq!(project.variables, [password]);
}

#[test]
fn names_of_outputs_and_variables_never_collide() {
    let out = "output \"b_c\" {\n  value = 1\n}\noutput \"c\" {\n  value = 1\n}\n";
    let project = composed(&[
        module("a", &[("o.tf", out)], &[]),
        module(
            "a_b",
            &[
                ("o.tf", out),
                ("m.tf", "locals {\n  x = [t_0_, t_1_, t_2_]\n}\n"),
            ],
            &[
                ("t_0_", output("s.x", "y", "a", "c")),
                ("t_1_", output("s_x", "y", "a", "c")),
                ("t_2_", output("s_x", "y", "a", "c")),
            ],
        ),
    ]);
    let outputs: Vec<_> = project
        .outputs
        .iter()
        .map(|(name, of)| format!("{name} = {}.{}\n", of.alias, of.output))
        .collect();
    insta::assert_snapshot!(outputs.concat(), @"
    a_b_b_c = a_b.b_c
    a_b_c = a.b_c
    a_b_c_2 = a_b.c
    a_c = a.c
    ");
    insta::assert_snapshot!(shown(&project, |path| path == "stk-modules.tf" || path == "a_b/m.tf"), @r#"
    --- a_b/m.tf
    locals {
      x = [var.stk_connection_s_x_y, var.stk_connection_s_x_y_2, var.stk_connection_s_x_y_2]
    }

    variable "stk_connection_s_x_y" {
      description = "y of the connection s.x: the output c of the plugin a."
    }

    variable "stk_connection_s_x_y_2" {
      description = "y of the connection s_x: the output c of the plugin a."
    }
    --- stk-modules.tf
    module "a" {
      source = "./a"
    }

    module "a_b" {
      source = "./a_b"

      stk_connection_s_x_y   = module.a.c
      stk_connection_s_x_y_2 = module.a.c
    }
    "#);
}

#[test]
fn outputs_of_both_syntaxes_ephemeral_ones_left_out() {
    let project = composed(&[module(
        "a",
        &[
            (
                "o.tf",
                "output \"plain\" {\n  value = 1\n}\noutput \"hidden\" {\n  value     = 1\n  sensitive = true\n}\noutput \"gone\" {\n  value     = 1\n  ephemeral = true\n}\n",
            ),
            (
                "o.tf.json",
                r#"{"output": {"json": {"value": 1, "sensitive": true}, "gone2": {"value": 1, "ephemeral": true}}}"#,
            ),
            ("inner/o.tf", "output \"inner\" {\n  value = 1\n}\n"),
            (
                "names.tf",
                "output \"fila_padrão\" {\n  value = 1\n}\noutput \"no name\" {\n  value = 1\n}\n",
            ),
        ],
        &[],
    )]);
    insta::assert_snapshot!(shown(&project, at_the_root), @r#"
    --- a-outputs.tf
    output "a_fila_padrão" {
      value = module.a.fila_padrão
    }

    output "a_hidden" {
      value     = module.a.hidden
      sensitive = true
    }

    output "a_json" {
      value     = module.a.json
      sensitive = true
    }

    output "a_plain" {
      value = module.a.plain
    }
    --- stk-modules.tf
    module "a" {
      source = "./a"
    }
    "#);
}

#[test]
fn a_file_that_cannot_be_read_is_a_note_and_declares_what_terraform_finds() {
    let project = composed(&[
        module("a", &[("o.tf", "output \"x\" { value = <newer> }\n")], &[]),
        module(
            "b",
            &[("m.tf", "locals {\n  x = t_0_\n}\n")],
            &[("t_0_", output("s", "y", "a", "x"))],
        ),
    ]);
    insta::assert_snapshot!(notes(&project), @"plugin `a`, o.tf:1: the file cannot be read here as Terraform, so outputs that it declares are not the project's: invalid block body; expected `}`, newline or identifier");
    assert!(project.outputs.is_empty());
}

#[test]
fn an_empty_project_is_a_project() {
    let project = composed(&[]);
    insta::assert_snapshot!(shown(&project, |_| true), @"--- stk-modules.tf");
}

#[test]
fn only_outputs_that_hold_something_sensitive_are_marked() {
    let password = secret("stk_secret_x");
    let plain = Variable {
        sensitive: false,
        ..secret("stk_plain")
    };
    let project = composed(&[
        module(
            "last",
            &[(
                "m.tf",
                "output \"from_first\" {\n  value = t_0_\n}\noutput \"from_endpoint\" {\n  value = t_1_\n}\n",
            )],
            &[
                ("t_0_", output("c", "key", "first", "direct")),
                ("t_1_", output("c", "endpoint", "first", "endpoint")),
            ],
        ),
        module(
            "first",
            &[
                (
                    "main.tf",
                    r#"
locals {
  a = { b = "x-t_0_" }
  c = t_1_
}
resource "db" "this" {
  password = local.a.b
  name     = "t_1_"
  dynamic "user" {
    for_each = [1]
    content {
      key = "t_0_"
    }
  }
}
data "lookup" "this" {
  name = db.this[0].name
  key  = db.this[0].password
}
module "inner" {
  source = "./inner"
  secret = "t_0_"
  open   = local.c
}
module "remote" {
  source = "a/b/c"
  secret = "t_0_"
}
output "direct" {
  value = "t_0_"
}
output "endpoint" {
  value = db.this[0].endpoint
}
output "password" {
  value = db.this[*].password
}
output "user" {
  value = db.this[0].user
}
output "whole" {
  value = db.this
}
output "lookup_key" {
  value = data.lookup.this.key
}
output "lookup_id" {
  value = data.lookup.this.id
}
output "inner_secret" {
  value = module.inner.secret
}
output "inner_open" {
  value = module.inner.open
}
output "remote" {
  value = module.remote.endpoint
}
output "shown" {
  value = nonsensitive("t_0_")
}
output "local" {
  value = [for key in [local.c] : key]
}
"#,
                ),
                (
                    "inner/main.tf",
                    "variable \"secret\" {}\nvariable \"open\" {}\noutput \"secret\" {\n  value = upper(var.secret)\n}\noutput \"open\" {\n  value = var.open\n}\n",
                ),
            ],
            &[
                ("t_0_", FilledBy::Variable(&password)),
                ("t_1_", FilledBy::Variable(&plain)),
            ],
        ),
    ]);
    let of = |wanted: bool| {
        let outputs = project.outputs.iter();
        let names = outputs.filter(|(_, of)| of.sensitive == wanted);
        names
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    };
    insta::assert_snapshot!(of(true), @"first_direct first_inner_secret first_lookup_key first_password first_user first_whole last_from_first");
    insta::assert_snapshot!(of(false), @"first_endpoint first_inner_open first_local first_lookup_id first_remote first_shown last_from_endpoint");
}

#[test]
fn declarations_are_never_put_into_an_override_file() {
    let password = secret("stk_secret_x");
    let project = composed(&[module(
        "a",
        &[
            ("a_override.tf", "locals {\n  a = \"t_0_\"\n}"),
            ("a.tf", "locals {\n  a = 1\n}\n"),
        ],
        &[("t_0_", FilledBy::Variable(&password))],
    )]);
    insta::assert_snapshot!(shown(&project, |path| path.starts_with("a/")), @r#"
    --- a/a.tf
    locals {
      a = 1
    }
    --- a/a_override.tf
    locals {
      a = "${var.stk_secret_x}"
    }--- a/stk-variables.tf
    variable "stk_secret_x" {
      description = "The secret `stk_secret_x`."
      type        = string
      sensitive   = true
    }
    "#);
}
