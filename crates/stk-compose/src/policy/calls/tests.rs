use super::*;

fn calls(files: &[(&str, &str)]) -> String {
    let files = files.iter().map(|(path, text)| (*path, text.as_bytes()));
    let calls = module_sources(files);
    calls.iter().map(|call| format!("{call}\n")).collect()
}

#[test]
fn modules_in_every_folder_and_both_syntaxes() {
    let found = calls(&[
        (
            "main.tf",
            "# module \"no\" {}\nmodule \"a\" {\n  source  = \"acme/vpc/aws\"\n  version = \"~> 1\"\n}\nmodule b {\n  source = (\"github.com/acme/\\u0062\")\n}\nmodule \"computed\" {\n  source = \"./${var.x}\"\n}\nlocals {\n  text = <<-E\n    module \"text\" { source = \"x\" }\n  E\n}\n",
        ),
        (
            "deep/er/x.tofu",
            "module \"c\" { source = \"git::https://user:canary@host/x\" }\n",
        ),
        (
            "deep/x.tf.json",
            r#"{"module": [{"d": [{"version": "1", "source": "acme/d/aws"}]},
              {"e": {"source": "acme/e/aws", "source": "acme/e2/aws"}, "f": {"source": "${var.f}"}}],
              "locals": {"module": {"no": {"source": "x"}}}}"#,
        ),
    ]);
    insta::assert_snapshot!(found, @"
    deep/er/x.tofu:1: module `c` from `git::https://***@host/x`
    deep/x.tf.json:1: module `d` from `acme/d/aws`
    deep/x.tf.json:2: module `e` from `acme/e/aws`
    deep/x.tf.json:2: module `e` from `acme/e2/aws`
    deep/x.tf.json:2: module `f`
    main.tf:3: module `a` from `acme/vpc/aws`
    main.tf:7: module `b` from `github.com/acme/b`
    main.tf:10: module `computed`
    ");
}

#[test]
fn required_versions_of_the_root_module() {
    let files = [
        (
            "main.tf",
            "terraform {\n  required_version = \">= 1.5\"\n}\n",
        ),
        (
            "v.tf.json",
            "{\"terraform\": [{\"required_version\": \"< 2\"}]}",
        ),
        (
            "module/main.tf",
            "terraform {\n  required_version = \"= 0.11\"\n}\n",
        ),
    ];
    let found = required_versions(files.iter().map(|(path, text)| (*path, text.as_bytes())));
    let found: Vec<_> = found.iter().map(|one| format!("{one}\n")).collect();
    insta::assert_snapshot!(found.concat(), @r#"
    main.tf:2: required_version = ">= 1.5"
    v.tf.json:1: required_version = "< 2"
    "#);
}

#[test]
fn a_local_source_may_not_leave_the_project() {
    let leaves = |file: &str, source: &str| {
        let call = ModuleCall {
            file: file.into(),
            line: 1,
            name: "x".into(),
            source: Some(source.into()),
            version: None,
        };
        call.leaves_project()
    };
    for (file, source) in [
        ("main.tf", "./a"),
        ("a/main.tf", "../b"),
        ("main.tf", "./a/../b"),
        ("main.tf", "acme/x/aws"),
    ] {
        assert!(!leaves(file, source), "{source} in {file}");
    }
    for (file, source) in [
        ("main.tf", ".."),
        ("main.tf", "../b"),
        ("a/main.tf", "../../b"),
        ("main.tf", "./a/../../b"),
        ("main.tf", "./..\\b"),
    ] {
        assert!(leaves(file, source), "{source} in {file}");
    }
}
