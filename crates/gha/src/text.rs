//! Text of other programs, made safe to print line by line.

/// The lines of a text as the runner will see them: it ends a line at `\n`, at `\r\n` and at a lone `\r` alike, so a progress
/// bar's `\r` starts a new line too. Terminal sequences and control characters are gone, tabs stay.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let text = text.strip_suffix('\n').unwrap_or(&text);
    text.split('\n').map(printable).collect()
}

/// The line without terminal sequences and control characters: colour that a child printed could hide a secret from the masks,
/// and a title or cursor sequence is nothing that a log may do to a terminal.
fn printable(line: &str) -> String {
    let mut result = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next() {
                Some('[') => {
                    // CSI: parameters, then one final character.
                    for next in characters.by_ref() {
                        if ('\u{40}'..='\u{7e}').contains(&next) {
                            break;
                        }
                    }
                }
                Some(']') => {
                    // OSC: up to BEL or ESC \.
                    while let Some(next) = characters.next() {
                        if next == '\u{7}' {
                            break;
                        }
                        if next == '\u{1b}' {
                            characters.next_if_eq(&'\\');
                            break;
                        }
                    }
                }
                _ => {}
            },
            '\t' => result.push('\t'),
            other if other.is_control() => {}
            other => result.push(other),
        }
    }
    result
}

/// Whether a reader, or a comparison that follows the Unicode collation rules, sees nothing of this character.
///
/// The runner compares with .NET's culture-sensitive `StartsWith`, which skips such characters: `:` ZERO WIDTH SPACE `:` is `::`
/// for it.
pub(crate) fn is_invisible(character: char) -> bool {
    character.is_whitespace()
        || character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_end_of_the_runner_ends_a_line() {
        assert_eq!(lines("a\nb\r\nc\rd\n"), ["a", "b", "c", "d"]);
        assert_eq!(lines(""), [""]);
        assert_eq!(lines("a\n\n"), ["a", ""]);
    }

    #[test]
    fn terminal_sequences_are_dropped() {
        assert_eq!(lines("\u{1b}[1;31mred\u{1b}[0m\tok"), ["red\tok"]);
        assert_eq!(lines("\u{1b}]0;title\u{7}a\u{1b}]8;;x\u{1b}\\b"), ["ab"]);
        assert_eq!(lines("nul\0bell\u{7}"), ["nulbell"]);
        assert_eq!(lines("cut \u{1b}["), ["cut "]);
    }
}
