//! The values of expressions, as far as they are known.

use super::{MAX_WORK, Walk};
use crate::jinja::names::DICTIONARY_METHODS;
use crate::reads::{
    Step, Usage,
    scopes::Value,
    tree::{Choice, Expression, What},
};

impl Walk<'_> {
    /// Notes what `expression` reads; `usage` is what happens when its value is undefined.
    pub(super) fn value(&mut self, expression: &Expression, usage: Usage) -> Option<Value> {
        self.work += 1;
        if self.work > MAX_WORK {
            return None;
        }
        match &expression.what {
            What::Name(name) => {
                let binding = self.scopes.get(name);
                self.noted.extend(binding.guards);
                self.here(binding.value, expression.at, usage)
            }
            What::Text(text) => Some(Value::Text(text.clone())),
            What::Index(_) | What::Constant => None,
            What::Attribute(base, name) => {
                let base = self.value(base, Usage::Needed);
                self.attribute(base, name, expression.at, usage)
            }
            What::Subscript(base, index) => self.subscript(base, index, expression.at, usage),
            What::Call(called, arguments) => self.call(called, arguments, expression.at),
            What::Filter(base, name, arguments) => {
                self.filter(base, name, arguments, expression.at, usage)
            }
            What::Test(base, arguments) => {
                self.value(base, Usage::Tolerated);
                self.each(arguments, Usage::Compared);
                None
            }
            What::Not(value) => {
                self.value(value, Usage::Tolerated);
                None
            }
            What::And(operands) | What::Or(operands) => {
                self.chain(operands, usage);
                None
            }
            What::In(item, container) => {
                self.contains(item, container);
                None
            }
            What::Comparison(operands) => {
                self.each(operands, Usage::Compared);
                None
            }
            What::Parts(parts) => {
                self.each(parts, Usage::Needed);
                None
            }
            What::List(items) => Some(Value::List(
                items.iter().map(|item| self.value(item, usage)).collect(),
            )),
            What::Choice(choice) => {
                self.choice(choice, usage);
                None
            }
        }
    }

    /// A value that is read at this place.
    fn here(&mut self, value: Option<Value>, at: usize, usage: Usage) -> Option<Value> {
        if let Some(Value::At(path)) = &value {
            self.read(path, at, usage);
        }
        value
    }

    fn each(&mut self, expressions: &[Expression], usage: Usage) {
        for expression in expressions {
            self.value(expression, usage);
        }
    }

    fn attribute(
        &mut self,
        base: Option<Value>,
        name: &str,
        at: usize,
        usage: Usage,
    ) -> Option<Value> {
        let Some(Value::At(path)) = base else {
            return None;
        };
        // `a.items` is the method, whatever the dictionary holds.
        if DICTIONARY_METHODS.contains(&name) {
            return None;
        }
        let value = Value::below(&path, Step::Name(name.to_owned()));
        self.here(value, at, usage)
    }

    fn subscript(
        &mut self,
        base: &Expression,
        index: &Expression,
        at: usize,
        usage: Usage,
    ) -> Option<Value> {
        let base = self.value(base, Usage::Needed)?;
        let name = self.value(index, Usage::Needed);
        match (base, name, &index.what) {
            (Value::At(path), Some(Value::Text(name)), _) => {
                let value = Value::below(&path, Step::Name(name));
                self.here(value, at, usage)
            }
            (Value::At(path), _, What::Index(index)) => {
                let value = Value::below(&path, Step::Index(*index));
                self.here(value, at, usage)
            }
            (Value::List(mut items), _, What::Index(index)) if *index < items.len() => {
                let value = items.swap_remove(*index);
                self.here(value, at, usage)
            }
            _ => None,
        }
    }

    fn call(&mut self, called: &Expression, arguments: &[Expression], at: usize) -> Option<Value> {
        match &called.what {
            What::Attribute(base, method) => {
                let base = self.value(base, Usage::Needed);
                self.method(base, method, arguments, at)
            }
            What::Name(name) => {
                // A macro may test what it is given.
                let usage = if self.macros.contains(name) {
                    Usage::Tolerated
                } else {
                    Usage::Needed
                };
                self.each(arguments, usage);
                None
            }
            _ => {
                self.value(called, Usage::Needed);
                self.each(arguments, Usage::Needed);
                None
            }
        }
    }

    fn method(
        &mut self,
        base: Option<Value>,
        method: &str,
        arguments: &[Expression],
        at: usize,
    ) -> Option<Value> {
        let mut given: Vec<Option<Value>> = Vec::with_capacity(arguments.len());
        for argument in arguments {
            given.push(self.value(argument, Usage::Needed));
        }
        let Some(Value::At(path)) = base else {
            return None;
        };
        match method {
            "get" => {
                let Some(Some(Value::Text(name))) = given.into_iter().next() else {
                    return None;
                };
                let value = Value::below(&path, Step::Name(name));
                let value = self.here(value, at, Usage::Tolerated);
                value.filter(|_| arguments.len() == 1)
            }
            "items" => Some(Value::Pairs(path)),
            "values" => Some(Value::Values(path)),
            "update" | "setdefault" | "pop" | "popitem" | "clear" => {
                self.changed.push(path);
                None
            }
            _ => None,
        }
    }

    fn filter(
        &mut self,
        base: &Expression,
        name: &str,
        arguments: &[Expression],
        at: usize,
        usage: Usage,
    ) -> Option<Value> {
        let default = matches!(name, "default" | "d");
        let on_base = match name {
            "attr" => Usage::Needed,
            _ if default => Usage::Tolerated,
            _ => usage,
        };
        let value = self.value(base, on_base);
        let mut first = None;
        for argument in arguments {
            // What stands in for a missing value is needed when the result is.
            let on_argument = if default { usage } else { Usage::Needed };
            self.conditions += usize::from(default);
            let argument = self.value(argument, on_argument);
            self.conditions -= usize::from(default);
            first = first.or(argument);
        }
        match (name, value) {
            ("attr", value) => match first {
                Some(Value::Text(name)) => self.attribute(value, &name, at, usage),
                _ => None,
            },
            ("default" | "d" | "list" | "sort" | "reverse" | "unique", value) => value,
            ("items" | "dictsort", Some(Value::At(path))) => Some(Value::Pairs(path)),
            ("first", Some(Value::At(path))) => Value::below(&path, Step::Index(0)),
            _ => None,
        }
    }

    /// `a and b`, `a or b`: what stands behind may not be reached, and is guarded by what stands before.
    fn chain(&mut self, operands: &[Expression], usage: Usage) {
        let (guards, conditions) = (self.guards.len(), self.conditions);
        for (index, operand) in operands.iter().enumerate() {
            if index + 1 == operands.len() {
                self.value(operand, usage);
            } else {
                let about = self.test(operand);
                self.guards.extend(about);
                self.conditions = conditions + 1;
            }
        }
        self.guards.truncate(guards);
        self.conditions = conditions;
    }

    /// `'arn' in connections.topic` is a test of `connections.topic.arn`.
    fn contains(&mut self, item: &Expression, container: &Expression) {
        let name = self.value(item, Usage::Compared);
        let keys = match &container.what {
            What::Call(called, _) => match &called.what {
                What::Attribute(base, method) if method == "keys" => Some(base),
                _ => None,
            },
            _ => None,
        };
        let container = match keys {
            Some(base) => self.value(base, Usage::Needed),
            None => self.value(container, Usage::Compared),
        };
        if let (Some(Value::Text(name)), Some(Value::At(path))) = (name, container) {
            let value = Value::below(&path, Step::Name(name));
            self.here(value, item.at, Usage::Tolerated);
        }
    }

    fn choice(&mut self, choice: &Choice, usage: Usage) {
        let about = self.test(&choice.test);
        let guards = self.guards.len();
        self.guards.extend(about);
        self.conditions += 1;
        self.value(&choice.value, usage);
        if let Some(other) = &choice.other {
            self.value(other, usage);
        }
        self.conditions -= 1;
        self.guards.truncate(guards);
    }
}
