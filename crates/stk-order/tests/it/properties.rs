//! The rules of ordering, for projects that nobody would think of.

use std::collections::BTreeSet;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use stk_manifest::Unit;
use stk_order::{Action, DeployOrder, OrderError, order};

use crate::model;
use crate::units::{all_deployed, unit};

const CONNECTIONS: usize = 7;
const PLUGINS: usize = 9;

fn name(connection: usize) -> String {
    format!("c{connection}")
}

/// Plugins at positions that follow each other, with aliases in any order. `generators` says for
/// each connection which plugins generate it.
fn build(aliases: &[String], requires: &[BTreeSet<usize>], generators: &[Vec<usize>]) -> Vec<Unit> {
    (0..)
        .zip(aliases.iter().zip(requires))
        .enumerate()
        .map(|(index, (position, (alias, requires)))| {
            let requires: Vec<_> = requires.iter().copied().map(name).collect();
            let generates: Vec<_> = (0..CONNECTIONS)
                .filter(|connection| generators[*connection].contains(&index))
                .map(name)
                .collect();
            unit(
                position,
                alias,
                &requires.iter().map(String::as_str).collect::<Vec<_>>(),
                &generates.iter().map(String::as_str).collect::<Vec<_>>(),
            )
        })
        .collect()
}

fn aliases() -> impl Strategy<Value = Vec<String>> {
    Just(
        ('a'..='z')
            .map(String::from)
            .take(PLUGINS)
            .collect::<Vec<_>>(),
    )
    .prop_shuffle()
    .prop_flat_map(|all| (0..=PLUGINS).prop_map(move |count| all[..count].to_vec()))
}

/// Any plugins: circles, two generators, whatever. `rivals` is how many plugins may generate one
/// connection.
fn anything(rivals: usize) -> impl Strategy<Value = Vec<Unit>> {
    (
        aliases(),
        vec(btree_set(0..CONNECTIONS, 0..4), PLUGINS),
        vec(vec(0..PLUGINS, 0..=rivals), CONNECTIONS),
    )
        .prop_map(|(aliases, requires, generators)| build(&aliases, &requires, &generators))
}

/// Plugins that can be ordered: a plugin requires only what one of a lower rank generates, and ranks
/// have nothing to do with the file.
fn orderable() -> impl Strategy<Value = Vec<Unit>> {
    let ranks = Just((0..PLUGINS).collect::<Vec<_>>()).prop_shuffle();
    (
        aliases(),
        vec(btree_set(0..CONNECTIONS, 0..5), PLUGINS),
        vec(vec(0..PLUGINS, 0..=1), CONNECTIONS),
        ranks,
    )
        .prop_map(|(aliases, mut requires, generators, ranks)| {
            for (index, requires) in requires.iter_mut().enumerate() {
                requires.retain(|connection| {
                    generators[*connection]
                        .iter()
                        .all(|generator| ranks[*generator] < ranks[index])
                });
            }
            build(&aliases, &requires, &generators)
        })
}

fn aliases_of(order: &DeployOrder, action: Action) -> Vec<String> {
    order
        .steps
        .iter()
        .filter(|step| step.action == action)
        .map(|step| step.alias.clone())
        .collect()
}

