//! Regular expressions of inputs: `pattern`.

use std::collections::HashMap;
use std::sync::Arc;

use fancy_regex::{CompileError, Regex, RegexBuilder};

use super::InputDefinition;
use crate::finding::{FindingCode, Position, Report, quoted};

/// Longest pattern that is read, in bytes. Real ones stay below 200.
const LONGEST_PATTERN: usize = 2_000;
/// Most different patterns that are read in one plugin.yaml: what one of them may cost is bounded, so this bounds all.
const MOST_PATTERNS: usize = 256;
/// Longest value that is checked, in bytes.
const LONGEST_VALUE: usize = 64 * 1024;
/// The same for a pattern that may have look-arounds: one may walk through the rest of the value at every character.
const LONGEST_VALUE_TO_LOOK_AROUND: usize = 4 * 1024;
/// Most steps back that one check may take.
const MOST_STEPS: usize = 100_000;
/// Most memory that one part of a pattern may compile to, in bytes. `[\w .-]{1,200}` takes some 10 MB, because `\w` has
/// 140,000 members; what nearly all patterns are takes a few kB.
const LARGEST_PROGRAM: usize = 12 * 1024 * 1024;
/// The same behind the first of a file, so that they cannot take the memory all together.
const LARGEST_LATER_PROGRAM: usize = 512 * 1024;
/// How many patterns of a file may be large.
const MOST_LARGE: usize = 24;
/// Most instructions of a pattern with look-arounds or references.
const MOST_INSTRUCTIONS: usize = 20_000;

/// The `pattern` of an input: a regular expression in the dialect of Python's `re`, as far as it can be read.
///
/// StackSpot does not say how it anchors one. Here it must be found anywhere in the value, as `re.search` does it: no
/// other reading takes a value that this one refuses. A line break at the very end of the value may be left out of
/// account, as `$` does it in Python.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// Where it stands in plugin.yaml.
    pub(super) at: Position,
    /// `None` when it cannot be read; that was reported.
    expression: Option<Arc<Regex>>,
}

/// What a pattern says of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    Yes,
    No,
    /// The pattern cannot be read, which was reported when it was.
    Unreadable,
    /// The check would take too long.
    TooCostly,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.at == other.at
    }
}

impl Pattern {
    pub(super) const fn unread(text: String, at: Position) -> Self {
        Self {
            text,
            at,
            expression: None,
        }
    }

    /// The pattern as plugin.yaml writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern can be checked. One that cannot takes every value.
    #[must_use]
    pub const fn is_readable(&self) -> bool {
        self.expression.is_some()
    }

    pub(crate) fn check(&self, value: &str) -> Match {
        let Some(expression) = &self.expression else {
            return Match::Unreadable;
        };
        let longest = if self.text.contains("(?") {
            LONGEST_VALUE_TO_LOOK_AROUND
        } else {
            LONGEST_VALUE
        };
        if value.len() > longest {
            return Match::TooCostly;
        }
        let mut answer = expression.is_match(value);
        if matches!(answer, Ok(false))
            && let Some(line) = value.strip_suffix('\n')
        {
            answer = expression.is_match(line);
        }
        match answer {
            Ok(true) => Match::Yes,
            Ok(false) => Match::No,
            Err(_) => Match::TooCostly,
        }
    }
}

/// Reads the patterns of `inputs` and of what is nested in them; one that cannot be read is a warning.
///
/// Equal patterns of one file share one expression, and so do the copies of a definition.
pub(super) fn read(inputs: &mut [InputDefinition], known: &mut Known, report: &mut Report) {
    for input in inputs {
        if let Some(pattern) = &mut input.pattern {
            pattern.expression = known.expression(pattern, &input.name, report);
        }
        read(&mut input.inputs, known, report);
        if let Some(item) = &mut input.item {
            read(std::slice::from_mut(item.as_mut()), known, report);
        }
    }
}

/// The patterns of one file that have been read.
#[derive(Debug, Default)]
pub(super) struct Known(HashMap<String, Result<Arc<Regex>, String>>);

