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

/// `markupsafe.escape`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\'' => escaped.push_str("&#39;"),
            '"' => escaped.push_str("&#34;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// `str.isdecimal` of a numeric character: the ten digits of a script, which Unicode puts beside each other.
pub(crate) fn is_decimal(letter: char) -> bool {
    letter.is_ascii_digit()
        || matches!(letter,
            '\u{660}'..='\u{669}' | '\u{6f0}'..='\u{6f9}' | '\u{7c0}'..='\u{7c9}' | '\u{966}'..='\u{96f}'
            | '\u{9e6}'..='\u{9ef}' | '\u{e50}'..='\u{e59}' | '\u{ff10}'..='\u{ff19}' | '\u{1d7ce}'..='\u{1d7ff}')
}

/// `str.capitalize`.
pub(crate) fn capitalize(text: &str) -> String {
    let mut letters = text.chars();
    let mut capital = String::with_capacity(text.len());
    if let Some(first) = letters.next() {
        push_title(&mut capital, first);
    }
    capital + &letters.as_str().to_lowercase()
}

/// A letter as it stands at the start of a word: of one that becomes several, only the first is upper case.
pub(crate) fn push_title(text: &mut String, letter: char) {
    let mut upper = letter.to_uppercase();
    text.extend(upper.next());
    text.extend(upper.flat_map(char::to_lowercase));
}
