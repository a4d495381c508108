//! Walks through a template as it would run, with what is known of its values.

mod expressions;

use std::collections::BTreeSet;

use super::{
    Step, Usage,
    scopes::{Binding, Path, Scopes, Value},
    tree::{Expression, For, Macro, Statement, Target, assigned},
};

/// How many expressions are looked at; the body of a loop over a written list is walked once for each item.
const MAX_WORK: usize = 200_000;

/// A read, at a byte of the source.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) path: Path,
    pub(super) at: usize,
    pub(super) usage: Usage,
    pub(super) conditional: bool,
}

pub(super) struct Walk<'t> {
    template: &'t [Statement],
    scopes: Scopes,
    /// What the tests around the current place are about.
    guards: Vec<Path>,
    /// How many tests, loops and calls are around the current place.
    conditions: usize,
    macros: BTreeSet<String>,
    /// Dictionaries that the template changes.
    changed: Vec<Path>,
    found: Vec<Found>,
    /// What names that were read are tests of.
    noted: Vec<Path>,
    work: usize,
}

impl<'t> Walk<'t> {
    pub(super) fn new(template: &'t [Statement]) -> Self {
        let mut names = BTreeSet::new();
        assigned(template, &mut names);
        Self {
            template,
            scopes: Scopes::new(names),
            guards: Vec::new(),
            conditions: 0,
            macros: BTreeSet::new(),
            changed: Vec::new(),
            found: Vec::new(),
            noted: Vec::new(),
            work: 0,
        }
    }

    pub(super) fn run(mut self) -> Vec<Found> {
        self.body(self.template);
        if self.work > MAX_WORK {
            return Vec::new();
        }
        for found in &mut self.found {
            let below = |changed: &Path| {
                found.path.len() > changed.len() && alike(&found.path[..changed.len()], changed)
            };
            if self.changed.iter().any(below) {
                found.usage = Usage::Tolerated;
            }
        }
        self.found
    }

    fn body(&mut self, statements: &[Statement]) {
        for statement in statements {
            if self.work > MAX_WORK {
                return;
            }
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::Print(value) => {
                self.value(value, Usage::Needed);
            }
            Statement::If(branches) => self.branches(branches),
            Statement::For(repeated) => self.repeated(repeated),
            Statement::Set(target, value) => {
                let binding = self.binding(value);
                self.bind(target, binding);
            }
            Statement::SetBlock(target, filters, body) => {
                self.needed(filters);
                self.scoped(body);
                self.bind(target, Binding::default());
            }
            Statement::With(pairs, body) => {
                let bindings: Vec<_> = pairs.iter().map(|(_, value)| self.binding(value)).collect();
                self.scopes.push();
                for ((target, _), binding) in pairs.iter().zip(bindings) {
                    self.bind(target, binding);
                }
                self.body(body);
                self.scopes.pop();
            }
            Statement::Macro(block) => self.block(block),
            Statement::Call(block, call) => {
                self.value(call, Usage::Needed);
                self.conditions += 1;
                self.scopes.push();
                for (name, _) in &block.parameters {
                    self.scopes.bind(name, Binding::default());
                }
                self.body(&block.body);
                self.scopes.pop();
                self.conditions -= 1;
            }
            Statement::Scope(expressions, body) => {
                self.needed(expressions);
                self.scoped(body);
            }
        }
    }

    fn scoped(&mut self, body: &[Statement]) {
        self.scopes.push();
        self.body(body);
        self.scopes.pop();
    }

    fn needed(&mut self, expressions: &[Expression]) {
        for expression in expressions {
            self.value(expression, Usage::Needed);
        }
    }

    fn branches(&mut self, branches: &[(Option<Expression>, Vec<Statement>)]) {
        let guards = self.guards.len();
        let conditions = self.conditions;
        let before = self.scopes.innermost();
        let mut after = Vec::new();
        for (test, body) in branches {
            if let Some(test) = test {
                let about = self.test(test);
                // Whatever is tested is thought of, in this branch and in the others.
                self.guards.extend(about);
            }
            self.conditions = conditions + 1;
            self.body(body);
            after.push(self.scopes.innermost());
            self.scopes.reset(before.clone());
        }
        self.scopes.merge(before, after);
        self.conditions = conditions;
        self.guards.truncate(guards);
    }

