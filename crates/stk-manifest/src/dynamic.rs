//! `DYNAMIC_INPUTS`: inputs given to one deployment, outside of stk.yaml.

use serde_json::{Map, Value};

/// The text's name in findings.
pub(crate) const SOURCE: &str = "DYNAMIC_INPUTS";

/// Inputs that are added to every plugin of a deployment, over what stk.yaml says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DynamicInputs {
    values: Map<String, Value>,
    /// Character offset of each value's name in the text, in the order of `values`.
    offsets: Vec<usize>,
}

/// A DYNAMIC_INPUTS text that cannot be read. The fault lies with whoever wrote the input.
///
/// Each variant's `offset` counts characters (not bytes) from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DynamicInputsError {
    /// A word that is neither `--name` nor the value of one.
    #[error(
        "at character {offset}: `{word}` belongs to no input; inputs are written `--name value`"
    )]
    StrayWord {
        /// Where the word starts.
        offset: usize,
        /// The word.
        word: String,
    },
    /// `--` is followed by something that is no input name.
    #[error(
        "at character {offset}: `{name}` is not an input name; names are letters, digits, `_` and `-`"
    )]
    InvalidName {
        /// Where the name starts.
        offset: usize,
        /// What stands in place of the name.
        name: String,
    },
    /// A quote that is never closed.
    #[error("at character {offset}: the quote {quote} is never closed")]
    OpenQuote {
        /// Where the quote stands.
        offset: usize,
        /// `'` or `"`.
        quote: char,
    },
    /// The text ends with a single backslash.
    #[error("at character {offset}: nothing follows the backslash")]
    TrailingBackslash {
        /// Where the backslash stands.
        offset: usize,
    },
}

impl DynamicInputsError {
    /// Where the fault stands, in characters from 0.
    #[must_use]
    pub const fn offset(&self) -> usize {
        match self {
            Self::StrayWord { offset, .. }
            | Self::InvalidName { offset, .. }
            | Self::OpenQuote { offset, .. }
            | Self::TrailingBackslash { offset } => *offset,
        }
    }
}

impl DynamicInputs {
    /// Reads `--name value`, `--name=value` and `--name` (which is `true`), separated by white space.
    ///
    /// Words are taken apart as a POSIX shell does it: single quotes keep everything, double quotes keep everything
    /// but `\"` and `\\`, a backslash outside quotes keeps the next character. Nothing is expanded. A value may be
    /// empty (`--name ''`, `--name=`); one that starts with `--` must stand in quotes or behind `=`. Values are
    /// texts; [`units`](fn@crate::units) turns them into what the plugin declares. A name that is given twice has its last value.
    ///
    /// # Errors
    ///
    /// [`DynamicInputsError`] with the place of the first fault.
    pub fn parse(text: &str) -> Result<Self, DynamicInputsError> {
        let mut inputs = Self::default();
        let mut words = split(text)?.into_iter().peekable();
        while let Some(word) = words.next() {
            let Some(rest) = word.text.strip_prefix("--").filter(|_| word.is_option) else {
                return Err(DynamicInputsError::StrayWord {
                    offset: word.offset,
                    word: shortened(&word.text),
                });
            };
            let (name, value) = match rest.split_once('=') {
                Some((name, value)) => (name, Value::String(value.to_owned())),
                None => match words.next_if(|next| !next.is_option) {
                    Some(value) => (rest, Value::String(value.text)),
                    None => (rest, Value::Bool(true)),
                },
            };
            let is_name = !name.is_empty()
                && name.chars().all(|character| {
                    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
                });
            if !is_name {
                return Err(DynamicInputsError::InvalidName {
                    offset: word.offset + 2,
                    name: shortened(name),
                });
            }
            inputs.set(name, value, word.offset);
        }
        Ok(inputs)
    }

