//! Values that the engine does not have: lists, dictionaries and namespaces that can be changed in place, generators
//! that are used up, and methods without their call.

use std::{
    collections::VecDeque,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use indexmap::IndexMap;
use minijinja::{
    Error, ErrorKind, State, Value,
    value::{Enumerator, Object, ObjectRepr, Tuple},
};

use super::{methods::View, text};

/// Set when a value of the context was changed: the next template gets a fresh one.
pub(crate) type Changed = Arc<AtomicBool>;

/// How many values are looked through for one unit of work.
const VALUES_PER_UNIT: u64 = 16;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing that holds a lock here can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Python's `list`.
#[derive(Debug, Default)]
pub(crate) struct List {
    items: Mutex<Vec<Value>>,
    changed: Option<Changed>,
}

impl List {
    pub(crate) fn value(items: Vec<Value>) -> Value {
        Value::from_object(Self {
            items: Mutex::new(items),
            changed: None,
        })
    }

    pub(crate) fn of_context(items: Vec<Value>, changed: &Changed) -> Value {
        Value::from_object(Self {
            items: Mutex::new(items),
            changed: Some(Arc::clone(changed)),
        })
    }

    pub(crate) fn items(&self) -> Vec<Value> {
        lock(&self.items).clone()
    }

    /// Changes the items. `change` must not look at this list.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Vec<Value>) -> T) -> T {
        note(self.changed.as_ref());
        change(&mut lock(&self.items))
    }
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        lock(&self.items).get(key.as_usize()?).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.items())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(lock(&self.items).len())
    }
}

/// Python's `dict`.
#[derive(Debug, Default)]
pub(crate) struct Dict {
    entries: Mutex<IndexMap<Value, Value>>,
    changed: Option<Changed>,
}

impl Dict {
    pub(crate) fn value(entries: impl IntoIterator<Item = (Value, Value)>) -> Value {
        Value::from_object(Self {
            entries: Mutex::new(entries.into_iter().collect()),
            changed: None,
        })
    }

    pub(crate) fn of_context(
        entries: impl IntoIterator<Item = (Value, Value)>,
        changed: &Changed,
    ) -> Value {
        Value::from_object(Self {
            entries: Mutex::new(entries.into_iter().collect()),
            changed: Some(Arc::clone(changed)),
        })
    }

    pub(crate) fn entries(&self) -> Vec<(Value, Value)> {
        let entries = lock(&self.entries);
        entries
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    }

    /// Changes the entries. `change` must not look at this dictionary.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut IndexMap<Value, Value>) -> T) -> T {
        note(self.changed.as_ref());
        change(&mut lock(&self.entries))
    }
}

impl Object for Dict {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        lock(&self.entries).get(key).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::KeyValueIter(Box::new(self.entries().into_iter()))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(lock(&self.entries).len())
    }
}

fn note(changed: Option<&Changed>) {
    if let Some(changed) = changed {
        changed.store(true, Ordering::Relaxed);
    }
}

/// Jinja2's `namespace`.
#[derive(Debug, Default)]
pub(crate) struct Namespace {
    attributes: Mutex<IndexMap<String, Value>>,
}

impl Namespace {
    pub(crate) fn value(attributes: IndexMap<String, Value>) -> Value {
        Value::from_object(Self {
            attributes: Mutex::new(attributes),
        })
    }

    pub(crate) fn set(&self, name: &str, value: Value) {
        lock(&self.attributes).insert(name.to_owned(), value);
    }

    pub(crate) fn entries(&self) -> Vec<(Value, Value)> {
        let attributes = lock(&self.attributes);
        attributes
            .iter()
            .map(|(name, value)| (Value::from(name.as_str()), value.clone()))
            .collect()
    }
}

impl Object for Namespace {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        lock(&self.attributes).get(key.as_str()?).cloned()
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Identity is what the engine compares plain objects by.
        write!(formatter, "<Namespace at {:p}>", Arc::as_ptr(self))
    }
}

/// What a Python generator gives: each item once.
#[derive(Debug)]
pub(crate) struct Generator {
    name: &'static str,
    items: Arc<Mutex<VecDeque<Value>>>,
}

impl Generator {
    /// `name` is how Python prints it.
    pub(crate) fn value(name: &'static str, items: Vec<Value>) -> Value {
        Value::from_object(Self {
            name,
            items: Arc::new(Mutex::new(items.into())),
        })
    }

    /// All that is left.
    pub(crate) fn drain(&self) -> Vec<Value> {
        lock(&self.items).drain(..).collect()
    }
}