    fn repeated(&mut self, repeated: &For) {
        let items = self.value(&repeated.items, Usage::Needed);
        let conditions = self.conditions;
        let items = match items {
            // A written list is gone through as it is.
            Some(Value::List(items)) => items,
            other => {
                self.conditions += 1;
                vec![match other {
                    Some(Value::At(path)) => Value::below(&path, Step::Each),
                    Some(Value::Values(path)) => Value::below(&path, Step::Value),
                    Some(Value::Pairs(path)) => {
                        Some(Value::List(vec![None, Value::below(&path, Step::Value)]))
                    }
                    _ => None,
                }]
            }
        };
        let guards = self.guards.len();
        for value in items {
            self.scopes.push();
            self.bind(
                &repeated.target,
                Binding {
                    value,
                    guards: Vec::new(),
                },
            );
            let inside = self.conditions;
            if let Some(test) = &repeated.test {
                let about = self.test(test);
                self.guards.extend(about);
                self.conditions += 1;
            }
            self.scopes.bind("loop", Binding::default());
            self.body(&repeated.body);
            self.conditions = inside;
            self.scopes.pop();
            self.guards.truncate(guards);
        }
        self.conditions = conditions + 1;
        self.scoped(&repeated.other);
        self.conditions = conditions;
    }

    /// The body of a macro or block: it runs elsewhere, if it runs.
    fn block(&mut self, block: &Macro) {
        self.conditions += 1;
        for default in block
            .parameters
            .iter()
            .filter_map(|(_, value)| value.as_ref())
        {
            self.value(default, Usage::Tolerated);
        }
        self.macros.insert(block.name.clone());
        self.scopes.bind(&block.name, Binding::default());
        let guards = std::mem::take(&mut self.guards);
        let outer = self.scopes.detach();
        for (name, _) in &block.parameters {
            self.scopes.bind(name, Binding::default());
        }
        self.body(&block.body);
        self.scopes.attach(outer);
        self.guards = guards;
        self.conditions -= 1;
    }

    /// What a name gets to stand for: nothing is needed before the name is used.
    fn binding(&mut self, value: &Expression) -> Binding {
        let (value, guards) = self.about(value);
        Binding { value, guards }
    }

    fn bind(&mut self, target: &Target, binding: Binding) {
        match target {
            Target::Name(name) => self.scopes.bind(name, binding),
            Target::Attribute => {}
            Target::Tuple(targets) => {
                let values = match binding.value {
                    Some(Value::List(values)) if values.len() == targets.len() => values,
                    _ => vec![None; targets.len()],
                };
                for (target, value) in targets.iter().zip(values) {
                    let guards = binding.guards.clone();
                    self.bind(target, Binding { value, guards });
                }
            }
        }
    }

    /// Looks at a test, and says what it is about.
    fn test(&mut self, test: &Expression) -> Vec<Path> {
        self.about(test).1
    }

    fn about(&mut self, value: &Expression) -> (Option<Value>, Vec<Path>) {
        let (found, noted) = (self.found.len(), self.noted.len());
        let value = self.value(value, Usage::Tolerated);
        let mut about = self.noted.split_off(noted);
        about.extend(
            self.found[found..]
                .iter()
                .filter(|found| found.usage != Usage::Needed)
                .map(|found| found.path.clone()),
        );
        // A test inside of a test is about the same.
        self.noted.extend(about.iter().cloned());
        (value, about)
    }

    fn read(&mut self, path: &Path, at: usize, usage: Usage) {
        let guarded = self.guards.iter().any(|guard| alike(guard, path));
        self.found.push(Found {
            path: path.clone(),
            at,
            usage: if guarded { Usage::Tolerated } else { usage },
            conditional: self.conditions > 0,
        });
    }
}

/// Whether two ways may lead to the same value.
fn alike(left: &[Step], right: &[Step]) -> bool {
    let same = |(left, right): (&Step, &Step)| match (left, right) {
        (Step::Each, Step::Each | Step::Index(_)) | (Step::Index(_), Step::Each) => true,
        (Step::Value, Step::Value | Step::Name(_)) | (Step::Name(_), Step::Value) => true,
        _ => left == right,
    };
    left.len() == right.len() && left.iter().zip(right).all(same)
}
