//! The projects under `fixtures/`, and copies of them that a test may change.

#![expect(clippy::panic, reason = "test harness: a failure of it fails the test")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The folder `fixtures` of this workspace.
pub fn root() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    workspace.unwrap_or(Path::new(".")).join("fixtures")
}

/// A project of `fixtures/projects`, copied to a folder of the test's own.
#[derive(Clone, Debug)]
pub struct Project {
    /// The folder that holds `.stk`: the value for `WORKDIR`.
    pub workdir: PathBuf,
    /// The plugin sources: the value for `PLUGINS_PATH`. The project's own `plugins` folder (the
    /// default of `PLUGINS_PATH`), else `fixtures/plugins`, which the small projects share.
    pub plugins_path: PathBuf,
}

impl Project {
    /// Copies `fixtures/projects/<name>` to `<dir>/<name>`.
    ///
    /// What an earlier deployment may have left in the fixture (`.stk/runtime`) is not copied.
    ///
    /// # Panics
    ///
    /// When there is no such fixture, or the copy fails or exists already.
    pub fn copy(name: &str, dir: &Path) -> Self {
        let source = root().join("projects").join(name);
        let workdir = dir.join(name);
        if let Err(error) = copy_dir(&source, &workdir) {
            panic!(
                "{} cannot be copied to {}: {error}",
                source.display(),
                workdir.display()
            );
        }
        let own = workdir.join("plugins");
        let plugins_path = if own.is_dir() {
            own
        } else {
            root().join("plugins")
        };
        Self {
            workdir,
            plugins_path,
        }
    }

    /// Puts another text in the place of `.stk/stk.yaml`: `change` gets the present one.
    ///
    /// # Panics
    ///
    /// When the file cannot be read or written, or `change` changed nothing: a replacement whose
    /// pattern is no longer in the fixture would make its test pass for nothing.
    pub fn edit_manifest(&self, change: impl FnOnce(&str) -> String) {
        let path = self.workdir.join(".stk/stk.yaml");
        let edited = fs::read_to_string(&path).and_then(|before| {
            let after = change(&before);
            assert_ne!(
                before,
                after,
                "the edit of {} changed nothing",
                path.display()
            );
            fs::write(&path, after)
        });
        if let Err(error) = edited {
            panic!("{}: {error}", path.display());
        }
    }

    /// Takes the plugin applied as `alias` out of `.stk/stk.yaml`, text and comments included,
    /// and leaves `plugins: []` when it was the last one.
    ///
    /// # Panics
    ///
    /// When no plugin has that alias, and as [`Project::edit_manifest`].
    pub fn remove_plugin(&self, alias: &str) {
        self.edit_manifest(|text| without_plugin(text, alias));
    }
}

/// Works on the fixtures' own layout: an entry starts with `    - name:`, and the comments
/// right above belong to it.
fn without_plugin(text: &str, alias: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_start = |line: &str| line.starts_with("    - name:");
    let is_inside = |line: &str| line.is_empty() || line.starts_with("    ");
    let Some(at) = lines
        .iter()
        .position(|line| *line == format!("      alias: {alias}"))
    else {
        panic!("no plugin is applied as {alias}");
    };
    let is_lead = |line: &str| line.is_empty() || line.starts_with("    #");
    let lead = |from: usize| {
        from - lines[..from]
            .iter()
            .rev()
            .take_while(|l| is_lead(l))
            .count()
    };
    let start = lines[..at]
        .iter()
        .rposition(|line| is_start(line))
        .map_or(at, lead);
    let after = lines[at..]
        .iter()
        .position(|line| is_start(line) || !is_inside(line));
    let end = after.map_or(lines.len(), |offset| {
        let end = at + offset;
        if is_start(lines[end]) { lead(end) } else { end }
    });
    let mut kept: Vec<&str> = lines[..start]
        .iter()
        .chain(&lines[end..])
        .copied()
        .collect();
    if !kept.iter().any(|line| is_start(line))
        && let Some(line) = kept.iter_mut().find(|line| **line == "  plugins:")
    {
        *line = "  plugins: []";
    }
    kept.join("\n") + "\n"
}

fn copy_dir(source: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir(target)?;
    for entry in fs::read_dir(source)? {
        let entry = entry?;
        let (from, to) = (entry.path(), target.join(entry.file_name()));
        let is_left_over = from.ends_with(".stk/runtime") || entry.file_name() == ".terraform";
        if is_left_over {
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy_dir(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_project_can_be_copied_and_has_a_place_for_its_plugins() {
        let dir = tempfile::tempdir().unwrap();
        for entry in fs::read_dir(root().join("projects")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let project = Project::copy(&name, dir.path());
            let has_manifest = project.workdir.join(".stk/stk.yaml").is_file();
            assert_eq!(has_manifest, name != "no-stk-yaml", "{name}");
            assert!(project.plugins_path.is_dir(), "{name}");
        }
    }

    #[test]
    fn the_readme_of_the_fixtures_names_every_project() {
        let readme = fs::read_to_string(root().join("README.md")).unwrap();
        for entry in fs::read_dir(root().join("projects")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(readme.contains(&format!("| `{name}` |")), "{name}");
        }
    }

    #[test]
    fn plugins_are_removed_one_after_the_other() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::copy("quickstart", dir.path());
        let manifest = || fs::read_to_string(project.workdir.join(".stk/stk.yaml")).unwrap();
        let aliases = || {
            let text = manifest();
            let lines = text
                .lines()
                .filter_map(|line| line.strip_prefix("      alias: "));
            lines.map(str::to_owned).collect::<Vec<_>>().join(" ")
        };
        insta::assert_snapshot!(aliases(), @"orders-subscription orders-topic orders-queue invoices-bucket orders-queue-alarm");
        project.remove_plugin("invoices-bucket");
        insta::assert_snapshot!(aliases(), @"orders-subscription orders-topic orders-queue orders-queue-alarm");
        project.remove_plugin("orders-queue-alarm");
        insta::assert_snapshot!(aliases(), @"orders-subscription orders-topic orders-queue");
        for alias in ["orders-subscription", "orders-queue", "orders-topic"] {
            project.remove_plugin(alias);
        }
        insta::assert_snapshot!(manifest(), @r"
        # Messaging for an order service: order events go to a topic, a subscription copies
        # them to a queue, an alarm watches the queue, and a bucket keeps the invoices.
        #
        # Everything here is Terraform's builtin `terraform_data`, so nothing but Terraform is
        # needed to deploy it: no cloud account, no provider download.
        schema-version: v2
        kind: manifest
        metadata:
          name: orders-messaging
          description: Topic, queue and subscription of the order service
          stack: messaging@1.0.0
        spec:
          type: infra
          plugins: []
          global-inputs:
            team: checkout
          global-computed-inputs:
            region: eu-west-1
        ");
    }
}
