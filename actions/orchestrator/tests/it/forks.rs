//! Plugins that the project keeps a copy of.

use stk_run::RunRecord;
use stk_store::{archive, packages};

use crate::support::{Case, block_on};

/// The files of the package of `alias`.
fn packed(case: &Case, record: &RunRecord, alias: &str) -> String {
    let unit = record.unit(&crate::support::alias(alias)).unwrap();
    let bytes = block_on(packages::load(case.store().as_ref(), &unit.package)).unwrap();
    let entries = archive::unpack(&bytes, archive::Limits::default()).unwrap();
    let mut lines: Vec<_> = entries
        .iter()
        .map(|entry| {
            let text = String::from_utf8_lossy(&entry.bytes);
            format!(
                "{}: {}",
                entry.path,
                text.lines().next().unwrap_or_default()
            )
        })
        .collect();
    lines.sort();
    lines.join("\n")
}

const FORK: &str = ".stk/FORKED_PLUGINS/orders-topic";

#[test]
fn a_fork_of_the_templates_is_packed_with_the_plugins_definition() {
    let case = Case::new("quickstart");
    case.write(&format!("{FORK}/templates-deploy/main.tf"), "# forked\n");
    let record = case.record(&case.success());
    insta::assert_snapshot!(packed(&case, &record, "orders-topic"), @"
    plugin.yaml: schema-version: v2
    templates-deploy/main.tf: # forked
    ");
}

#[test]
fn a_whole_fork_needs_no_plugin_and_may_have_any_version() {
    let case = Case::new("quickstart");
    let original = "plugins/acme/messaging@1.0.0/topic@1.2.0";
    let definition =
        std::fs::read_to_string(case.project.workdir.join(original).join("plugin.yaml")).unwrap();
    std::fs::remove_dir_all(case.project.workdir.join(original)).unwrap();
    let definition = definition.replace("version: 1.2.0", "version: 1.2.1");
    case.write(&format!("{FORK}/plugin.yaml"), &definition);
    case.write(&format!("{FORK}/topic.tf"), "# forked\n");
    let record = case.record(&case.success());
    insta::assert_snapshot!(packed(&case, &record, "orders-topic"), @"
    plugin.yaml: schema-version: v2
    templates-deploy/topic.tf: # forked
    ");
    let unit = record.unit(&crate::support::alias("orders-topic")).unwrap();
    assert_eq!(unit.plugin.version.as_deref(), Some("1.2.1"));
}

#[test]
fn a_fork_of_nothing_is_explained() {
    let case = Case::new("plugin-missing");
    case.write(".stk/FORKED_PLUGINS/missing/main.tf", "");
    insta::assert_snapshot!(case.failure(), @"
    exit 11
    error: the project cannot be deployed
      caused by: plugin-missing/.stk/stk.yaml:19:7: error[STK033]: plugin `missing`: the fork `plugin-missing/.stk/FORKED_PLUGINS/missing` has no plugin.yaml, and the plugin `acme/basics@1.0.0/absent@3.1.4` that it belongs to was not found; looked in `plugins/acme/basics@1.0.0/absent@3.1.4`, `plugins/acme/basics/absent@3.1.4`, `plugins/acme/absent@3.1.4`, `plugins/absent@3.1.4`, `plugins/absent`
      help: put the plugin's folder in one of these places, or set PLUGINS_PATH (--plugins-path) to the folder that holds your plugins
    ");
}
