//! The files that a step writes to talk to the runner.

use thiserror::Error;

/// A line of `GITHUB_OUTPUT` or `GITHUB_ENV` that the runner would refuse.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("`{line}` is neither `name=value` nor the start of a value of several lines: {reason}")]
pub struct FileCommandError {
    /// The line.
    pub line: String,
    /// What is wrong.
    pub reason: &'static str,
}

/// The pairs of a file: `name=value`, or `name<<delimiter`, lines, `delimiter`. Of `=` and `<<`, the one that comes first counts.
pub(super) fn pairs(text: &str) -> Result<Vec<(String, String)>, FileCommandError> {
    let mut pairs = Vec::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let error = |reason| FileCommandError {
            line: line.to_owned(),
            reason,
        };
        let equals = line.find('=').unwrap_or(usize::MAX);
        let (name, value) = match line.split_once("<<") {
            Some((name, delimiter)) if name.len() < equals => {
                if delimiter.is_empty() {
                    return Err(error("the delimiter is empty"));
                }
                let mut value = Vec::new();
                loop {
                    match lines.next() {
                        Some(line) if line == delimiter => break,
                        Some(line) => value.push(line),
                        None => return Err(error("the delimiter does not come again")),
                    }
                }
                (name, value.join("\n"))
            }
            _ => {
                let (name, value) = line.split_once('=').ok_or_else(|| error("no `=`"))?;
                (name, value.to_owned())
            }
        };
        if name.is_empty() {
            return Err(error("the name is empty"));
        }
        pairs.push((name.to_owned(), value));
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let text = "a=b=c<<d\n\nlong<<end\nx=1\n\nend2\nend\nlast=\n";
        let expected = [("a", "b=c<<d"), ("long", "x=1\n\nend2"), ("last", "")];
        let pairs = pairs(text).unwrap();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn broken_files_are_refused() {
        for text in ["word", "=x", "a<<", "a<<end\nx\n", "<<end\nend"] {
            assert!(pairs(text).is_err(), "{text:?}");
        }
    }
}
