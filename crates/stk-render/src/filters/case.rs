//! The case filters: `camelcase` and its family behave as the functions of PyPI's `case-converter`, `to_camel` and its
//! family as the filters of `jinja2-strcase`.

use minijinja::{Environment, Error, Value};

use super::add;
use crate::python::args::{bind, flag_or, string, text_or};

const DELIMITERS: &str = " -_";

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "camelcase", |_, args| convert(&CAMEL, args));
    add(environment, "pascalcase", |_, args| convert(&PASCAL, args));
    add(environment, "titlecase", |_, args| convert(&TITLE, args));
    add(environment, "snakecase", |_, args| convert(&SNAKE, args));
    add(environment, "kebabcase", |_, args| convert(&KEBAB, args));
    add(environment, "flatcase", |_, args| convert(&FLAT, args));
    add(environment, "cobolcase", |_, args| convert(&COBOL, args));
    add(environment, "macrocase", |_, args| convert(&MACRO, args));

    add(environment, "to_camel", |_, args| camel(args, true));
    add(environment, "to_lower_camel", |_, args| camel(args, false));
    add(environment, "to_snake", |_, args| {
        delimited(args, Some("_"), false)
    });
    add(environment, "to_kebab", |_, args| {
        delimited(args, Some("-"), false)
    });
    add(environment, "to_screaming_snake", |_, args| {
        delimited(args, Some("_"), true)
    });
    add(environment, "to_screaming_kebab", |_, args| {
        delimited(args, Some("-"), true)
    });
    add(environment, "to_delimited", |_, args| {
        delimited(args, None, false)
    });
    add(environment, "to_screaming_delimited", |_, args| {
        delimited(args, None, true)
    });
}

/// What one of the `…case` functions does at a boundary between words.
struct Style {
    /// Written between words.
    join: &'static str,
    /// The first letter of every word but the first is upper case.
    upper_words: bool,
    /// So is that of the first.
    upper_first: bool,
    /// All other letters are upper case, and a text all in upper case only has its delimiters replaced.
    upper_rest: bool,
    /// An upper case letter after another one: keeps its case, with the join before it if there is one.
    upper_runs: bool,
}

const CAMEL: Style = Style {
    join: "",
    upper_words: true,
    upper_first: false,
    upper_rest: false,
    upper_runs: false,
};
const PASCAL: Style = Style {
    upper_first: true,
    upper_runs: true,
    ..CAMEL
};
const TITLE: Style = Style {
    join: " ",
    upper_first: true,
    ..CAMEL
};
const FLAT: Style = Style {
    upper_words: false,
    ..CAMEL
};
const SNAKE: Style = Style { join: "_", ..FLAT };
const KEBAB: Style = Style { join: "-", ..FLAT };
const COBOL: Style = Style {
    join: "-",
    upper_rest: true,
    ..CAMEL
};
const MACRO: Style = Style {
    join: "_",
    upper_runs: true,
    ..COBOL
};

fn convert(style: &Style, args: &[Value]) -> Result<Value, Error> {
    let [text, delimiters, strip, only] = bind(
        args,
        ["s", "delimiters", "strip_punctuation", "delims_only"],
    )?;
    let text = string(text.as_ref())?;
    let delimiters = text_or(delimiters, DELIMITERS)?;
    let words = Words {
        style,
        delimiters: &delimiters,
        delimiters_only: flag_or(only, false),
    };
    Ok(words
        .convert(&words.clean(&text, flag_or(strip, true)))
        .into())
}

struct Words<'a> {
    style: &'a Style,
    delimiters: &'a str,
    delimiters_only: bool,
}

