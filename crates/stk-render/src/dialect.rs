//! Differences between Jinja2 and the engine that are settled in a template's source, before it is parsed.

/// Longest chain that a tag or a run of `elif` may make.
const MAX_LINKS: usize = 2_000;

/// A template's source as the engine has to see it to read it as Jinja2 does. Keeps the number of lines.
///
/// * Jinja2's lexer turns every line end into `\n` before anything else.
/// * `trim_blocks` does not trim the line end after `{% raw %}` in Jinja2, and `lstrip_blocks` does not strip the spaces
///   before an `{% endraw %}` on the same line; the engine is told so by `{% raw +%}` and `{%+ endraw %}`.
pub(crate) fn prepare(source: &str) -> String {
    let source = source.replace("\r\n", "\n").replace('\r', "\n");
    let mut prepared = String::with_capacity(source.len() + 8);
    let mut rest = source.as_str();
    while let Some(start) = rest.find(['{']) {
        let (text, tag) = rest.split_at(start);
        prepared.push_str(text);
        let length = match tag.as_bytes() {
            [b'{', b'#', ..] => comment(tag),
            [b'{', b'%', ..] => match raw_tag(tag) {
                Some(raw) => {
                    let body = &tag[raw.length..];
                    let end = raw.length + endraw(body);
                    prepared.push_str(raw.before);
                    prepared.push_str("+%}");
                    prepared.push_str(&tag[raw.length..end]);
                    rest = &tag[end..];
                    let signed = rest.starts_with("{%-") || rest.starts_with("{%+");
                    if !tag[raw.length..end].contains('\n') && !signed && !rest.is_empty() {
                        prepared.push_str("{%+");
                        rest = &rest[2..];
                    }
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

/// A filter or test that a template names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Use<'a> {
    pub(crate) name: &'a str,
    pub(crate) test: bool,
    pub(crate) line: usize,
}

/// The filters and tests that stand in the tags of a prepared source, in their order. Those that are named by a text, as
/// in `map('upper')`, are not seen.
pub(crate) fn uses(source: &str) -> Vec<Use<'_>> {
    let mut found = Vec::new();
    for (line, tag) in tags(source) {
        uses_of(tag, line, &mut found);
    }
    found
}

/// The line of the first tag that nests or chains more than the engine's recursion can bear: it follows chains such as
/// `a.b.c` or `{% elif %}` by calling itself, and does not count them.
pub(crate) fn too_deep(source: &str) -> Option<usize> {
    let mut branches: Vec<usize> = Vec::new();
    for (line, tag) in tags(source) {
        if links(tag) > MAX_LINKS {
            return Some(line);
        }
        let statement = tag[2..].trim_start_matches(['-', '+', ' ', '\n', '\t']);
        if !tag.starts_with("{%") {
            continue;
        } else if statement.starts_with("if") {
            branches.push(0);
        } else if statement.starts_with("endif") {
            branches.pop();
        } else if statement.starts_with("elif") {
            if let Some(last) = branches.last_mut() {
                *last += 1;
            }
            if branches.iter().sum::<usize>() > MAX_LINKS {
                return Some(line);
            }
        }
    }
    None
}

/// How much one tag can chain at most: everything counts that leads from one part of an expression to another. The engine
/// itself bounds how deep brackets nest.
fn links(tag: &str) -> usize {
    let mut count = 0;
    // What stands before, white space aside: a bracket after a value is a call or an item, else a literal.
    let mut after_value = false;
    let mut word = false;
    let mut at = 2;
    while let Some(letter) = tag[at..].chars().next() {
        at += letter.len_utf8();
        let in_word = letter.is_alphanumeric() || letter == '_';
        match letter {
            '"' | '\'' => {
                at += text_length(&tag[at..], letter);
                after_value = true;
            }
            ')' | ']' | '}' => after_value = true,
            '(' | '[' | '{' => {
                count += usize::from(after_value);
                after_value = false;
            }
            ',' | ':' => after_value = false,
            _ if letter.is_whitespace() => {}
            _ if in_word => {
                count += usize::from(!word && !letter.is_numeric());
                after_value = true;
            }
            _ => {
                count += 1;
                after_value = false;
            }
        }
        word = in_word;
    }
    count
}

/// Line and text of each tag outside of comments and raw blocks, delimiters included.
fn tags(source: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    let mut line = 1;
    std::iter::from_fn(move || {
        loop {
            let start = at + source.get(at..)?.find('{')?;
            line += source[at..start].matches('\n').count();
            let tag = &source[start..];
            let (length, is_code) = match tag.as_bytes() {
                [b'{', b'#', ..] => (comment(tag), false),
                [b'{', b'%', ..] if is_raw(tag) => {
                    let body = tag.find("%}").map_or(tag.len(), |end| end + 2);
                    (body + endraw(&tag[body..]), false)
                }
                [b'{', b'%', ..] => (code(tag, "%}"), true),
                [b'{', b'{', ..] => (code(tag, "}}"), true),
                _ => (1, false),
            };
            let tag = &tag[..length];
            let first_line = line;
            at = start + length;
            line += tag.matches('\n').count();
            if is_code {
                return Some((first_line, tag));
            }
        }
    })
}

fn comment(tag: &str) -> usize {
    tag[2..].find("#}").map_or(tag.len(), |end| 2 + end + 2)
}

fn is_raw(tag: &str) -> bool {
    let inside = tag.get(2..).unwrap_or_default();
    let inside = inside
        .strip_prefix(['-', '+'])
        .unwrap_or(inside)
        .trim_start();
    inside
        .strip_prefix("raw")
        .map(str::trim_start)
        .is_some_and(|after| after.starts_with(['-', '+', '%']))
}

fn uses_of<'a>(tag: &'a str, mut line: usize, found: &mut Vec<Use<'a>>) {
    /// What the next name is.
    #[derive(PartialEq)]
    enum Next {
        Anything,
        Filter,
        Test,
        Attribute,
    }
    let mut next = Next::Anything;
    let mut first = true;
    let mut at = 2;
    while let Some(letter) = tag[at..].chars().next() {
        if letter.is_alphabetic() || letter == '_' {
            let rest = &tag[at..];
            let length = rest
                .find(|letter: char| !letter.is_alphanumeric() && letter != '_')
                .unwrap_or(rest.len());
            let name = &rest[..length];
            at += length;
            next = match next {
                Next::Test if name == "not" => Next::Test,
                Next::Filter | Next::Test => {
                    let test = next == Next::Test;
                    found.push(Use { name, test, line });
                    Next::Anything
                }
                Next::Attribute => Next::Anything,
                Next::Anything if name == "is" => Next::Test,
                Next::Anything if first && name == "filter" && tag.starts_with("{%") => {
                    Next::Filter
                }
                Next::Anything => Next::Anything,
            };
            first = false;
            continue;
        }
        at += letter.len_utf8();
        match letter {
            '\n' => line += 1,
            '"' | '\'' => {
                let end = at + text_length(&tag[at..], letter);
                line += tag[at..end].matches('\n').count();
                at = end;
                next = Next::Anything;
            }
            '|' => next = Next::Filter,
            '.' => next = Next::Attribute,
            _ if letter.is_whitespace() => {}
            _ => next = Next::Anything,
        }
    }
}

/// How long a text is after its opening quote, the closing one included.
fn text_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, letter) in rest.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return index + letter.len_utf8(),
            _ => {}
        }
    }
    rest.len()
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
    let mut at = 2;
    while let Some(letter) = tag[at..].chars().next() {
        if tag[at..].starts_with(close) {
            return at + close.len();
        }
        at += letter.len_utf8();
        if letter == '"' || letter == '\'' {
            at += text_length(&tag[at..], letter);
        }
    }
    tag.len()
}

