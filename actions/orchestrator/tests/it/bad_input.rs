//! What a person sees who made a mistake, word for word.

use crate::support::Case;

/// The failure of a project as it is; nothing may be left behind.
fn failure(fixture: &str) -> String {
    let case = Case::new(fixture);
    let failure = case.failure();
    let packages = case.project.workdir.join(".stk/runtime/packages");
    assert!(!packages.exists(), "a package was stored");
    assert_eq!(case.runs(fixture), [], "a run was recorded");
    assert_eq!(case.lock(fixture), None, "the lock is held");
    failure
}

#[test]
fn no_manifest() {
    insta::assert_snapshot!(failure("no-stk-yaml"), @"
    exit 11
    error: there is no `no-stk-yaml/.stk/stk.yaml`
      help: set WORKDIR (--workdir) to the folder that holds `.stk`
      help: in a workflow, check the repository out before this step (actions/checkout)
    ");
}

#[test]
fn a_manifest_in_another_folder() {
    let case = Case::new("quickstart").with("INPUT_WORKDIR", "./");
    insta::assert_snapshot!(case.failure(), @"
    exit 11
    error: there is no `.stk/stk.yaml`
      help: set WORKDIR (--workdir) to the folder that holds `.stk`; there is one in `quickstart`
    ");
}

#[test]
fn a_manifest_that_is_not_yaml() {
    insta::assert_snapshot!(failure("yaml-syntax"), @"
    exit 11
    error: the project cannot be deployed
      caused by: yaml-syntax/.stk/stk.yaml:12:16: error[STK001]: this is not valid YAML: invalid indentation in quoted scalar
    ");
}

#[test]
fn a_manifest_that_is_not_text() {
    let case = Case::new("empty");
    let file = case.project.workdir.join(".stk/stk.yaml");
    std::fs::write(file, b"schema-version: v2\nname: \xff\n").unwrap();
    insta::assert_snapshot!(case.failure(), @"
    exit 11
    error: `empty/.stk/stk.yaml` cannot be read
      caused by: it is not UTF-8 (line 2)
      help: check the file's permissions and that it is UTF-8 text
    ");
}

#[test]
fn an_unknown_schema_version() {
    insta::assert_snapshot!(failure("unknown-schema-version"), @"
    exit 11
    error: the project cannot be deployed
      caused by: unknown-schema-version/.stk/stk.yaml:2:17: error[STK010]: the schema version `v9` is unknown
      help: this version reads `schema-version: v1` and `schema-version: v2`
    ");
}

#[test]
fn a_project_without_identity() {
    insta::assert_snapshot!(failure("no-identity"), @"
    exit 11
    error: the project cannot be deployed
      caused by: no-identity/.stk/stk.yaml:5:3: error[STK017]: nothing says which project this is: there is neither `spec.infra-id` nor `metadata.name`
      help: add `metadata.name: <a name for the project>`, or register the project with StackSpot, which adds `spec.infra-id`
    ");
}

#[test]
fn an_alias_that_stands_twice() {
    insta::assert_snapshot!(failure("duplicate-alias"), @"
    exit 11
    error: the project cannot be deployed
      caused by: duplicate-alias/.stk/stk.yaml:20:14: error[STK014]: the alias `settings` stands twice: on line 11 and on line 20
      help: give each applied plugin its own alias
    ");
}

#[test]
fn aliases_that_cannot_be_folders() {
    insta::assert_snapshot!(failure("alias-escapes"), @"
    exit 11
    error: the project cannot be deployed
      caused by: alias-escapes/.stk/stk.yaml:11:14: error[STK013]: the alias `../x` cannot be used: it would leave its folder
      help: an alias names a folder and a Terraform module: it starts with a letter or `_` and goes on with letters, digits, `_` and `-`, at most 128 in all
    ");
    insta::assert_snapshot!(failure("alias-slash"), @"
    exit 11
    error: the project cannot be deployed
      caused by: alias-slash/.stk/stk.yaml:11:14: error[STK013]: the alias `a/b` cannot be used: it would leave its folder
      help: an alias names a folder and a Terraform module: it starts with a letter or `_` and goes on with letters, digits, `_` and `-`, at most 128 in all
    ");
}

#[test]
fn a_plugin_without_a_source() {
    insta::assert_snapshot!(failure("plugin-missing"), @"
    exit 11
    error: the project cannot be deployed
      caused by: plugin-missing/.stk/stk.yaml:19:7: error[STK033]: plugin `missing`: no source was found for plugin `acme/basics@1.0.0/absent@3.1.4`; looked in `plugin-missing/.stk/FORKED_PLUGINS/missing`, `plugins/acme/basics@1.0.0/absent@3.1.4`, `plugins/acme/basics/absent@3.1.4`, `plugins/acme/absent@3.1.4`, `plugins/absent@3.1.4`, `plugins/absent`
      help: put the plugin's folder in one of these places, or set PLUGINS_PATH (--plugins-path) to the folder that holds your plugins
    ");
}

#[test]
fn a_plugin_of_another_version() {
    insta::assert_snapshot!(failure("version-mismatch"), @"
    exit 11
    error: the project cannot be deployed
      caused by: version-mismatch/.stk/stk.yaml:10:7: error[STK034]: the plugin `settings` is applied as version 2.0.0, but version-mismatch/plugins/settings/plugin.yaml is version 1.0.0
      help: put version 2.0.0 of `settings` in place, or apply version 1.0.0
    ");
}

#[test]
fn plugins_in_a_circle() {
    insta::assert_snapshot!(failure("cycle"), @"
    exit 12
    shared-infrastructure project identified, with ID: cycle
    error: the project cannot be deployed
      caused by: cycle/.stk/stk.yaml:22:13: error[STK060]: these plugins need each other in a circle: `first` -(from-third)-> `third` -(from-second)-> `second` -(from-first)-> `first`
      help: remove one of these connections, or move what both sides need into a plugin of its own that they require
    ");
}

#[test]
fn two_plugins_that_generate_one_connection() {
    insta::assert_snapshot!(failure("two-generators"), @"
    exit 12
    shared-infrastructure project identified, with ID: two-generators
    error: the project cannot be deployed
      caused by: two-generators/.stk/stk.yaml:30:13: error[STK061]: connection `shared` is generated by both `left` and `right`
      help: give the connection that `right` generates another name than `shared`, and let the plugins that mean it select that name
    ");
}

#[test]
fn a_required_input_without_a_value() {
    insta::assert_snapshot!(failure("missing-required-input"), @"
    exit 11
    error: the project cannot be deployed
      caused by: missing-required-input/.stk/stk.yaml:10:7: error[STK040]: the plugin `one` requires the input `value` (`Value to keep`)
      help: add `value: <value>` to the plugin's `inputs`, or give `--value <value>` in DYNAMIC_INPUTS
    ");
}

#[test]
fn a_missing_list_of_plugins_does_not_destroy_everything() {
    for (list, problem) in [("", "is missing"), ("plugins:", "is empty")] {
        let case = Case::new("quickstart");
        let record = case.record(&case.success());
        case.deploy(&record);
        case.project.edit_manifest(|text| {
            let start = text.find("  plugins:").unwrap();
            let end = text.find("  global-inputs:").unwrap();
            format!("{}  {list}\n{}", &text[..start], &text[end..])
        });
        let failure = case.failure();
        assert!(failure.starts_with("exit 11\n"), "{failure}");
        assert!(
            failure.contains(&format!("`plugins` of `spec` {problem}")),
            "{failure}"
        );
        assert_eq!(case.runs("orders-messaging").len(), 1);
    }
}

#[test]
fn several_mistakes_are_reported_at_once() {
    let case = Case::new("quickstart");
    case.project.edit_manifest(|text| {
        text.replace("topic_name: orders", "topic_nam: orders")
            .replace("bucket@2.0.1", "bucket@9.9.9")
    });
    insta::assert_snapshot!(case.failure(), @"
    exit 11
    warning: quickstart/.stk/stk.yaml:46:20: STK042: the plugin `orders-topic` declares no input `topic_nam`; templates see it all the same
        did you mean `topic_name`?
    error: the project cannot be deployed: 2 errors
      caused by: quickstart/.stk/stk.yaml:42:7: error[STK040]: the plugin `orders-topic` requires the input `topic_name` (`Name of the topic`)
      caused by: quickstart/.stk/stk.yaml:78:7: error[STK033]: plugin `invoices-bucket`: no source was found for plugin `acme/storage@2.1.0/bucket@9.9.9`; looked in `quickstart/.stk/FORKED_PLUGINS/invoices-bucket`, `quickstart/plugins/acme/storage@2.1.0/bucket@9.9.9`, `quickstart/plugins/acme/storage/bucket@9.9.9`, `quickstart/plugins/acme/bucket@9.9.9`, `quickstart/plugins/bucket@9.9.9`, `quickstart/plugins/bucket`
      help: add `topic_name: <value>` to the plugin's `inputs`, or give `--topic_name <value>` in DYNAMIC_INPUTS
      help: put the plugin's folder in one of these places, or set PLUGINS_PATH (--plugins-path) to the folder that holds your plugins
    ");
}

#[test]
fn what_this_version_cannot_do() {
    let case = Case::new("empty").without("INPUT_CONTROL_PLANE");
    insta::assert_snapshot!(case.failure(), @"
    exit 10
    error: the control plane `stackspot` is not available in this version
      help: set the input CONTROL_PLANE to `standalone`
    ");
    let case = Case::new("empty").with("INPUT_IAC_BUCKET_NAME", "acme-iac");
    insta::assert_snapshot!(case.failure(), @"
    exit 10
    error: the input IAC_BUCKET_NAME (--iac-store) names the S3 bucket `acme-iac`, and S3 stores are not available in this version
      help: give `file://` and a folder, or nothing for `.stk/runtime` beside stk.yaml
    ");
}

#[test]
fn an_input_that_is_missing() {
    let case = Case::new("empty").without("INPUT_ENVIRONMENT");
    insta::assert_snapshot!(case.failure(), @"
    exit 10
    error: input `ENVIRONMENT` is required and is empty
      help: set `ENVIRONMENT` under `with:` of the step; outside GitHub, the environment variable `INPUT_ENVIRONMENT`
    ");
}

#[test]
fn a_stray_argument_is_a_bad_input() {
    let ran = Case::new("empty").run_with(&["deploy"]);
    assert_eq!(ran.code, 10);
    assert!(
        ran.stderr.contains("takes no argument `deploy`"),
        "{}",
        ran.stderr
    );
}
