//! The texts of Jinja2's expressions: Python's escapes in, the engine's out.

use std::{borrow::Cow, fmt::Write as _};

/// What Python's codec `unicode-escape` makes of the inside of a quoted text; an escape that it does not know stays.
pub(super) fn unescape(inside: &str) -> Result<Cow<'_, str>, String> {
    if !inside.contains('\\') {
        return Ok(Cow::Borrowed(inside));
    }
    let mut text = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(letter) = rest.chars().next() else {
            return Err("a backslash ends the text".into());
        };
        rest = &rest[letter.len_utf8()..];
        match letter {
            '\n' => {}
            '\\' | '\'' | '"' => text.push(letter),
            'a' => text.push('\u{7}'),
            'b' => text.push('\u{8}'),
            'f' => text.push('\u{c}'),
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'v' => text.push('\u{b}'),
            '0'..='7' => {
                let more = rest
                    .bytes()
                    .take(2)
                    .take_while(|byte| matches!(byte, b'0'..=b'7'))
                    .count();
                let digits = format!("{letter}{}", &rest[..more]);
                rest = &rest[more..];
                text.push(character(&digits, 8)?);
            }
            'x' | 'u' | 'U' => {
                let length = match letter {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let digits = rest
                    .get(..length)
                    .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
                    .ok_or_else(|| format!("`\\{letter}` needs {length} hexadecimal digits"))?;
                text.push(character(digits, 16)?);
                rest = &rest[length..];
            }
            'N' => return Err("`\\N{…}` is not supported; write the character itself".into()),
            // Python escapes other characters first, so that a backslash before one stands for itself.
            _ if !letter.is_ascii() => match u32::from(letter) {
                code @ 0..=0xff => write!(text, "\\x{code:02x}"),
                code @ 0x100..=0xffff => write!(text, "\\u{code:04x}"),
                code => write!(text, "\\U{code:08x}"),
            }
            .map_err(|error| error.to_string())?,
            _ => {
                text.push('\\');
                text.push(letter);
            }
        }
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

/// Half of a pair of surrogates cannot be written to a file in Python either.
fn character(digits: &str, base: u32) -> Result<char, String> {
    u32::from_str_radix(digits, base)
        .ok()
        .and_then(char::from_u32)
        .ok_or_else(|| format!("there is no character {digits}"))
}

/// `text` as a literal of the engine, on one line.
pub(super) fn literal(text: &str) -> String {
    let mut written = String::with_capacity(text.len() + 2);
    written.push('"');
    for letter in text.chars() {
        match letter {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            // Among them the delimiters that the engine is given.
            '\u{0}'..='\u{1f}' | '\u{e000}'..='\u{f8ff}' => {
                written.push_str(&format!("\\u{:04x}", u32::from(letter)));
            }
            _ => written.push(letter),
        }
    }
    written.push('"');
    written
}

#[cfg(test)]
mod tests {
    use super::{literal, unescape};

    #[test]
    fn escapes_are_those_of_python() {
        for (inside, expect) in [
            ("plain é", Ok("plain é")),
            ("\\n\\t\\\\\\'\\\"", Ok("\n\t\\'\"")),
            ("\\x41\\u00e9\\U0001F600\\101\\0", Ok("Aé😀A\0")),
            ("\\d\\é", Ok("\\d\\xe9")),
            ("a\\\nb", Ok("ab")),
            ("\\x4", Err("`\\x` needs 2 hexadecimal digits")),
            ("\\ud800", Err("there is no character d800")),
        ] {
            let found = unescape(inside);
            assert_eq!(
                found.as_deref(),
                expect.map_err(str::to_owned).as_ref().copied(),
                "{inside}"
            );
        }
    }

    #[test]
    fn literals_stay_on_one_line() {
        assert_eq!(literal("a\"\\\n\u{f5c3}é"), "\"a\\\"\\\\\\n\\uf5c3é\"");
    }
}
