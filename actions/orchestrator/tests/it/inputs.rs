//! The inputs, as the action declares them and as the program reads them.

use std::path::Path;

use stk_orchestrator::INPUTS;
use stk_testing::composite::Action;

use crate::support::Case;

#[test]
fn every_input_is_declared_by_the_action() {
    let action = Action::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    let some = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    for spec in INPUTS {
        let name = spec.name;
        let declared = action.inputs.get(name);
        let declared = declared.unwrap_or_else(|| panic!("{name} is not in action.yml"));
        assert_eq!(
            some(declared.default.as_deref()),
            some(spec.default),
            "{name}"
        );
        assert_eq!(declared.required, spec.required, "{name}");
        let step = action.step("orchestrate").unwrap();
        let passed = step.env.get(&format!("INPUT_{name}"));
        let expected = format!("${{{{ inputs.{name} }}}}");
        assert_eq!(passed, Some(&expected), "{name} is not handed on");
    }
}

#[test]
fn dynamic_inputs_override_the_manifest() {
    let dynamic = "--threshold 7 --raw_delivery=false --unheard 'of it'";
    let case = Case::new("quickstart").with("INPUT_DYNAMIC_INPUTS", dynamic);
    let record = case.record(&case.success());
    let input = |alias: &str, name: &str| {
        let unit = record.unit(&crate::support::alias(alias)).unwrap();
        unit.inputs.get(name).cloned()
    };
    assert_eq!(input("orders-queue-alarm", "threshold"), Some(7.into()));
    assert_eq!(
        input("orders-subscription", "raw_delivery"),
        Some(false.into())
    );
    // What a plugin does not declare is text.
    assert_eq!(input("orders-topic", "unheard"), Some("of it".into()));
}

#[test]
fn values_of_the_environment_are_taken() {
    let case = Case::new("quickstart").with("INPUT_ENVIRONMENT", "prd");
    let record = case.record(&case.success());
    let unit = record
        .unit(&crate::support::alias("invoices-bucket"))
        .unwrap();
    assert_eq!(unit.inputs.get("retention_days"), Some(&3650.into()));
}

#[test]
fn help_and_version_need_no_project() {
    let case = Case::new("no-stk-yaml");
    let help = case.run_with(&["--help"]);
    assert_eq!(help.code, 0);
    insta::assert_snapshot!(help.stdout, @"
    Reads .stk/stk.yaml, orders its plugins and starts a run.

    Usage: stk-orchestrator [--help | --version]

    Inputs, as environment variables:
      INPUT_CONTROL_PLANE [default: stackspot]
          Who orders the plugins and keeps the run: stackspot or standalone
      INPUT_DEPLOY_MODE [default: per-plugin]
          per-plugin: a Terraform project for each plugin; unified: one for all
      INPUT_WORKDIR [default: ./]
          The folder that holds .stk
      INPUT_ENVIRONMENT [required]
          The environment to deploy to
      INPUT_VERSION [required]
          The version tag to deploy
      INPUT_WORKSPACE
          The workspace's name, for templates
      INPUT_PLUGINS_PATH
          The folder of plugin sources; plugins under WORKDIR if empty
      INPUT_DYNAMIC_INPUTS
          Inputs added to every plugin: --name value --other=value
      INPUT_SECRET_INPUTS
          The values of secret inputs, as JSON; only looked at for what is missing
      INPUT_IAC_BUCKET_NAME
          Where runs, packages and IaC are kept: file:// and a folder
      INPUT_TFSTATE_BUCKET_NAME
          Where Terraform states are kept: file:// and a folder
      INPUT_LEVEL_LOG [default: info]
          How much is logged: error, warn, info, debug or trace
      INPUT_VERBOSE [default: false]
          Log as with LEVEL_LOG: debug
    ");
    let version = case.run_with(&["--version"]);
    assert_eq!(version.code, 0);
    assert_eq!(
        version.stdout,
        format!("stk-orchestrator {}\n", env!("CARGO_PKG_VERSION"))
    );
}
