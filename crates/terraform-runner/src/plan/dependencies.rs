//! Who depends on whom, as a state has it recorded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::Address;

/// What each resource of the state before the plan depends on, from when it was last applied (`depends_on` in
/// `prior_state`). A `plan -destroy` with targets follows these, whatever the configuration says by now.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dependencies {
    /// Resource without instance keys -> resources without instance keys.
    edges: BTreeMap<String, BTreeSet<String>>,
}

impl Dependencies {
    pub(super) fn add(&mut self, address: &Address, on: &[String]) {
        if !on.is_empty() {
            self.edges
                .entry(address.without_keys())
                .or_default()
                .extend(on.iter().cloned());
        }
    }

    /// What `address` depends on directly, sorted. Instance keys do not count.
    pub fn of(&self, address: &Address) -> impl Iterator<Item = &str> {
        self.edges
            .get(&address.without_keys())
            .into_iter()
            .flatten()
            .map(String::as_str)
    }

    /// The shortest way from `address` to a resource for which `is_goal` says yes: why a destroy plan drags it in.
    /// Begins with the address itself, without instance keys; `None` when there is no way.
    pub fn path(
        &self,
        address: &Address,
        is_goal: impl Fn(&Address) -> bool,
    ) -> Option<Vec<String>> {
        let start = address.without_keys();
        let mut came_from: BTreeMap<&str, Option<&str>> = BTreeMap::from([(start.as_str(), None)]);
        let mut queue = VecDeque::from([start.as_str()]);
        while let Some(here) = queue.pop_front() {
            if here
                .parse::<Address>()
                .is_ok_and(|address| is_goal(&address))
            {
                let mut path = vec![here.to_owned()];
                let mut step = here;
                while let Some(Some(before)) = came_from.get(step) {
                    path.push((*before).to_owned());
                    step = before;
                }
                path.reverse();
                return Some(path);
            }
            for next in self.edges.get(here).into_iter().flatten() {
                if !came_from.contains_key(next.as_str()) {
                    came_from.insert(next, Some(here));
                    queue.push_back(next);
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_is_found() {
        let mut dependencies = Dependencies::default();
        let mut add = |address: &str, on: &[&str]| {
            let on: Vec<String> = on.iter().map(|name| (*name).to_owned()).collect();
            dependencies.add(&address.parse().unwrap(), &on);
        };
        add("module.c.t.z[\"k\"]", &["module.b.t.y", "module.b.t.loop"]);
        add("module.b.t.loop", &["module.b.t.loop", "module.b.t.y"]);
        add("module.b.t.y", &["module.a.t.x"]);
        let from: Address = "module.c.t.z[\"other\"]".parse().unwrap();
        assert_eq!(
            dependencies.path(&from, |address| address.module() == Some("a")),
            Some(
                ["module.c.t.z", "module.b.t.y", "module.a.t.x"]
                    .map(str::to_owned)
                    .to_vec()
            )
        );
        assert_eq!(
            dependencies.path(&from, |address| address.module() == Some("d")),
            None
        );
        assert_eq!(dependencies.of(&from).count(), 2);
    }
}
