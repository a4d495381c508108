//! JSON as people paste it: with comments, and with a comma behind the last item.
//!
//! What JSON does not have is blanked out in place, so the rest can go to a real JSON parser and every offset stays
//! what it was. JSON parsers that know comments do not know `#`.

/// The text as plain JSON.
pub(super) struct Plain {
    /// As long as the original, byte for byte.
    pub(super) text: String,
    /// Whether the text ends inside a comment: what a person meant to come after it was swallowed.
    pub(super) ends_in_comment: bool,
}

/// Blanks out a byte order mark, `// …` and `# …` up to the end of the line, `/* … */`, and the comma between an item
/// and the bracket that closes its list or object. Whatever else is wrong is left for the parser to find.
pub(super) fn plain(original: &str) -> Plain {
    let mut text = String::with_capacity(original.len());
    let mut ends_in_comment = false;
    // The last comma, if only blanks stand behind it and an item before it.
    let mut comma: Option<usize> = None;
    let mut last = None;
    let mut rest = original;
    if let Some(marked) = rest.strip_prefix('\u{feff}') {
        blank(&mut text, rest.len() - marked.len());
        rest = marked;
    }
    while let Some(letter) = rest.chars().next() {
        let length = token(rest, letter);
        let (token, behind) = rest.split_at(length);
        rest = behind;
        if is_comment(token) {
            blank(&mut text, length);
            ends_in_comment = rest.is_empty();
            continue;
        }
        if letter.is_ascii_whitespace() {
            text.push(letter);
            continue;
        }
        if matches!(letter, ']' | '}')
            && let Some(at) = comma
        {
            text.replace_range(at..=at, " ");
        }
        comma =
            (letter == ',' && !matches!(last, None | Some('[' | '{' | ','))).then_some(text.len());
        last = Some(letter);
        text.push_str(token);
    }
    Plain {
        text,
        ends_in_comment,
    }
}

/// The length of the text, comment or other character that `rest` starts with.
fn token(rest: &str, letter: char) -> usize {
    if letter == '"' {
        end_of_text(rest)
    } else if letter == '#' || rest.starts_with("//") {
        rest.find(['\n', '\r']).unwrap_or(rest.len())
    } else if rest.starts_with("/*") {
        let inside = rest.get(2..).unwrap_or_default();
        // One that is never closed is left alone, for the parser to stumble over.
        inside.find("*/").map_or(1, |end| end + 4)
    } else {
        letter.len_utf8()
    }
}

fn is_comment(token: &str) -> bool {
    token.starts_with('#') || token.starts_with("//") || token.starts_with("/*")
}

fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    for (at, letter) in rest.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn blank(text: &mut String, bytes: usize) {
    text.extend(std::iter::repeat_n(' ', bytes));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(original: &str, expected: &str) {
        assert_eq!(plain(original).text, expected);
    }

    #[test]
    fn comments_are_blanked_out() {
        check("[1] // é\n2 # x\r\n3", "[1]      \n2    \r\n3");
        check("a/* \n */b/*/ c */d", "a       b        d");
        check("1 /* never closed", "1 /* never closed");
        check("\u{feff}[]", "   []");
    }

    #[test]
    fn texts_are_left_alone() {
        for text in [
            r#""https://x""#,
            r##""a # b""##,
            r#""/* */""#,
            r#""a\"// b""#,
            r#""\\" "#,
            r#"["never closed // x"#,
            r#"[",]"]"#,
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_comma_behind_the_last_item_is_blanked_out() {
        check("[1,]", "[1 ]");
        check("[{\"a\":1 , # c\n}, // d\n]", "[{\"a\":1      \n}      \n]");
        for wrong in ["[,]", "{,}", "[1,,]", ",]", "[1,"] {
            let blanked = plain(wrong).text;
            assert!(
                serde_json::from_str::<serde_json::Value>(&blanked).is_err(),
                "{wrong}"
            );
        }
    }

    #[test]
    fn a_comment_that_swallowed_the_rest_is_told() {
        assert!(plain("[ // all on one line { } ]").ends_in_comment);
        assert!(!plain("[] // x\n").ends_in_comment);
        assert!(!plain("[]").ends_in_comment);
    }

    proptest! {
        #[test]
        fn every_byte_keeps_its_place(original in r#"[\[\]{},:"\\/#* \né1a]{0,40}"#) {
            let plain = plain(&original).text;
            prop_assert_eq!(plain.len(), original.len());
            for (at, letter) in plain.char_indices().filter(|(_, letter)| *letter != ' ') {
                prop_assert!(original[at..].starts_with(letter));
            }
        }

        #[test]
        fn json_stays_as_it_is(items in prop::collection::vec(r#"[ -~é]{0,8}"#, 0..5)) {
            let text = serde_json::json!({"a": items, "b": [1, true, null]}).to_string();
            prop_assert_eq!(plain(&text).text, text);
        }
    }
}
