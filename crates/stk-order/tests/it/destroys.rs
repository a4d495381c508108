//! Removed plugins: the cases that stk.yaml's history brings about.

use stk_order::{Need, order};

use crate::units::{all_deployed, deployed, file, line, unit};

#[test]
fn an_emptied_file_destroys_everything_in_reverse() {
    let before = file(&[
        ("subscription", &["topic", "queue"], &[]),
        ("topic", &[], &["topic"]),
        ("queue", &[], &["queue"]),
        ("bucket", &[], &[]),
    ]);
    let applied = order(&before, &[]).unwrap();
    assert_eq!(line(&applied), "topic queue subscription bucket");
    let destroyed = order(&[], &all_deployed(&before)).unwrap();
    assert_eq!(line(&destroyed), "-bucket -subscription -queue -topic");
}

#[test]
fn a_plugin_that_stays_still_links_two_that_go() {
    // `last` needs `first` through `middle`, although it stands before it in the file.
    let before = file(&[
        ("last", &["m"], &[]),
        ("middle", &["f"], &["m"]),
        ("first", &[], &["f"]),
    ]);
    let after = [unit(0, "middle", &[], &["m"])];
    let order = order(&after, &all_deployed(&before)).unwrap();
    assert_eq!(line(&order), "middle -last -first");
}

#[test]
fn a_removed_plugin_says_what_it_read() {
    let before = file(&[("topic", &[], &["t"]), ("queue", &["t", "elsewhere"], &[])]);
    let order = order(&[], &all_deployed(&before)).unwrap();
    let need = |connection: &str, from: Option<&str>| Need {
        slot: format!("needs-{connection}"),
        connection: connection.to_owned(),
        from: from.map(str::to_owned),
    };
    assert_eq!(
        order.steps[0].needs,
        [need("t", Some("topic")), need("elsewhere", None)]
    );
}

#[test]
fn a_connection_may_move_to_another_plugin() {
    let before = file(&[("old", &[], &["t"]), ("queue", &["t"], &[])]);
    let after = file(&[("queue", &["t"], &[]), ("new", &[], &["t"])]);
    let order = order(&after, &all_deployed(&before)).unwrap();
    assert_eq!(line(&order), "new queue -old");
    assert_eq!(order.steps[1].needs[0].from.as_deref(), Some("new"));
}

#[test]
fn requirer_and_generator_may_go_together() {
    let before = file(&[("topic", &[], &["t"]), ("queue", &["t"], &[])]);
    let order = order(&[], &all_deployed(&before)).unwrap();
    assert_eq!(line(&order), "-queue -topic");
}

#[test]
fn what_lives_in_the_workspace_needs_no_generator() {
    let units = file(&[("queue", &["elsewhere"], &[])]);
    let order = order(&units, &all_deployed(&units)).unwrap();
    assert_eq!(line(&order), "queue");
    assert_eq!(order.steps[0].needs[0].from, None);
}

/// The destroy of `old` failed after `new` had taken over its connection: both are deployed with it,
/// and nobody knows whose values `reader` read last.
#[test]
fn a_reader_goes_before_every_generator_of_its_connection() {
    let leftover = [
        unit(0, "old", &[], &["t"]),
        unit(1, "reader", &["t"], &[]),
        unit(2, "new", &[], &["t"]),
    ];
    let order = order(&[], &all_deployed(&leftover)).unwrap();
    assert_eq!(line(&order), "-reader -new -old");
}

/// Parts of different deployments can form a circle together. All of it goes, and what only hangs on
/// the circle goes before it.
#[test]
fn a_circle_of_deployed_plugins_is_no_error() {
    let leftover = [
        unit(0, "outside", &["a1"], &[]),
        unit(1, "a", &["b1", "base"], &["a1"]),
        unit(2, "b", &["a1"], &["b1"]),
        unit(3, "base", &[], &["base"]),
    ];
    let order = order(&[], &all_deployed(&leftover)).unwrap();
    assert_eq!(line(&order), "-outside -b -a -base");
}

#[test]
fn the_slices_may_come_in_any_order() {
    let before = file(&[
        ("a", &["x"], &[]),
        ("b", &[], &["x"]),
        ("c", &[], &[]),
        ("d", &[], &[]),
    ]);
    let mut applied = before[..2].to_vec();
    let mut left = all_deployed(&before);
    let expected = order(&applied, &left).unwrap();
    assert_eq!(line(&expected), "b a -d -c");
    applied.reverse();
    left.reverse();
    assert_eq!(order(&applied, &left).unwrap(), expected);
}

#[test]
fn equal_positions_of_different_files_are_told_apart_by_alias() {
    let left = [
        deployed(&unit(0, "b", &[], &[])),
        deployed(&unit(0, "a", &[], &[])),
        deployed(&unit(0, "c", &[], &[])),
    ];
    assert_eq!(line(&order(&[], &left).unwrap()), "-c -b -a");
}
