//! Provider configurations that several plugins have alike.

use super::*;

const REQUIRED: &str = "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n";

#[test]
fn what_is_alike_is_hoisted_however_it_is_written() {
    let project = composed(&[
        module(
            "a",
            &[
                (
                    "provider.tf",
                    "provider \"aws\" {\n  region = \"sa-east-1\"\n  default_tags {\n    tags = {\n      b = 1\n      \"a\" = [true, null, -1]\n    }\n  }\n}\n",
                ),
                ("versions.tf", REQUIRED),
            ],
            &[],
        ),
        module(
            "b",
            &[(
                "main.tf",
                "# before\nprovider aws {\n  default_tags {\n    tags = { a = [(true), null, -1], b: 1 } # c\n  }\n  /* x */ region = \"sa-east-1\"\n} # after\nlocals {\n  x = 1\n}\n",
            )],
            &[],
        ),
        module(
            "c",
            &[(
                "p.tf",
                "provider \"aws\" {\n  region = \"us-east-1\"\n}\nprovider \"aws\" {\n  alias  = \"other\"\n  region = \"sa-east-1\"\n}\n",
            )],
            &[],
        ),
        module("d", &[("p.tf", "resource \"aws_x\" \"y\" {}\n")], &[]),
        module(
            "e",
            &[("p.tf", "provider \"aws\" { region = \"us-east-1\" }")],
            &[],
        ),
    ]);
    insta::assert_snapshot!(shown(&project, |path| !path.ends_with("outputs.tf")), @r#"
    --- a/provider.tf
    # The provider `aws` is configured in stk-providers.tf at the root: other plugins configure it alike.
    --- a/versions.tf
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }
    --- b/main.tf
    # before
    # The provider `aws` is configured in stk-providers.tf at the root: other plugins configure it alike.
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }
     # after
    locals {
      x = 1
    }
    --- c/p.tf
    # The provider `aws` is configured in stk-providers.tf at the root: other plugins configure it alike.
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }
    provider "aws" {
      alias  = "other"
      region = "sa-east-1"
    }
    --- d/p.tf
    resource "aws_x" "y" {}
    --- e/p.tf
    # The provider `aws` is configured in stk-providers.tf at the root: other plugins configure it alike.
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }
    --- stk-modules.tf
    module "a" {
      source = "./a"

      providers = {
        aws = aws.stk_a83470328a17acde
      }
    }

    module "b" {
      source = "./b"

      providers = {
        aws = aws.stk_a83470328a17acde
      }
    }

    module "c" {
      source = "./c"

      providers = {
        aws = aws.stk_6f36e2f45d1294d8
      }
    }

    module "d" {
      source = "./d"
    }

    module "e" {
      source = "./e"

      providers = {
        aws = aws.stk_6f36e2f45d1294d8
      }
    }
    --- stk-providers.tf
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }

    provider "aws" {
      alias = "stk_6f36e2f45d1294d8"
      region = "us-east-1"
    }

    provider "aws" {
      alias = "stk_a83470328a17acde"
      region = "sa-east-1"
      default_tags {
        tags = {
          "a" = [true, null, -1]
          "b" = 1
        }
      }
    }
    "#);
    insta::assert_snapshot!(notes(&project), @"
    the plugins `a` and `b` configure the provider `aws` alike: it stands in stk-providers.tf once, which saves 1 of 2 instances
    the plugins `c` and `e` configure the provider `aws` alike: it stands in stk-providers.tf once, which saves 1 of 2 instances
    ");
    assert_eq!(project.hoisted.len(), 2);
}

#[test]
fn what_may_differ_stays_where_it_is_and_why() {
    let alike = "provider \"aws\" {\n  region = \"x\"\n}\n";
    let other_requirement = "terraform {\n  required_providers {\n    other = {\n      source = \"a/b\"\n    }\n  }\n}\n";
    let password = secret("stk_secret_region");
    let kept = |files: &[(&'static str, &'static str)]| {
        let mut modules = vec![module("first", &[("provider.tf", alike)], &[])];
        modules.push(module(
            "second",
            files,
            &[("t_0_", FilledBy::Variable(&password))],
        ));
        let project = composed(&modules);
        assert_eq!(project.hoisted, []);
        assert!(!shown(&project, |path| path == "stk-modules.tf").contains("providers"));
        notes(&project)
    };
    let all: String = [
        kept(&[("p.tf", "provider \"aws\" {\n  region = var.x\n}\n")]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = t_0_\n}\n")]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = \"${local.x}\"\n}\n")]),
        kept(&[("p.tf", "provider \"aws\" {\n  tags = { (x) = 1 }\n}\n")]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = timestamp()\n}\n")]),
        kept(&[(
            "p.tf",
            "provider \"aws\" {\n  dynamic \"x\" {\n    for_each = []\n  }\n}\n",
        )]),
        kept(&[(
            "p.tf",
            "provider \"aws\" {\n  region = \"x\"\n  version = \"1\"\n}\n",
        )]),
        kept(&[("p.tf", alike), ("x_override.tf", alike)]),
        kept(&[("p.tf.json", r#"{"provider": {"aws": {"region": "x"}}}"#)]),
        kept(&[("p.tf", alike), ("broken.tf", "a = = b")]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = local.a\n}\nlocals {\n  a = local.b\n  b = local.a\n}\n")]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = local.a\n}\nlocals {\n  a = \"x\"\n}\n"), ("override.tf", "locals {\n  a = \"y\"\n}\n")]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = local.a.b\n}\nlocals {\n  a = { b = \"x\" }\n}\n")]),
        kept(&[("p.tf", alike), ("v.tf", other_requirement)]),
        kept(&[("p.tf", "provider \"aws\" {\n  region = \"y\"\n}\n")]),
        kept(&[("inner/p.tf", alike)]),
    ]
    .concat();
    insta::assert_snapshot!(all, @r#"
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses `var.x`, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: a value in it is filled in later
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses an expression, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses the key of an object, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses `timestamp`, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: its block `dynamic` is not constant
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it has `version`
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: the plugin configures it more than once
    plugin `second`, x_override.tf:1: the plugin keeps its own configuration of the provider `aws`: it stands in an override file
    plugin `second`, p.tf.json:1: the plugin keeps its own configuration of the provider `aws`: it stands in a file of JSON syntax
    plugin `second`, broken.tf:1: the file cannot be read here as Terraform, so outputs that it declares are not the project's: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: not all files of the plugin can be read
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses `local.a`, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses `local.a`, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: it uses `local.a`, and only constants are known to be the same everywhere
    plugin `second`, p.tf:1: the plugin keeps its own configuration of the provider `aws`: the plugin's `required_providers` has no entry `aws`
    "#);
}