impl Words<'_> {
    /// No delimiters at the ends, one between words, no other punctuation.
    fn clean(&self, text: &str, strip: bool) -> String {
        let first = self.delimiters.chars().next().unwrap_or(' ');
        let mut cleaned = String::with_capacity(text.len());
        let mut after_delimiter = false;
        for letter in text.trim_matches(|letter| self.delimits(letter)).chars() {
            if self.delimits(letter) {
                if !after_delimiter {
                    cleaned.push(first);
                }
                after_delimiter = true;
            } else if !(strip && letter.is_ascii_punctuation()) {
                cleaned.push(letter);
                after_delimiter = false;
            }
        }
        cleaned
    }

    fn delimits(&self, letter: char) -> bool {
        self.delimiters.contains(letter)
    }

    fn convert(&self, text: &str) -> String {
        let style = self.style;
        let all_upper = is_upper(text);
        if all_upper && style.upper_rest {
            let mut replaced = String::with_capacity(text.len());
            for letter in text.chars() {
                if self.delimits(letter) {
                    replaced.push_str(style.join);
                } else {
                    replaced.push(letter);
                }
            }
            return replaced;
        }
        let text = if all_upper {
            text.to_lowercase()
        } else {
            text.to_owned()
        };
        let mut letters = text.chars();
        let mut written = String::with_capacity(text.len() + 8);
        if style.upper_first {
            written.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        }
        let mut previous: Option<char> = None;
        while let Some(letter) = letters.next() {
            let split = !self.delimiters_only && letter.is_uppercase();
            if self.delimits(letter) {
                written.push_str(style.join);
                push(&mut written, letters.next(), style.upper_words);
            } else if split && previous.is_some_and(char::is_lowercase) {
                written.push_str(style.join);
                push(&mut written, Some(letter), style.upper_words);
            } else if split && style.upper_runs && previous.is_some_and(char::is_uppercase) {
                written.push_str(style.join);
                written.push(letter);
            } else {
                push(&mut written, Some(letter), style.upper_rest);
            }
            previous = Some(letter);
        }
        written
    }
}

fn push(written: &mut String, letter: Option<char>, upper: bool) {
    if let Some(letter) = letter {
        if upper {
            written.extend(letter.to_uppercase());
        } else {
            written.extend(letter.to_lowercase());
        }
    }
}

/// `str.isupper`.
fn is_upper(text: &str) -> bool {
    text.chars().any(char::is_uppercase) && !text.chars().any(char::is_lowercase)
}

fn camel(args: &[Value], upper_first: bool) -> Result<Value, Error> {
    let [text] = bind(args, ["string"])?;
    let text = string(text.as_ref())?;
    let mut lowered = String::new();
    let mut letters = text.chars();
    if !upper_first {
        lowered.extend(letters.next().map(|letter| letter.to_ascii_lowercase()));
    }
    lowered.push_str(letters.as_str());
    let mut written = String::with_capacity(lowered.len());
    let mut capital = upper_first;
    for letter in space_numbers(&lowered).trim_matches(' ').chars() {
        match letter {
            'A'..='Z' | '0'..='9' => written.push(letter),
            'a'..='z' if capital => written.push(letter.to_ascii_uppercase()),
            'a'..='z' => written.push(letter),
            _ => {}
        }
        capital = matches!(letter, '_' | ' ' | '-');
    }
    Ok(written.into())
}

fn delimited(args: &[Value], delimiter: Option<&str>, screaming: bool) -> Result<Value, Error> {
    let (text, delimiter) = match delimiter {
        Some(delimiter) => {
            let [text] = bind(args, ["string"])?;
            (text, delimiter.to_owned())
        }
        None => {
            let [text, delimiter] = bind(args, ["string", "delimiter"])?;
            (text, string(delimiter.as_ref())?.to_string())
        }
    };
    let text = space_numbers(&string(text.as_ref())?);
    let letters: Vec<char> = text.trim_matches(' ').chars().collect();
    let mut written = String::with_capacity(text.len() + 8);
    for (index, &letter) in letters.iter().enumerate() {
        let next = letters.get(index + 1).copied().unwrap_or(' ');
        let changes = (letter.is_ascii_uppercase() && next.is_ascii_lowercase())
            || (letter.is_ascii_lowercase() && next.is_ascii_uppercase());
        let delimiter_before = written
            .chars()
            .next_back()
            .is_some_and(|last| delimiter.chars().eq([last]));
        if index > 0 && changes && !delimiter_before {
            if letter.is_ascii_uppercase() {
                written.push_str(&delimiter);
                written.push(letter);
            } else {
                written.push(letter);
                written.push_str(&delimiter);
            }
        } else if matches!(letter, ' ' | '_' | '-') {
            written.push_str(&delimiter);
        } else {
            written.push(letter);
        }
    }
    Ok(if screaming {
        written.to_uppercase().into()
    } else {
        written.to_lowercase().into()
    })
}

/// Spaces around each number that follows a letter; the letter after it belongs to the match, so it starts no other.
fn space_numbers(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 8);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        written.push(letter);
        let number_follows = letters.peek().is_some_and(char::is_ascii_digit);
        if !(letter.is_ascii_alphabetic() && number_follows) {
            continue;
        }
        written.push(' ');
        while let Some(digit) = letters.next_if(char::is_ascii_digit) {
            written.push(digit);
        }
        written.push(' ');
        if let Some(after) = letters.next_if(char::is_ascii_alphabetic) {
            written.push(after);
        }
    }
    written
}
