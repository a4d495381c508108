//! The workflow commands of GitHub's runner: `::name key=value,…::message`.
//!
//! The rules are those of `ActionCommand.cs` in actions/runner: the message escapes `%`, CR and LF, a property escapes `:` and `,`
//! too. A line is a command when it starts with `::` after white space, and the older form `##[name]` counts anywhere in a line.

use crate::text::is_invisible;

/// The command as one line, without its line end. Properties without a value are left out.
pub(crate) fn command(name: &str, properties: &[(&str, Option<String>)], message: &str) -> String {
    let properties: Vec<String> = properties
        .iter()
        .filter_map(|(key, value)| Some(format!("{key}={}", escape_property(value.as_deref()?))))
        .collect();
    let separator = if properties.is_empty() { "" } else { " " };
    let message = escape_message(message);
    format!("::{name}{separator}{}::{message}", properties.join(","))
}

/// The line, changed so that the runner cannot take it for a command. A backslash, which everyone reads as an escape, goes before
/// the characters that would make it one.
///
/// Escaping each line was chosen over `::stop-commands::`, which would have to be paired around every line of a child, and which a
/// child that learns the token can end.
pub(crate) fn defuse(line: &str) -> String {
    let mut result = String::with_capacity(line.len() + 1);
    let mut start = line.chars().filter(|&character| !is_invisible(character));
    if (start.next(), start.next()) == (Some(':'), Some(':')) {
        result.push('\\');
    }
    let mut hashes = 0;
    for character in line.chars() {
        match character {
            '#' => hashes += 1,
            '[' if hashes >= 2 => {
                result.push('\\');
                hashes = 0;
            }
            invisible if is_invisible(invisible) => {}
            _ => hashes = 0,
        }
        result.push(character);
    }
    result
}

fn escape_message(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_properties_are_escaped_by_their_own_rules() {
        let line = command(
            "error",
            &[
                ("file", Some("a,b:c%.tf".to_owned())),
                ("line", Some("3".to_owned())),
                ("col", None),
            ],
            "100%: a,b\r\nsecond",
        );
        assert_eq!(
            line,
            "::error file=a%2Cb%3Ac%25.tf,line=3::100%25: a,b%0D%0Asecond"
        );
        assert_eq!(command("endgroup", &[], ""), "::endgroup::");
    }

    #[test]
    fn a_line_of_a_child_never_is_a_command() {
        for line in [
            "::error::x",
            "  \t::add-mask::x",
            "\u{a0}::x",
            "\u{200b}::x",
            ":\u{200b}:x",
        ] {
            assert_eq!(defuse(line), format!("\\{line}"), "{line:?}");
        }
        assert_eq!(defuse("x ##[error]y"), "x ##\\[error]y");
        assert_eq!(defuse("###[group]y"), "###\\[group]y");
        assert_eq!(defuse("#\u{200b}#[group]y"), "#\u{200b}#\\[group]y");
    }

    #[test]
    fn other_lines_stay_as_they_are() {
        for line in [
            "",
            ":",
            "a::b",
            "a ::error::b",
            "##",
            "#[x]",
            "# #a[x]",
            "### title",
        ] {
            assert_eq!(defuse(line), line);
        }
    }
}
