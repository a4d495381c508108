//! A switch of the mode that fails after it was planned, and goes on in the same run.

use std::fs;

use stk_testing::terraform::require_terraform;

use crate::support::Lab;

#[test]
fn a_switch_that_was_refused_is_made_when_nothing_else_changes_any_more() {
    if require_terraform("a_switch_that_was_refused_is_made_when_nothing_else_changes_any_more")
        .is_none()
    {
        return;
    }
    let mut lab = Lab::of(&[]);
    let there = lab.path("there");
    let main = format!(
        "resource \"terraform_data\" \"kept\" {{ input = fileexists(\"{}\") }}\n",
        there.display()
    );
    lab.plugins(&[
        ("steady", &main),
        ("other", "resource \"terraform_data\" \"x\" {}"),
    ]);
    lab.deploy();
    let before = lab.resources("steady");
    lab.set("INPUT_PLAN_ENCRYPTION_KEY", "a passphrase");
    let (rows, planned) = lab.planned();
    assert!(
        planned.stderr.contains("nothing else changes"),
        "{}",
        planned.stderr
    );

    fs::write(&there, "").unwrap();
    let refused = lab.tasks(&rows);
    assert_eq!(refused.code, 21, "{}", refused.stderr);
    assert_eq!(lab.resources("steady"), before);
    assert!(lab.resources("").is_empty());
    assert_eq!(lab.status(&rows.run_id), "FAILED");

    fs::remove_file(&there).unwrap();
    let done = lab.tasks(&rows);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(lab.resources("steady").is_empty());
    assert_eq!(
        lab.resources("").get("module.steady.terraform_data.kept"),
        before.get("terraform_data.kept")
    );
    assert_eq!(lab.status(&rows.run_id), "SUCCEEDED");
}
