//! A generated project on disk: `stk.yaml`, and the sources of the plugins that it applies.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// Writes a project of `plugins` applied plugins of `versions` different ones below `folder`. Each generates a
/// connection and requires that of another, anywhere in the file before or behind it; the first one, of the workspace.
pub(crate) fn write(folder: &Path, plugins: usize, versions: usize) {
    let mut text = HEAD.to_owned();
    for index in 0..plugins {
        entry(&mut text, index, index % versions, plugins);
    }
    fs::create_dir(folder.join(".stk")).unwrap();
    fs::write(folder.join(".stk/stk.yaml"), text).unwrap();
    for version in 0..versions {
        let folder = folder.join(format!("plugins/acme/shop@1.0.0/queue-{version}@1.0.0"));
        fs::create_dir_all(folder.join("templates-deploy/policies")).unwrap();
        for (path, text) in [
            ("plugin.yaml", include_str!("plugin.yaml")),
            ("templates-deploy/main.tf", include_str!("main.tf")),
            ("templates-deploy/outputs.tf", include_str!("outputs.tf")),
            (
                "templates-deploy/policies/{{ queue_name }}.json",
                include_str!("policy.json"),
            ),
        ] {
            let text = text.replace("VERSION", &version.to_string());
            fs::write(folder.join(path), text).unwrap();
        }
    }
}

const HEAD: &str = "\
schema-version: v2
kind: manifest
metadata:
  name: orders
  description: A generated project
  stack: shop@1.0.0
spec:
  type: infra
  repository: https://git.example/acme/orders
  global-inputs:
    team: checkout
  global-computed-inputs: {}
  plugins:
";

/// One entry, as `stk apply plugin` writes it.
fn entry(text: &mut String, index: usize, version: usize, plugins: usize) {
    // The requirements are a tree whose nodes stand in the file in an order of their own: a prime and a size that it
    // does not divide make a permutation.
    let name = |place: usize| place * 7_919 % plugins;
    let required = match index {
        0 => "queue-of-the-workspace".to_owned(),
        _ => format!("queue-{}", name(index / 2)),
    };
    let generated = name(index);
    let _ = write!(
        text,
        "    - name: acme/shop@1.0.0/queue-{version}@1.0.0
      alias: queue-{generated}-1723660584592
      plugin-version-id: 01HG9893S8WVPTMGETXAWS447N
      stack-version-id: 01HG18BB3J3FD7T448W2NS864Y
      type: infra
      inputs:
        queue_name: orders-{generated}
        visibility_timeout_seconds: 120
        dead_letter: true
      inputs-envs:
        max_receive_count:
          dev: 3
          prd: 5
      connections:
        generates:
          - type: queue-conn
            selected: queue-{generated}
            alias: queue
        requires:
          - type: queue-conn
            selected: {required}
            alias: source
      links:
        generates: []
"
    );
}
