use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::error::{ErrorKind, RenderError};

thread_local! {
    /// Whether this thread's stack is deep.
    static DEEP: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`, in which any number of renders, checks and reads share what each would otherwise set up for itself: a
/// thread, and the engine with its filters. It saves time and changes nothing else; what is done in `work` on other
/// threads shares nothing. A batch inside of a batch is a part of it.
///
/// # Errors
///
/// [`ErrorKind::Limit`] when no thread can be started, or when `work` panics.
pub fn batch<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, RenderError> {
    with_deep_stack("templates", || Ok(work()))
}

/// Runs `work` where the engine may call itself deeply: values can nest as deep as a template has work units, and the
/// engine walks and frees them by recursion. The pages of a stack that nobody touches cost nothing.
pub(crate) fn with_deep_stack<T: Send>(
    name: &str,
    work: impl FnOnce() -> Result<T, RenderError> + Send,
) -> Result<T, RenderError> {
    const STACK: usize = 1 << 30;

    let failed = |message: String| RenderError {
        template: name.into(),
        line: None,
        message,
        excerpt: None,
        kind: ErrorKind::Limit,
    };
    let panicked = |_| Err(failed("the template engine failed; this is a bug".into()));
    if DEEP.get() {
        // Of the state that a panic may leave half done nothing is used again: it is `work`'s own.
        return catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(panicked);
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || {
                DEEP.set(true);
                work()
            })
            .map_err(|error| failed(format!("no thread could be started to render it: {error}")))?
            .join()
            .unwrap_or_else(panicked)
    })
}

#[cfg(test)]
mod tests {
    use std::thread::current;

    use serde_json::{Map, json};

    use super::*;
    use crate::{Context, evaluate};

    #[test]
    fn a_batch_is_one_thread() {
        let inner = || with_deep_stack("test", || Ok(current().id()));
        let (outer, first, second) = batch(|| {
            let first = batch(inner).unwrap().unwrap();
            (current().id(), first, inner().unwrap())
        })
        .unwrap();
        assert_eq!((outer, outer), (first, second));
        assert_ne!(outer, inner().unwrap());
    }

    #[test]
    fn a_panic_is_an_error_and_ends_no_batch() {
        let fail = || -> Result<(), RenderError> { panic!("on purpose") };
        for error in [
            with_deep_stack("test", fail).unwrap_err(),
            batch(|| with_deep_stack("test", fail))
                .unwrap()
                .unwrap_err(),
        ] {
            assert_eq!(
                error.to_string(),
                "test: the template engine failed; this is a bug"
            );
        }
    }

    #[test]
    fn contexts_of_a_batch_know_nothing_of_each_other() {
        let text = |variables: serde_json::Value, template: &str| {
            let variables: Map<_, _> = serde_json::from_value(variables).unwrap();
            let evaluated = evaluate(template, "test", &Context::new(variables));
            evaluated.map(|evaluated| (evaluated.text, evaluated.warnings.len()))
        };
        // Draws at random, undefined values, a loop that uses up its work and changed lists are what an engine remembers.
        let all = || {
            [
                text(
                    json!({"a": [1, 2, 3, 4]}),
                    "{{ a | random }}{{ a | random }}{{ b }}{{ c }}",
                ),
                text(
                    json!({"a": [1]}),
                    "{% for i in range(99999) %}{% for j in range(99) %}{% endfor %}{% endfor %}",
                ),
                text(json!({"a": [1]}), "{{ a.append(2) }}{{ a }}"),
                text(
                    json!({"b": 5}),
                    "{% set c = cycler(1, 2) %}{{ c.next() }}{{ a }}{{ b }}",
                ),
            ]
        };
        let alone = all();
        let together = batch(|| [all(), all()]).unwrap();
        assert_eq!(together, [alone.clone(), alone]);
    }
}
