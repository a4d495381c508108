//! What version 1 has written stays readable, and is written again byte for byte.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use stk_run::{
    CONNECTION_VERSION, ConnectionRecord, DEPLOYED_VERSION, DeployMode, DeployedUnit, Event,
    LOCK_VERSION, LockRecord, PLAN_SUMMARY_VERSION, PlanSummary, RECORD_VERSION, RunRecord,
    RunStatus, TaskKind, TaskList, TaskStatus,
};

/// What one kind of document does with a text: the pretty form of what was read, or the error.
type Rewrite = fn(&str) -> Result<String, serde_json::Error>;

fn rewrite<T: DeserializeOwned + Serialize>(text: &str) -> Result<String, serde_json::Error> {
    let document: T = serde_json::from_str(text)?;
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

/// Every stored form, by the first word of its files' names, with the version that is written now.
const FORMS: [(&str, u32, Rewrite); 5] = [
    ("record", RECORD_VERSION, rewrite::<RunRecord>),
    ("deployed", DEPLOYED_VERSION, rewrite::<DeployedUnit>),
    (
        "connection",
        CONNECTION_VERSION,
        rewrite::<ConnectionRecord>,
    ),
    ("lock", LOCK_VERSION, rewrite::<LockRecord>),
    ("plan", PLAN_SUMMARY_VERSION, rewrite::<PlanSummary>),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/records/v1")
}

fn text(name: &str) -> String {
    let path = folder().join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of all files, sorted.
fn names() -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn form(name: &str) -> (&'static str, u32, Rewrite) {
    *FORMS
        .iter()
        .find(|(form, ..)| name.split('-').next() == Some(*form))
        .unwrap_or_else(|| panic!("{name}: no form is called like this"))
}

/// Every object of a document, by its path.
fn objects(value: &Value, path: String, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                objects(inner, format!("{path}/{name}"), found);
            }
            found.push(path);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// These hold the user's own names: nothing in them can be unknown.
const FREE: [&str; 6] = [
    "inputs",
    "globalInputs",
    "computedInputs",
    "globalComputedInputs",
    "workspaceConnections",
    "attributes",
];

fn is_free(path: &str) -> bool {
    let mut parts = path.split('/').skip(1);
    while let Some(part) = parts.next() {
        if part == "workspaceConnections" {
            // Below the connection's name the form is fixed again, up to `attributes`.
            if parts.next().is_none() || parts.next() == Some("attributes") {
                return true;
            }
        } else if part == "attributes" && !path.contains("/values/") {
            // Those of a plan have a form; those of a connection are the user's.
        } else if FREE.contains(&part) {
            return true;
        }
    }
    false
}

#[test]
fn every_file_is_read_and_written_back_byte_for_byte() {
    let names = names();
    for (kind, ..) in FORMS {
        assert!(names.iter().any(|name| name.starts_with(kind)), "{kind}");
    }
    for name in names {
        let stored = text(&name);
        let (_, _, rewrite) = form(&name);
        let written = rewrite(&stored).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(written, stored, "{name}");
    }
}

/// The files of this folder are frozen: a new version gets a folder of its own beside it, and a
/// reader for this one.
#[test]
fn the_files_are_of_the_version_that_is_written_now() {
    for name in names() {
        let stored: Value = serde_json::from_str(&text(&name)).unwrap();
        let (_, version, _) = form(&name);
        assert_eq!(stored["version"], version, "{name}");
        // A reader that only asks for the version finds it first.
        assert_eq!(
            stored.as_object().unwrap().keys().next().unwrap(),
            "version",
            "{name}"
        );
    }
}

/// `stk-store` refuses a newer version before anybody acts on the document; for this it must be
/// readable from a document that is otherwise as it was.
#[test]
fn a_newer_version_is_read_as_such() {
    for name in names() {
        let (_, version, rewrite) = form(&name);
        let (now, newer) = (
            format!("\"version\": {version},"),
            format!("\"version\": {},", version + 1),
        );
        let stored = text(&name).replacen(&now, &newer, 1);
        assert!(stored.contains(&newer), "{name}");
        assert_eq!(rewrite(&stored).unwrap(), stored, "{name}");
    }
}

#[test]
fn a_document_without_a_version_is_refused() {
    for name in names() {
        let mut stored: Value = serde_json::from_str(&text(&name)).unwrap();
        stored.as_object_mut().unwrap().shift_remove("version");
        let (_, _, rewrite) = form(&name);
        let error = rewrite(&stored.to_string()).unwrap_err().to_string();
        assert!(
            error.starts_with("missing field `version`"),
            "{name}: {error}"
        );
    }
}

/// Wherever a newer program may add a field, an older one stops instead of dropping it. Its message
/// lists the fields that it knows: of these, none is missing from the files, since what no file has
/// no test would miss.
#[test]
fn an_unknown_field_is_refused_everywhere_and_every_known_one_is_used() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for name in names() {
        let stored: Value = serde_json::from_str(&text(&name)).unwrap();
        let (_, _, rewrite) = form(&name);
        let mut paths = Vec::new();
        objects(&stored, String::new(), &mut paths);
        for path in paths.iter().filter(|path| !is_free(path)) {
            let mut changed = stored.clone();
            let object = changed.pointer_mut(path).unwrap().as_object_mut().unwrap();
            let fields: Vec<_> = object.keys().cloned().collect();
            object.insert("surprise".to_owned(), Value::Bool(true));
            let error = match rewrite(&changed.to_string()) {
                Err(error) => error.to_string(),
                Ok(_) => panic!("{name}{path}: an unknown field was accepted"),
            };
            let known = error
                .strip_prefix("unknown field `surprise`, expected ")
                .and_then(|rest| rest.split(" at line ").next())
                .unwrap_or_else(|| panic!("{name}{path}: {error}"));
            used.entry(known.to_owned()).or_default().extend(fields);
        }
    }
    for (known, used) in &used {
        for field in known.split('`').skip(1).step_by(2) {
            assert!(
                used.contains(field),
                "no file has the field `{field}` of: {known}"
            );
        }
    }
    assert_eq!(
        used.len(),
        29,
        "structs with a form of their own: {used:#?}"
    );
}

#[test]
fn a_running_run_can_go_on() {
    let mut record: RunRecord = serde_json::from_str(&text("record-running.json")).unwrap();
    assert_eq!(record.status, RunStatus::Running);
    let first = record.tasks[0].clone();
    assert_eq!(
        (first.kind, first.status),
        (TaskKind::IacSelfHosted, TaskStatus::Pending)
    );
    let now = record.created_at;
    record.apply(&Event::TaskStarted(first.id), now).unwrap();
    assert_eq!(record.task(first.id).unwrap().status, TaskStatus::Running);
    // Its rows are still the same ones.
    assert_eq!(TaskList::of_run(&record).rows().len(), record.tasks.len());
}

#[test]
fn ended_runs_stay_ended() {
    for (name, status) in [
        ("record-succeeded.json", RunStatus::Succeeded),
        ("record-failed.json", RunStatus::Failed),
        ("record-canceled.json", RunStatus::Canceled),
    ] {
        let mut record: RunRecord = serde_json::from_str(&text(name)).unwrap();
        assert_eq!(record.status, status);
        let now = record.updated_at;
        assert!(record.apply(&Event::Cancelled, now).is_err(), "{name}");
    }
}

#[test]
fn a_plugin_that_never_succeeded_is_destroyed_with_its_last_attempt() {
    let deployed: DeployedUnit = serde_json::from_str(&text("deployed-attempted.json")).unwrap();
    assert_eq!(deployed.last_success, None);
    assert_eq!(deployed.destroyed_with(), &deployed.last_attempt);
    let deployed: DeployedUnit = serde_json::from_str(&text("deployed-succeeded.json")).unwrap();
    assert_eq!(
        Some(deployed.destroyed_with()),
        deployed.last_success.as_ref()
    );
}

#[test]
fn the_mode_is_the_only_one_of_version_1() {
    let record: RunRecord = serde_json::from_str(&text("record-running.json")).unwrap();
    assert_eq!(record.mode, DeployMode::PerPlugin);
}
