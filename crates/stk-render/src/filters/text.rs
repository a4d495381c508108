use minijinja::{Environment, Error, ErrorKind, State, Value, value::ValueKind};

use super::add;
use crate::python::{
    args::{bind, flag_or, required, size_or, string, text_or},
    strings,
    text::to_str,
    values::items,
};

/// Longest line that padding may make.
const MAX_WIDTH: usize = 100_000;

pub(crate) fn register(environment: &mut Environment<'_>) {
    add(environment, "truncate", truncate);
    add(environment, "wordwrap", wordwrap);
    add(environment, "indent", indent);
    add(environment, "xmlattr", xmlattr);
    add(environment, "urlencode", urlencode);
    add(environment, "wordcount", |_, args| {
        let [text] = bind(args, ["s"])?;
        let text = text_or(text, "")?;
        let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        Ok(words.filter(|word| !word.is_empty()).count().into())
    });
    add(environment, "title", |_, args| {
        let [text] = bind(args, ["s"])?;
        Ok(title(&text_or(text, "")?).into())
    });
    add(environment, "capitalize", |_, args| {
        let [text] = bind(args, ["s"])?;
        Ok(strings::capitalize(&text_or(text, "")?).into())
    });
    add(environment, "center", |_, args| {
        let [text, width] = bind(args, ["value", "width"])?;
        let width = size_or(width, 80)?.min(MAX_WIDTH);
        Ok(strings::center(&text_or(text, "")?, width, ' ').into())
    });
    for name in ["e", "escape", "forceescape"] {
        add(environment, name, move |_, args| {
            let [text] = bind(args, ["value"])?;
            let text = required(text, "value")?;
            if text.is_safe() && name != "forceescape" {
                return Ok(text);
            }
            Ok(Value::from_safe_string(strings::escape(&to_str(&text)?)))
        });
    }
    add(environment, "string", |_, args| {
        let [value] = bind(args, ["value"])?;
        Ok(text_or(value, "")?.into())
    });
    add(environment, "striptags", |_, args| {
        let [text] = bind(args, ["value"])?;
        Ok(minijinja_contrib::filters::striptags(text_or(text, "")?).into())
    });
    add(environment, "filesizeformat", |state, args| {
        let [size, binary] = bind(args, ["value", "binary"])?;
        let size = required(size, "value")?;
        let missing = Value::from(());
        let size = state.apply_filter("float", &[size.clone(), missing])?;
        if size.is_none() {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                "a number is needed",
            ));
        }
        Ok(file_size(f64::try_from(size)?, flag_or(binary, false)).into())
    });
}

fn truncate(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [text, length, kill, end, leeway] =
        bind(args, ["s", "length", "killwords", "end", "leeway"])?;
    let value = required(text, "s")?;
    let length = size_or(length, 255)?;
    let end = text_or(end, "...")?;
    let leeway = size_or(leeway.filter(|leeway| !leeway.is_none()), 5)?;
    let kept = length.checked_sub(strings::length(&end)).ok_or_else(|| {
        Error::new(
            ErrorKind::InvalidOperation,
            format!("the length must be at least {}", strings::length(&end)),
        )
    })?;
    // Whatever has a length passes if it is short, also a list.
    let size = value
        .as_str()
        .map_or_else(|| value.len(), |text| Some(strings::length(text)));
    if value.is_undefined() || size.is_some_and(|size| size <= length.saturating_add(leeway)) {
        return Ok(value);
    }
    let text = string(Some(&value))?;
    let cut = strings::prefix(&text, kept);
    let cut = if flag_or(kill, false) {
        cut
    } else {
        cut.rsplit_once(' ').map_or(cut, |(before, _)| before)
    };
    if value.is_safe() {
        return Ok(Value::from_safe_string(format!(
            "{cut}{}",
            strings::escape(&end)
        )));
    }
    Ok(format!("{cut}{end}").into())
}

fn indent(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [text, width, first, blank] = bind(args, ["s", "width", "first", "blank"])?;
    let text = string(text.as_ref())?;
    let indention = match width {
        Some(width) if width.kind() == ValueKind::String => to_str(&width)?,
        width => " ".repeat(size_or(width, 4)?.min(MAX_WIDTH)),
    };
    let (first, blank) = (flag_or(first, false), flag_or(blank, false));
    // One line end more, as Jinja2 does: an empty text then has one line, and a last line end survives.
    let text = format!("{text}\n");
    let lines = strings::split_lines(&text, false);
    state.consume_fuel(((lines.len() * indention.len() + text.len()) / 64) as u64)?;
    let mut written = String::with_capacity(text.len());
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            written.push('\n');
        }
        if if index == 0 {
            first
        } else {
            blank || !line.is_empty()
        } {
            written.push_str(&indention);
        }
        written.push_str(line);
    }
    Ok(written.into())
}

