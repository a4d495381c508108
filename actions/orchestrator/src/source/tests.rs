use std::fs;

use stk_manifest::Manifest;
use tempfile::TempDir;

use super::*;

/// A folder with these files; each file's content is its own path.
fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, file).unwrap();
    }
    folder
}

/// What `find` gives for the plugin `studio/stack@1.0.0/plugin@2.0.0` applied as `one` in a project
/// with these files, with the paths relative to the project.
fn found(files: &[&str]) -> String {
    let folder = folder(files);
    let manifest = Manifest::parse(
        "stk.yaml",
        "schema-version: v2\nkind: manifest\nmetadata: {name: p}\nspec:\n  type: infra\n  plugins:\n  \
         - {name: studio/stack@1.0.0/plugin@2.0.0, alias: one, type: infra}\n",
    );
    let manifest = manifest.value.unwrap();
    let plugin = manifest.plugins.first().unwrap();
    let root = folder.path();
    let text = match Catalogue::new(root, root.join("plugins")).find(plugin) {
        Ok(source) => {
            let mut entries: Vec<_> = source
                .entries()
                .unwrap()
                .into_iter()
                .map(|entry| {
                    format!(
                        "{} <- {}",
                        entry.path,
                        String::from_utf8(entry.bytes).unwrap()
                    )
                })
                .collect();
            entries.sort();
            entries.push(format!("forked definition: {}", source.forked_definition));
            entries.join("\n")
        }
        Err(error) => error.to_string(),
    };
    text.replace(&format!("{}/", root.display()), "")
}

const ORIGINAL: [&str; 3] = [
    "plugins/plugin@2.0.0/plugin.yaml",
    "plugins/plugin@2.0.0/templates-deploy/main.tf",
    "plugins/plugin@2.0.0/README.md",
];

#[test]
fn only_what_deploying_needs_is_packed() {
    insta::assert_snapshot!(found(&ORIGINAL), @"
    plugin.yaml <- plugins/plugin@2.0.0/plugin.yaml
    templates-deploy/main.tf <- plugins/plugin@2.0.0/templates-deploy/main.tf
    forked definition: false
    ");
}

#[test]
fn both_spellings_of_the_templates_folder_are_packed_alike() {
    let files = [
        "plugins/plugin/plugin.yaml",
        "plugins/plugin/templates_deploy/module/main.tf",
    ];
    insta::assert_snapshot!(found(&files), @"
    plugin.yaml <- plugins/plugin/plugin.yaml
    templates-deploy/module/main.tf <- plugins/plugin/templates_deploy/module/main.tf
    forked definition: false
    ");
}

#[test]
fn a_whole_fork_takes_the_place_of_the_plugin() {
    let fork = [
        ".stk/FORKED_PLUGINS/one/plugin.yaml",
        ".stk/FORKED_PLUGINS/one/templates-deploy/fork.tf",
    ];
    insta::assert_snapshot!(found(&[&ORIGINAL[..], &fork].concat()), @"
    plugin.yaml <- .stk/FORKED_PLUGINS/one/plugin.yaml
    templates-deploy/fork.tf <- .stk/FORKED_PLUGINS/one/templates-deploy/fork.tf
    forked definition: true
    ");
    insta::assert_snapshot!(found(&fork), @"
    plugin.yaml <- .stk/FORKED_PLUGINS/one/plugin.yaml
    templates-deploy/fork.tf <- .stk/FORKED_PLUGINS/one/templates-deploy/fork.tf
    forked definition: true
    ");
}

#[test]
fn a_fork_of_the_templates_keeps_the_plugins_definition() {
    let fork = [".stk/FORKED_PLUGINS/one/templates-deploy/fork.tf"];
    insta::assert_snapshot!(found(&[&ORIGINAL[..], &fork].concat()), @"
    plugin.yaml <- plugins/plugin@2.0.0/plugin.yaml
    templates-deploy/fork.tf <- .stk/FORKED_PLUGINS/one/templates-deploy/fork.tf
    forked definition: false
    ");
    let without_folder = [".stk/FORKED_PLUGINS/one/fork.tf"];
    insta::assert_snapshot!(found(&[&ORIGINAL[..], &without_folder].concat()), @"
    plugin.yaml <- plugins/plugin@2.0.0/plugin.yaml
    templates-deploy/fork.tf <- .stk/FORKED_PLUGINS/one/fork.tf
    forked definition: false
    ");
}

#[test]
fn a_fork_without_a_folder_for_its_templates_does_not_pack_its_definition_twice() {
    let fork = [
        ".stk/FORKED_PLUGINS/one/plugin.yaml",
        ".stk/FORKED_PLUGINS/one/fork.tf",
    ];
    insta::assert_snapshot!(found(&fork), @"
    plugin.yaml <- .stk/FORKED_PLUGINS/one/plugin.yaml
    templates-deploy/fork.tf <- .stk/FORKED_PLUGINS/one/fork.tf
    forked definition: true
    ");
}

#[test]
fn what_is_not_there_is_said_with_every_place() {
    insta::assert_snapshot!(found(&[]), @"no source was found for plugin `studio/stack@1.0.0/plugin@2.0.0`; looked in `.stk/FORKED_PLUGINS/one`, `plugins/studio/stack@1.0.0/plugin@2.0.0`, `plugins/studio/stack/plugin@2.0.0`, `plugins/studio/plugin@2.0.0`, `plugins/plugin@2.0.0`, `plugins/plugin`");
    insta::assert_snapshot!(found(&[".stk/FORKED_PLUGINS/one/fork.tf"]), @"the fork `.stk/FORKED_PLUGINS/one` has no plugin.yaml, and the plugin `studio/stack@1.0.0/plugin@2.0.0` that it belongs to was not found; looked in `plugins/studio/stack@1.0.0/plugin@2.0.0`, `plugins/studio/stack/plugin@2.0.0`, `plugins/studio/plugin@2.0.0`, `plugins/plugin@2.0.0`, `plugins/plugin`");
    insta::assert_snapshot!(found(&["plugins/plugin/README.md"]), @"the plugin's folder `plugins/plugin` has no plugin.yaml");
}

#[cfg(unix)]
#[test]
fn executable_files_stay_so_and_a_circle_of_links_ends() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = folder(&["plugin.yaml", "templates-deploy/run.sh"]);
    let templates = folder.path().join("templates-deploy");
    fs::set_permissions(templates.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let source = PluginSource {
        definition: folder.path().to_owned(),
        templates: templates.clone(),
        forked_definition: false,
    };
    let modes: Vec<_> = source
        .entries()
        .unwrap()
        .into_iter()
        .map(|entry| (entry.path, entry.executable))
        .collect();
    let expected = [("plugin.yaml", false), ("templates-deploy/run.sh", true)];
    assert_eq!(modes, expected.map(|(path, mode)| (path.to_owned(), mode)));

    symlink(&templates, templates.join("again")).unwrap();
    // The system's own limit on links may be met before the one here.
    let error = source.entries().unwrap_err();
    assert!(
        matches!(error, SourceError::Depth { .. } | SourceError::Read { .. }),
        "{error}"
    );
}
