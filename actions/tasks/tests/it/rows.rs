//! Which rows are executed, and which are refused.

use serde_json::json;

use crate::support::{Finished, Lab, Rows, healthy};

/// `source` generates what `sink` reads; `gone` is deployed and no longer there.
fn lab() -> (Lab, Rows) {
    let outputs = json!({"@level": "info", "@message": "Outputs: 2", "type": "outputs", "outputs": {
        "kept-value": {"sensitive": false, "type": "string", "value": "v"},
        "kept-id": {"sensitive": false, "type": "string", "value": "i"},
    }});
    let mut script = healthy();
    script["apply"] = json!({"stdout": [outputs]});
    let mut lab = Lab::fixture("app-with-infra", "01JB4C2D6E8FGH0JKM1NPQ3RST");
    lab.install_fake(&script);
    lab.project.edit_manifest(|text| {
        text.replace("alias: orders-table\n", "alias: gone\n")
            .replace("selected: orders-table", "selected: old-table")
    });
    lab.deploy();
    lab.project.edit_manifest(|text| {
        text.replace("alias: gone\n", "alias: orders-table\n")
            .replace("selected: old-table", "selected: orders-table")
    });
    let rows = lab.orchestrate();
    (lab, rows)
}

fn refused(lab: &Lab, rows: &Rows) -> String {
    let finished: Finished = lab.tasks(rows);
    assert_eq!(finished.code, 10, "{}", finished.stderr);
    lab.redacted(&finished.stderr)
}

