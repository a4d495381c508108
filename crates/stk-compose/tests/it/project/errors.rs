//! What cannot be composed, and what is said about it.

use super::*;

#[test]
fn names_and_paths() {
    insta::assert_snapshot!(refused(&[
        module("1a", &[], &[]),
        module("a.tf", &[], &[]),
        module("", &[], &[]),
        module("a", &[("../b/main.tf", ""), ("/etc/x", ""), ("b//c", ""), ("c\\d", "")], &[]),
        module("a", &[], &[]),
    ]), @r#"
    the alias `1a` cannot be the name of a Terraform module, which has only letters, digits, `_` and `-` and starts with a letter or `_`; give the plugin another alias, or deploy each plugin as a project of its own
    the alias `a.tf` cannot be the name of a Terraform module, which has only letters, digits, `_` and `-` and starts with a letter or `_`; give the plugin another alias, or deploy each plugin as a project of its own
    the alias `` cannot be the name of a Terraform module, which has only letters, digits, `_` and `-` and starts with a letter or `_`; give the plugin another alias, or deploy each plugin as a project of its own
    plugin `a`: the path "../b/main.tf" of a rendered file does not lead into the plugin's folder
    plugin `a`: the path "/etc/x" of a rendered file does not lead into the plugin's folder
    plugin `a`: the path "b//c" of a rendered file does not lead into the plugin's folder
    plugin `a`: the path "c\\d" of a rendered file does not lead into the plugin's folder
    two plugins have the alias `a`; give one of them another
    "#);
}

#[test]
fn references_to_what_is_not_there() {
    insta::assert_snapshot!(refused(&[
        module("topic", &[("o.tf", "output \"topic-arn\" {\n  value = 1\n}\n"), ("inner/o.tf", "output \"url\" {\n  value = 1\n}\n")], &[]),
        module("queue", &[("m.tf", "locals {\n  x = [t_0_, t_1_, t_2_]\n}\n")], &[
            ("t_0_", output("source", "arn", "topic", "topic_arn")),
            ("t_1_", output("source", "url", "topic", "url")),
            ("t_2_", output("source", "x", "other", "x")),
        ]),
    ]), @r#"
    plugin `queue` requires `arn` of the connection `source`, which is the output `topic_arn` of the plugin `topic`; its Terraform declares no such output: did you mean `topic-arn`? Correct `from` of the output in the plugin's `generates`
    plugin `queue` requires `url` of the connection `source`, which is the output `url` of the plugin `topic`; its Terraform declares no such output: add `output "url"` to the templates of `topic`, or correct its `generates`
    plugin `queue` requires `x` of the connection `source` from the plugin `other`, which is not in this project
    "#);
}

#[test]
fn tokens_where_no_reference_can_stand() {
    let (one, other) = (
        secret("stk_secret_x"),
        Variable {
            description: "Another.".to_owned(),
            ..secret("stk_secret_x")
        },
    );
    insta::assert_snapshot!(refused(&[
        module("a", &[("m.tf", "\nresource \"x\" \"t_0_\" {}\n"), ("x.json", "t_0_")], &[("t_0_", FilledBy::Variable(&one))]),
        module("b", &[("stk-variables.tf", ""), ("m.tf", "x = t_0_")], &[("t_0_", FilledBy::Variable(&other))]),
    ]), @"
    plugin `a`, m.tf:2: a value that is filled in later cannot be the name of a block: Terraform must know all names before it knows any value
    plugin `a`, x.json:1: a value that is filled in later can stand in `.tf` files only; hand it on from there, with `templatefile` or an argument
    the plugins `a` and `b` both bring a variable `stk_secret_x`, and mean different ones
    plugin `b`, stk-variables.tf:1: the file name `stk-variables.tf` is taken by a generated file; rename the plugin's
    ");
}

#[test]
fn what_is_right_in_a_project_of_its_own_alone() {
    insta::assert_snapshot!(refused(&[module("a", &[
        ("main.tf", "variable \"size\" {\n  type = number\n}\nvariable \"set\" {}\nvariable \"name\" {\n  default = 1\n}\n\nimport {\n  to = x.y\n  id = \"z\"\n}\n"),
        ("terraform.tfvars", "\nset = 1\nunused = 2\n"),
        ("x.auto.tfvars", "name = 2\n"),
        ("y.auto.tfvars.json", "{\n\"name\": 2}"),
        ("z.tfvars", "name = 3\n"),
        ("inner/main.tf", "variable \"fine\" {}\nmodule \"other\" {\n  source = \"../../b\"\n}\nmodule \"up\" {\n  source = \"..\"\n}\n"),
    ], &[])]), @r#"
    plugin `a`, inner/main.tf:2: the module source "../../b" leads out of the plugin's folder; copy the module into the plugin, or take it from a registry or a repository
    plugin `a`, main.tf:9: an `import` block can stand in the root module of a project only, and here the plugin is a module; import the resource once while each plugin is deployed as a project of its own, then remove the block
    plugin `a`, terraform.tfvars:2: Terraform reads this file in the root module of a project only, and here the plugin is a module; make the value of `set` the default of the variable
    plugin `a`, x.auto.tfvars:1: Terraform reads this file in the root module of a project only, and here the plugin is a module; make the value of `name` the default of the variable
    plugin `a`, y.auto.tfvars.json:2: Terraform reads this file in the root module of a project only, and here the plugin is a module; make the value of `name` the default of the variable
    plugin `a`, main.tf:1: the variable `size` has no default, and in one project for all plugins nothing sets it; write the value in the template, or give the variable a default
    "#);
}

#[test]
fn versions_that_exclude_each_other() {
    let requires = |version: &'static str| -> &'static str {
        match version {
            "old" => {
                "terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = \"~> 4.0\"\n    }\n  }\n}\n"
            }
            "new" => {
                "# newer\nterraform {\n  required_providers {\n    amazon = { source = \"registry.terraform.io/hashicorp/aws\", version = \">= 5.0\" }\n  }\n}\n"
            }
            _ => "terraform {\n  required_providers {\n    aws = \"~> 4.2\"\n  }\n}\n",
        }
    };
    insta::assert_snapshot!(refused(&[
        module("a", &[("provider.tf", requires("old"))], &[]),
        module("b", &[("inner/versions.tf", requires("new"))], &[]),
        module("c", &[("versions.tf", requires("legacy"))], &[]),
    ]), @"
    no version of the provider `registry.terraform.io/hashicorp/aws` is both `>= 5.0` (plugin `b`, inner/versions.tf:4) and `~> 4.0` (plugin `a`, provider.tf:3); one project has one version of a provider: change one of the two `required_providers`, or deploy each plugin as a project of its own
    no version of the provider `registry.terraform.io/hashicorp/aws` is both `>= 5.0` (plugin `b`, inner/versions.tf:4) and `~> 4.2` (plugin `c`, versions.tf:3); one project has one version of a provider: change one of the two `required_providers`, or deploy each plugin as a project of its own
    ");
}

#[test]
fn one_name_for_two_providers_is_worth_a_note() {
    let requires = "terraform {\n  required_providers {\n    aws = {\n      source = \"acme/aws\"\n    }\n  }\n}\n";
    let json =
        "{\"terraform\": {\n\"required_providers\": {\n\"aws\": {\"source\": \"hashicorp/aws\"}}}}";
    insta::assert_snapshot!(notes(&composed(&[
        module("a", &[("provider.tf", requires)], &[]),
        module("b", &[("versions.tf.json", json)], &[]),
    ])), @"the provider name `aws` means `registry.terraform.io/acme/aws` in plugin `a`, provider.tf:3 and `registry.terraform.io/hashicorp/aws` in plugin `b`, versions.tf.json:3");
}

#[test]
fn paths_that_mean_another_folder_are_worth_a_note() {
    let main = "locals {\n  a = path.root\n  b = \"${path.cwd}/x\"\n  c = path.module\n  d = file(\"x.json\")\n  e = [templatefile(\"./${local.a}.tpl\", {\n    x = path.root\n  })]\n  f = file(\"${path.module}/x\")\n  g = file(\"/etc/x\")\n  h = upper(\"x\")\n}\n";
    insta::assert_snapshot!(notes(&composed(&[module("a", &[("inner/m.tf", main)], &[])])), @r#"
    plugin `a`, inner/m.tf:2: `path.root` leads into the folder of the whole project here, and into the plugin's only where each plugin is deployed as a project of its own; begin the path with `${path.module}`
    plugin `a`, inner/m.tf:3: `path.cwd` leads into the folder of the whole project here, and into the plugin's only where each plugin is deployed as a project of its own; begin the path with `${path.module}`
    plugin `a`, inner/m.tf:5: `file("x.json…` leads into the folder of the whole project here, and into the plugin's only where each plugin is deployed as a project of its own; begin the path with `${path.module}`
    plugin `a`, inner/m.tf:6: `templatefile("./…` leads into the folder of the whole project here, and into the plugin's only where each plugin is deployed as a project of its own; begin the path with `${path.module}`
    plugin `a`, inner/m.tf:7: `path.root` leads into the folder of the whole project here, and into the plugin's only where each plugin is deployed as a project of its own; begin the path with `${path.module}`
    "#);
}
