//! What the names of a template stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::Step;

/// A way through the variables.
pub(super) type Path = Vec<Step>;

/// Longer ways are not followed.
const MAX_PATH: usize = 16;

/// What is known of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// It stands there in the variables.
    At(Path),
    /// This text.
    Text(String),
    /// A list of these.
    List(Vec<Option<Self>>),
    /// The values of the dictionary that stands there.
    Values(Path),
    /// Its pairs of key and value.
    Pairs(Path),
}

impl Value {
    pub(super) fn below(path: &Path, step: Step) -> Option<Self> {
        (path.len() < MAX_PATH).then(|| {
            let mut path = path.clone();
            path.push(step);
            Self::At(path)
        })
    }
}

/// A name's value, and what a test of the name is a test of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) value: Option<Value>,
    pub(super) guards: Vec<Path>,
}

pub(super) type Scope = BTreeMap<String, Binding>;

/// The scopes that are open, innermost last.
#[derive(Debug)]
pub(super) struct Scopes {
    open: Vec<Scope>,
    /// Names that are assigned to somewhere, and so mean who knows what where the open scopes are not those of the
    /// place at which the code runs.
    assigned: BTreeSet<String>,
    detached: bool,
}

impl Scopes {
    pub(super) fn new(assigned: BTreeSet<String>) -> Self {
        Self {
            open: vec![Scope::new()],
            assigned,
            detached: false,
        }
    }

    pub(super) fn get(&self, name: &str) -> Binding {
        let bound = self.open.iter().rev().find_map(|scope| scope.get(name));
        if let Some(binding) = bound {
            return binding.clone();
        }
        let foreign = self.detached && self.assigned.contains(name);
        let special = matches!(
            name,
            "loop" | "self" | "super" | "caller" | "varargs" | "kwargs"
        );
        if foreign || special {
            return Binding::default();
        }
        Binding {
            value: Some(Value::At(vec![Step::Name(name.to_owned())])),
            guards: Vec::new(),
        }
    }

    pub(super) fn bind(&mut self, name: &str, binding: Binding) {
        if let Some(scope) = self.open.last_mut() {
            scope.insert(name.to_owned(), binding);
        }
    }

    pub(super) fn push(&mut self) {
        self.open.push(Scope::new());
    }

    pub(super) fn pop(&mut self) {
        self.open.pop();
    }

    /// The innermost scope, which is the one that `set` changes.
    pub(super) fn innermost(&self) -> Scope {
        self.open.last().cloned().unwrap_or_default()
    }

    /// After branches of which one or none ran: what differs in one of them is not known any more.
    pub(super) fn merge(&mut self, before: Scope, after: Vec<Scope>) {
        let mut merged = before.clone();
        for scope in after {
            for (name, binding) in scope {
                if before.get(&name) == Some(&binding) {
                    continue;
                }
                let known = merged.entry(name).or_default();
                known.value = None;
                known.guards.extend(binding.guards);
            }
        }
        self.reset(merged);
    }

    pub(super) fn reset(&mut self, scope: Scope) {
        if let Some(innermost) = self.open.last_mut() {
            *innermost = scope;
        }
    }

    /// Opens a scope that sees none of the others, and returns those for [`Scopes::attach`].
    pub(super) fn detach(&mut self) -> (Vec<Scope>, bool) {
        let open = std::mem::replace(&mut self.open, vec![Scope::new()]);
        (open, std::mem::replace(&mut self.detached, true))
    }

    pub(super) fn attach(&mut self, (open, detached): (Vec<Scope>, bool)) {
        self.open = open;
        self.detached = detached;
    }
}
