//! Operations of Python's strings that Rust's do not have.

/// `str.splitlines(keepends)`.
pub(crate) fn split_lines(text: &str, keep_ends: bool) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut letters = text.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        if !matches!(
            letter,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'
                ..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        ) {
            continue;
        }
        let mut end = index + letter.len_utf8();
        if letter == '\r' && letters.next_if(|&(_, next)| next == '\n').is_some() {
            end += 1;
        }
        lines.push(&text[start..if keep_ends { end } else { index }]);
        start = end;
    }
    if start < text.len() {
        lines.push(&text[start..]);
    }
    lines
}

/// How many characters there are: Python counts code points.
pub(crate) fn length(text: &str) -> usize {
    text.chars().count()
}

/// `text[:count]`.
pub(crate) fn prefix(text: &str, count: usize) -> &str {
    text.char_indices()
        .nth(count)
        .map_or(text, |(index, _)| &text[..index])
}

/// `str.center(width, fill)`: of an odd rest the larger half goes to the right, or to the left for odd widths.
pub(crate) fn center(text: &str, width: usize, fill: char) -> String {
    let rest = width.saturating_sub(length(text));
    let left = rest / 2 + (rest & width & 1);
    pad(text, left, rest - left, fill)
}

/// `text` between that many fill characters.
pub(crate) fn pad(text: &str, left: usize, right: usize, fill: char) -> String {
    let fill = |count| std::iter::repeat_n(fill, count);
    fill(left).chain(text.chars()).chain(fill(right)).collect()
}
