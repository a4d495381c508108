//! Backend blocks that replace whatever a project says about its state.

use std::fmt::Write;
use std::path::Path;

/// The name under which a backend file is written; StackSpot's own job image uses it, and no plugin may ship it.
pub const FILE_NAME: &str = "stk-backend-config.tf";

/// The content of [`FILE_NAME`] for a state that is kept in the file `path`.
///
/// A path that is not UTF-8 is written with replacement characters; the caller chooses paths that are.
///
/// ```
/// use std::path::Path;
/// let text = terraform_runner::backend::local(Path::new("/state/a \"b\".tfstate"));
/// assert_eq!(
///     text,
///     "terraform {\n  backend \"local\" {\n    path = \"/state/a \\\"b\\\".tfstate\"\n  }\n}\n"
/// );
/// ```
pub fn local(path: &Path) -> String {
    let path = quote(&path.to_string_lossy());
    format!("terraform {{\n  backend \"local\" {{\n    path = {path}\n  }}\n}}\n")
}

/// A quoted HCL string: no escape in it starts a template, and it stays on one line
/// (HCL native syntax specification, "Template Expressions").
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if characters.peek() == Some(&'{') => {
                quoted.push(character);
                quoted.push(character);
            }
            other if other.is_control() => {
                // Writing to a String does not fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(other));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_string_whatever_is_in_it() {
        insta::assert_snapshot!(quote("plain/état"), @r#""plain/état""#);
        insta::assert_snapshot!(quote("a\"b\\c"), @r#""a\"b\\c""#);
        insta::assert_snapshot!(quote("${a}%{b}$c%d"), @r#""$${a}%%{b}$c%d""#);
        insta::assert_snapshot!(quote("a\nb\tc\u{7}"), @r#""a\nb\tc\u0007""#);
    }
}
