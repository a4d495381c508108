//! The documents of the repository say what is so: links lead somewhere, examples can be read, tables are complete.
#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "the helpers of tests fail as the tests do"
)]

mod markdown;
mod workflow;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use stk_manifest::{FindingCode, WorkspaceConnections};

use self::markdown::{Document, column, table_after};
use crate::actions::{NAMES, action};

const DEPLOY: &str = "cargo run --release -p stk-cli -- deploy --workdir fixtures/projects/quickstart --env dev --version v1 --auto-approve";
const TEST: &str = "cargo test --workspace";

fn root() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    folder.canonicalize().unwrap()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn document(path: &str) -> Document {
    Document::parse(&text(path))
}

/// Every Markdown file of the repository, relative to it.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // Builds, history, and what deployments leave beside the fixtures.
            let foreign = ["target", ".git", "runtime", ".terraform"].contains(&name.as_str());
            if path.is_dir() && !foreign {
                folders.push(path);
            } else if name.ends_with(".md") {
                found.push(path.strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    let mut followed = 0;
    for file in documents() {
        let folder = root().join(file.parent().unwrap());
        let here = document(&file.to_string_lossy());
        for link in &here.links {
            // Addresses, and rustdoc's own links to items.
            if link.contains("://") || link.contains("::") {
                continue;
            }
            followed += 1;
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = folder.join(path);
            let headings = match path {
                "" => here.anchors.clone(),
                _ if path.ends_with(".md") && target.is_file() => {
                    Document::parse(&fs::read_to_string(&target).unwrap()).anchors
                }
                _ => BTreeSet::new(),
            };
            if !target.exists() || (!anchor.is_empty() && !headings.contains(anchor)) {
                broken.push(format!("{}: {link}", file.display()));
            }
        }
    }
    assert!(broken.is_empty(), "broken links: {broken:#?}");
    assert!(followed > 20, "only {followed} links were found");
}

#[test]
fn paths_in_the_documents_exist() {
    let tops = [
        "crates/",
        "actions/",
        "fixtures/",
        "docs/",
        ".github/",
        ".ci/",
        ".config/",
    ];
    let mut missing = Vec::new();
    for file in [
        "README.md",
        "CONTRIBUTING.md",
        "docs/ARCHITECTURE.md",
        "docs/compatibility.md",
        "docs/formats/README.md",
    ] {
        for code in document(file).code {
            let is_path = tops.iter().any(|top| code.starts_with(top))
                && !code.contains([' ', '<', '*', '{', '@']);
            if is_path && !root().join(&code).exists() {
                missing.push(format!("{file}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "named, but not there: {missing:#?}");
}

#[test]
fn the_readme_has_the_two_commands() {
    let readme = document("README.md");
    let lines: Vec<_> = readme
        .blocks
        .iter()
        .filter(|block| block.language == "sh")
        .flat_map(|block| block.text.lines())
        .collect();
    for command in [DEPLOY, TEST] {
        assert!(
            lines.contains(&command),
            "`{command}` does not stand on a line of its own"
        );
    }
    // `.ci/run` takes the first line that looks like this one.
    let first = text("README.md");
    let first = first
        .lines()
        .find(|line| line.starts_with("cargo run --release -p stk-cli -- deploy "));
    assert_eq!(first, Some(DEPLOY));
}

#[test]
fn the_readme_explains_every_exit_code() {
    let source = text("crates/stk-run/src/exit_code.rs");
    let constants: BTreeSet<_> = source
        .lines()
        .filter_map(|line| {
            line.strip_prefix("pub const ")?
                .split_once(": u8 = ")?
                .1
                .strip_suffix(';')
        })
        .map(str::to_owned)
        .collect();
    assert!(constants.len() >= 11, "{constants:?}");
    let table = table_after(&text("README.md"), "## Exit codes");
    let explained: BTreeSet<_> = column(&table, 0).into_iter().collect();
    assert_eq!(explained, constants);
}

#[test]
fn every_finding_code_is_explained_where_the_readme_says() {
    let place = "crates/stk-manifest/README.md#codes";
    assert!(document("README.md").links.iter().any(|link| link == place));
    let explained = column(
        &table_after(&text("crates/stk-manifest/README.md"), "## Codes"),
        0,
    );
    let codes: Vec<_> = FindingCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(explained, codes);
}

#[test]
fn workflows_parse_and_use_what_the_actions_have() {
    let actions: BTreeMap<_, _> = NAMES.map(|name| (name, action(name))).into();
    let mut used = Vec::new();
    for block in document("README.md").blocks {
        if block.language != "yaml" {
            continue;
        }
        let workflow: Value = serde_yaml::from_str(&block.text).unwrap();
        let jobs = workflow["jobs"].as_object().unwrap();
        for (job, step) in jobs.iter().flat_map(|(name, job)| {
            job["steps"]
                .as_array()
                .unwrap()
                .iter()
                .map(move |step| (name, step))
        }) {
            let uses = step["uses"].as_str().unwrap();
            let Some((_, name)) = uses.split_once("stk-runtime/actions/") else {
                continue;
            };
            let name = name.split('@').next().unwrap();
            let action = &actions[name];
            let given = step["with"].as_object().unwrap();
            for input in given.keys() {
                assert!(
                    action.inputs.contains_key(input),
                    "{job}: {name} has no input {input}"
                );
            }
            assert_eq!(given["CONTROL_PLANE"], "standalone", "{job}");
            used.push(name.to_owned());
            // What the jobs hand on is what the orchestrator has.
            for output in jobs[job]["outputs"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(output, _)| output)
            {
                assert!(
                    action.outputs.contains_key(output),
                    "{job}: {name} has no output {output}"
                );
            }
        }
        // Without this the job never runs when it is needed.
        assert!(
            jobs["cancel"]["if"]
                .as_str()
                .unwrap()
                .contains("always() &&")
        );
    }
    assert_eq!(used, NAMES);
}

#[test]
fn the_readmes_inputs_are_the_actions() {
    let table = table_after(&text("README.md"), "### Inputs");
    assert!(table.len() > 10, "{table:?}");
    for row in table {
        let named: Vec<_> = if row[1] == "all" {
            NAMES.to_vec()
        } else {
            row[1].split(", ").collect()
        };
        for input in row[0].split(", ").map(|input| input.trim_matches('`')) {
            for name in &named {
                let action = action(name);
                let declared = action
                    .inputs
                    .get(input)
                    .unwrap_or_else(|| panic!("{name} has no input {input}"));
                // Short defaults are repeated word for word, longer ones are described.
                if let Some(default) = declared
                    .default
                    .as_ref()
                    .filter(|default| !default.is_empty())
                {
                    assert_eq!(row[2], format!("`{default}`"), "{name}: {input}");
                }
            }
        }
    }
}

#[test]
fn the_walls_are_those_of_deny_toml() {
    let expected: Vec<_> = text("deny.toml")
        .lines()
        .filter_map(|line| {
            let (name, wrappers) = line
                .trim()
                .strip_prefix("{ crate = \"")?
                .split_once("\", wrappers = [")?;
            let wrappers = wrappers.split(']').next()?.replace('"', "");
            Some(vec![name.to_owned(), wrappers])
        })
        .collect();
    let stated = table_after(&text("docs/ARCHITECTURE.md"), "## Who may use whom");
    assert_eq!(stated, expected);
}

#[test]
fn the_code_map_has_every_crate() {
    let map = table_after(&text("docs/ARCHITECTURE.md"), "## Code map");
    let mapped: BTreeSet<_> = column(&map, 0)
        .iter()
        .map(|cell| {
            cell.trim_start_matches('[')
                .split(']')
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    let members: BTreeSet<_> = ["crates", "actions"]
        .iter()
        .flat_map(|folder| fs::read_dir(root().join(folder)).unwrap())
        .map(|entry| entry.unwrap().path().join("Cargo.toml"))
        .filter_map(|manifest| {
            let manifest = fs::read_to_string(manifest).ok()?;
            let name = manifest
                .lines()
                .find_map(|line| line.strip_prefix("name = "))?;
            Some(name.trim_matches('"').to_owned())
        })
        .collect();
    assert_eq!(mapped, members);
}

#[test]
fn the_stored_keys_are_those_of_the_code() {
    let source = text("crates/stk-store/src/key.rs");
    let source = source
        .split("pub enum Key {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let expected: BTreeSet<_> = source
        .lines()
        .filter_map(|line| line.trim().strip_prefix("///"))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .filter(|code| code.contains('/'))
        .map(|code| format!("`{code}`"))
        .collect();
    let stated = column(
        &table_after(&text("docs/ARCHITECTURE.md"), "## What is stored"),
        0,
    );
    assert_eq!(stated.into_iter().collect::<BTreeSet<_>>(), expected);
}

#[test]
fn the_examples_of_stored_documents_can_be_read() {
    let blocks = document("docs/formats/README.md").blocks;
    let json: Vec<_> = blocks
        .iter()
        .filter(|block| block.language == "json")
        .map(|block| block.text.as_str())
        .collect();
    let [record, plan, deployed, connection, lock] = json.as_slice() else {
        panic!("{} examples in JSON", json.len());
    };
    let record: stk_run::RunRecord = serde_json::from_str(record).unwrap();
    let plan: stk_run::PlanSummary = serde_json::from_str(plan).unwrap();
    let deployed: stk_run::DeployedUnit = serde_json::from_str(deployed).unwrap();
    let connection: stk_run::ConnectionRecord = serde_json::from_str(connection).unwrap();
    let lock: stk_run::LockRecord = serde_json::from_str(lock).unwrap();
    assert_eq!(
        [
            record.version,
            plan.version,
            deployed.version,
            connection.version,
            lock.version
        ],
        [
            stk_run::RECORD_VERSION,
            stk_run::PLAN_SUMMARY_VERSION,
            stk_run::DEPLOYED_VERSION,
            stk_run::CONNECTION_VERSION,
            stk_run::LOCK_VERSION
        ]
    );

    let rows = blocks
        .iter()
        .find(|block| block.text.starts_with("[{'runTaskId'"))
        .unwrap();
    let rows = stk_run::TaskList::parse(rows.text.trim()).unwrap();
    assert_eq!(rows.rows()[0].run_task_id, record.tasks[0].id.to_string());

    let yaml = blocks
        .iter()
        .find(|block| block.language == "yaml")
        .unwrap();
    let (connections, findings) =
        WorkspaceConnections::parse("connections.yaml", &yaml.text, "prd")
            .into_result()
            .unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(connections.get("database").unwrap()["host"], "db.example");
    assert_eq!(
        connections.get("shared-topic").unwrap()["topic_name"],
        "orders"
    );
}
