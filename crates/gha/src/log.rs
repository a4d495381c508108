use std::fmt;
use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use secrecy::SecretString;

use crate::command::{command, defuse};
use crate::mask::Masks;
use crate::{Annotation, Context, Environment, Failure, Severity, text};

/// How much is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Everything but details: the levels `error`, `warn` and `info` of the inputs.
    Normal,
    /// Details too: the levels `debug` and `trace` of the inputs.
    Debug,
}

impl Level {
    /// The level that an input names (`error`, `warn`, `warning`, `info`, `debug`, `trace`, in any case).
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "error" | "warn" | "warning" | "info" => Some(Self::Normal),
            "debug" | "trace" => Some(Self::Debug),
            _ => None,
        }
    }
}

/// Everything that a person reads of a step; results go to [`Outputs`](crate::Outputs).
///
/// On GitHub (`GITHUB_ACTIONS` is `true`) warnings, errors and groups are workflow commands, elsewhere plain lines. A clone writes
/// to the same place, so a log can be used from several threads; what one call prints stays together. Writing never fails: a log
/// that cannot be written must not stop a deployment, so errors of the sink are dropped.
///
/// Text from anywhere may be handed in: terminal sequences are removed, registered secrets replaced by `***`, and on GitHub no line
/// can become a workflow command.
#[derive(Clone)]
pub struct Log {
    shared: Arc<Shared>,
}

struct Shared {
    github: bool,
    debug_runner: bool,
    no_color: bool,
    state: Mutex<State>,
}

struct State {
    sink: Box<dyn Write + Send>,
    masks: Masks,
    level: Level,
    colour: bool,
    opened: u64,
    open: Option<u64>,
}

/// A group of lines that GitHub folds. Ends when it is dropped.
#[must_use = "the group ends when this is dropped"]
pub struct Group {
    log: Log,
    number: u64,
}

impl Log {
    /// A log that writes to a sink, without colour. Details are printed when the runner's debug logging is on (`RUNNER_DEBUG=1`).
    pub fn new(environment: &Environment, sink: Box<dyn Write + Send>) -> Self {
        let debug_runner = environment.get("RUNNER_DEBUG") == Some("1");
        let level = if debug_runner {
            Level::Debug
        } else {
            Level::Normal
        };
        let dumb = environment.get("TERM") == Some("dumb");
        Self {
            shared: Arc::new(Shared {
                github: Context::new(environment).is_github(),
                debug_runner,
                no_color: dumb || environment.non_empty("NO_COLOR").is_some(),
                state: Mutex::new(State {
                    sink,
                    masks: Masks::default(),
                    level,
                    colour: false,
                    opened: 0,
                    open: None,
                }),
            }),
        }
    }

    /// A log on the standard error, with colour if that is a terminal and `NO_COLOR` is not set.
    pub fn to_stderr(environment: &Environment) -> Self {
        let stderr = io::stderr();
        let terminal = stderr.is_terminal();
        let log = Self::new(environment, Box::new(stderr));
        log.set_terminal(terminal);
        log
    }

    /// Says whether the sink is a terminal. On one there is colour, unless `NO_COLOR` is set (no-color.org), `TERM` is `dumb`, or
    /// this is GitHub.
    pub fn set_terminal(&self, terminal: bool) {
        self.state().colour = terminal && !self.shared.no_color && !self.shared.github;
    }

    /// Sets how much is printed. With the runner's debug logging on, details are printed whatever is set.
    pub fn set_level(&self, level: Level) {
        if !self.shared.debug_runner {
            self.state().level = level;
        }
    }

    /// Whether this log writes workflow commands.
    pub fn is_github(&self) -> bool {
        self.shared.github
    }

    /// From now on the secret's lines are replaced by `***` in everything that this log prints, and in the step's and the job's
    /// whole log on GitHub.
    ///
    /// A line is masked as it is and as it would stand in a JSON string, and without the white space around it. Lines shorter than
    /// four characters are not masked, since the log would be unreadable. Other encodings of the value (base64, URL) are not
    /// replaced here.
    pub fn mask(&self, secret: &SecretString) {
        let mut state = self.state();
        let added = state.masks.add(secret);
        if self.shared.github {
            let lines: Vec<String> = added
                .iter()
                .map(|value| command("add-mask", &[], value))
                .collect();
            state.write(&lines);
        }
    }

    /// The text with every registered secret replaced by `***`, for text that goes elsewhere than this log.
    pub fn redact(&self, text: &str) -> String {
        let state = self.state();
        let lines: Vec<String> = text
            .split('\n')
            .map(|line| state.masks.apply(line))
            .collect();
        lines.join("\n")
    }

    /// Prints a text, of this program or of a child, as one or more lines.
    pub fn line(&self, text: &str) {
        let mut state = self.state();
        let lines = self.safe(&state, text);
        state.write(&lines);
    }

    /// Prints a text that only a person who looks for a mistake wants to see. See [`Level::Debug`].
    pub fn detail(&self, text: &str) {
        let mut state = self.state();
        if state.level < Level::Debug {
            return;
        }
        let lines: Vec<String> = self.safe(&state, text);
        let lines: Vec<String> = lines.iter().map(|line| state.paint(DIM, line)).collect();
        state.write(&lines);
    }

    /// Something is probably wrong: a warning on the page of the run, or `warning: …`.
    pub fn warning(&self, text: &str) {
        self.annotate(&Annotation::new(Severity::Warning, text));
    }