#[test]
fn the_name_of_a_configuration_depends_on_its_content_alone() {
    let alike = "provider \"aws\" {\n  region = \"x\"\n}\n";
    let two = composed(&[
        module("a", &[("p.tf", alike)], &[]),
        module("b", &[("p.tf", alike)], &[]),
    ]);
    let three = composed(&[
        module(
            "c",
            &[("p.tf", "provider \"aws\" {\n  region = \"w\"\n}\n")],
            &[],
        ),
        module(
            "d",
            &[("p.tf", "provider \"aws\" {\n  region = \"w\"\n}\n")],
            &[],
        ),
        module("b", &[("p.tf", alike), ("v.tf", REQUIRED)], &[]),
        module("a", &[("q.tf", alike)], &[]),
    ]);
    assert!(three.hoisted.contains(&two.hoisted[0]), "{three:?}");
    // What was hoisted earlier stays declared, once.
    let one = compose(&[module("a", &[("p.tf", alike)], &[])], &three.hoisted).unwrap();
    insta::assert_snapshot!(shown(&one, |path| path.starts_with("stk-")), @r#"
    --- stk-modules.tf
    module "a" {
      source = "./a"
    }
    --- stk-providers.tf
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }

    provider "aws" {
      alias = "stk_d56b8722dedef9b9"
      region = "x"
    }

    provider "aws" {
      alias = "stk_f0bdd3141b664855"
      region = "w"
    }
    "#);
    assert_eq!(one.hoisted, []);
    let again = compose(
        &[
            module("a", &[("p.tf", alike)], &[]),
            module("b", &[("p.tf", alike)], &[]),
        ],
        &two.hoisted,
    )
    .unwrap();
    assert_eq!(again, two);
}

#[test]
fn an_empty_configuration_is_the_projects() {
    let project = composed(&[
        module("a", &[("p.tf", "provider \"aws\" {}\n")], &[]),
        module("b", &[("p.tf", "provider \"aws\" {\n}\n")], &[]),
    ]);
    insta::assert_snapshot!(shown(&project, |path| !path.ends_with("outputs.tf")), @r#"
    --- a/p.tf
    # The provider `aws` has no configuration: in a module, Terraform takes that of the project.
    --- b/p.tf
    # The provider `aws` has no configuration: in a module, Terraform takes that of the project.
    --- stk-modules.tf
    module "a" {
      source = "./a"
    }

    module "b" {
      source = "./b"
    }
    "#);
    assert_eq!((project.hoisted, project.notes), (vec![], vec![]));
}

#[test]
fn a_local_that_is_constant_is_its_value() {
    let provider = "provider \"aws\" {\n  default_tags {\n    tags = local.default_tags\n  }\n}\n";
    let project = composed(&[
        module(
            "a",
            &[
                ("provider.tf", provider),
                (
                    "default-tags.tf",
                    "locals {\n  team = \"x\"\n  default_tags = {\n    Team = local.team\n    By   = \"stackspot\"\n  }\n}\n",
                ),
            ],
            &[],
        ),
        module(
            "b",
            &[
                ("provider.tf", provider),
                (
                    "default-tags.tf",
                    "locals {\n  default_tags = { By = \"stackspot\", Team = \"x\" }\n}\n",
                ),
            ],
            &[],
        ),
        module(
            "c",
            &[
                ("provider.tf", provider),
                (
                    "default-tags.tf",
                    "locals {\n  default_tags = { By = \"stackspot\", Team = \"y\" }\n}\n",
                ),
            ],
            &[],
        ),
    ]);
    insta::assert_snapshot!(shown(&project, |path| path.starts_with("stk-")), @r#"
    --- stk-modules.tf
    module "a" {
      source = "./a"

      providers = {
        aws = aws.stk_892349ef912e718c
      }
    }

    module "b" {
      source = "./b"

      providers = {
        aws = aws.stk_892349ef912e718c
      }
    }

    module "c" {
      source = "./c"
    }
    --- stk-providers.tf
    terraform {
      required_providers {
        aws = {
          source = "hashicorp/aws"
        }
      }
    }

    provider "aws" {
      alias = "stk_892349ef912e718c"
      default_tags {
        tags = {
          "By" = "stackspot"
          "Team" = "x"
        }
      }
    }
    "#);
}