impl Known {
    fn expression(
        &mut self,
        pattern: &Pattern,
        input: &str,
        report: &mut Report,
    ) -> Option<Arc<Regex>> {
        let is_full = self.0.len() >= MOST_PATTERNS;
        let expression = match self.0.get(&pattern.text) {
            Some(known) => known.clone(),
            None if is_full => Err(format!("the file has more than {MOST_PATTERNS} patterns")),
            None => {
                let largest = if self.0.len() < MOST_LARGE {
                    LARGEST_PROGRAM
                } else {
                    LARGEST_LATER_PROGRAM
                };
                let expression = compile(&pattern.text, largest).map(Arc::new);
                self.0.insert(pattern.text.clone(), expression.clone());
                expression
            }
        };
        expression
            .map_err(|reason| {
                let owner = if input.is_empty() {
                    "a list's item".to_owned()
                } else {
                    format!("the input `{input}`")
                };
                report.warning(
                    FindingCode::PatternMismatch,
                    pattern.at,
                    format!(
                        "the pattern {} of {owner} cannot be read, so values are not checked against it: {reason}",
                        quoted(&pattern.text)
                    ),
                    None,
                );
            })
            .ok()
    }
}

fn compile(text: &str, largest: usize) -> Result<Regex, String> {
    if text.len() > LONGEST_PATTERN {
        return Err(format!(
            "it is {} bytes long; at most {LONGEST_PATTERN} are read",
            text.len()
        ));
    }
    let translated = translated(text);
    let expression = RegexBuilder::new(&translated)
        .backtrack_limit(MOST_STEPS)
        .delegate_size_limit(largest)
        .delegate_dfa_size_limit(largest)
        .max_prog_size(MOST_INSTRUCTIONS)
        // A pattern is matched a few times at most, so that there is little to win, and rewriting has had faults.
        .optimize(false)
        .build()
        .map_err(|error| reason(&error))?;
    check_conditions(&translated, &expression)?;
    Ok(expression)
}

/// Refuses a condition, `(?(1)a|b)`, that is not about a group of the pattern, as Python does: the engine takes it and
/// fails when it gets there. Python's only conditions are the number and the name of a group.
fn check_conditions(translated: &str, expression: &Regex) -> Result<(), String> {
    let mut is_in_class = false;
    let mut rest = translated;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match character {
            '\\' => length += rest[length..].chars().next().map_or(0, char::len_utf8),
            // `[` and `]` that are characters of a class are escaped.
            '[' => is_in_class = true,
            ']' => is_in_class = false,
            '(' if !is_in_class => {
                if let Some((group, _)) = rest
                    .strip_prefix("(?(")
                    .map(|condition| condition.split_once(')').unwrap_or((condition, "")))
                {
                    let is_known = match group.parse::<usize>() {
                        Ok(number) => (1..expression.captures_len()).contains(&number),
                        Err(_) => expression
                            .capture_names()
                            .flatten()
                            .any(|name| name == group),
                    };
                    if !is_known {
                        return Err(format!(
                            "its condition is about {}, which is no group of it",
                            quoted(group)
                        ));
                    }
                }
            }
            _ => {}
        }
        rest = &rest[length..];
    }
    Ok(())
}

/// The innermost cause on one line: the engine shows a fault in its text over several, and says what it is in the last.
fn reason(error: &fancy_regex::Error) -> String {
    if let fancy_regex::Error::CompileError(error) = error
        && let CompileError::InnerError(inner) = &**error
    {
        if inner.size_limit().is_some() {
            return "it would take too much memory".to_owned();
        }
        let message = inner.syntax_error().map(ToString::to_string);
        let last = message
            .as_deref()
            .and_then(|message| message.lines().last());
        if let Some(last) = last {
            return last.trim_start_matches("error: ").to_owned();
        }
    }
    let message = error.to_string();
    let message = message.trim_start_matches("Parsing error ");
    let message = message.trim_start_matches("Error compiling regex: ");
    let quoted = quoted(message);
    quoted.trim_matches('`').to_owned()
}

/// A pattern of Python's `re` in the engine's dialect, where they differ: inside a class `[`, `&&`, `--` and `~~` are
/// plain characters, and so is a `{` that starts no repetition.
fn translated(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    let mut class = Class::Outside;
    while let Some(character) = rest.chars().next() {
        let mut length = character.len_utf8();
        match (class, character) {
            (_, '\\') => {
                length += rest[length..].chars().next().map_or(0, char::len_utf8);
                // `\p{…}`, `\x{…}`: the brace belongs to the escape.
                if rest[length..].starts_with('{')
                    && matches!(
                        rest.as_bytes().get(1),
                        Some(b'p' | b'P' | b'x' | b'u' | b'k' | b'g' | b'N')
                    )
                {
                    length = rest.find('}').map_or(rest.len(), |end| end + 1);
                }
                text.push_str(&rest[..length]);
                class = class.went_on();
            }
            (Class::Outside, '[') => {
                text.push('[');
                class = Class::Start;
            }
            (Class::Outside, '{') if !is_repetition(rest) => text.push_str("\\{"),
            (Class::Outside, _) => text.push(character),
            (Class::Start, '^') => {
                text.push('^');
                class = Class::AfterCaret;
            }
            // The first `]` is a character of the class.
            (Class::Start | Class::AfterCaret, ']') => {
                text.push_str("\\]");
                class = Class::Inside;
            }
            (Class::Inside, ']') => {
                text.push(']');
                class = Class::Outside;
            }
            (_, '[' | '&' | '~') => {
                text.push('\\');
                text.push(character);
                class = class.went_on();
            }
            // A range that ends in `-`.
            (Class::Inside, '-') if rest.starts_with("--") => {
                text.push_str("-\\-");
                length = 2;
            }
            _ => {
                text.push(character);
                class = class.went_on();
            }
        }
        rest = &rest[length..];
    }
    text
}

