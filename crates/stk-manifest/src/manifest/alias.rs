//! Aliases: the name of an applied plugin inside its project.

use std::collections::HashMap;

use crate::finding::{FindingCode, Position, Report, quoted};

const LONGEST: usize = 128;
const RULE: &str = "an alias names a folder and a Terraform module: it starts with a letter or `_` and goes on with letters, digits, `_` and `-`, at most 128 in all";

/// Reports an alias that is not a path part or not a Terraform module name.
pub(super) fn check(alias: &str, at: Position, report: &mut Report) -> bool {
    let problem = if alias.is_empty() {
        "it is empty".to_owned()
    } else if alias.len() > LONGEST {
        format!("it is {} bytes long", alias.len())
    } else if alias == "." || alias == ".." || alias.contains(['/', '\\']) {
        "it would leave its folder".to_owned()
    } else if alias.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
        "it does not start with a letter or `_`".to_owned()
    } else if let Some(character) = alias
        .chars()
        .find(|character| !(character.is_ascii_alphanumeric() || matches!(character, '_' | '-')))
    {
        format!("it contains {}", quoted(&character.to_string()))
    } else {
        return true;
    };
    report.error_with_help(
        FindingCode::InvalidAlias,
        at,
        format!("the alias {} cannot be used: {problem}", quoted(alias)),
        RULE,
    );
    false
}

/// Makes aliases for v1 entries, which have none: the plugin's name; for the second and later entries of the same
/// plugin `-2`, `-3`… behind it, in file order. Other characters than an alias may have become `-`, and a name that
/// starts with a digit gets `plugin-` before it.
#[derive(Debug, Default)]
pub(super) struct Derived {
    seen: HashMap<String, u32>,
}

impl Derived {
    /// The alias of the next entry of `plugin`, and whether a number had to tell it from another one.
    pub(super) fn next(&mut self, plugin: &str, is_taken: impl Fn(&str) -> bool) -> (String, bool) {
        let mut base: String = plugin
            .chars()
            .map(|character| {
                if character.is_ascii_alphanumeric() || character == '_' {
                    character
                } else {
                    '-'
                }
            })
            .take(LONGEST - 16)
            .collect();
        if !base.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            base.insert_str(0, "plugin-");
        }
        let count = self.seen.entry(base.clone()).or_default();
        loop {
            *count += 1;
            let alias = match *count {
                1 => base.clone(),
                count => format!("{base}-{count}"),
            };
            if !is_taken(&alias) {
                return (alias, *count > 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Derived, check};
    use crate::finding::{Position, Report};

    #[test]
    fn what_is_an_alias() {
        let mut report = Report::new("stk.yaml");
        for good in ["a", "_a", "bucket-1738686911199", "A_b-9", "alias01"] {
            assert!(check(good, Position::START, &mut report), "{good}");
        }
        for bad in [
            "", "..", ".", "../x", "a/b", "a\\b", "1a", "-a", "a b", "a.b", "é", "a'b", "a\nb",
        ] {
            assert!(!check(bad, Position::START, &mut report), "{bad}");
        }
        assert!(check(&"a".repeat(128), Position::START, &mut report));
        assert!(!check(&"a".repeat(129), Position::START, &mut report));
    }

    #[test]
    fn derived_aliases_are_stable_and_unique() {
        let mut derived = Derived::default();
        let mut next = |plugin, taken: &str| derived.next(plugin, |alias| alias == taken);
        assert_eq!(next("s3.bucket", ""), ("s3-bucket".to_owned(), false));
        assert_eq!(next("s3.bucket", ""), ("s3-bucket-2".to_owned(), true));
        assert_eq!(next("2fa", ""), ("plugin-2fa".to_owned(), false));
        assert_eq!(next("queue", "queue"), ("queue-2".to_owned(), true));
    }
}
