//! `stk.yaml` files that StackSpot's own tools wrote for other people: each is accepted, and what is said about it is
//! known.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::Value;
use stk_testing::real;

#[test]
fn manifests_of_other_people_are_accepted() {
    let manifests = match real::manifests() {
        Ok(manifests) => manifests,
        Err(skip) => return skip.report("manifests_of_other_people_are_accepted"),
    };
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join(".stk/stk.yaml");
    fs::create_dir(folder.path().join(".stk")).unwrap();
    let mut all = String::new();
    for manifest in &manifests {
        fs::write(&file, &manifest.text).unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_stk-runtime"))
            .args(["validate", "--manifest-only", "--format", "json"])
            .current_dir(folder.path())
            .env_clear()
            .output()
            .unwrap();
        let findings = &serde_json::from_slice::<Value>(&output.stdout).unwrap()["findings"];
        let code = output.status.code().unwrap();
        // Whatever a snapshot may say.
        assert_eq!(code, 0, "{}: {findings}", manifest.name);
        // Writing to a String cannot fail.
        let _ = writeln!(all, "{}: accepted", manifest.name);
        for finding in findings.as_array().unwrap() {
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            let _ = writeln!(
                all,
                "  {}:{}: {}[{}]: {}",
                finding["line"],
                finding["column"],
                text("severity"),
                text("code"),
                text("message"),
            );
        }
    }
    insta::assert_snapshot!("manifests", all);
}