fn wordwrap(state: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [text, width, long, wrap, hyphens] = bind(
        args,
        [
            "s",
            "width",
            "break_long_words",
            "wrapstring",
            "break_on_hyphens",
        ],
    )?;
    let text = string(text.as_ref())?;
    let width = size_or(width, 79)?;
    if width == 0 {
        return Err(Error::new(
            ErrorKind::InvalidOperation,
            "the width must be more than 0",
        ));
    }
    let wrap = text_or(wrap.filter(|wrap| !wrap.is_none()), "\n")?;
    let (long, hyphens) = (flag_or(long, true), flag_or(hyphens, true));
    let mut lines: Vec<String> = Vec::new();
    for line in strings::split_lines(&text, false) {
        match wrap_line(line, width, long, hyphens) {
            wrapped if wrapped.is_empty() => lines.push(String::new()),
            wrapped => lines.extend(wrapped),
        }
    }
    state.consume_fuel((lines.len().saturating_mul(wrap.len()) / 64) as u64)?;
    Ok(lines.join(&wrap).into())
}

/// `textwrap.wrap` of one line.
fn wrap_line(line: &str, width: usize, break_long: bool, hyphens: bool) -> Vec<String> {
    let blank = |text: &str| text.chars().all(char::is_whitespace);
    let mut rest = chunks(line, hyphens);
    rest.reverse();
    let mut lines: Vec<String> = Vec::new();
    while let Some(first) = rest.last() {
        if blank(first) && !lines.is_empty() {
            rest.pop();
        }
        let mut current: Vec<&str> = Vec::new();
        let mut used = 0;
        while let Some(chunk) = rest.last() {
            let size = strings::length(chunk);
            if used + size > width {
                break;
            }
            used += size;
            current.extend(rest.pop());
        }
        if let Some(chunk) = rest.pop() {
            let space = width - used;
            if strings::length(chunk) <= width {
                rest.push(chunk);
            } else if break_long {
                let mut head = strings::prefix(chunk, space);
                if let Some(hyphen) = head.rfind('-').filter(|_| hyphens)
                    && head[..hyphen].contains(|letter| letter != '-')
                {
                    head = &head[..=hyphen];
                }
                // An empty head too: what is dropped below is the last chunk of the line, which it then is.
                current.push(head);
                rest.push(&chunk[head.len()..]);
            } else if current.is_empty() {
                current.push(chunk);
            } else {
                rest.push(chunk);
            }
        }
        if current.last().is_some_and(|last| blank(last)) {
            current.pop();
        }
        if !current.is_empty() {
            lines.push(current.concat());
        }
    }
    lines
}

/// Runs of spaces and words. Words are also split after hyphens between letters, and around dashes.
fn chunks(line: &str, hyphens: bool) -> Vec<&str> {
    let letters: Vec<(usize, char)> = line.char_indices().collect();
    let at = |index: Option<usize>| {
        index
            .and_then(|index| letters.get(index))
            .map(|&(_, letter)| letter)
    };
    let word = |letter: Option<char>| {
        letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    };
    let name = |letter: Option<char>| word(letter) && !letter.is_some_and(char::is_numeric);
    let part = |letter: Option<char>| {
        word(letter) || letter.is_some_and(|letter| "!\"'&.,?".contains(letter))
    };
    let mut chunks = Vec::new();
    let mut start = 0;
    for index in 1..letters.len() {
        let (back, ahead) = (
            |count: usize| at(index.checked_sub(count)),
            |count: usize| at(Some(index + count)),
        );
        let (Some(before), Some(&(offset, after))) = (back(1), letters.get(index)) else {
            continue;
        };
        let turns = before.is_whitespace() != after.is_whitespace();
        let letters_before = name(back(2))
            && (name(back(3)) || (back(3) == Some('-') && name(back(4))))
            || (part(back(2)) && back(3) == Some('-') && name(back(4)));
        let letters_after =
            name(ahead(0)) && (name(ahead(1)) || (ahead(1) == Some('-') && name(ahead(2))));
        let hyphen = before == '-' && letters_before && letters_after;
        let dashes = |from: usize| line[from..].len() - line[from..].trim_start_matches('-').len();
        let dash_starts =
            part(back(1)) && dashes(offset) >= 2 && word(at(Some(index + dashes(offset))));
        let run = line[..offset].len() - line[..offset].trim_end_matches('-').len();
        let dash_ends = run >= 2 && word(ahead(0)) && part(back(run + 1));
        if turns || (hyphens && (hyphen || dash_starts || dash_ends)) {
            chunks.push(&line[start..offset]);
            start = offset;
        }
    }
    if start < line.len() {
        chunks.push(&line[start..]);
    }
    chunks
}

