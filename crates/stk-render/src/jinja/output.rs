//! What is written for the engine.

use super::strings::literal;

/// The delimiters that the engine is set up with: characters for private use, so that nothing in a template is taken for
/// one.
pub(crate) const VARIABLE: (&str, &str) = ("\u{f5c4}", "\u{f5c5}");
/// As [`VARIABLE`], of statements.
pub(crate) const BLOCK: (&str, &str) = ("\u{f5c6}", "\u{f5c7}");
/// As [`VARIABLE`], of comments.
pub(crate) const COMMENT: (&str, &str) = ("\u{f5c8}", "\u{f5c9}");

/// A template for the engine, in the making.
#[derive(Debug)]
pub(super) struct Output {
    text: String,
    line: usize,
}

impl Output {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            text: String::with_capacity(capacity),
            line: 1,
        }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    /// Text that stands as it is.
    pub(super) fn data(&mut self, text: &str, line: usize) {
        self.advance(line);
        self.line += text.bytes().filter(|byte| *byte == b'\n').count();
        let mut rest = text;
        while let Some(at) = rest.find(|letter| matches!(letter, '\u{f5c4}'..='\u{f5c9}')) {
            let (before, after) = rest.split_at(at);
            self.text.push_str(before);
            let length = after.chars().next().map_or(0, char::len_utf8);
            let (special, after) = after.split_at(length);
            self.tag(VARIABLE, &literal(special));
            rest = after;
        }
        self.text.push_str(rest);
    }

    /// The value of an expression.
    pub(super) fn variable(&mut self, expression: &str, line: usize) {
        self.advance(line);
        self.tag(VARIABLE, expression);
    }

    /// A statement.
    pub(super) fn block(&mut self, statement: &str, line: usize) {
        self.advance(line);
        self.tag(BLOCK, statement);
    }

    /// A place that [`Output::insert`] can write to later.
    pub(super) fn position(&self) -> usize {
        // Before the end delimiter of the last tag.
        self.text.len() - BLOCK.1.len()
    }

    /// Adds to the tag that ends at `position`.
    pub(super) fn insert(&mut self, position: usize, text: &str) {
        self.text.insert_str(position, text);
    }

    fn tag(&mut self, (open, close): (&str, &str), inside: &str) {
        self.text.push_str(open);
        self.text.push(' ');
        self.text.push_str(inside);
        self.text.push_str(close);
    }

    /// Makes up for the line ends that stood in tags, in comments and in white space that was taken away.
    fn advance(&mut self, line: usize) {
        if self.line < line {
            self.text.push_str(COMMENT.0);
            self.text
                .extend(std::iter::repeat_n('\n', line - self.line));
            self.text.push_str(COMMENT.1);
            self.line = line;
        }
    }
}
