//! The engine as StackSpot's dialect sets it up, and one run of one template.

use std::{
    cell::{Cell, RefCell},
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use minijinja::{AutoEscape, Environment, Error, Output, State, Value, syntax::SyntaxConfig};

use crate::{
    context::Context,
    error::{ErrorKind, RenderError, Warning},
    filters,
    jinja::{self, BLOCK, COMMENT, Fault, Template, VARIABLE},
    limits::Limits,
    opaque::{self, REFUSED},
    python::{self, values::Changed},
};

/// How many undefined values of one template are traced to their lines; each costs one more run of the template.
const MAX_TRACED: usize = 48;

/// Longest excerpt of an error, in characters.
const MAX_EXCERPT: usize = 160;

/// One context, ready to render any number of templates within one budget.
pub(crate) struct Engine<'c> {
    environment: Environment<'static>,
    root: Value,
    context: &'c Context,
    changed: Changed,
    probe: Arc<Probe>,
    limits: Limits,
    work_left: u64,
}

/// Counts the undefined values that a run prints, and fails at a chosen one: the engine tells where it is only in errors.
#[derive(Debug, Default)]
struct Probe {
    seen: AtomicUsize,
    fail_at: AtomicUsize,
}

thread_local! {
    /// The environment of an engine that is no more, with its probe. It holds filters and settings, and nothing of a
    /// template or context; a [`batch`](crate::batch) makes it once.
    static SPARE: RefCell<Option<(Environment<'static>, Arc<Probe>)>> = const { RefCell::new(None) };
}

impl<'c> Engine<'c> {
    pub(crate) fn new(context: &'c Context, limits: Limits) -> Result<Self, RenderError> {
        let (environment, probe) = match SPARE.take() {
            Some(spare) => spare,
            None => {
                let probe = Arc::new(Probe::default());
                (environment(&probe)?, probe)
            }
        };
        let changed = Changed::default();
        let root = context.to_engine(&changed);
        Ok(Self {
            environment,
            root,
            context,
            changed,
            probe,
            limits,
            work_left: limits.work_total,
        })
    }

    pub(crate) fn context(&self) -> &'c Context {
        self.context
    }

    /// Renders one template, or one file name.
    pub(crate) fn run(
        &mut self,
        name: &str,
        source: &str,
        warnings: &mut Vec<Warning>,
    ) -> Result<String, RenderError> {
        let template = read(name, source, self.context.has_opaque())?;
        if let Some(unknown) = template
            .refused
            .and_then(|index| template.unknown.get(index))
        {
            return Err(fault(
                name,
                &template.source,
                unknown.line,
                &unknown.message,
            ));
        }
        let text = self.once(name, &template, usize::MAX)?;
        let undefined = self.probe.seen.load(Ordering::Relaxed);
        if undefined > 0 {
            self.trace(name, &template, undefined, warnings);
        }
        Ok(text)
    }

    /// What is wrong with a template, as far as that can be seen without running it.
    pub(crate) fn check(&self, name: &str, source: &str) -> Vec<RenderError> {
        let template = match read(name, source, false) {
            Ok(template) => template,
            Err(error) => return vec![error],
        };
        if let Err(error) = self
            .environment
            .template_from_named_str(name, &template.engine)
        {
            return vec![self.describe(&error, name, &template.source, false)];
        }
        let unknown = template.unknown.iter();
        unknown
            .map(|unknown| fault(name, &template.source, unknown.line, &unknown.message))
            .collect()
    }

    fn once(
        &mut self,
        name: &str,
        template: &Template,
        fail_at: usize,
    ) -> Result<String, RenderError> {
        if self.changed.swap(false, Ordering::Relaxed) {
            // A template changed a value of the context; the next one sees it as it was given.
            self.root = self.context.to_engine(&self.changed);
        }
        let fuel = self.limits.work_per_template.min(self.work_left);
        self.environment.set_fuel(Some(fuel));
        self.probe.seen.store(0, Ordering::Relaxed);
        self.probe.fail_at.store(fail_at, Ordering::Relaxed);
        let mut bytes = Vec::new();
        let full = Cell::new(false);
        let writer = Bounded {
            bytes: &mut bytes,
            limit: self.limits.bytes_per_file,
            full: &full,
        };
        let used = self
            .environment
            .template_from_named_str(name, &template.engine)
            .and_then(|template| template.render_captured_to(self.root.clone(), writer))
            .map(|captured| captured.state().fuel_levels().map_or(0, |(used, _)| used))
            .map_err(|error| self.describe(&error, name, &template.source, full.get()))?;
        self.work_left = self.work_left.saturating_sub(used);
        let text = String::from_utf8(bytes).unwrap_or_default();
        match self.refusal(&text) {
            Some(reason) => Err(RenderError {
                template: name.into(),
                line: None,
                message: reason,
                excerpt: None,
                kind: ErrorKind::Refused,
            }),
            None => Ok(text),
        }
    }

    /// Runs the template again, once for each undefined value that it printed, to learn its name and line.
    fn trace(
        &mut self,
        name: &str,
        template: &Template,
        undefined: usize,
        warnings: &mut Vec<Warning>,
    ) {
        let mut found: Vec<Warning> = Vec::new();
        for index in 0..undefined.min(MAX_TRACED) {
            let Err(error) = self.once(name, template, index) else {
                continue;
            };
            // Failing runs do not tell what they used.
            self.work_left = self.work_left.saturating_sub(1000);
            // Without a name it is the missing `else` of an inline `if`, or a filter's result: nothing odd.
            if error.kind != ErrorKind::Undefined || !error.message.contains('`') {
                continue;
            }
            let warning = Warning {
                template: error.template,
                line: error.line,
                message: format!("{}; it prints as nothing", error.message),
            };
            if !found.contains(&warning) {
                found.push(warning);
            }
        }
        if undefined > MAX_TRACED {
            found.push(Warning {
                template: name.into(),
                line: None,
                message: format!(
                    "prints undefined values in {} more places",
                    undefined - MAX_TRACED
                ),
            });
        }
        warnings.append(&mut found);
    }

    /// The reason of the first refused value whose marker stands in `text`.
    fn refusal(&self, text: &str) -> Option<String> {
        let (_, rest) = text.split_once(REFUSED)?;
        let (number, _) = rest.split_once(REFUSED)?;
        let reason = self.context.reason(number.parse::<usize>().ok()?);
        Some(
            reason
                .unwrap_or("a value that cannot be used here")
                .to_owned(),
        )
    }

    fn describe(&self, error: &Error, name: &str, source: &str, full: bool) -> RenderError {
        use minijinja::ErrorKind as Engine;

        let line = error.line();
        let excerpt = line.and_then(|line| excerpt(source, line));
        let detail = error.detail().unwrap_or_default();
        let refusal = self.refusal(&error.to_string()).or_else(|| {
            std::error::Error::source(error).and_then(|cause| self.refusal(&cause.to_string()))
        });
        let (kind, message) = match error.kind() {
            _ if refusal.is_some() => (ErrorKind::Refused, refusal.unwrap_or_default()),
            _ if full => (
                ErrorKind::Limit,
                format!("renders to more than {} bytes", self.limits.bytes_per_file),
            ),
            Engine::SyntaxError | Engine::BadEscape | Engine::InvalidDelimiter => {
                (ErrorKind::Syntax, format!("syntax error: {detail}"))
            }
            _ if undefined(detail).is_some() => {
                (ErrorKind::Undefined, undefined(detail).unwrap_or_default())
            }
            Engine::UndefinedError => (
                ErrorKind::Undefined,
                "an undefined value cannot be used here".into(),
            ),
            Engine::UnknownFilter | Engine::UnknownTest => {
                (ErrorKind::Runtime, unknown_name(error.kind(), detail))
            }
            Engine::UnknownFunction => (
                ErrorKind::Undefined,
                unknown("function", detail, "", " is unknown"),
            ),
            Engine::OutOfFuel => (
                ErrorKind::Limit,
                "the template does too much work; is there a loop over very many items?".into(),
            ),
            Engine::InvalidOperation if detail.contains("recursion limit") => (
                ErrorKind::Limit,
                "macros or loops call themselves too deeply".into(),
            ),
            Engine::TemplateNotFound | Engine::BadInclude => (
                ErrorKind::Runtime,
                "a plugin's template cannot include, import or extend other files".into(),
            ),
            other if detail.is_empty() => (ErrorKind::Runtime, other.to_string()),
            Engine::InvalidOperation | Engine::UnknownMethod => {
                (ErrorKind::Runtime, detail.to_owned())
            }
            other => (ErrorKind::Runtime, format!("{other}: {detail}")),
        };
        RenderError {
            template: name.into(),
            line: line.and_then(|line| u32::try_from(line).ok()),
            message,
            excerpt,
            kind,
        }
    }
}

