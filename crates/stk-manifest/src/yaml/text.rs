//! Checks on the raw text, before any YAML is read.

use crate::finding::{FindingCode, Position, Report};

/// Largest text that is read, in bytes. The largest real stk.yaml is far below 1 MiB.
pub(super) const LARGEST_TEXT: usize = 16 * 1024 * 1024;

/// The text without its byte order mark, or `None` (and a finding) when it cannot be YAML.
pub(super) fn prepare<'a>(text: &'a str, report: &mut Report) -> Option<&'a str> {
    if text.len() > LARGEST_TEXT {
        report.error_with_help(
            FindingCode::TooLarge,
            Position::START,
            format!(
                "the file is {} bytes long; at most {LARGEST_TEXT} are read",
                text.len()
            ),
            "check that this is the file that you mean",
        );
        return None;
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // The scanner takes a NUL for the end of the text, so what follows would be dropped without a word.
    if let Some(offset) = first_forbidden(text.as_bytes()) {
        let before = text.get(..offset).unwrap_or_default();
        let character = text.as_bytes().get(offset).copied().unwrap_or_default();
        report.error_with_help(
            FindingCode::Syntax,
            position_after(before),
            format!("the control character U+{character:04X} is not allowed in YAML"),
            "the file may be binary or saved as UTF-16; save it as UTF-8 text",
        );
        return None;
    }
    Some(text)
}

/// Looks at whole blocks first: without a way out in the middle the compiler makes it a few instructions a block.
fn first_forbidden(bytes: &[u8]) -> Option<usize> {
    const BLOCK: usize = 1024;
    let block = bytes.chunks(BLOCK).position(|block| {
        block
            .iter()
            .fold(false, |found, byte| found | is_forbidden(*byte))
    })?;
    let start = block * BLOCK;
    let offset = bytes
        .get(start..)?
        .iter()
        .position(|byte| is_forbidden(*byte))?;
    Some(start + offset)
}

/// C0 control characters other than tab and the line breaks, and DEL.
fn is_forbidden(byte: u8) -> bool {
    (byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0x7f
}

fn position_after(before: &str) -> Position {
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    Position {
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
    }
}