/// A word starts after white space, hyphens and opening brackets; what is no letter keeps its place at the start.
fn title(text: &str) -> String {
    let mut titled = String::with_capacity(text.len());
    let mut starts = true;
    for letter in text.chars() {
        if starts {
            titled.extend(letter.to_uppercase());
        } else {
            titled.extend(letter.to_lowercase());
        }
        starts = letter.is_whitespace() || matches!(letter, '-' | '(' | '{' | '[' | '<');
    }
    titled
}

fn xmlattr(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [attributes, space] = bind(args, ["d", "autospace"])?;
    let mut written = String::new();
    let object = required(attributes, "d")?;
    let pairs = object.as_object().and_then(|map| map.try_iter_pairs());
    for (key, value) in pairs.into_iter().flatten() {
        if value.is_none() || value.is_undefined() {
            continue;
        }
        let key = to_str(&key)?;
        if key.contains([' ', '/', '>', '=']) || key.contains(char::is_whitespace) {
            return Err(Error::new(
                ErrorKind::InvalidOperation,
                format!("`{key}` cannot be the name of an attribute"),
            ));
        }
        if !written.is_empty() || flag_or(space.clone(), true) {
            written.push(' ');
        }
        let value = strings::escape(&to_str(&value)?);
        written.push_str(&format!("{}=\"{value}\"", strings::escape(&key)));
    }
    Ok(written.into())
}

fn urlencode(_: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
    let [value] = bind(args, ["value"])?;
    let value = required(value, "value")?;
    let pairs: Vec<(Value, Value)> = match value.kind() {
        ValueKind::Map => value
            .as_object()
            .and_then(|map| map.try_iter_pairs())
            .into_iter()
            .flatten()
            .collect(),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut pairs = Vec::new();
            for item in value.try_iter()? {
                let pair = <[Value; 2]>::try_from(items(&item)?);
                let [key, value] = pair.map_err(|_| {
                    Error::new(ErrorKind::InvalidOperation, "a query is made of pairs")
                })?;
                pairs.push((key, value));
            }
            pairs
        }
        _ => return Ok(quote(&to_str(&value)?, false).into()),
    };
    let mut parts = Vec::with_capacity(pairs.len());
    for (key, value) in pairs {
        let (key, value) = (to_str(&key)?, to_str(&value)?);
        parts.push(format!("{}={}", quote(&key, true), quote(&value, true)));
    }
    Ok(parts.join("&").into())
}

/// `urllib.parse.quote`; in a query string a space is `+` and the slash is not safe.
fn quote(text: &str, query: bool) -> String {
    let mut quoted = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                quoted.push(char::from(byte));
            }
            b'/' if !query => quoted.push('/'),
            b' ' if query => quoted.push('+'),
            _ => quoted.push_str(&format!("%{byte:02X}")),
        }
    }
    quoted
}

fn file_size(bytes: f64, binary: bool) -> String {
    const DECIMAL: [&str; 8] = ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];
    const BINARY: [&str; 8] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"];
    let (base, units): (f64, _) = if binary {
        (1024.0, BINARY)
    } else {
        (1000.0, DECIMAL)
    };
    #[expect(clippy::float_cmp, reason = "exactly one byte has its own word")]
    if bytes == 1.0 {
        return "1 Byte".into();
    }
    if bytes < base {
        return format!("{} Bytes", bytes.trunc());
    }
    let mut unit = base;
    for name in units {
        unit *= base;
        if bytes < unit {
            return format!("{:.1} {name}", base * bytes / unit);
        }
    }
    format!("{:.1} {}", base * bytes / unit, units[7])
}
