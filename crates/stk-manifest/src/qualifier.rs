//! Plugin references such as `studio/stack@1.2.3/plugin@4.5.6`.

use std::fmt;

/// Which plugin an entry of stk.yaml applies.
///
/// Four spellings exist in real files: `studio/stack@1.2.3/plugin@4.5.6`, the same without the stack's version,
/// `studio/plugin@4.5.6`, and `local/plugin@4.5.6` for a plugin that was applied from a folder. The plugin's
/// version may be missing. `Display` gives the reference as it was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PluginQualifier {
    /// The first part: a studio (in v1 files sometimes the account), or `local`.
    pub studio: String,
    /// The middle part without its version (in v1 files sometimes the studio).
    pub stack: Option<String>,
    /// The version behind the middle part.
    pub stack_version: Option<String>,
    /// The plugin's name.
    pub plugin: String,
    /// The plugin's version.
    pub version: Option<String>,
    /// The reference as it stands in stk.yaml.
    pub text: String,
}

/// A plugin reference that is none of the known spellings. The fault lies in stk.yaml.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QualifierError {
    /// There is one part, or there are more than three.
    #[error("it has {0} parts between slashes, not 2 or 3")]
    Parts(usize),
    /// A part is not a slug: letters, digits, `.`, `_` and `-`, starting with a letter or digit.
    #[error(
        "`{0}` is not a name: letters, digits, `.`, `_` and `-`, starting with a letter or digit"
    )]
    Name(String),
    /// What follows an `@` is not a version such as `1.2.3`.
    #[error("`{0}` is not a version such as 1.2.3")]
    Version(String),
    /// A version stands behind the studio, where none belongs.
    #[error("the first part, `{0}`, has a version; only a stack and a plugin have one")]
    StudioVersion(String),
}

impl PluginQualifier {
    /// Reads a reference.
    ///
    /// # Errors
    ///
    /// [`QualifierError`] says which rule the text breaks.
    pub fn parse(text: &str) -> Result<Self, QualifierError> {
        let text = text.trim();
        let parts: Vec<&str> = text.split('/').collect();
        let (studio, stack, plugin) = match parts.as_slice() {
            [studio, plugin] => (*studio, None, *plugin),
            [studio, stack, plugin] => (*studio, Some(*stack), *plugin),
            _ => return Err(QualifierError::Parts(parts.len())),
        };
        let (studio, studio_version) = named(studio)?;
        if studio_version.is_some() {
            return Err(QualifierError::StudioVersion(studio));
        }
        let (stack, stack_version) = match stack.map(named).transpose()? {
            Some((stack, version)) => (Some(stack), version),
            None => (None, None),
        };
        let (plugin, version) = named(plugin)?;
        Ok(Self {
            studio,
            stack,
            stack_version,
            plugin,
            version,
            text: text.to_owned(),
        })
    }

    /// Whether the plugin was applied from a local folder (the reserved studio `local`).
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.studio == "local"
    }
}

impl fmt::Display for PluginQualifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// `name@version` apart. The parts become folder names, so nothing else than a slug passes.
fn named(part: &str) -> Result<(String, Option<String>), QualifierError> {
    let (name, version) = match part.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (part, None),
    };
    if !is_slug(name) {
        return Err(QualifierError::Name(shortened(name)));
    }
    match version {
        Some(version) if semver::Version::parse(version).is_err() => {
            Err(QualifierError::Version(shortened(version)))
        }
        version => Ok((name.to_owned(), version.map(str::to_owned))),
    }
}

fn is_slug(name: &str) -> bool {
    name.len() <= 128
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(|character| {
            character.is_ascii_alphanumeric() || matches!(character, '.' | '_' | '-')
        })
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::{PluginQualifier, QualifierError};

    fn parts(text: &str) -> String {
        match PluginQualifier::parse(text) {
            Ok(qualifier) => format!(
                "{} | {:?} {:?} | {} {:?}",
                qualifier.studio,
                qualifier.stack,
                qualifier.stack_version,
                qualifier.plugin,
                qualifier.version
            ),
            Err(error) => format!("error: {error}"),
        }
    }

    #[test]
    fn every_spelling_of_real_files() {
        insta::assert_snapshot!(parts("studio/stack@1.2.3/plugin@4.5.6"), @r#"studio | Some("stack") Some("1.2.3") | plugin Some("4.5.6")"#);
        insta::assert_snapshot!(parts("account/studio/plugin@0.0.1"), @r#"account | Some("studio") None | plugin Some("0.0.1")"#);
        insta::assert_snapshot!(parts("studio/plugin@2.0.0"), @r#"studio | None None | plugin Some("2.0.0")"#);
        insta::assert_snapshot!(parts("local/my-plugin@0.1.0"), @r#"local | None None | my-plugin Some("0.1.0")"#);
        insta::assert_snapshot!(parts("studio/plugin"), @"studio | None None | plugin None");
    }

    #[test]
    fn local_is_known() {
        assert!(PluginQualifier::parse("local/a@1.0.0").is_ok_and(|it| it.is_local()));
        assert!(PluginQualifier::parse("studio/a@1.0.0").is_ok_and(|it| !it.is_local()));
    }

    #[test]
    fn what_is_refused() {
        insta::assert_snapshot!(parts("plugin@1.0.0"), @"error: it has 1 parts between slashes, not 2 or 3");
        insta::assert_snapshot!(parts("a/b/c/d@1.0.0"), @"error: it has 4 parts between slashes, not 2 or 3");
        insta::assert_snapshot!(parts("studio/plugin@latest"), @"error: `latest` is not a version such as 1.2.3");
        insta::assert_snapshot!(parts("studio@1.0.0/plugin@1.0.0"), @"error: the first part, `studio`, has a version; only a stack and a plugin have one");
        insta::assert_snapshot!(parts("studio/../plugin@1.0.0"), @"error: `..` is not a name: letters, digits, `.`, `_` and `-`, starting with a letter or digit");
        insta::assert_snapshot!(parts("studio//plugin@1.0.0"), @"error: `` is not a name: letters, digits, `.`, `_` and `-`, starting with a letter or digit");
        assert_eq!(PluginQualifier::parse(""), Err(QualifierError::Parts(1)));
    }
}
