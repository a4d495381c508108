//! Lines of bytes without a length limit that matters, in memory that is bounded all the same.

use std::io::{self, BufRead};

/// Terraform prints a whole state in one line when it cannot save it, so the limit is far above any real state.
pub(crate) const LINE_LIMIT: usize = 64 * 1024 * 1024;

/// One line as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawLine {
    pub(crate) text: String,
    pub(crate) truncated: bool,
}

/// Reads up to the next line break, or the end. Keeps `limit` bytes and reads over the rest of a longer line.
/// `None` at the end.
pub(crate) fn read_line(reader: &mut impl BufRead, limit: usize) -> io::Result<Option<RawLine>> {
    let mut bytes = Vec::new();
    let mut truncated = false;
    let mut anything = false;
    loop {
        let chunk = match reader.fill_buf() {
            Ok(chunk) => chunk,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        if chunk.is_empty() {
            break;
        }
        anything = true;
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let content = &chunk[..end.unwrap_or(chunk.len())];
        let room = limit.saturating_sub(bytes.len());
        truncated |= content.len() > room;
        bytes.extend_from_slice(&content[..content.len().min(room)]);
        let used = end.map_or(chunk.len(), |end| end + 1);
        reader.consume(used);
        if end.is_some() {
            break;
        }
    }
    if !anything {
        return Ok(None);
    }
    if bytes.last() == Some(&b'\r') && !truncated {
        bytes.pop();
    }
    // The common case is valid UTF-8 and keeps its allocation.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Some(RawLine { text, truncated }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::BufReader;

    fn lines(input: &[u8], buffer: usize, limit: usize) -> Vec<(String, bool)> {
        let mut reader = BufReader::with_capacity(buffer, input);
        std::iter::from_fn(|| read_line(&mut reader, limit).unwrap())
            .map(|line| (line.text, line.truncated))
            .collect()
    }

    fn whole(text: &str) -> (String, bool) {
        (text.to_owned(), false)
    }

    #[test]
    fn splits_whatever_the_buffer_size() {
        for buffer in 1..12 {
            let expected = [whole("ab"), whole(""), whole("cdefg"), whole("last")];
            assert_eq!(
                lines(b"ab\n\ncdefg\r\nlast", buffer, 100),
                expected,
                "buffer {buffer}"
            );
        }
        assert_eq!(lines(b"", 4, 100), []);
        assert_eq!(lines(b"\n", 4, 100), [whole("")]);
    }

    #[test]
    fn a_line_over_the_limit_is_cut_and_the_next_one_is_whole() {
        assert_eq!(
            lines(b"0123456789\nab\n", 3, 4),
            [("0123".to_owned(), true), whole("ab")]
        );
        assert_eq!(
            lines(b"0123\n4", 3, 4),
            [whole("0123"), whole("4")],
            "exactly the limit is not cut"
        );
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_replaced() {
        assert_eq!(lines(b"a\xffb\n", 8, 100), [whole("a\u{fffd}b")]);
    }
}
