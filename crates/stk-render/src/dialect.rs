//! Differences between Jinja2 and the engine that are settled in a template's source, before it is parsed.

/// A template's source as the engine has to see it to read it as Jinja2 does. Keeps the number of lines.
///
/// * Jinja2's lexer turns every line end into `\n` before anything else.
/// * `trim_blocks` does not trim the line end after `{% raw %}` in Jinja2; the engine is told so by `{% raw +%}`.
pub(crate) fn prepare(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut prepared = String::with_capacity(source.len() + 8);
    let mut rest = source.as_str();
    while let Some(start) = rest.find(['{']) {
        let (text, tag) = rest.split_at(start);
        prepared.push_str(text);
        let length = match tag.as_bytes() {
            [b'{', b'#', ..] => tag.find("#}").map_or(tag.len(), |end| end + 2),
            [b'{', b'%', ..] => match raw_tag(tag) {
                Some(raw) => {
                    let body = &tag[raw.length..];
                    let end = raw.length + endraw(body);
                    prepared.push_str(raw.before);
                    prepared.push_str("+%}");
                    prepared.push_str(&tag[raw.length..end]);
                    rest = &tag[end..];
                    continue;
                }
                None => code(tag, "%}"),
            },
            [b'{', b'{', ..] => code(tag, "}}"),
            _ => 1,
        };
        prepared.push_str(&tag[..length]);
        rest = &tag[length..];
    }
    prepared.push_str(rest);
    prepared
}

/// A `{% raw %}` tag without a sign at its end.
struct RawTag<'a> {
    before: &'a str,
    length: usize,
}

fn raw_tag(tag: &str) -> Option<RawTag<'_>> {
    let inside = tag.get(2..)?;
    let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
    let after = inside.trim_start().strip_prefix("raw")?.trim_start();
    let end = tag.len() - after.len();
    after.starts_with("%}").then(|| RawTag {
        before: &tag[..end],
        length: end + 2,
    })
}

/// Where the body of a raw block ends: at its `{% endraw`, which the caller's loop then passes over as any tag.
fn endraw(body: &str) -> usize {
    body.match_indices("{%")
        .find(|(index, _)| {
            let inside = &body[index + 2..];
            let inside = inside.strip_prefix(['-', '+']).unwrap_or(inside);
            inside.trim_start().starts_with("endraw")
        })
        .map_or(body.len(), |(index, _)| index)
}

/// The length of a tag that ends with `close`, past the texts inside of it.
fn code(tag: &str, close: &str) -> usize {
    let bytes = tag.as_bytes();
    let mut at = 2;
    while let Some(&byte) = bytes.get(at) {
        if tag[at..].starts_with(close) {
            return at + 2;
        }
        at += 1;
        if byte == b'"' || byte == b'\'' {
            while let Some(&inner) = bytes.get(at) {
                at += if inner == b'\\' { 2 } else { 1 };
                if inner == byte {
                    break;
                }
            }
        }
        while at < tag.len() && !tag.is_char_boundary(at) {
            at += 1;
        }
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::prepare;

    #[test]
    fn line_ends_become_one_character() {
        assert_eq!(prepare("a\r\nb\rc\n"), "a\nb\nc\n");
    }

    #[test]
    fn only_raw_tags_change() {
        for (source, expect) in [
            (
                "{% raw %}\n{{x}}\n{% endraw %}",
                "{% raw +%}\n{{x}}\n{% endraw %}",
            ),
            (
                "{%-raw%}{%raw%}{% endraw %}",
                "{%-raw+%}{%raw%}{% endraw %}",
            ),
            ("{% raw -%} {% endraw %}", "{% raw -%} {% endraw %}"),
            ("{# {% raw %} #}", "{# {% raw %} #}"),
            ("{{ '{% raw %}' }}", "{{ '{% raw %}' }}"),
            ("{{ \"é\\\"{% raw %}\" }}", "{{ \"é\\\"{% raw %}\" }}"),
            ("{% if raw %}{% endif %}", "{% if raw %}{% endif %}"),
            ("{ {% raw %}", "{ {% raw +%}"),
            ("{{ 'open", "{{ 'open"),
            ("{% raw %}{% end", "{% raw +%}{% end"),
            ("{{ \"\\", "{{ \"\\"),
        ] {
            assert_eq!(prepare(source), expect);
        }
    }
}
