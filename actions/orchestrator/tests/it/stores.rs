//! Stores that cannot be used.

use std::fs;

use stk_testing::skip::Skip;

use crate::support::Case;

#[test]
fn a_file_where_the_store_should_be() {
    let case = Case::new("empty");
    case.write(".stk/runtime", "mine");
    insta::assert_snapshot!(case.failure(), @"
    exit 22
    shared-infrastructure project identified, with ID: empty
    error: the store could not be opened
      caused by: <folder>/empty/.stk/runtime cannot be a store: <folder>/empty/.stk/runtime is not a folder
      help: move <folder>/empty/.stk/runtime away, or choose another folder
    ");
    let kept = fs::read_to_string(case.project.workdir.join(".stk/runtime")).unwrap();
    assert_eq!(kept, "mine");
}

#[cfg(target_os = "linux")]
#[test]
fn a_store_that_cannot_be_made() {
    // Not even root makes a folder in /proc.
    let case = Case::new("empty").with("INPUT_IAC_BUCKET_NAME", "file:///proc/stk");
    insta::assert_snapshot!(case.failure(), @"
    exit 22
    shared-infrastructure project identified, with ID: empty
    error: the store could not be opened
      caused by: the store's folder /proc/stk cannot be made
      caused by: No such file or directory (os error 2)
      help: choose a folder that the user that runs this can write, as `file://` and its path
    ");
}

#[test]
fn a_store_that_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let case = Case::new("empty").with("INPUT_IAC_BUCKET_NAME", "file://../closed");
    let closed = case.path("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(closed.join("probe"), "").is_ok() {
        Skip::new("this user may write everywhere").report("a_store_that_cannot_be_written");
        return;
    }
    let failure = case.failure();
    assert!(failure.starts_with("exit 22\n"), "{failure}");
    for part in [
        "the store's folder <folder>/empty/../closed cannot be written",
        "Permission denied",
        "help: choose a folder that the user that runs this can write",
    ] {
        assert!(failure.contains(part), "{failure}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_state_store_that_cannot_be_made_is_found_before_a_run_exists() {
    let case = Case::new("empty").with("INPUT_TFSTATE_BUCKET_NAME", "file:///proc/stk");
    let failure = case.failure();
    assert!(failure.starts_with("exit 22\n"), "{failure}");
    assert_eq!(case.runs("empty"), []);
    assert_eq!(case.lock("empty"), None);
}

#[test]
fn relative_stores_are_below_the_project() {
    let case = Case::new("quickstart").with("INPUT_IAC_BUCKET_NAME", "file://kept/here");
    case.success();
    assert!(case.project.workdir.join("kept/here/runs").is_dir());
}

#[test]
fn outputs_that_cannot_be_written_leave_no_run_behind() {
    let case = Case::new("quickstart").with("GITHUB_OUTPUT", "/nowhere/outputs");
    insta::assert_snapshot!(case.failure(), @"
    exit 10
    shared-infrastructure project identified, with ID: orders-messaging
    ✅ - RUN DEPLOY_SELF_HOSTED successfully started with ID: <id-1>
      1. apply   orders-topic
      2. apply   orders-queue
      3. apply   orders-subscription (needs orders-topic-conn from orders-topic, orders-queue-conn from orders-queue)
      4. apply   invoices-bucket
      5. apply   orders-queue-alarm (needs orders-queue-conn from orders-queue)
    error: output `run_id` cannot be written to `/nowhere/outputs`
      caused by: No such file or directory (os error 2)
      help: check the space and the permissions of the file that GITHUB_OUTPUT names
    ");
    assert_eq!(case.lock("orders-messaging"), None);
    case.without("GITHUB_OUTPUT").success();
}