    /// The inputs in the order in which their names were first given: texts, and `true` for a bare name.
    #[must_use]
    pub const fn values(&self) -> &Map<String, Value> {
        &self.values
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Character offset of `name` in the text.
    pub(crate) fn offset(&self, name: &str) -> usize {
        self.values
            .keys()
            .position(|key| key == name)
            .and_then(|index| self.offsets.get(index).copied())
            .unwrap_or(0)
    }

    fn set(&mut self, name: &str, value: Value, offset: usize) {
        match self.values.keys().position(|key| key == name) {
            Some(index) => {
                if let Some(place) = self.offsets.get_mut(index) {
                    *place = offset;
                }
            }
            None => self.offsets.push(offset),
        }
        self.values.insert(name.to_owned(), value);
    }
}

struct Word {
    text: String,
    offset: usize,
    /// Whether it starts with an unquoted `--`.
    is_option: bool,
}

fn split(text: &str) -> Result<Vec<Word>, DynamicInputsError> {
    let mut words = Vec::new();
    let mut current: Option<Word> = None;
    let mut characters = text.chars().enumerate().peekable();
    while let Some((offset, character)) = characters.next() {
        if character.is_whitespace() {
            words.extend(current.take());
            continue;
        }
        let is_option = character == '-' && matches!(characters.peek(), Some((_, '-')));
        let word = current.get_or_insert_with(|| Word {
            text: String::new(),
            offset,
            is_option,
        });
        match character {
            '\'' | '"' => loop {
                match characters.next() {
                    None => {
                        return Err(DynamicInputsError::OpenQuote {
                            offset,
                            quote: character,
                        });
                    }
                    Some((_, closing)) if closing == character => break,
                    Some((_, '\\')) if character == '"' => {
                        let escaped = characters
                            .next_if(|(_, next)| matches!(next, '"' | '\\'))
                            .map_or('\\', |(_, next)| next);
                        word.text.push(escaped);
                    }
                    Some((_, inside)) => word.text.push(inside),
                }
            },
            '\\' => match characters.next() {
                Some((_, kept)) => word.text.push(kept),
                None => return Err(DynamicInputsError::TrailingBackslash { offset }),
            },
            other => word.text.push(other),
        }
    }
    words.extend(current);
    Ok(words)
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::{DynamicInputs, DynamicInputsError};

    fn check(text: &str, expected: &str) {
        let shown = match DynamicInputs::parse(text) {
            Ok(inputs) => serde_json::to_string(inputs.values()).unwrap_or_default(),
            Err(error) => format!("error {error}"),
        };
        assert_eq!(shown, expected, "{text}");
    }

    #[test]
    fn every_spelling() {
        check("", "{}");
        check(" \n\t ", "{}");
        check("--a 1 --b=2", r#"{"a":"1","b":"2"}"#);
        check("--a --b x --c", r#"{"a":true,"b":"x","c":true}"#);
        check("--a \"x y\" --b='1 2'", r#"{"a":"x y","b":"1 2"}"#);
        check("--a=x=y", r#"{"a":"x=y"}"#);
        check("--a= --b ''", r#"{"a":"","b":""}"#);
        check("--a -5", r#"{"a":"-5"}"#);
        check("--a '--b'", r#"{"a":"--b"}"#);
        check("--a 1 --a 2", r#"{"a":"2"}"#);
        check(r#"--a "say \"hi\" \n""#, r#"{"a":"say \"hi\" \\n"}"#);
        check(r"--a x\ y", r#"{"a":"x y"}"#);
        check("--a pre'fix mid'post", r#"{"a":"prefix midpost"}"#);
        check("--url https://x/y?z=1", r#"{"url":"https://x/y?z=1"}"#);
    }

    #[test]
    fn faults_have_their_place_in_characters() {
        insta::assert_snapshot!(DynamicInputs::parse("a b").expect_err("stray"), @"at character 0: `a` belongs to no input; inputs are written `--name value`");
        insta::assert_snapshot!(DynamicInputs::parse("--é 1").expect_err("name"), @"at character 2: `é` is not an input name; names are letters, digits, `_` and `-`");
        insta::assert_snapshot!(DynamicInputs::parse("--a 'é' b").expect_err("stray"), @"at character 8: `b` belongs to no input; inputs are written `--name value`");
        insta::assert_snapshot!(DynamicInputs::parse("--a 'x").expect_err("quote"), @"at character 4: the quote ' is never closed");
        insta::assert_snapshot!(DynamicInputs::parse("--").expect_err("name"), @"at character 2: `` is not an input name; names are letters, digits, `_` and `-`");
        assert_eq!(
            DynamicInputs::parse("--a x\\"),
            Err(DynamicInputsError::TrailingBackslash { offset: 5 })
        );
    }
}