#[cfg(test)]
mod tests {
    use super::{prepare, too_deep, uses};

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
                "{%-raw+%}{%raw%}{%+ endraw %}",
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

    #[test]
    fn long_chains_are_seen_and_long_literals_are_not() {
        let times = |text: &str| text.repeat(3000);
        for chain in [
            ".a",
            "|f",
            "[0]",
            "()",
            "+1",
            " ~ 1",
            " and 1",
            " if 1 else 1",
            " is odd",
            "(1)",
        ] {
            assert_eq!(
                too_deep(&format!("\n{{{{ x{} }}}}", times(chain))),
                Some(2),
                "{chain}"
            );
        }
        for chain in ["-", "not "] {
            assert_eq!(
                too_deep(&format!("{{{{ {}1 }}}}", times(chain))),
                Some(1),
                "{chain}"
            );
        }
        let branches = format!("{{% if x %}}{}{{% endif %}}", times("{% elif y %}"));
        assert_eq!(too_deep(&branches), Some(1));
        for item in ["1, ", "[1, 2], ", "{'a-b': 'c|d'}, "] {
            assert_eq!(
                too_deep(&format!("{{{{ [{}] }}}}", times(item))),
                None,
                "{item}"
            );
        }
        assert_eq!(
            too_deep(&times("{% if x.y %}{% elif z %}{% endif %}")),
            None
        );
        assert_eq!(too_deep(&format!("{{# {} #}}", times(".a"))), None);
    }

    #[test]
    fn filters_and_tests_are_seen_where_they_are_used() {
        let source = "a|b {{ a | b|c('|d') }}{# x|e #}\n{% if x.is is not g and 'is h' and y is\n i %}\n{% filter j %}{% endfilter %}{% raw %}{{ x|k }}\n{% endraw %}{{ '\\'' |l }}{{ x|";
        let seen: Vec<String> = uses(source)
            .iter()
            .map(|seen| {
                format!(
                    "{}{}{}",
                    seen.line,
                    if seen.test { '?' } else { '|' },
                    seen.name
                )
            })
            .collect();
        assert_eq!(seen.join(" "), "1|b 1|c 2?g 3?i 4|j 5|l");
    }
}