fn generates(units: &[Unit], alias: &str, connection: &str) -> bool {
    units
        .iter()
        .filter(|unit| unit.alias == alias)
        .flat_map(|unit| &unit.generates)
        .any(|each| each.connection == connection)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn applies_follow_the_naive_order(units in orderable()) {
        let order = order(&units, &[]).unwrap();
        let expected = model::sorted(&model::of_units(&units)).unwrap();
        prop_assert_eq!(aliases_of(&order, Action::Apply), expected);
        prop_assert_eq!(order.steps.len(), units.len());
    }

    /// Stated by itself, and not only through the naive order.
    #[test]
    fn every_need_is_met_before_and_names_its_generator(units in orderable()) {
        let order = order(&units, &[]).unwrap();
        for (place, step) in order.steps.iter().enumerate() {
            let unit = units.iter().find(|unit| unit.alias == step.alias).unwrap();
            prop_assert_eq!(step.needs.len(), unit.requires.len());
            for (need, requirement) in step.needs.iter().zip(&unit.requires) {
                prop_assert_eq!(&need.slot, &requirement.slot);
                prop_assert_eq!(&need.connection, &requirement.connection);
                match &need.from {
                    Some(from) => {
                        prop_assert!(generates(&units, from, &need.connection));
                        prop_assert!(order.steps[..place].iter().any(|before| before.alias == *from));
                    }
                    None => prop_assert!(
                        !units.iter().any(|unit| generates(&units, &unit.alias, &need.connection))
                    ),
                }
            }
        }
    }

    /// A plugin goes before one that stands earlier in the file only if that one waits, directly or
    /// not, for something that is not done.
    #[test]
    fn the_file_decides_between_ready_plugins(units in orderable()) {
        let order = aliases_of(&order(&units, &[]).unwrap(), Action::Apply);
        let plugins = model::of_units(&units);
        let find = |alias: &String| plugins.iter().find(|plugin| plugin.alias == *alias).unwrap();
        for (place, next) in order.iter().enumerate() {
            let waiting: Vec<_> = order[place..].iter().map(find).collect();
            for earlier in waiting.iter().filter(|plugin| plugin.position < find(next).position) {
                prop_assert!(waiting.iter().any(|other| model::needs(earlier, other)));
            }
        }
    }

    #[test]
    fn circles_are_real_and_none_is_missing(units in anything(1)) {
        let plugins = model::of_units(&units);
        let expected = model::circles(&plugins);
        prop_assert_eq!(expected.is_empty(), model::sorted(&plugins).is_some());
        let Err(errors) = order(&units, &[]) else {
            prop_assert!(expected.is_empty());
            return Ok(());
        };
        let mut found = Vec::new();
        for error in &errors {
            let OrderError::Cycle { path, at } = error else {
                return Err(TestCaseError::fail(error.to_string()));
            };
            found.push((path[0].alias.clone(), path.len()));
            for (step, next) in path.iter().zip(path.iter().cycle().skip(1)) {
                let unit = units.iter().find(|unit| unit.alias == step.alias).unwrap();
                prop_assert!(unit.requires.iter().any(|each| each.connection == step.connection));
                prop_assert!(generates(&units, &step.from, &step.connection));
                prop_assert_eq!(&step.from, &next.alias);
            }
            let first = units.iter().find(|unit| unit.alias == path[0].alias).unwrap();
            prop_assert!(
                first.requires.iter().any(|each| each.at == *at && each.connection == path[0].connection)
            );
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_connection_has_one_generator(units in anything(3)) {
        let mut expected = Vec::new();
        for connection in (0..CONNECTIONS).map(name) {
            let mut generators = units.iter().filter(|unit| generates(&units, &unit.alias, &connection));
            let first = generators.next();
            expected.extend(
                generators.map(|other| (connection.clone(), first.unwrap().alias.clone(), other.alias.clone())),
            );
        }
        expected.sort();
        let errors = order(&units, &[]).err().unwrap_or_default();
        let mut found: Vec<_> = errors
            .into_iter()
            .filter_map(|error| match error {
                OrderError::TwoGenerators { connection, first, second, .. } => {
                    Some((connection, first, second))
                }
                _ => None,
            })
            .collect();
        found.sort();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn errors_stand_in_file_order(units in anything(2), before in anything(2)) {
        let errors = order(&units, &all_deployed(&before)).err().unwrap_or_default();
        prop_assert!(errors.is_sorted_by_key(OrderError::at));
    }

    #[test]
    fn a_removal_is_refused_only_for_what_is_lost(units in orderable(), before in anything(2)) {
        let generated_now = |connection: &str| {
            units.iter().any(|unit| generates(&units, &unit.alias, connection))
        };
        let generated_before = |connection: &str| {
            before.iter().any(|unit| generates(&before, &unit.alias, connection))
        };
        let mut expected = Vec::new();
        for unit in &units {
            for each in &unit.requires {
                if generated_before(&each.connection) && !generated_now(&each.connection) {
                    expected.push((unit.alias.clone(), each.slot.clone(), each.at));
                }
            }
        }
        let errors = order(&units, &all_deployed(&before)).err().unwrap_or_default();
        let mut found = Vec::new();
        for error in errors {
            let stays = |alias: &str| units.iter().any(|unit| unit.alias == alias);
            match error {
                OrderError::StillRequired { generator, connection, required_by, slot, at } => {
                    prop_assert!(generates(&before, &generator, &connection) && !stays(&generator));
                    found.push((required_by, slot, at));
                }
                OrderError::NoLongerGenerated { generator, connection, required_by, slot, at } => {
                    prop_assert!(generates(&before, &generator, &connection) && stays(&generator));
                    found.push((required_by, slot, at));
                }
                other => return Err(TestCaseError::fail(other.to_string())),
            }
        }
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn destroys_come_last_and_reverse_the_order_of_what_is_deployed(
        before in orderable(), kept in vec(any::<bool>(), PLUGINS)
    ) {
        // What stays requires nothing any more, so that no removal is refused.
        let after: Vec<_> = before
            .iter()
            .zip(&kept)
            .filter(|(_, kept)| **kept)
            .map(|(each, _)| unit(each.position, &each.alias, &[], &[]))
            .collect();
        let left = all_deployed(&before);
        let order = order(&after, &left).unwrap();
        prop_assert!(order.steps.is_sorted_by_key(|step| step.action == Action::Destroy));
        prop_assert_eq!(aliases_of(&order, Action::Apply).len(), after.len());
        let mut expected = model::sorted(&model::of_deployed(&left)).unwrap();
        expected.reverse();
        expected.retain(|alias| !after.iter().any(|unit| unit.alias == *alias));
        prop_assert_eq!(aliases_of(&order, Action::Destroy), expected);
    }

    /// Whatever is deployed, with circles and several generators: a requirer goes before what it
    /// depends on, unless that depends on it as well.
    #[test]
    fn a_requirer_is_destroyed_before_its_generator(before in anything(3)) {
        let left = all_deployed(&before);
        let destroyed = aliases_of(&order(&[], &left).unwrap(), Action::Destroy);
        prop_assert_eq!(destroyed.len(), before.len());
        let plugins = model::of_deployed(&left);
        let distances = model::distances(&plugins);
        let place = |plugin: &model::Plugin| destroyed.iter().position(|alias| *alias == plugin.alias);
        for (requirer, from) in plugins.iter().zip(&distances) {
            for ((generator, back), distance) in plugins.iter().zip(&distances).zip(from) {
                let index = plugins.iter().position(|plugin| plugin.alias == requirer.alias).unwrap();
                if distance.is_some() && back[index].is_none() {
                    prop_assert!(place(requirer) < place(generator));
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_slices_does_not_matter(
        (units, shuffled) in anything(2).prop_flat_map(|units| (Just(units.clone()), Just(units).prop_shuffle())),
        (before, mixed) in anything(2).prop_flat_map(|units| (Just(all_deployed(&units)), Just(all_deployed(&units)).prop_shuffle())),
    ) {
        let first = order(&units, &before);
        prop_assert_eq!(&first, &order(&units, &before));
        prop_assert_eq!(first, order(&shuffled, &mixed));
    }

    /// The order in which a plugin names its connections says nothing about the plugins' order.
    #[test]
    fn the_order_of_the_connections_does_not_matter(units in orderable()) {
        let mut turned = units.clone();
        for unit in &mut turned {
            unit.requires.reverse();
            unit.generates.reverse();
        }
        let aliases = |units: &[Unit]| aliases_of(&order(units, &[]).unwrap(), Action::Apply);
        prop_assert_eq!(aliases(&units), aliases(&turned));
    }

    /// Plugins that share no connection with some others do not change these others' order, however
    /// they are linked among themselves and wherever they stand in the file.
    #[test]
    fn unrelated_plugins_change_nothing(
        (units, places) in orderable().prop_flat_map(|units| {
            let count = units.len();
            (Just(units), btree_set(0..2 * PLUGINS, count))
        }),
        strangers in orderable(),
    ) {
        let alone = aliases_of(&order(&units, &[]).unwrap(), Action::Apply);
        let mut together: Vec<Unit> = units.clone();
        for (unit, place) in together.iter_mut().zip(&places) {
            unit.position = u32::try_from(*place).unwrap();
        }
        let free = (0..).filter(|place| !places.contains(&(*place as usize)));
        for (place, mut stranger) in free.zip(strangers) {
            stranger.position = place;
            stranger.alias = format!("stranger-{}", stranger.alias);
            for each in &mut stranger.requires {
                each.connection.insert_str(0, "strange-");
            }
            for each in &mut stranger.generates {
                each.connection.insert_str(0, "strange-");
            }
            together.push(stranger);
        }
        let mut applied = aliases_of(&order(&together, &[]).unwrap(), Action::Apply);
        applied.retain(|alias| !alias.starts_with("stranger-"));
        prop_assert_eq!(applied, alone);
    }
}
