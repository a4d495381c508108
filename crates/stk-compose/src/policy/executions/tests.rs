use proptest::prelude::*;

use super::*;

fn found(files: &[(&str, &str)]) -> String {
    let files = files.iter().map(|(path, text)| (*path, text.as_bytes()));
    let found = executions(files);
    found.iter().map(|one| format!("{one}\n")).collect()
}

fn in_main(text: &str) -> String {
    found(&[("main.tf", text)])
}

#[test]
fn provisioners_of_every_kind() {
    insta::assert_snapshot!(in_main(
        r#"
resource "terraform_data" "a" {
  provisioner "local-exec" { command = "x" }
  provisioner	   "remote-exec"  	{
  }
  provisioner /* here */ "file" {}
  provisioner local-exec {
    when = destroy
  }
  provisioner "acme" {}
  provisioner "Local-Exec" {}
  provisioner {}
}
removed {
  from = terraform_data.b
  provisioner "local-exec" {}
}
"#
    ), @r#"
    main.tf:3: provisioner "local-exec"
    main.tf:4: provisioner "remote-exec"
    main.tf:6: provisioner "file"
    main.tf:7: provisioner "local-exec"
    main.tf:10: provisioner "acme"
    main.tf:11: provisioner "Local-Exec"
    main.tf:12: provisioner
    main.tf:16: provisioner "local-exec"
    "#);
}

#[test]
fn data_sources_that_start_programs() {
    insta::assert_snapshot!(in_main(
        r#"
data "external" "a" {}
data external b {}
data "ext\u0065rnal" "c" {}
check "x" {
  data "external" "d" {}
}
ephemeral "external" "e" {}
data "local_command" "f" {}
action "local_command" "g" {}
terraform {
  encryption {
    key_provider "external" "h" {}
  }
}
data "http" "fine" {}
resource "external_thing" "fine" {}
"#
    ), @r#"
    main.tf:2: data "external"
    main.tf:3: data "external"
    main.tf:4: data "external"
    main.tf:6: data "external"
    main.tf:8: ephemeral "external"
    main.tf:9: data "local_command"
    main.tf:10: action "local_command"
    main.tf:13: key_provider "external"
    "#);
}

#[test]
fn what_only_looks_like_one() {
    let text = r##"
# provisioner "local-exec" {}
// data "external" "a" {}
/* resource "x" "y" {
  provisioner "local-exec" {}
} */
locals {
  provisioner = { local-exec = "data \"external\" \"x\" {" }
  external = data.external_files
  text = <<-EOT
    provisioner "local-exec" {
    }
    ${ upper("data \"external\" {") }
  EOT
  other = <<EOT
data "external" "x" {
  EOT
}
variable "provisioner" {}
output "external" { value = "provisioner \"local-exec\" {" }
module "external" { source = "./external" }
"##;
    assert_eq!(in_main(text), "");
    assert_eq!(
        found(&[
            ("notes.md", "provisioner \"local-exec\" {}"),
            (".hidden.tf", "data \"external\" \"x\" {}"),
            ("main.tf.bak", "data \"external\" \"x\" {}"),
            ("script.sh", "data \"external\" \"x\" {}"),
        ]),
        ""
    );
}

#[test]
fn a_heredoc_does_not_hide_what_follows_it() {
    // Terraform ends a heredoc at a line that is the marker, with any blanks before it.
    insta::assert_snapshot!(in_main(
        "locals {\n  a = <<EOT\n  text\n     EOT\n}\ndata \"external\" \"x\" {}\nlocals {\n  b = <<EOT\nEOT\n}\n"
    ), @r#"main.tf:6: data "external""#);
    insta::assert_snapshot!(in_main(
        "locals {\n  a = \"<<EOT\"\n  # <<EOT\n}\ndata \"external\" \"x\" {}\n/* \" */ data \"external\" \"y\" {}\n"
    ), @r#"
    main.tf:5: data "external"
    main.tf:6: data "external"
    "#);
}

#[test]
fn dynamic_blocks_are_not_a_way_around() {
    insta::assert_snapshot!(in_main(
        "resource \"x\" \"y\" {\n  dynamic \"provisioner\" {\n    for_each = [1]\n    labels = [\"local-exec\"]\n    content {}\n  }\n}\n"
    ), @"main.tf:2: provisioner");
}

#[test]
fn files_in_every_folder_and_with_every_ending() {
    let data = "data \"external\" \"x\" {}\n";
    insta::assert_snapshot!(found(&[
        ("a_override.tf", data),
        ("b.tofu", data),
        ("deep/er/.hidden/main.tf", data),
        (".terraform/modules/x/main.tf", data),
        ("ção.tf", data),
        ("bom.tf", "\u{feff}data \"external\" \"x\" {}\r\n"),
    ]), @r#"
    .terraform/modules/x/main.tf:1: data "external"
    a_override.tf:1: data "external"
    b.tofu:1: data "external"
    bom.tf:1: data "external"
    deep/er/.hidden/main.tf:1: data "external"
    ção.tf:1: data "external"
    "#);
}

#[test]
fn json_in_every_shape() {
    insta::assert_snapshot!(found(&[
        (
            "a.tf.json",
            r#"{
  "resource": {"terraform_data": {"x": {"provisioner": {"local-exec": {"command": "x"}}}}},
  "data": {"external": {"y": {"program": ["x"]}}}
}"#,
        ),
        (
            "b.tofu.json",
            r#"[{"resource": [{"terraform_data": [{"x": [{"provisioner": [
  {"local-exec": {}},
  {"remote-exec": [{}]}
]}]}]}]}]"#,
        ),
        (
            "c/d.tf.json",
            r#"{"\u0064ata": {"extern\u0061l": {}}, "check": {"c": {"data": {"external": {"z": {}}}}},
  "removed": [{"provisioner": {"file": {}}}], "data": {"http": {}}, "terraform": {"encryption": {"method": {"external": {}}}}}"#,
        ),
        ("twice.tf.json", "\u{feff}{\"data\": {\"external\": {}}, \"data\": {}}"),
        ("broken.tf.json", "{\"data\": {\"external\": {}}, "),
        ("empty.tf.json", r#"{"resource": {"x": {"y": {"provisioner": null}}}}"#),
    ]), @r#"
    a.tf.json:2: provisioner "local-exec"
    a.tf.json:3: data "external"
    b.tofu.json:1: provisioner "local-exec"
    b.tofu.json:3: provisioner "remote-exec"
    broken.tf.json:1: data "external"
    c/d.tf.json:1: data "external"
    c/d.tf.json:2: method "external"
    c/d.tf.json:2: provisioner "file"
    empty.tf.json:1: provisioner
    twice.tf.json:1: data "external"
    "#);
    assert_eq!(
        found(&[(
            "fine.tf.json",
            r#"{"resource": {"aws_x": {"y": {"tags": {"provisioner": "me", "external": "no"}}}},
                "locals": {"data": {"external": 1}, "x": "provisioner"}, "output": {"external": {"value": 1}}}"#
        )]),
        ""
    );
}

