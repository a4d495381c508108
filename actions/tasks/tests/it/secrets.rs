//! Keys that are given as inputs reach Terraform's environment, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Lab, Started, healthy, healthy_but, release, until};

const CANARIES: [(&str, &str); 3] = [
    ("AWS_ACCESS_KEY_ID", "AKIACANARYONE4711"),
    ("AWS_SECRET_ACCESS_KEY", "canary/two+4711/secret"),
    ("AWS_SESSION_TOKEN", "canary-three-4711-token"),
];

/// The files below `folder` that hold a canary.
fn leaks(folder: &Path, except: &[PathBuf]) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if except.contains(&path) {
            continue;
        }
        if path.is_dir() && !path.is_symlink() {
            found.extend(leaks(&path, except));
        } else if let Ok(bytes) = fs::read(&path) {
            found.extend(in_text(&bytes).map(|name| format!("{name} in {}", path.display())));
        }
    }
    found
}

fn in_text(bytes: &[u8]) -> Option<&'static str> {
    let holds = |canary: &str| {
        bytes
            .windows(canary.len())
            .any(|part| part == canary.as_bytes())
    };
    CANARIES
        .iter()
        .find(|(_, canary)| holds(canary))
        .map(|(name, _)| *name)
}

/// The command lines of a program and of all that it started.
#[cfg(target_os = "linux")]
fn command_lines(started: &Started, lab: &Lab) -> Vec<Vec<u8>> {
    let child = fs::read_to_string(lab.path("ready")).unwrap();
    [started.id().to_string(), child]
        .iter()
        .map(|id| fs::read(format!("/proc/{id}/cmdline")).unwrap())
        .collect()
}

fn lab() -> Lab {
    let mut lab = Lab::fake(&["one"], &healthy());
    for (name, canary) in CANARIES {
        lab.set(&format!("INPUT_{name}"), canary);
    }
    // What the runner has must not mix with what is given.
    lab.set("AWS_PROFILE", "somebody");
    lab
}

#[test]
fn keys_are_in_terraforms_environment_alone() {
    let mut lab = lab();
    let record = lab.path("record.jsonl");
    // The fake Terraform's own script and record hold them.
    let except = [record.clone(), lab.path("fake")];
    let mut script = healthy_but(
        "apply",
        json!({"ready_file": lab.path("ready"), "sleep_ms": 60_000, "on_interrupt": "succeed", "record_file": record,
            "stdout": [format!("your key is {}", CANARIES[1].1), {"@level": "info", "@message": "Outputs: 0", "type": "outputs", "outputs": {}}]}),
    );
    script["plan"]["record_file"] = json!(record);
    lab.install_fake(&script);
    let rows = lab.orchestrate();
    let started = lab.start_tasks(&rows);
    until("the apply", || lab.path("ready").exists());
    #[cfg(target_os = "linux")]
    for line in command_lines(&started, &lab) {
        assert_eq!(in_text(&line), None, "{}", String::from_utf8_lossy(&line));
    }
    assert_eq!(
        leaks(lab.root(), &except),
        Vec::<String>::new(),
        "while it runs"
    );
    release(&lab.path("ready"));
    let finished = started.finish();
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("your key is ***"),
        "{}",
        finished.stderr
    );
    assert_eq!(in_text(finished.stderr.as_bytes()), None);
    assert_eq!(in_text(finished.stdout.as_bytes()), None);
    assert_eq!(
        leaks(lab.root(), &except),
        Vec::<String>::new(),
        "afterwards"
    );

    let calls = fs::read_to_string(&record).unwrap();
    assert_eq!(calls.lines().count(), 2);
    for call in calls.lines() {
        let call: Value = serde_json::from_str(call).unwrap();
        assert_eq!(in_text(call["arguments"].to_string().as_bytes()), None);
        for (name, canary) in CANARIES {
            assert_eq!(call["environment"][name], canary);
        }
        let names: Vec<_> = call["environment"].as_object().unwrap().keys().collect();
        insta::allow_duplicates! {
            insta::assert_snapshot!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "), @"AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN CHECKPOINT_DISABLE HOME PATH TF_INPUT TF_IN_AUTOMATION TMPDIR");
        }
    }
}

#[test]
fn keys_in_an_error_are_masked_in_the_log_and_in_the_record() {
    let mut lab = lab();
    let summary = format!("bad key {}", CANARIES[1].1);
    let error = json!({"@level": "error", "@message": format!("Error: {summary}"), "type": "diagnostic",
        "diagnostic": {"severity": "error", "summary": summary, "detail": format!("id {}", CANARIES[0].1)}});
    lab.install_fake(&healthy_but(
        "apply",
        json!({"exit": 1, "stdout": [error], "stderr": [CANARIES[2].1]}),
    ));
    let summary = lab.path("summary.md");
    lab.set("GITHUB_STEP_SUMMARY", summary.to_str().unwrap());
    let rows = lab.orchestrate();
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 21);
    assert!(
        finished.stderr.contains("bad key ***"),
        "{}",
        finished.stderr
    );
    assert_eq!(
        in_text(finished.stderr.as_bytes()),
        None,
        "{}",
        finished.stderr
    );
    let details = lab.record(&rows.run_id)["tasks"][1]["errorDetails"].to_string();
    assert!(details.contains("bad key ***"), "{details}");
    assert!(
        fs::read_to_string(&summary)
            .unwrap()
            .contains("bad key ***")
    );
    assert_eq!(leaks(lab.root(), &[lab.path("fake")]), Vec::<String>::new());
}
