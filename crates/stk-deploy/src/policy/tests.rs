use super::*;

fn list(text: &str) -> Option<ModuleSources> {
    Some(ModuleSources::parse(text).unwrap())
}

fn shown(violations: &[Violation]) -> String {
    violations.iter().map(|one| format!("{one}\n")).collect()
}

const MAIN: &str = "module \"a\" {\n  source = \"./sub\"\n}\nmodule \"b\" {\n  source = \"acme/b/aws\"\n}\nmodule \"c\" {\n  source = \"../c\"\n}\ndata \"external\" \"x\" {}\n";

fn check(policy: &Policy) -> String {
    let files = [
        ("main.tf", MAIN.as_bytes()),
        (".Terraform/modules/modules.json", b"{}".as_slice()),
        ("terraform.d/plugins/x/terraform-provider-x", b"".as_slice()),
    ];
    shown(&policy.check(files))
}

#[test]
fn rendered_files_are_checked() {
    let default = Policy::default();
    insta::assert_snapshot!(check(&default), @r#"
    .Terraform/modules/modules.json (the folder is Terraform's own)
    terraform.d/plugins/x/terraform-provider-x (the folder is Terraform's own)
    main.tf:10: data "external"
    "#);
    let open = Policy {
        commands: true,
        modules: None,
    };
    assert_eq!(check(&open), "");
    let no_modules = Policy {
        commands: true,
        modules: list("[]"),
    };
    insta::assert_snapshot!(check(&no_modules), @"
    .Terraform/modules/modules.json (the folder is Terraform's own)
    main.tf:5: module `b` from `acme/b/aws` (no entry of the list allows it)
    main.tf:8: module `c` from `../c` (it lies outside of the plugin)
    ");
}

#[test]
fn installed_modules_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("project");
    let write = |path: &str, text: &str| {
        let path = project.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let policy = Policy {
        commands: false,
        modules: list(r#"[{"sourceType": "terraformRegistry", "path": "acme"}]"#),
    };
    assert_eq!(policy.check_installed(&project), [], "no modules");
    write(
        ".terraform/modules/r/main.tf",
        "resource \"x\" \"y\" {\n  provisioner \"local-exec\" {}\n}\n",
    );
    write(
        ".terraform/modules/r/examples/main.tf",
        "data \"external\" \"example\" {}\n",
    );
    write(
        ".terraform/modules/r/sub/main.tf.json",
        "{\"data\": {\"external\": {}}}",
    );
    write("loc/main.tf", "");
    write("../out/main.tf", "data \"external\" \"out\" {}\n");
    write(
        MANIFEST,
        r#"{"Modules": [{"Key": "", "Source": "", "Dir": "."},
          {"Key": "r", "Source": "registry.terraform.io/acme/r/aws", "Dir": ".terraform/modules/r"},
          {"Key": "r.s", "Source": "./sub", "Dir": ".terraform/modules/r/sub"},
          {"Key": "r.g", "Source": "git::https://u:canary@github.com/acme/g", "Dir": "gone"},
          {"Key": "l", "Source": "./loc", "Dir": "loc"},
          {"Key": "o", "Source": "../out", "Dir": "../out"}]}"#,
    );
    insta::assert_snapshot!(shown(&policy.check_installed(&project)), @r#"
    .terraform/modules/r/main.tf:2: provisioner "local-exec"
    .terraform/modules/r/sub/main.tf.json:1: data "external"
    module `r.g` from `git::https://***@github.com/acme/g` (no entry of the list allows it)
    gone (cannot be looked at: No such file or directory (os error 2))
    module `o` from `../out` (it lies outside of the plugin)
    ../out/main.tf:1: data "external"
    "#);
    let modules_only = Policy {
        commands: true,
        ..policy.clone()
    };
    insta::assert_snapshot!(shown(&modules_only.check_installed(&project)), @"
    module `r.g` from `git::https://***@github.com/acme/g` (no entry of the list allows it)
    module `o` from `../out` (it lies outside of the plugin)
    ");
    write(MANIFEST, "{");
    insta::assert_snapshot!(shown(&policy.check_installed(&project)), @".terraform/modules/modules.json (cannot be looked at: EOF while parsing an object at line 1 column 1)");
}

#[test]
fn what_cannot_work_is_doubted() {
    let policy = Policy {
        commands: true,
        modules: list(
            r#"[{"sourceType": "gitHttps", "path": "ssh://github.com/acme"},
              {"sourceType": "gitHttps", "path": "github.com/acme", "token": "canary-1"},
              {"sourceType": "gitHttps", "path": "https://github.com/acme/", "token": "canary-2"},
              {"sourceType": "terraformRegistry", "path": "acme", "token": "canary-1"},
              {"sourceType": "terraformRegistry", "path": "other", "token": "canary-1"}]"#,
        ),
    };
    insta::assert_snapshot!(policy.doubts().join("\n"), @"
    entry 1 allows nothing: its `path` is not the start of such an address
    there are two tokens for https://github.com/acme: the first one is used
    ");
    assert_eq!(policy.secrets().len(), 8);
    assert!(!format!("{policy:?}").contains("canary"));
}