#[test]
fn rows_may_be_executed_one_per_process() {
    let (lab, rows) = lab();
    for row in rows.one_by_one() {
        assert_eq!(lab.status(&rows.run_id), "RUNNING");
        assert!(lab.is_locked());
        let finished = lab.tasks(&rows.with(&row));
        assert_eq!(finished.code, 0, "{}", finished.stderr);
    }
    assert_eq!(lab.status(&rows.run_id), "SUCCEEDED");
    assert!(!lab.is_locked());
    insta::assert_snapshot!(lab.task_statuses(&rows.run_id), @"
    IAC orders-table SUCCEEDED
    DEPLOY orders-table SUCCEEDED
    IAC table-reader SUCCEEDED
    DEPLOY table-reader SUCCEEDED
    DESTROY gone SUCCEEDED
    ");
}

#[test]
fn rows_out_of_order_are_refused_and_the_run_stays_usable() {
    let (lab, rows) = lab();
    let single = rows.one_by_one();
    // IAC table, DEPLOY table, IAC reader, DEPLOY reader, DESTROY gone.
    let (deploy_table, iac_reader, destroy) = (&single[1], &single[2], &single[4]);
    insta::assert_snapshot!(refused(&lab, &rows.with(destroy)), @"
    error: DESTROY_SELF_HOSTED gone cannot be executed yet: IAC_SELF_HOSTED orders-table is PENDING
      help: execute the rows in the order of the task list (destroys come last); the run is still open for them
    ");
    insta::assert_snapshot!(refused(&lab, &rows.with(deploy_table)), @"
    error: DEPLOY_SELF_HOSTED orders-table cannot be executed yet: IAC_SELF_HOSTED orders-table is PENDING
      help: execute the rows in the order of the task list (destroys come last); the run is still open for them
    ");
    insta::assert_snapshot!(refused(&lab, &rows.with(iac_reader)), @"
    error: IAC_SELF_HOSTED table-reader cannot be executed yet: DEPLOY_SELF_HOSTED orders-table is PENDING
      help: execute the rows in the order of the task list (destroys come last); the run is still open for them
    ");
    assert_eq!(lab.status(&rows.run_id), "RUNNING");
    assert!(lab.is_locked());
    // A list in another order is executed in the run's own.
    let mut reversed: Vec<serde_json::Value> =
        serde_json::from_str(&rows.list.replace('\'', "\"")).unwrap();
    reversed.reverse();
    let finished = lab.tasks(&rows.with(&json!(reversed).to_string()));
    assert_eq!(finished.code, 0, "{}", finished.stderr);
    assert_eq!(lab.status(&rows.run_id), "SUCCEEDED");
}

#[test]
fn rows_that_were_executed_are_not_executed_again() {
    let (lab, rows) = lab();
    let first = rows.with(&rows.one_by_one()[0]);
    assert_eq!(lab.tasks(&first).code, 0);
    let again = lab.tasks(&first);
    assert_eq!(again.code, 0);
    insta::assert_snapshot!(lab.redacted(&again.stderr), @"1 row was executed before and not again: 0 left");
    let rest = lab.tasks(&rows);
    assert_eq!(rest.code, 0);
    assert_eq!(
        rest.stderr.matches("IAC_SELF_HOSTED").count(),
        1,
        "{}",
        rest.stderr
    );
    // The run has ended.
    insta::assert_snapshot!(refused(&lab, &rows), @"
    error: run `<id-1>` has already ended with status SUCCEEDED
      help: start a new deployment: this run is over
    ");
}

#[test]
fn rows_that_do_not_fit_the_run_are_refused() {
    let (lab, rows) = lab();
    let single = rows.one_by_one();
    let twice = format!("[{0}, {0}]", single[0].trim_matches(['[', ']']));
    insta::assert_snapshot!(refused(&lab, &rows.with(&twice)), @"
    error: the input TASK_LIST does not fit run `<id-1>`
      caused by: row 2 names task <id-2> for the second time
      help: hand on `apply_tasks` and `run_id` of one and the same orchestrator step, unchanged
    ");
    let other_kind = single[0].replace("IAC_SELF_HOSTED", "DEPLOY_SELF_HOSTED");
    insta::assert_snapshot!(refused(&lab, &rows.with(&other_kind)), @"
    error: the input TASK_LIST does not fit run `<id-1>`
      caused by: row 1 says `DEPLOY_SELF_HOSTED` of task <id-2>, but the run's record says `IAC_SELF_HOSTED`
      help: hand on `apply_tasks` and `run_id` of one and the same orchestrator step, unchanged
    ");
    let other_alias = single[0].replace("orders-table", "orders-chair");
    insta::assert_snapshot!(refused(&lab, &rows.with(&other_alias)), @"
    error: the input TASK_LIST does not fit run `<id-1>`
      caused by: row 1 says `orders-chair` of task <id-2>, but the run's record says `orders-table`
      help: hand on `apply_tasks` and `run_id` of one and the same orchestrator step, unchanged
    ");
    let other_run = single[0].replace(&rows.run_id[..10], "01J9V6MWFT");
    insta::assert_snapshot!(refused(&lab, &rows.with(&other_run)), @"
    error: the input TASK_LIST does not fit run `<id-1>`
      caused by: row 1 names task `<id-2>`, which is not one of run <id-1>
      help: hand on `apply_tasks` and `run_id` of one and the same orchestrator step, unchanged
    ");
    let no_id = r#"[{"runTaskId": "1", "taskType": "IAC_SELF_HOSTED"}]"#;
    insta::assert_snapshot!(refused(&lab, &rows.with(no_id)), @"
    error: the input TASK_LIST does not fit run `<id-1>`
      caused by: row 1 names task `1`, which is not one of run <id-1>
      help: hand on `apply_tasks` and `run_id` of one and the same orchestrator step, unchanged
    ");
    assert_eq!(lab.status(&rows.run_id), "RUNNING");
    assert_eq!(lab.tasks(&rows).code, 0);
}

#[test]
fn every_way_to_write_a_list_is_read() {
    let lab = Lab::fake(&["one"], &healthy());
    for form in [
        |list: &str| list.to_owned(),
        |list: &str| list.replace('\'', "\""),
        |list: &str| {
            list.replace("'order': 0", "'order': None")
                .replace('}', ", 'fresh': True}")
        },
        |list: &str| format!("\n {list}\n"),
    ] {
        let rows = lab.orchestrate();
        let list = form(&rows.list);
        let finished = lab.tasks(&rows.with(&list));
        assert_eq!(finished.code, 0, "{list}: {}", finished.stderr);
        assert_eq!(lab.status(&rows.run_id), "SUCCEEDED");
    }
}

#[test]
fn an_empty_list_is_done_at_once() {
    let lab = Lab::fake(&["one"], &healthy());
    for run_id in ["", "01J9V6MWFTWQ392331QBCS46KQ"] {
        let finished = lab.start(lab.tasks_command(run_id, "[]")).finish();
        assert_eq!(finished.code, 0);
        assert_eq!(
            finished.stderr,
            "the task list is empty: there is nothing to do\n"
        );
    }
}
