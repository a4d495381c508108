//! Long chains and long circles: no recursion anywhere.

use stk_manifest::Unit;
use stk_order::{OrderError, order};

use crate::units::{all_deployed, unit};

/// Each plugin requires what the next one in the file generates; the last one nothing, or (in a
/// circle) what the first one generates.
fn chain(length: u32, closed: bool) -> Vec<Unit> {
    (0..length)
        .map(|position| {
            let next = position + 1;
            let requires = if next < length || closed {
                vec![format!("c{}", next % length)]
            } else {
                Vec::new()
            };
            let requires: Vec<_> = requires.iter().map(String::as_str).collect();
            unit(
                position,
                &format!("p{position}"),
                &requires,
                &[&format!("c{position}")],
            )
        })
        .collect()
}

#[test]
fn a_long_chain_has_an_order() {
    let units = chain(20_000, false);
    let applied = order(&units, &[]).unwrap();
    assert_eq!(applied.steps.first().unwrap().alias, "p19999");
    assert_eq!(applied.steps.last().unwrap().alias, "p0");
    let destroyed = order(&[], &all_deployed(&units)).unwrap();
    assert_eq!(destroyed.steps.first().unwrap().alias, "p0");
}

#[test]
fn a_long_circle_is_reported_whole() {
    let errors = order(&chain(20_000, true), &[]).unwrap_err();
    let [OrderError::Cycle { path, .. }] = errors.as_slice() else {
        panic!("{} errors", errors.len());
    };
    assert_eq!(path.len(), 20_000);
    assert_eq!(path[0].alias, "p0");
}

/// A circle at the end of a long chain, so that everything hangs on it: looking for circles through
/// each of the others would take minutes.
#[test]
fn what_hangs_on_a_circle_costs_little() {
    let mut units = chain(20_000, false);
    let last = units.last_mut().unwrap();
    *last = unit(19_999, "p19999", &["c19999"], &["c19999"]);
    let errors = order(&units, &[]).unwrap_err();
    assert_eq!(errors.len(), 1);
    assert_eq!(
        errors[0].to_string(),
        "plugin `p19999` requires connection `c19999`, which it generates itself"
    );
}