#[test]
fn a_file_that_cannot_be_parsed_is_refused_when_in_doubt() {
    insta::assert_snapshot!(in_main(
        "resource \"x\" \"y\" {\n  new syntax here <>\n  provisioner \"local-exec\" {}\n}\n# external\nx = \"ext\\u0065rnal\"\nexternal_id = 1\n"
    ), @r#"
    main.tf:3: `provisioner` in a file that cannot be parsed
    main.tf:3: provisioner "local-exec"
    main.tf:5: `external` in a file that cannot be parsed
    main.tf:6: `\u00` in a file that cannot be parsed
    "#);
    assert_eq!(in_main("resource \"x\" \"y\" { <> }\n"), "");
}

proptest! {
    /// Whatever stands around it, a provisioner on lines of its own is found.
    #[test]
    fn nothing_hides_a_provisioner(before in "[a-z{}\"$%<>#/*= \\n\\\\EOT-]{0,60}") {
        let text = format!("{before}\nresource \"x\" \"y\" {{\n  provisioner \"local-exec\" {{}}\n}}\n");
        // Unless it really is text or a comment now, in which case Terraform could not read the file to its end.
        let parsed: Option<Body> = parser::parse_body(&text).ok();
        let is_text = parsed.is_some_and(|body| body.get_blocks("resource").next().is_none());
        prop_assert!(is_text || !in_main(&text).is_empty(), "{text:?}");
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,80}") {
        let _ = found(&[("a.tf", &text), ("a.tf.json", &text)]);
        let _ = module_sources_of(&text);
    }
}

fn module_sources_of(text: &str) -> usize {
    let files = [("a.tf", text.as_bytes()), ("a.tf.json", text.as_bytes())];
    crate::policy::module_sources(files).len() + crate::policy::required_versions(files).len()
}
