//! Addresses of modules and resources (Terraform `internal/addrs`).

use std::fmt;
use std::str::FromStr;

/// The address of a module or of a resource, such as `module.topic`, `module.a["k"].aws_sns_topic.this[0]` or
/// `module.a.data.aws_region.here`. It keeps the text that it was made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    text: String,
    /// Where the name of the first module is in the text.
    module: Option<(usize, usize)>,
    /// Where the module's part of the text ends; 0 for the root module.
    modules_end: usize,
}

impl Address {
    /// `module.NAME`: all instances of a module of the root module.
    ///
    /// # Errors
    ///
    /// [`AddressError`] when `name` is not an identifier.
    pub fn of_module(name: &str) -> Result<Self, AddressError> {
        let address: Self = format!("module.{name}").parse()?;
        if address.module() == Some(name) && address.is_module() {
            Ok(address)
        } else {
            Err(AddressError {
                text: name.to_owned(),
                expected: "the name of one module",
            })
        }
    }

    /// The address as the program writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name of the first module on the way, without its instance key: `a` in `module.a["x.y"].module.b.t.n`.
    /// `None` in the root module.
    pub fn module(&self) -> Option<&str> {
        self.module.map(|(start, end)| &self.text[start..end])
    }

    /// Whether it is a module, and not a resource.
    pub fn is_module(&self) -> bool {
        self.modules_end == self.text.len()
    }

    /// The part that names the modules: `module.a["k"].module.b`; empty in the root module.
    pub fn module_path(&self) -> &str {
        &self.text[..self.modules_end]
    }

    /// The address without any instance key, as dependencies are written: `module.a.aws_sns_topic.this`.
    pub fn without_keys(&self) -> String {
        let mut kept = String::with_capacity(self.text.len());
        let mut rest = self.text.as_str();
        while let Some(start) = rest.find('[') {
            kept.push_str(&rest[..start]);
            rest = &rest[start..];
            // The text has been parsed, so there is an end.
            let length = key_length(rest).unwrap_or(rest.len());
            rest = &rest[length..];
        }
        kept.push_str(rest);
        kept
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |expected| AddressError {
            text: text.to_owned(),
            expected,
        };
        // (start, end) of each name, and the end of the key that follows it.
        let mut names: Vec<(usize, usize, usize)> = Vec::new();
        let mut position = 0;
        loop {
            let length = name_length(&text[position..]);
            if length == 0 {
                return Err(error("a name"));
            }
            let end = position + length;
            let mut after = end;
            if text[end..].starts_with('[') {
                after += key_length(&text[end..]).ok_or_else(|| error("a complete [key]"))?;
            }
            names.push((position, end, after));
            match text[after..].chars().next() {
                None => break,
                Some('.') => position = after + 1,
                Some(_) => return Err(error("a dot")),
            }
        }
        let mut module = None;
        let mut modules_end = 0;
        let mut rest = names.as_slice();
        while let [
            (start, end, after),
            (name_start, name_end, name_after),
            more @ ..,
        ] = rest
        {
            if &text[*start..*end] != "module" || after != end {
                break;
            }
            module.get_or_insert((*name_start, *name_end));
            modules_end = *name_after;
            rest = more;
        }
        let has_mode = rest.first().is_some_and(|(start, end, _)| {
            matches!(
                &text[*start..*end],
                "data" | "ephemeral" | "list" | "action"
            )
        });
        let complete = match (rest.len(), has_mode) {
            (0, _) | (2, false) | (3, true) => true,
            _ => return Err(error("a module or a resource")),
        };
        // Only the last part of a resource has a key.
        let keys_well_placed = rest
            .split_last()
            .is_none_or(|(_, before)| before.iter().all(|(_, end, after)| end == after));
        if !(complete && keys_well_placed) {
            return Err(error("a key at the end of a module or a resource"));
        }
        Ok(Self {
            text: text.to_owned(),
            module,
            modules_end,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A text that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address: {expected} is missing")]
pub struct AddressError {
    text: String,
    expected: &'static str,
}

/// The length of the identifier at the start: a letter or `_`, then also digits and `-` (HCL `hclsyntax`).
fn name_length(text: &str) -> usize {
    let mut characters = text.char_indices();
    match characters.next() {
        Some((_, first)) if first == '_' || first.is_alphabetic() => {}
        _ => return 0,
    }
    characters
        .find(|(_, character)| !(matches!(character, '_' | '-') || character.is_alphanumeric()))
        .map_or(text.len(), |(index, _)| index)
}

/// The length of the `[0]` or `["key"]` at the start, brackets included.
fn key_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('[')?;
    let end = match inner.strip_prefix('"') {
        Some(quoted) => {
            let mut escaped = false;
            let close = quoted.find(|character| match (escaped, character) {
                (true, _) => {
                    escaped = false;
                    false
                }
                (false, '\\') => {
                    escaped = true;
                    false
                }
                (false, character) => character == '"',
            })?;
            1 + close + 1
        }
        None => {
            let digits = inner.find(|character: char| !character.is_ascii_digit())?;
            if digits == 0 {
                return None;
            }
            digits
        }
    };
    inner[end..].starts_with(']').then_some(1 + end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, module: Option<&str>, path: &str, without_keys: &str) {
        let address: Address = text.parse().unwrap();
        assert_eq!(
            (
                address.module(),
                address.module_path(),
                address.without_keys().as_str(),
                address.to_string().as_str()
            ),
            (module, path, without_keys, text)
        );
    }

    #[test]
    fn addresses() {
        check("terraform_data.a", None, "", "terraform_data.a");
        check("data.aws_region.b[0]", None, "", "data.aws_region.b");
        check("module.a", Some("a"), "module.a", "module.a");
        check(
            "module.sns-topic-1728484987960.module.x[3].aws_sns_topic.this[\"k\"]",
            Some("sns-topic-1728484987960"),
            "module.sns-topic-1728484987960.module.x[3]",
            "module.sns-topic-1728484987960.module.x.aws_sns_topic.this",
        );
        check(
            r#"module.a["x].module.b.\"[q\\"].terraform_data.y["]."]"#,
            Some("a"),
            r#"module.a["x].module.b.\"[q\\"]"#,
            "module.a.terraform_data.y",
        );
        check(
            r#"module.a["é"].data.t.n"#,
            Some("a"),
            r#"module.a["é"]"#,
            "module.a.data.t.n",
        );
        assert!("module.a".parse::<Address>().unwrap().is_module());
        assert!(!"module.a.t.n".parse::<Address>().unwrap().is_module());
    }

    #[test]
    fn what_is_no_address() {
        for text in [
            "",
            "a",
            "module",
            "module.",
            "module.1a",
            "a.b.c",
            "a.b[",
            "a.b[]",
            "a.b[1",
            "a.b[\"x]",
            "a.b[\"x\\\"]",
            "a[0].b",
            "module[0].a",
            "a.b ",
            "a.b.",
            ".a",
            "a..b",
            "data.b",
            "module.a.data[0].b.c",
            "a.b[0]c",
            "-a.b",
        ] {
            assert!(text.parse::<Address>().is_err(), "{text:?}");
        }
        insta::assert_snapshot!("a.b[\"x]".parse::<Address>().unwrap_err(), @r#""a.b[\"x]" is not an address: a complete [key] is missing"#);
    }

    #[test]
    fn a_module_is_one_name() {
        assert_eq!(Address::of_module("a-1").unwrap().as_str(), "module.a-1");
        for name in ["", "a.b.c", "a[0]", "a b", "a.module.b", "a.t.n"] {
            assert!(Address::of_module(name).is_err(), "{name:?}");
        }
    }
}