/// Where in a pattern a character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Outside,
    /// Right behind the `[`.
    Start,
    /// Right behind the `[^`.
    AfterCaret,
    Inside,
}

impl Class {
    const fn went_on(self) -> Self {
        match self {
            Self::Outside => Self::Outside,
            Self::Start | Self::AfterCaret | Self::Inside => Self::Inside,
        }
    }
}

/// Whether `text`, which starts with `{`, starts with a repetition: `{3}`, `{3,}`, `{,3}`, `{1,3}`.
fn is_repetition(text: &str) -> bool {
    text.find('}')
        .and_then(|end| text.get(1..end))
        .is_some_and(|inside| {
            let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            match inside.split_once(',') {
                Some((least, most)) => is_number(least) && is_number(most) && inside.len() > 1,
                None => !inside.is_empty() && is_number(inside),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_PROGRAM, Match, Pattern, translated};
    use crate::finding::Position;

    fn compile(text: &str) -> Result<fancy_regex::Regex, String> {
        super::compile(text, LARGEST_PROGRAM)
    }

    fn pattern(text: &str) -> Pattern {
        Pattern {
            expression: compile(text).ok().map(std::sync::Arc::new),
            ..Pattern::unread(text.to_owned(), Position::START)
        }
    }

    #[track_caller]
    fn check(text: &str, value: &str, expected: Match) {
        assert_eq!(pattern(text).check(value), expected, "{text} on {value:?}");
    }

    // The expected column is what `re.search` of Python 3 answers for the same pattern and value.
    #[test]
    fn as_python_searches() {
        check("^[a-z]+$", "abc", Match::Yes);
        check("^[a-z]+$", "abc1", Match::No);
        check("^[a-z]+$", "abc\n", Match::Yes);
        check("^[a-z]+$", "abc\n\n", Match::No);
        check("^[a-z]+$", "ABC", Match::No);
        check("([A-Z][a-z]+)+", "my Client", Match::Yes);
        check("([A-Z][a-z]+)+", "client", Match::No);
        check(
            r"^(?!xn--)(?!.*--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            "my-bucket",
            Match::Yes,
        );
        check(
            r"^(?!xn--)(?!.*--)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            "my--bucket",
            Match::No,
        );
        check(r"^(?=.*\d)(?=.*[A-Z]).{8,}$", "abcdefG1", Match::Yes);
        check(r"^(?=.*\d)(?=.*[A-Z]).{8,}$", "abcdefgh", Match::No);
        check(r"(?P<letter>[a-z])(?P=letter)", "abba", Match::Yes);
        check(r"(?P<letter>[a-z])(?P=letter)", "abab", Match::No);
        check(r"(?i)^yes$", "YES", Match::Yes);
        check(r"^\d{3}\.\d{3}-\d{2}$", "123.456-78", Match::Yes);
        check(r"^[\w.-]+@[\w-]+\.[\w.]+$", "é@x.com", Match::Yes);
        check(r"^arn:aws:[a-z0-9-]+:\/\/", "arn:aws:s3://", Match::Yes);
        check(r"^.*\S.*$", "  ", Match::No);
        check("", "", Match::Yes);
    }

    // Likewise.
    #[test]
    fn classes_and_braces_as_python_reads_them() {
        check("^[[a-z]+$", "[a", Match::Yes);
        check("^[]a]+$", "]a", Match::Yes);
        check("^[^]a]+$", "bc", Match::Yes);
        check("^[^]a]+$", "b]", Match::No);
        check("^[a&&b]+$", "a&b", Match::Yes);
        check("^[!--]+$", "!,-", Match::Yes);
        check("^[~~a]+$", "~a", Match::Yes);
        check(r"^[\]\[]+$", "[]", Match::Yes);
        check(
            r#"^[!@#$%^&*()_+\-=\[\]{};':"\\|,.<>\/?~]+$"#,
            "&&--~~[]{}",
            Match::Yes,
        );
        check("^{.*}$", "{x}", Match::Yes);
        check("^a{2}$", "aa", Match::Yes);
        check("^a{,2}$", "aaa", Match::No);
        check("^a{x}$", "a{x}", Match::Yes);
        check("^é{2}$", "éé", Match::Yes);
        assert_eq!(translated(r"\p{L}\{[a\]{]"), r"\p{L}\{[a\]{]");
    }

    #[test]
    fn what_cannot_be_read() {
        let shown = |text: &str| compile(text).err().unwrap_or_default();
        insta::assert_snapshot!(shown("["), @"at position 1: Invalid character class");
        insta::assert_snapshot!(shown("(a"), @"at position 2: Opening parenthesis without closing parenthesis");
        insta::assert_snapshot!(shown("*"), @"at position 0: Target of repeat operator is invalid");
        insta::assert_snapshot!(shown(r"\p{Nothing}"), @"Unicode property not found");
        insta::assert_snapshot!(shown("[z-a]"), @"invalid character class range, the start must be <= the end");
        insta::assert_snapshot!(shown(r"(\w{900}){900}"), @"it would take too much memory");
        insta::assert_snapshot!(shown(&"a".repeat(3_000)), @"it is 3000 bytes long; at most 2000 are read");
        check("[", "anything", Match::Unreadable);
    }

    // Python refuses these too, but for the last one, where the condition stands in a class.
    #[test]
    fn conditions_are_about_groups() {
        let shown = |text: &str| compile(text).err().unwrap_or_default();
        insta::assert_snapshot!(shown("x|(?(1)a|b)"), @"its condition is about `1`, which is no group of it");
        insta::assert_snapshot!(shown("(x)?(?(2)a|b)"), @"its condition is about `2`, which is no group of it");
        insta::assert_snapshot!(shown("(?P<one>x)?(?(two)a|b)"), @"its condition is about `two`, which is no group of it");
        insta::assert_snapshot!(shown("(?(?=x)a|b)"), @"at position 3: Target of repeat operator is invalid");
        insta::assert_snapshot!(shown("(x)(?(-1)a|b)"), @"its condition is about `-1`, which is no group of it");
        check("(x)(?(0)a|b)", "xa", Match::Unreadable);
        check(
            "(x)(?(99999999999999999999999)a|b)",
            "xa",
            Match::Unreadable,
        );
        check("^(x)?(?(1)a|b)$", "xa", Match::Yes);
        check("^(x)?(?(1)a|b)$", "a", Match::No);
        check("^(?P<one>x)?(?(one)a|b)$", "b", Match::Yes);
        check("^[(?(9)]+$", "(9?)", Match::Yes);
        check(r"^\(?(9)$", "(9", Match::Yes);
    }

    #[test]
    fn the_cost_is_bounded() {
        let started = std::time::Instant::now();
        check(r"^(?=(a+)+$)b", &"a".repeat(4_000), Match::No);
        check(r"(a*)*\1b", &"a".repeat(4_000), Match::TooCostly);
        check(r"^(a+)+$", &format!("{}b", "a".repeat(4_000)), Match::No);
        check(r"(?!.*x)b", &"a".repeat(4_000), Match::No);
        check("^(?=a)", &"a".repeat(5_000), Match::TooCostly);
        check("[^a]", &"a".repeat(65_000), Match::No);
        check("[^a]", &"a".repeat(70_000), Match::TooCostly);
        assert!(compile(&"(".repeat(2_000)).is_err());
        let _ = compile(&format!("{}a{}", "(?=".repeat(400), ")".repeat(400)));
        let _ = compile(&format!("{}a{}", "((?=b)|".repeat(150), "){9}".repeat(150)));
        let _ = compile(r"\w{60}\w{60}\w{60}\w{60}");
        assert!(compile(r"^[\w .-]{1,200}$").is_ok());
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }

    proptest::proptest! {
        /// No pattern and no value make the engine panic.
        #[test]
        fn any_pattern_has_an_answer(
            text in r"([a-c\\\[\](){}|?*+.^$<>=!:,&~-]|\(\?[=!<:P#i>]|\(\?<[=!]|\\[1-3dwsbZAzGKQp]|\[\^|\(\?\(([1-3a]|<1>|'1'|-1|\+1|R|\?=b)\)|\{1,3\}|é){0,24}",
            value in "[a-cé\n]{0,12}"
        ) {
            let _ = pattern(&text).check(&value);
        }
    }
}
