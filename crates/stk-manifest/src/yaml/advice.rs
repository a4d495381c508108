//! What to do about text that is not YAML.

/// Help for one of the scanner's complaints about `text`, for the commonest of them.
pub(super) fn advice(complaint: &str, text: &str) -> Option<String> {
    let conflict = text.lines().position(|line| line.starts_with("<<<<<<< "));
    match conflict {
        Some(line) => Some(format!(
            "a merge conflict was left in the file: see line {}",
            line + 1
        )),
        None => known(complaint).map(str::to_owned),
    }
}

fn known(complaint: &str) -> Option<&'static str> {
    if complaint.contains("tab") {
        return Some("indent with spaces: YAML does not allow tabs there");
    }
    if complaint.contains("mapping values are not allowed") {
        return Some(
            "put a text that contains `: ` in quotes, or check the indentation of this line",
        );
    }
    if complaint.contains("unknown anchor") {
        return Some("a text that starts with `*` must stand in quotes");
    }
    if complaint.contains("unexpected character") {
        return Some("a text that starts with `%`, `@` or a backtick must stand in quotes");
    }
    if complaint.contains("unexpected end of stream") {
        return Some("close the quote or the bracket that is opened here");
    }
    if complaint.contains("did not find expected") || complaint.contains("simple key") {
        return Some("check the indentation and the quotes of this line and the one above it");
    }
    None
}