impl Drop for Engine<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let environment = std::mem::replace(&mut self.environment, Environment::empty());
            SPARE.set(Some((environment, Arc::clone(&self.probe))));
        }
    }
}

fn read(name: &str, source: &str, guarded: bool) -> Result<Template, RenderError> {
    jinja::read(source, guarded).map_err(
        |Fault {
             line,
             message,
             limit,
         }| {
            if limit {
                RenderError {
                    kind: ErrorKind::Limit,
                    ..fault(name, source, line, &message)
                }
            } else {
                fault(name, source, line, &format!("syntax error: {message}"))
            }
        },
    )
}

fn fault(name: &str, source: &str, line: usize, message: &str) -> RenderError {
    RenderError {
        template: name.into(),
        line: u32::try_from(line).ok(),
        message: message.into(),
        excerpt: excerpt(source, line),
        kind: ErrorKind::Syntax,
    }
}

/// A filter or test that is named by a text, as in `map('upper')`; the others have their message.
fn unknown_name(kind: minijinja::ErrorKind, detail: &str) -> String {
    let test = kind == minijinja::ErrorKind::UnknownTest;
    let what = if test { "test " } else { "filter " };
    let name = detail
        .strip_prefix(what)
        .and_then(|name| name.strip_suffix(" is unknown"));
    name.map_or_else(
        || detail.to_owned(),
        |name| jinja::names::unknown(test, name),
    )
}

