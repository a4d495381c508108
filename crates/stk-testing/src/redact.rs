//! What differs from run to run, made equal for snapshots.

/// The text with each of `texts` (what, by what) replaced, and then ids, times and process ids: ULIDs become `<id-1>`,
/// `<id-2>`, … in the order in which each is first seen, RFC 3339 times in UTC become `<time>`, and the number in
/// `process <number>` becomes `<pid>`.
pub fn redact(text: &str, texts: &[(&str, &str)]) -> String {
    let mut text = text.to_owned();
    for (from, to) in texts {
        text = text.replace(from, to);
    }
    let mut ids: Vec<String> = Vec::new();
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(first) = rest.chars().next() {
        let at_start = !redacted.ends_with(|last: char| last.is_ascii_alphanumeric());
        let length = if !at_start {
            None
        } else if let Some(id) = ulid(rest) {
            let known = ids.iter().position(|other| other == id);
            let number = known.unwrap_or_else(|| {
                ids.push(id.to_owned());
                ids.len() - 1
            });
            redacted.push_str(&format!("<id-{}>", number + 1));
            Some(id.len())
        } else if let Some(length) = time(rest) {
            redacted.push_str("<time>");
            Some(length)
        } else {
            None
        };
        let pid = digits(rest).filter(|_| at_start && redacted.ends_with("process "));
        match (length, pid) {
            (Some(length), _) => rest = &rest[length..],
            (None, Some(length)) => {
                redacted.push_str("<pid>");
                rest = &rest[length..];
            }
            (None, None) => {
                redacted.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
    }
    redacted
}

/// The ULID that `text` begins with: 26 letters and digits of Crockford's base 32.
fn ulid(text: &str) -> Option<&str> {
    let end = text
        .find(|character: char| !character.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    let id = &text[..end];
    let is_ulid = id.len() == 26
        && id.starts_with(|first: char| ('0'..='7').contains(&first))
        && id.bytes().all(|byte| {
            byte.is_ascii_digit()
                || (byte.is_ascii_uppercase() && !matches!(byte, b'I' | b'L' | b'O' | b'U'))
        });
    is_ulid.then_some(id)
}

/// The length of the time that `text` begins with: `2026-01-31T12:30:59Z`, with or without a fraction.
fn time(text: &str) -> Option<usize> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes().get(..SHAPE.len())?;
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if !bytes.iter().zip(SHAPE).all(fits) {
        return None;
    }
    let mut length = SHAPE.len();
    if let Some(fraction) = text[length..].strip_prefix('.') {
        length += 1 + digits(fraction)?;
    }
    text[length..].starts_with('Z').then_some(length + 1)
}

fn digits(text: &str) -> Option<usize> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn what_differs_from_run_to_run_is_replaced() {
        let text = "run 01J9V6MWFTWQ392331QBCS46KQ and 01J9V6MWFTWQ392331QBCS46KR, again \
                    01J9V6MWFTWQ392331QBCS46KQ, of process 4711 at 2026-01-31T12:30:59.123Z in /tmp/x/a";
        assert_eq!(
            redact(text, &[("/tmp/x", "<folder>")]),
            "run <id-1> and <id-2>, again <id-1>, of process <pid> at <time> in <folder>/a"
        );
    }

    #[test]
    fn what_only_looks_like_it_stays() {
        let text = "x01J9V6MWFTWQ392331QBCS46KQ 01J9V6MWFTWQ392331QBCS46KU 2026-01-31 12:30 processes 4711 äöü";
        assert_eq!(redact(text, &[]), text);
    }
}
