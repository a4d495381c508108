//! `FEATURES_TERRAFORM_MODULES`: where modules may come from.

mod allow;
mod place;
mod relaxed;

use std::collections::BTreeSet;
use std::fmt;

use secrecy::SecretString;
use serde_json::value::RawValue;

pub use self::allow::NotAllowed;
pub use self::place::Place;
use self::place::{Members, Reader};

/// More of them say nothing new.
const UNKNOWN_KEYS: usize = 10;

/// The sources that Terraform modules may come from, as the input `FEATURES_TERRAFORM_MODULES` lists them. The shape is
/// that of the READMEs of StackSpot's published actions.
///
/// The Debug form shows no token.
#[derive(Clone, Debug)]
pub struct ModuleSources {
    /// The sources, in the order of the text.
    pub sources: Vec<ModuleSource>,
    /// Keys without a meaning here, the first ten in the order of the text. They change nothing.
    pub unknown: Vec<UnknownKey>,
}

/// One entry of the list.
#[derive(Clone, Debug)]
pub struct ModuleSource {
    /// How Terraform gets at the modules.
    pub kind: ModuleSourceKind,
    /// What the address of an allowed module starts with, as `github.com/stack-spot` or `hashicorp/stack-spot`: never
    /// empty, and without blanks at its ends.
    pub path: String,
    /// Whether it takes credentials to read them; `false` when the text does not say.
    pub private: bool,
    /// Whom the token belongs to; `None` when it is empty.
    pub app: Option<String>,
    /// The credential; `None` when it is empty.
    pub token: Option<SecretString>,
}

/// The two kinds of sources that exist, by their `sourceType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModuleSourceKind {
    /// `gitHttps`: a git server, over HTTPS.
    GitHttps,
    /// `terraformRegistry`: a module registry.
    TerraformRegistry,
}

/// A key of an entry that nobody knows. Displays as ``line 3, column 5: unknown key `x` ``, with at most 40 characters
/// of the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownKey {
    /// Where its value is.
    pub at: Place,
    /// The key.
    pub key: String,
}

/// Why the text is not a list of module sources, and where. It never shows a value, since one of them may be a token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {reason}")]
pub struct ModuleSourcesError {
    /// Where.
    pub at: Place,
    reason: String,
    swallowed: bool,
}

impl ModuleSourcesError {
    /// What a person can do about it, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> &'static str {
        if self.swallowed {
            "a comment reaches to the end of its line; if the workflow writes the input as `>-`, which joins lines, \
             write it as `|`"
        } else {
            "give a list of objects with `sourceType`, `path` and `private`, and with `app` and `token` where it is \
             private"
        }
    }
}

impl ModuleSources {
    /// Reads the text of the input: JSON, in which `//`, `#` and `/* */` comments and a comma behind the last item are
    /// allowed, since the published READMEs have comments in it.
    ///
    /// # Errors
    ///
    /// [`ModuleSourcesError`] when it is not JSON, or not a list of objects with known values under the known keys, or
    /// gives one key twice.
    pub fn parse(text: &str) -> Result<Self, ModuleSourcesError> {
        let plain = relaxed::plain(text);
        let reader = Reader {
            original: text,
            plain: &plain.text,
        };
        let all: &RawValue = reader
            .read(reader.plain)
            .map_err(|error| ModuleSourcesError {
                swallowed: error.at_end && plain.ends_in_comment,
                ..error.into()
            })?;
        if !all.get().starts_with('[') {
            let reason = format!("expected a list `[…]`, but it is {}", what(all));
            return Err(error(&reader, all, reason));
        }
        let items: Vec<&RawValue> = reader.read(all.get())?;
        let mut unknown = Vec::new();
        let sources = items
            .into_iter()
            .map(|item| source(&reader, item, &mut unknown))
            .collect::<Result<_, _>>()?;
        Ok(Self { sources, unknown })
    }
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key: String = self.key.chars().take(40).collect();
        write!(formatter, "{}: unknown key `{key}`", self.at)
    }
}

impl From<place::Malformed> for ModuleSourcesError {
    fn from(malformed: place::Malformed) -> Self {
        Self {
            at: malformed.at,
            reason: malformed.reason,
            swallowed: false,
        }
    }
}

fn source(
    reader: &Reader<'_>,
    item: &RawValue,
    unknown: &mut Vec<UnknownKey>,
) -> Result<ModuleSource, ModuleSourcesError> {
    if !item.get().starts_with('{') {
        let reason = format!("expected an object `{{…}}`, but it is {}", what(item));
        return Err(error(reader, item, reason));
    }
    let Members(members) = reader.read(item.get())?;
    let (mut kind, mut path, mut private, mut app, mut token) = (None, None, None, None, None);
    let mut seen = BTreeSet::new();
    for (key, value) in &members {
        if !seen.insert(key) {
            let shown: String = key.chars().take(40).collect();
            return Err(error(
                reader,
                value,
                format!("the key `{shown}` is given twice"),
            ));
        }
        match key.as_str() {
            "sourceType" => kind = Some(source_type(reader, value)?),
            "path" => path = text(reader, key, value)?,
            "private" => private = Some(flag(reader, key, value)?),
            "app" => app = text(reader, key, value)?,
            "token" => token = text(reader, key, value)?.map(SecretString::from),
            _ if unknown.len() < UNKNOWN_KEYS => unknown.push(UnknownKey {
                at: reader.place(value.get()),
                key: key.clone(),
            }),
            _ => {}
        }
    }
    let missing = |key| error(reader, item, format!("`{key}` is missing or empty"));
    Ok(ModuleSource {
        kind: kind.ok_or_else(|| missing("sourceType"))?,
        path: path.ok_or_else(|| missing("path"))?,
        private: private.unwrap_or_default(),
        app,
        token,
    })
}

fn source_type(
    reader: &Reader<'_>,
    value: &RawValue,
) -> Result<ModuleSourceKind, ModuleSourcesError> {
    match text(reader, "sourceType", value)?.as_deref() {
        Some("gitHttps") => Ok(ModuleSourceKind::GitHttps),
        Some("terraformRegistry") => Ok(ModuleSourceKind::TerraformRegistry),
        _ => {
            let reason = "`sourceType` must be `gitHttps` or `terraformRegistry`";
            Err(error(reader, value, reason.to_owned()))
        }
    }
}

/// A text without the blanks at its ends; `None` for `null` and when nothing is left.
fn text(
    reader: &Reader<'_>,
    key: &str,
    value: &RawValue,
) -> Result<Option<String>, ModuleSourcesError> {
    match value.get().as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => {
            let text: String = reader.read(value.get())?;
            let text = text.trim();
            Ok((!text.is_empty()).then(|| text.to_owned()))
        }
        _ => {
            let reason = format!("`{key}` must be a text, but it is {}", what(value));
            Err(error(reader, value, reason))
        }
    }
}

fn flag(reader: &Reader<'_>, key: &str, value: &RawValue) -> Result<bool, ModuleSourcesError> {
    match value.get() {
        "true" => Ok(true),
        "false" | "null" => Ok(false),
        _ => {
            let reason = format!(
                "`{key}` must be `true` or `false`, but it is {}",
                what(value)
            );
            Err(error(reader, value, reason))
        }
    }
}

fn error(reader: &Reader<'_>, value: &RawValue, reason: String) -> ModuleSourcesError {
    ModuleSourcesError {
        at: reader.place(value.get()),
        reason,
        swallowed: false,
    }
}

/// The kind of a value, without the value.
fn what(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "a boolean",
        Some(b'n') => "null",
        _ => "a number",
    }
}

#[cfg(test)]
mod tests;
