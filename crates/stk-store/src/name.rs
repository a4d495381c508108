use std::fmt;

use percent_encoding::{
    AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode, utf8_percent_encode,
};
use stk_run::Digest;

/// Everything but ASCII letters, digits, `-`, `_` and `.`, which are safe in a file name on every
/// system and in an S3 key.
const UNSAFE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Stands for the empty text. No encoded text holds a `~`, so it is no other text's name.
const EMPTY: &str = "~empty";

/// A file name may have 255 bytes; this leaves room for an extension.
const MAXIMUM_LENGTH: usize = 200;

/// Hexadecimal digits of the hash that ends a shortened name.
const HASH_LENGTH: usize = 32;

/// Any text (a project, an environment, a connection) as one path segment that is safe wherever a
/// store may live, and different from every other text's.
///
/// Percent-encoding, with three additions: a `.` at either end is encoded, so that no name is `.`,
/// `..`, or hidden; the empty text is `~empty`; and a name longer than 200 bytes is its
/// beginning, `~` and 128 bits of its hash.
///
/// Upper and lower case stay as they are, for the sake of readable paths. On a file system that
/// does not tell them apart the folder store refuses the second of two names that differ in nothing
/// else.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(String);

impl Name {
    /// The name of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self(EMPTY.to_owned());
        }
        let mut encoded = utf8_percent_encode(text, UNSAFE).to_string();
        if encoded.ends_with('.') {
            encoded.truncate(encoded.len() - 1);
            encoded.push_str("%2E");
        }
        if encoded.starts_with('.') {
            encoded.replace_range(..1, "%2E");
        }
        if encoded.len() > MAXIMUM_LENGTH {
            shorten(&mut encoded);
        }
        Self(encoded)
    }

    /// The path segment.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text that this is the name of; `None` for a shortened name, which does not hold it.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        if self.0 == EMPTY {
            return Some(String::new());
        }
        if self.0.contains('~') {
            return None;
        }
        percent_decode_str(&self.0)
            .decode_utf8()
            .ok()
            .map(std::borrow::Cow::into_owned)
    }

    /// Reads back a segment; `None` when it is not what [`Name::of`] makes of any text.
    pub(crate) fn parse(segment: &str) -> Option<Self> {
        let name = Self(segment.to_owned());
        let valid = match segment.split_once('~') {
            Some((prefix, hash)) if segment != EMPTY => is_shortened(prefix, hash),
            _ => name.text().is_some_and(|text| Self::of(&text) == name),
        };
        valid.then_some(name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

fn shorten(encoded: &mut String) {
    let digest = Digest::of(encoded.as_bytes());
    let hash = digest.hex().get(..HASH_LENGTH).unwrap_or_default();
    let mut end = MAXIMUM_LENGTH - 1 - HASH_LENGTH;
    // A cut through `%C3` would leave something that is not an encoding of anything.
    if let Some(percent) = encoded.as_bytes()[..end]
        .iter()
        .rposition(|each| *each == b'%')
        && percent + 3 > end
    {
        end = percent;
    }
    encoded.truncate(end);
    encoded.push('~');
    encoded.push_str(hash);
}

fn is_shortened(prefix: &str, hash: &str) -> bool {
    let longest = MAXIMUM_LENGTH - 1 - HASH_LENGTH;
    let bytes: Vec<u8> = percent_decode_str(prefix).collect();
    let mut encoded = percent_encode(&bytes, UNSAFE).to_string();
    if encoded.starts_with('.') {
        encoded.replace_range(..1, "%2E");
    }
    (longest - 2..=longest).contains(&prefix.len())
        && encoded == prefix
        && hash.len() == HASH_LENGTH
        && hash
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ordinary_names_stay_readable() {
        let of = |text: &str| Name::of(text).to_string();
        insta::assert_snapshot!(of("sns-topic_1.x"), @"sns-topic_1.x");
        insta::assert_snapshot!(of("My Shop"), @"My%20Shop");
        insta::assert_snapshot!(of("../etc"), @"%2E.%2Fetc");
        insta::assert_snapshot!(of("."), @"%2E");
        insta::assert_snapshot!(of(".."), @"%2E%2E");
        insta::assert_snapshot!(of(""), @"~empty");
        insta::assert_snapshot!(of("~empty"), @"%7Eempty");
        insta::assert_snapshot!(of("produção"), @"produ%C3%A7%C3%A3o");
    }

    #[test]
    fn long_names_are_shortened_without_colliding() {
        let long = Name::of(&"é".repeat(100));
        let longer = Name::of(&"é".repeat(101));
        assert_ne!(long, longer);
        assert!(long.as_str().len() <= 200);
        assert_eq!(long.text(), None);
        assert_eq!(Name::parse(long.as_str()), Some(long));
        assert_eq!(Name::of(&"a".repeat(200)).text(), Some("a".repeat(200)));
    }

    #[test]
    fn what_no_text_encodes_to_is_not_a_name() {
        for segment in [
            "",
            ".",
            "..",
            ".x",
            "x.",
            "a b",
            "%41",
            "%2e",
            "%",
            "%4",
            "%FF",
            "~",
            "~x",
            "a/b",
            "a~00000000000000000000000000000000",
            "é",
        ] {
            assert_eq!(Name::parse(segment), None, "{segment}");
        }
    }

    proptest! {
        #[test]
        fn a_name_is_one_safe_segment(text in any::<String>()) {
            let name = Name::of(&text);
            prop_assert!(!name.as_str().is_empty() && name.as_str().len() <= 200);
            prop_assert!(!name.as_str().starts_with('.') && !name.as_str().ends_with('.'));
            prop_assert!(name.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.%~".contains(&byte)));
            prop_assert_eq!(Name::parse(name.as_str()), Some(name));
        }

        #[test]
        fn a_name_gives_its_text_back(text in ".{0,20}") {
            let name = Name::of(&text);
            if !name.as_str().contains('~') || text.is_empty() {
                prop_assert_eq!(name.text(), Some(text));
            }
        }

        #[test]
        fn different_texts_have_different_names(left in "[.~%a2E/]{0,6}", right in "[.~%a2E/]{0,6}") {
            prop_assert_eq!(Name::of(&left) == Name::of(&right), left == right);
        }

        #[test]
        fn long_texts_that_differ_at_the_end_differ(left in "[a/]{0,3}", right in "[a/]{0,3}", length in 190_usize..260) {
            let long = |end: &str| Name::of(&format!("{}{end}", "x".repeat(length)));
            prop_assert_eq!(long(&left) == long(&right), left == right);
        }
    }
}