    /// Something worth knowing: a notice on the page of the run, or `notice: …`.
    pub fn notice(&self, text: &str) {
        self.annotate(&Annotation::new(Severity::Notice, text));
    }

    /// A message about a place in a file: a workflow command, or `error: file:line:column: message`.
    pub fn annotate(&self, annotation: &Annotation) {
        let mut state = self.state();
        let lines = if self.shared.github {
            vec![annotation_command(&state, annotation)]
        } else {
            let (label, style) = match annotation.severity {
                Severity::Error => ("error:", BOLD_RED),
                Severity::Warning => ("warning:", BOLD_YELLOW),
                Severity::Notice => ("notice:", BOLD_CYAN),
            };
            self.labelled(&state, "", label, style, &annotation.to_string())
        };
        state.write(&lines);
    }

    /// Starts a group. GitHub has no groups in groups: one that is still open ends here.
    pub fn group(&self, title: &str) -> Group {
        let mut state = self.state();
        let title = state.clean(title).join(" ");
        let mut lines = Vec::new();
        if self.shared.github {
            lines.extend(state.open.map(|_| command("endgroup", &[], "")));
            lines.push(command("group", &[], &title));
        } else {
            lines.push(state.paint(BOLD, &title));
        }
        state.write(&lines);
        state.opened += 1;
        let number = state.opened;
        state.open = Some(number);
        Group {
            log: self.clone(),
            number,
        }
    }

    /// Prints why the step failed:
    ///
    /// ```text
    /// error: <message>
    ///   caused by: <cause>
    ///   help: <help>
    /// ```
    ///
    /// On GitHub an open group ends first, so that the reason is not folded away, and each annotation follows as a workflow
    /// command. If none of them is an error, the message itself becomes one, without a file: the run's page says then more than the
    /// exit code.
    pub fn failure(&self, failure: &Failure) {
        let mut state = self.state();
        let mut lines = Vec::new();
        if self.shared.github && state.open.take().is_some() {
            lines.push(command("endgroup", &[], ""));
        }
        lines.extend(self.labelled(&state, "", "error:", BOLD_RED, &failure.message));
        for cause in &failure.causes {
            lines.extend(self.labelled(&state, "  ", "caused by:", BOLD, cause));
        }
        for help in &failure.help {
            lines.extend(self.labelled(&state, "  ", "help:", BOLD_CYAN, help));
        }
        if self.shared.github {
            for annotation in &failure.annotations {
                lines.push(annotation_command(&state, annotation));
            }
            let is_error = |annotation: &Annotation| annotation.severity == Severity::Error;
            if !failure.annotations.iter().any(is_error) {
                let annotation = Annotation::new(Severity::Error, &failure.message);
                lines.push(annotation_command(&state, &annotation));
            }
        }
        state.write(&lines);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves at most a half-written line behind, which is no reason to stop logging.
        let state = self.shared.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// The text's lines, clean, and on GitHub unable to be a command.
    fn safe(&self, state: &State, text: &str) -> Vec<String> {
        let mut lines = state.clean(text);
        if self.shared.github {
            lines.iter_mut().for_each(|line| *line = defuse(line));
        }
        lines
    }

    /// `<indent><label> <text>`, and further lines of the text indented below it.
    fn labelled(
        &self,
        state: &State,
        indent: &str,
        label: &str,
        style: &str,
        text: &str,
    ) -> Vec<String> {
        let label = state.paint(style, label);
        let lines = state.clean(text).into_iter().enumerate();
        let lines = lines.map(|(index, line)| match index {
            0 => format!("{indent}{label} {line}"),
            _ => format!("{indent}    {line}"),
        });
        let lines = lines.map(|line| line.trim_end().to_owned());
        if self.shared.github {
            lines.map(|line| defuse(&line)).collect()
        } else {
            lines.collect()
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut state = self.log.state();
        if state.open == Some(self.number) {
            state.open = None;
            if self.log.shared.github {
                state.write(&[command("endgroup", &[], "")]);
            }
        }
    }
}

impl State {
    /// The text's lines without terminal sequences and secrets.
    fn clean(&self, text: &str) -> Vec<String> {
        let lines = text::lines(text).into_iter();
        lines.map(|line| self.masks.apply(&line)).collect()
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.colour {
            format!("{style}{text}{RESET}")
        } else {
            text.to_owned()
        }
    }

    /// One write for all lines, so that what belongs together is not torn apart by another process on the same sink.
    fn write(&mut self, lines: &[String]) {
        let mut text = lines.join("\n");
        if lines.is_empty() {
            return;
        }
        text.push('\n');
        // Nobody is left to tell when the sink is gone.
        let _ = self.sink.write_all(text.as_bytes());
        let _ = self.sink.flush();
    }
}

fn annotation_command(state: &State, annotation: &Annotation) -> String {
    annotation.command(|text| state.clean(text).join("\n"))
}

// Select Graphic Rendition, ECMA-48 section 8.3.117.
const RESET: &str = "\u{1b}[0m";
const BOLD: &str = "\u{1b}[1m";
const DIM: &str = "\u{1b}[2m";
const BOLD_RED: &str = "\u{1b}[1;31m";
const BOLD_YELLOW: &str = "\u{1b}[1;33m";
const BOLD_CYAN: &str = "\u{1b}[1;36m";

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Log")
            .field("github", &self.shared.github)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Group")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
