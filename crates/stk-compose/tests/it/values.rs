use std::collections::BTreeMap;

use stk_compose::values::{Filled, Misplaced, Token, Variable, fill};

fn variable(name: &str, sensitive: bool) -> Variable {
    Variable {
        name: name.to_owned(),
        description: format!("the input `{name}`"),
        sensitive,
        text: sensitive,
    }
}

fn filled(files: &[(&str, &str)]) -> Result<Filled, Vec<Misplaced>> {
    let (password, arn) = (variable("password", true), variable("topic-arn", false));
    let tokens = [
        Token {
            text: "tok_0_",
            variable: &password,
        },
        Token {
            text: "tok_1_",
            variable: &arn,
        },
        Token {
            text: "tok_10_",
            variable: &password,
        },
    ];
    fill(
        files.iter().map(|(path, text)| (*path, text.as_bytes())),
        &tokens,
    )
}

/// The files that changed, as one text.
fn shown(files: &[(&str, &str)]) -> String {
    match filled(files) {
        Ok(filled) => {
            let texts: BTreeMap<_, _> = filled
                .files
                .iter()
                .map(|(path, bytes)| (path, String::from_utf8(bytes.clone()).unwrap()))
                .collect();
            texts
                .into_iter()
                .map(|(path, text)| format!("--- {path}\n{text}"))
                .collect()
        }
        Err(errors) => errors.iter().map(|error| format!("{error}\n")).collect(),
    }
}