/// The engine names the undefined expression at the end of its message, in brackets; what matters comes first here.
fn undefined(detail: &str) -> Option<String> {
    let Some((before, expression)) = detail.split_once("(`") else {
        return detail.contains("` is undefined").then(|| detail.to_owned());
    };
    let (expression, _) = expression.split_once("` is undefined")?;
    Some(format!(
        "`{expression}` is undefined: {}",
        before.trim_end()
    ))
}

fn unknown(what: &str, detail: &str, before: &str, after: &str) -> String {
    let name = detail.strip_prefix(before).unwrap_or(detail);
    let name = name.strip_suffix(after).unwrap_or(name);
    format!("there is no {what} `{name}`")
}

fn excerpt(source: &str, line: usize) -> Option<String> {
    let text = source.lines().nth(line.checked_sub(1)?)?.trim();
    (!text.is_empty()).then(|| shortened(text))
}

/// A line of source that fits a message.
fn shortened(line: &str) -> String {
    let kept = python::strings::prefix(line, MAX_EXCERPT);
    if kept.len() < line.len() {
        format!("{kept}…")
    } else {
        kept.to_owned()
    }
}

fn environment(probe: &Arc<Probe>) -> Result<Environment<'static>, RenderError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder()
        // White space is settled before the engine sees a template.
        .block_delimiters(BLOCK.0, BLOCK.1)
        .variable_delimiters(VARIABLE.0, VARIABLE.1)
        .comment_delimiters(COMMENT.0, COMMENT.1)
        .keep_trailing_newline(true)
        .build()
        .map_err(|error| RenderError {
            template: String::new(),
            line: None,
            message: error.to_string(),
            excerpt: None,
            kind: ErrorKind::Runtime,
        })?;
    environment.set_syntax(syntax);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // Errors name the undefined expression only in debug mode; its other effect is on texts that nobody here prints.
    environment.set_debug(true);
    environment.set_unknown_method_callback(python::methods::call);
    filters::register(&mut environment);
    let probe = Arc::clone(probe);
    environment.set_formatter(move |out, state, value| print(&probe, out, state, value));
    Ok(environment)
}

fn print(
    probe: &Probe,
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    if value.is_undefined() {
        let index = probe.seen.fetch_add(1, Ordering::Relaxed);
        if index == probe.fail_at.load(Ordering::Relaxed) {
            value.get_attr("")?;
        }
        return Ok(());
    }
    if let Some(mark) = opaque::mark(value) {
        return Ok(std::fmt::Write::write_str(out, &mark)?);
    }
    if !value.is_safe() && !matches!(state.auto_escape(), AutoEscape::None) {
        let text = python::text::to_str(value)?;
        return Ok(std::fmt::Write::write_str(
            out,
            &python::strings::escape(&text),
        )?);
    }
    python::text::write_str(out, value)
}

/// A writer that stops at a number of bytes.
struct Bounded<'a> {
    bytes: &'a mut Vec<u8>,
    limit: usize,
    full: &'a Cell<bool>,
}

impl io::Write for Bounded<'_> {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.bytes.len().saturating_add(chunk.len()) > self.limit {
            self.full.set(true);
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
