//! The parser's input: a text that is read byte by byte where it is ASCII.
//!
//! `saphyr_parser::StrInput` decodes a character at every look and asks for 128 bytes for each plain scalar; on a
//! large stk.yaml this input takes a fourth off the time of the whole reading.

use saphyr_parser::Input;

/// What is left of the text. Past its end there are NULs, as the scanner expects.
pub(super) struct Text<'a> {
    rest: &'a str,
    /// The most characters that the scanner asked for at once: it checks that it asked before it looks.
    lookahead: usize,
}

impl<'a> Text<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            rest: text,
            lookahead: 0,
        }
    }
}

impl Input for Text<'_> {
    #[inline]
    fn lookahead(&mut self, count: usize) {
        self.lookahead = self.lookahead.max(count);
    }

    #[inline]
    fn buflen(&self) -> usize {
        self.lookahead
    }

    #[inline]
    fn bufmaxlen(&self) -> usize {
        // Below the capacity that a scalar's text starts with (32), so that most scalars are allocated once.
        16
    }

    #[inline]
    fn raw_read_ch(&mut self) -> char {
        let character = self.peek();
        self.skip();
        character
    }

    #[inline]
    fn raw_read_non_breakz_ch(&mut self) -> Option<char> {
        match self.peek() {
            '\0' | '\n' | '\r' => None,
            character => {
                self.skip();
                Some(character)
            }
        }
    }

    #[inline]
    fn skip(&mut self) {
        let length = match self.rest.as_bytes().first() {
            None => return,
            Some(0..=0x7f) => 1,
            Some(_) => self.rest.chars().next().map_or(0, char::len_utf8),
        };
        self.rest = self.rest.get(length..).unwrap_or_default();
    }

    #[inline]
    fn skip_n(&mut self, count: usize) {
        for _ in 0..count {
            self.skip();
        }
    }

    #[inline]
    fn peek(&self) -> char {
        match self.rest.as_bytes().first() {
            None => '\0',
            Some(byte) if byte.is_ascii() => char::from(*byte),
            Some(_) => self.rest.chars().next().unwrap_or('\0'),
        }
    }

    #[inline]
    fn peek_nth(&self, index: usize) -> char {
        match self.rest.as_bytes().get(..=index) {
            Some(bytes) if bytes.is_ascii() => bytes.last().map_or('\0', |byte| char::from(*byte)),
            _ => self.rest.chars().nth(index).unwrap_or('\0'),
        }
    }

    #[inline]
    fn peek_opt(&self) -> Option<char> {
        self.rest.chars().next()
    }

    #[inline]
    fn next_can_be_plain_scalar(&self, in_flow: bool) -> bool {
        let is_flow = |character| matches!(character, ',' | '[' | ']' | '{' | '}');
        match self.peek() {
            ':' => {
                let next = self.peek_nth(1);
                !(matches!(next, ' ' | '\t' | '\n' | '\r' | '\0') || (in_flow && is_flow(next)))
            }
            '\u{feff}' => false,
            character => !(in_flow && is_flow(character)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};
    use saphyr_parser::{Parser, StrInput};

    use super::Text;

    proptest! {
        /// The parser's own input is the reference: the same events at the same places, the same errors.
        /// Without `%`: in a directive's name it counts bytes where the parser's places are in characters.
        #[test]
        fn reads_like_the_parsers_own_input(
            text in "([ \\t\\n]{0,3}(- |[a-c]{1,20}: |\\? |[a-cé𝄞\u{feff}]{0,20}|'[^'\u{0}]{0,5}'|\"[^\"\u{0}]{0,5}\"|[\\[\\]{}:,|>#&*!@.-])){0,12}"
        ) {
            let mut reference = Parser::new(StrInput::new(&text));
            let mut tested = Parser::new(Text::new(&text));
            loop {
                let (expected, found) = (reference.next_event(), tested.next_event());
                prop_assert_eq!(&expected, &found);
                match expected {
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                }
            }
        }
    }
}