/// What one line of a file becomes.
fn line(text: &str) -> String {
    match filled(&[("main.tf", text)]) {
        Ok(filled) => String::from_utf8(filled.files["main.tf"].clone()).unwrap(),
        Err(errors) => errors
            .iter()
            .map(|error| format!("{}: {}", error.line, error.problem))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

#[test]
fn a_token_becomes_what_its_place_needs() {
    for (before, after) in [
        ("a = tok_0_", "a = var.password"),
        ("a = tok_1_", "a = var.topic-arn"),
        ("a = tok_10_", "a = var.password"),
        ("a = [tok_0_, 1]", "a = [var.password, 1]"),
        ("a = f(tok_0_)", "a = f(var.password)"),
        (
            "a = tok_0_ == 1 ? tok_1_ : 2",
            "a = var.password == 1 ? var.topic-arn : 2",
        ),
        ("a = -tok_0_", "a = -var.password"),
        ("a = tok_1_.x[0]", "a = var.topic-arn.x[0]"),
        ("a = x[tok_0_]", "a = x[var.password]"),
        ("a = \"tok_0_\"", "a = \"${var.password}\""),
        ("a = \"x-tok_0_-y\"", "a = \"x-${var.password}-y\""),
        (
            "a = \"tok_0_tok_1_\"",
            "a = \"${var.password}${var.topic-arn}\"",
        ),
        ("a = \"\\\"${b}tok_0_\"", "a = \"\\\"${b}${var.password}\""),
        ("a = \"${tok_0_}\"", "a = \"${var.password}\""),
        (
            "a = \"${f(\"tok_0_\")}\"",
            "a = \"${f(\"${var.password}\")}\"",
        ),
        (
            "a = \"%{if b}tok_0_%{endif}\"",
            "a = \"%{if b}${var.password}%{endif}\"",
        ),
        (
            "a = \"%{if tok_0_}b%{endif}\"",
            "a = \"%{if var.password}b%{endif}\"",
        ),
        ("a = { tok_0_ = 1 }", "a = { (var.password) = 1 }"),
        (
            "a = { \"tok_0_\" = tok_1_ }",
            "a = { \"${var.password}\" = var.topic-arn }",
        ),
        ("a = { (tok_0_) = 1 }", "a = { (var.password) = 1 }"),
        (
            "a = [for x in tok_1_ : x]",
            "a = [for x in var.topic-arn : x]",
        ),
        (
            "a = <<EOF\nx tok_0_\n  y\nEOF\n",
            "a = <<EOF\nx ${var.password}\n  y\nEOF\n",
        ),
        (
            "a = <<-EOF\n    x\n      y tok_0_ ${z}\n    tok_1_\n  EOF\n",
            "a = <<-EOF\n    x\n      y ${var.password} ${z}\n    ${var.topic-arn}\n  EOF\n",
        ),
        ("a = 1 # tok_0_\n", "a = 1 # var.password\n"),
        ("# \"tok_0_\"\na = 1\n", "# \"var.password\"\na = 1\n"),
        (
            "/* tok_0_ */ a = tok_0_",
            "/* var.password */ a = var.password",
        ),
        (
            "a = \"ä€tok_0_\" # é\nb = tok_0_",
            "a = \"ä€${var.password}\" # é\nb = var.password",
        ),
        (
            "a = \"x\"\r\nb = \"tok_0_\"\r\n",
            "a = \"x\"\r\nb = \"${var.password}\"\r\n",
        ),
        ("\u{feff}a = tok_0_", "a = var.password"),
        (
            "resource \"a\" \"b\" {\n  lifecycle {\n    precondition {\n      condition = tok_0_ != \"\"\n    }\n  }\n}\n",
            "2: ",
        ),
        (
            "provider \"aws\" { region = \"tok_1_\" }",
            "provider \"aws\" { region = \"${var.topic-arn}\" }",
        ),
        (
            "output \"x\" { value = tok_1_ }",
            "output \"x\" { value = var.topic-arn }",
        ),
    ] {
        if after == "2: " {
            assert!(
                line(before).contains("condition = var.password"),
                "{}",
                line(before)
            );
            continue;
        }
        assert_eq!(line(before), after, "{before}");
    }
}

#[test]
fn what_terraform_takes_no_reference_for_is_refused() {
    let refused: Vec<String> = [
        "resource \"a\" \"tok_0_\" {}",
        "resource \"a\" \"b-tok_0_\" {}",
        "tok_0_ \"a\" {}",
        "tok_0_ = 1",
        "a = x-tok_0_",
        "a = tok_0_x",
        "a = { x_tok_0_ = 1 }",
        "a = x.tok_0_",
        "a = tok_0_(1)",
        "a = [for tok_0_ in b : 1]",
        "module \"a\" {\n  source = \"git::https://tok_0_/x\"\n}",
        "module \"a\" {\n  source = \"./a\"\n  version = \"tok_0_\"\n}",
        "variable \"a\" {\n  default = \"tok_0_\"\n}",
        "variable \"a\" {\n  default = { b = [tok_0_] }\n}",
        "terraform {\n  required_version = \"tok_0_\"\n}",
        "terraform {\n  backend \"s3\" {\n    bucket = \"tok_0_\"\n  }\n}",
        "resource \"a\" \"b\" {\n  depends_on = [tok_0_]\n}",
        "resource \"a\" \"b\" {\n  provider = tok_0_\n}",
        "resource \"a\" \"b\" {\n  lifecycle {\n    prevent_destroy = tok_0_\n  }\n}",
        "provider \"a\" {\n  alias = \"tok_0_\"\n}",
        "moved {\n  from = tok_0_\n  to = a.b\n}",
        "a = = tok_0_",
    ]
    .into_iter()
    .map(|text| format!("{}\n    {}\n", text.replace('\n', " "), line(text)))
    .collect();
    insta::assert_snapshot!(refused.concat(), @r#"
    resource "a" "tok_0_" {}
        1: a value that is filled in later cannot be the name of a block: Terraform must know all names before it knows any value
    resource "a" "b-tok_0_" {}
        1: a value that is filled in later cannot be the name of a block: Terraform must know all names before it knows any value
    tok_0_ "a" {}
        1: a value that is filled in later cannot be the type of a block
    tok_0_ = 1
        1: a value that is filled in later cannot be the name of an argument
    a = x-tok_0_
        1: a value that is filled in later cannot be a part of the name `x-tok_0_`; put it in a quoted text of its own
    a = tok_0_x
        1: a value that is filled in later cannot be a part of the name `tok_0_x`; put it in a quoted text of its own
    a = { x_tok_0_ = 1 }
        1: a value that is filled in later cannot be a part of the name `x_tok_0_`; put it in a quoted text of its own
    a = x.tok_0_
        1: a value that is filled in later cannot be the name of an attribute; write `[…]` instead of `.…`
    a = tok_0_(1)
        1: a value that is filled in later cannot be the name of a function
    a = [for tok_0_ in b : 1]
        1: a value that is filled in later cannot be a name that the file declares
    module "a" {   source = "git::https://tok_0_/x" }
        2: a value that is filled in later cannot be the source of a module
    module "a" {   source = "./a"   version = "tok_0_" }
        3: a value that is filled in later cannot be the version of a module
    variable "a" {   default = "tok_0_" }
        2: a value that is filled in later cannot be the default of a variable, which must be a constant; put it where `var.…` is used now, or in `locals`
    variable "a" {   default = { b = [tok_0_] } }
        2: a value that is filled in later cannot be the default of a variable, which must be a constant; put it where `var.…` is used now, or in `locals`
    terraform {   required_version = "tok_0_" }
        2: a value that is filled in later cannot be a part of the `terraform` block, which must be constant
    terraform {   backend "s3" {     bucket = "tok_0_"   } }
        3: a value that is filled in later cannot be a part of the `terraform` block, which must be constant
    resource "a" "b" {   depends_on = [tok_0_] }
        2: a value that is filled in later cannot be a dependency
    resource "a" "b" {   provider = tok_0_ }
        2: a value that is filled in later cannot be the name of a provider configuration
    resource "a" "b" {   lifecycle {     prevent_destroy = tok_0_   } }
        3: a value that is filled in later cannot be a part of a `lifecycle` block, which must be constant
    provider "a" {   alias = "tok_0_" }
        2: a value that is filled in later cannot be the name or the version of a provider configuration
    moved {   from = tok_0_   to = a.b }
        2: a value that is filled in later cannot be an address
    a = = tok_0_
        1: the file cannot be read as Terraform: invalid expression; expected `"`, `[`, `{`, `-`, `!`, `(`, `_`, `<`, letter or digit
    "#);
}

#[test]
fn only_terraforms_own_syntax_can_refer_to_it() {
    insta::assert_snapshot!(shown(&[
        ("app/config.tpl", "x\nuser=tok_0_\n"),
        ("docs/notes.md", "tok_0_"),
        ("a.tf.json", "{\"a\": \"tok_0_\"}"),
        ("stk-variables.tf", "a = 1\n"),
        ("main.tf", "b = tok_0_\n"),
    ]), @"
    a.tf.json:1: a value that is filled in later cannot stand in a `.tf.json` file; write the file as `.tf`
    app/config.tpl:2: a value that is filled in later can stand in `.tf` files only; hand it on from there, with `templatefile` or an argument
    docs/notes.md:1: a value that is filled in later can stand in `.tf` files only; hand it on from there, with `templatefile` or an argument
    stk-variables.tf:1: the file name `stk-variables.tf` is taken by a generated file; rename the plugin's
    ");
}

#[test]
fn the_variables_are_declared_where_they_are_used() {
    insta::assert_snapshot!(shown(&[
        ("main.tf", "resource \"db\" \"a\" {\n  password = \"tok_0_\"\n  topic    = tok_1_\n}\n"),
        ("other.tf", "locals {\n  x = 1\n}\n"),
    ]), @r#"
    --- main.tf
    resource "db" "a" {
      password = "${var.password}"
      topic    = var.topic-arn
    }
    --- stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }

    variable "topic-arn" {
      description = "the input `topic-arn`"
    }
    "#);
    assert_eq!(
        filled(&[("main.tf", "a = tok_1_"), ("b.tf", "b = 1")])
            .unwrap()
            .variables,
        ["topic-arn".to_owned()].into()
    );
    assert_eq!(filled(&[("main.tf", "a = 1")]).unwrap(), Filled::default());
}

#[test]
fn local_modules_are_handed_what_they_use() {
    insta::assert_snapshot!(shown(&[
        ("main.tf", "module \"db\" {\n  source = \"./modules/db\" # here\n  size   = 1 # }\n}\n\nmodule \"again\" { source = \"./modules/db/\" }\n\nmodule \"other\" {\n  source = \"./other\"\n}\n"),
        ("modules/db/main.tf", "module \"user\" {\n  source = \"../user\"\n}\n"),
        ("modules/user/main.tf", "x = \"tok_0_\"\n"),
        ("other/main.tf", "y = 1\n"),
    ]), @r#"
    --- main.tf
    module "db" {
      source = "./modules/db" # here
      size   = 1 # }
      password = var.password
    }

    module "again" {
      source = "./modules/db/"
      password = var.password
    }

    module "other" {
      source = "./other"
    }
    --- modules/db/main.tf
    module "user" {
      source = "../user"
      password = var.password
    }
    --- modules/db/stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }
    --- modules/user/main.tf
    x = "${var.password}"
    --- modules/user/stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }
    --- stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }
    "#);
}

#[test]
fn what_is_written_for_people_shows_stars() {
    insta::assert_snapshot!(shown(&[
        ("README-deploy.md", "password: tok_0_, topic: tok_1_\n"),
        ("main.tf", "a = 1\n"),
    ]), @"
    --- README-deploy.md
    password: ***, topic: ***
    ");
}

#[test]
fn a_folder_that_nobody_calls_is_refused() {
    insta::assert_snapshot!(shown(&[
        ("main.tf", "module \"db\" {\n  source = \"git::https://x/./modules/db\"\n}\n"),
        ("modules/db/main.tf", "x = \"tok_0_\"\n"),
    ]), @r#"modules/db/main.tf:1: no `module` block has the folder `modules/db` as its source, so nothing can be handed in; a value that is filled in later can stand only in the plugin's own files and in modules that it calls with `source = "./…"`"#);
}

#[test]
fn modules_that_call_each_other_in_a_circle_come_to_an_end() {
    let files = [
        ("main.tf", "module \"a\" {\n  source = \"./a\"\n}\n"),
        (
            "a/main.tf",
            "module \"b\" {\n  source = \"../b\"\n}\nx = tok_0_\n",
        ),
        ("b/main.tf", "module \"a\" {\n  source = \"../a\"\n}\n"),
    ];
    insta::assert_snapshot!(shown(&files), @r#"
    --- a/main.tf
    module "b" {
      source = "../b"
      password = var.password
    }
    x = var.password
    --- a/stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }
    --- b/main.tf
    module "a" {
      source = "../a"
      password = var.password
    }
    --- b/stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }
    --- main.tf
    module "a" {
      source = "./a"
      password = var.password
    }
    --- stk-variables.tf
    variable "password" {
      description = "the input `password`"
      type        = string
      sensitive   = true
    }
    "#);
}

#[test]
fn a_description_is_a_plain_text() {
    let odd = Variable {
        description: "a \"b\" ${c} %{d}\n\\".to_owned(),
        ..variable("x", true)
    };
    let tokens = [Token {
        text: "tok_0_",
        variable: &odd,
    }];
    let filled = fill([("main.tf", b"a = tok_0_".as_slice())], &tokens).unwrap();
    insta::assert_snapshot!(String::from_utf8(filled.files["stk-variables.tf"].clone()).unwrap(), @r#"
    variable "x" {
      description = "a \"b\" $${c} %%{d}\n\\"
      type        = string
      sensitive   = true
    }
    "#);
}