impl Object for Generator {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Iterable
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let items = Arc::clone(&self.items);
        Enumerator::Iter(Box::new(std::iter::from_fn(move || {
            lock(&items).pop_front()
        })))
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        None
    }

    fn is_true(self: &Arc<Self>) -> bool {
        true
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Python prints an address here, which nobody can want; it is the same each time, as all output is.
        write!(formatter, "<{} at 0x7f0000000000>", self.name)
    }
}

/// A method that is named and not called: `a.items`.
#[derive(Debug)]
pub(crate) struct Bound {
    pub(crate) object: Value,
    pub(crate) method: String,
}

impl Object for Bound {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn call(self: &Arc<Self>, state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        self.object.call_method(state, &self.method, args)
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "<built-in method {} of {} object at 0x7f0000000000>",
            self.method,
            text::type_name(&self.object)
        )
    }
}

/// A list of the engine's as one that can be changed; anything else as it is.
pub(crate) fn changeable(value: Value) -> Value {
    let Some(object) = value.as_object() else {
        return value;
    };
    let is_list = object.repr() == ObjectRepr::Seq
        && !value.is_tuple()
        && value.downcast_object_ref::<Vec<Value>>().is_some();
    if is_list {
        List::value(object.try_iter().into_iter().flatten().collect())
    } else {
        value
    }
}

/// Where a value of this module lies: what Python's `is` compares.
pub(crate) fn identity(value: &Value) -> Option<*const ()> {
    fn of<T: 'static>(value: &Value) -> Option<*const ()> {
        value
            .downcast_object_ref::<T>()
            .map(|object| std::ptr::from_ref(object).cast())
    }
    of::<List>(value)
        .or_else(|| of::<Dict>(value))
        .or_else(|| of::<Namespace>(value))
        .or_else(|| of::<Generator>(value))
}

/// Fails if `value` is or holds `container`: values that hold themselves can be neither printed, compared nor freed.
pub(crate) fn check_cycle(
    state: &State<'_, '_>,
    container: &Value,
    value: &Value,
) -> Result<(), Error> {
    let target = identity(container);
    let mut seen = 0_u64;
    let mut open: Vec<Value> = vec![value.clone()];
    while let Some(value) = open.pop() {
        let Some(object) = value.as_object() else {
            continue;
        };
        if target.is_some() && identity(&value) == target {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a value cannot be put into itself",
            ));
        }
        let before = open.len();
        if let Some(namespace) = value.downcast_object_ref::<Namespace>() {
            open.extend(namespace.entries().into_iter().map(|(_, value)| value));
        } else if let Some(view) = value.downcast_object_ref::<View>() {
            open.push(view.map());
        } else if let Some(bound) = value.downcast_object_ref::<Bound>() {
            open.push(bound.object.clone());
        } else if let Some(generator) = value.downcast_object_ref::<Generator>() {
            open.extend(lock(&generator.items).iter().cloned());
        } else if object.repr() == ObjectRepr::Map {
            let pairs = object.try_iter_pairs().into_iter().flatten();
            open.extend(pairs.map(|(_, value)| value));
        } else if object.repr() == ObjectRepr::Seq {
            open.extend(object.try_iter().into_iter().flatten());
        }
        seen += 1 + (open.len() - before) as u64;
        open.retain_from(before, |value| value.as_object().is_some());
        if seen >= VALUES_PER_UNIT {
            state.consume_fuel(seen / VALUES_PER_UNIT)?;
            seen = 0;
        }
    }
    Ok(())
}

trait RetainFrom {
    fn retain_from(&mut self, start: usize, keep: impl Fn(&Value) -> bool);
}

impl RetainFrom for Vec<Value> {
    fn retain_from(&mut self, start: usize, keep: impl Fn(&Value) -> bool) {
        let tail = self.split_off(start.min(self.len()));
        self.extend(tail.into_iter().filter(keep));
    }
}

/// The items of anything that Python can iterate.
pub(crate) fn items(value: &Value) -> Result<Vec<Value>, Error> {
    if value.is_undefined() {
        return Ok(Vec::new());
    }
    let iterable = value.as_str().is_some()
        || value
            .as_object()
            .is_some_and(|object| object.repr() != ObjectRepr::Plain);
    if !iterable {
        text::check(value)?;
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            format!(
                "a value of type {} cannot be iterated",
                text::type_name(value)
            ),
        ));
    }
    if let Some(text) = value.as_str() {
        return Ok(text.chars().map(Value::from).collect());
    }
    value.try_iter()?.checked().collect()
}

/// A tuple.
pub(crate) fn tuple(items: Vec<Value>) -> Value {
    Value::from(Tuple::from(items))
}
