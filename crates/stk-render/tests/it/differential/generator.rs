//! Random templates: expressions of a wanted type most of the time, so that most of them render, in random statements
//! with random white space around them.

use std::fmt::Write as _;

/// The template of one seed.
pub(super) fn template(seed: u64) -> String {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d);
    let mut text = String::new();
    for _ in 0..1 + random.below(4) {
        random.part(&mut text, 2);
    }
    text
}

/// SplitMix64.
struct Random(u64);

#[derive(Clone, Copy, PartialEq)]
enum Type {
    Number,
    Text,
    List,
    Map,
    Truth,
}

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let mixed = mixed ^ (mixed >> 31);
        usize::try_from(mixed % bound as u64).unwrap_or(0)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn space(&mut self) -> &'static str {
        self.pick(&["", "", " ", "\n", "  ", "\n  ", "\n\n", "\t", " \n"])
    }

    fn open(&mut self) -> &'static str {
        self.pick(&["{%", "{%", "{%", "{%-", "{%+"])
    }

    fn close(&mut self) -> &'static str {
        self.pick(&["%}", "%}", "%}", "-%}", "+%}"])
    }

    fn tag(&mut self, text: &mut String, inside: &str) {
        let (open, close) = (self.open(), self.close());
        let _ = write!(text, "{open} {inside} {close}");
    }

    fn part(&mut self, text: &mut String, depth: usize) {
        text.push_str(self.space());
        match self.below(if depth == 0 { 4 } else { 11 }) {
            0 | 1 => text.push_str(self.pick(&[
                "x", "a = b", "${y}", "%{ if }", "é", "}", "{ }", "a\nb", "- ",
            ])),
            2 | 3 => {
                let kind = self.kind();
                let (open, close) = (
                    self.pick(&["{{", "{{", "{{-"]),
                    self.pick(&["}}", "}}", "-}}"]),
                );
                let _ = write!(text, "{open} {} {close}", self.of(kind, 3));
            }
            4 => {
                let condition = self.of(Type::Truth, 2);
                self.tag(text, &format!("if {condition}"));
                self.part(text, depth - 1);
                if self.chance(30) {
                    let condition = self.of(Type::Truth, 2);
                    self.tag(text, &format!("elif {condition}"));
                    self.part(text, depth - 1);
                }
                if self.chance(50) {
                    self.tag(text, "else");
                    self.part(text, depth - 1);
                }
                self.tag(text, "endif");
            }
            5 | 6 => {
                let list = self.of(Type::List, 2);
                let filter = if self.chance(20) { " if item" } else { "" };
                self.tag(text, &format!("for item in {list}{filter}"));
                text.push_str(self.pick(&[
                    "{{ item }}",
                    "{{ loop.index }}",
                    "{{ item }}{{ ',' if not loop.last }}",
                    "{{ loop.revindex0 }}{{ loop.first }}",
                ]));
                self.part(text, depth - 1);
                if self.chance(30) {
                    self.tag(text, "else");
                    self.part(text, depth - 1);
                }
                self.tag(text, "endfor");
            }
            7 => {
                let kind = self.kind();
                let (name, value) = (self.pick(&["v", "w", "é", "q_1"]), self.of(kind, 2));
                self.tag(text, &format!("set {name} = {value}"));
                let _ = write!(text, "{{{{ {name} }}}}");
            }
            8 => {
                self.tag(text, "set v");
                self.part(text, depth - 1);
                self.tag(text, "endset");
                text.push_str("{{ v|length }}{{ v|upper }}");
            }
            9 => {
                let default = self.of(Type::Number, 1);
                self.tag(text, &format!("macro m(a, b={default})"));
                text.push_str("{{ a }}{{ b }}");
                self.part(text, depth - 1);
                self.tag(text, "endmacro");
                let argument = self.of(Type::Text, 1);
                let _ = write!(text, "{{{{ m({argument}) }}}}{{{{ m(b=1) }}}}");
            }
            _ => {
                let comment = self.pick(&["{# c #}", "{#- c -#}", "{# a\nb #}", "{#+ c +#}"]);
                text.push_str(comment);
                let raw = self.pick(&[
                    "{% raw %}{{ x }}{% endraw %}",
                    "{%- raw %}\n{% y\n{% endraw -%}",
                    "{% raw -%} z {%- endraw %}",
                ]);
                text.push_str(raw);
            }
        }
        text.push_str(self.space());
    }

    fn kind(&mut self) -> Type {
        [
            Type::Number,
            Type::Text,
            Type::Text,
            Type::List,
            Type::Map,
            Type::Truth,
        ][self.below(6)]
    }

    /// An expression that is of that type, nearly always.
    fn of(&mut self, kind: Type, depth: usize) -> String {
        let kind = if self.chance(4) { self.kind() } else { kind };
        if depth == 0 || self.chance(20) {
            return self.leaf(kind);
        }
        if self.chance(6) {
            let (yes, test, no) = (
                self.of(kind, depth - 1),
                self.of(Type::Truth, depth - 1),
                self.of(kind, depth - 1),
            );
            return format!("({yes} if {test} else {no})");
        }
        match kind {
            Type::Number => self.number(depth - 1),
            Type::Text => self.text(depth - 1),
            Type::List => self.list(depth - 1),
            Type::Map => self.map(depth - 1),
            Type::Truth => self.truth(depth - 1),
        }
    }

    fn leaf(&mut self, kind: Type) -> String {
        match kind {
            Type::Number => self.pick(&[
                "0", "1", "2", "7", "-3", "2.5", "1e3", "0.1", "n", "neg", "ratio", "345600",
                "true", "zero",
            ]),
            Type::Text => self.pick(&[
                "''",
                "'a'",
                "\"it's\"",
                "'a b-c'",
                "'x,y,,z'",
                "'\\n'",
                "'É ß'",
                "name",
                "title",
                "path",
                "inputs.region",
                "inputs['a-b']",
                "accent",
                "'{% x %}'",
                "'12'",
                "text",
            ]),
            Type::List => self.pick(&[
                "[]",
                "[1, 2, 3]",
                "['b', 'a']",
                "(1, 'x')",
                "list",
                "names",
                "none_items",
                "inputs.subnets",
                "range(4)",
                "[[1], [2, 3]]",
                "[none, true, 1.0]",
            ]),
            Type::Map => self.pick(&[
                "{}",
                "{'a': 1}",
                "{'k': [1], 'j': none}",
                "map",
                "users[0]",
                "inputs.tags",
                "connections.topic",
            ]),
            Type::Truth => self.pick(&[
                "true",
                "false",
                "t",
                "f",
                "none",
                "n",
                "name",
                "missing",
                "empty",
                "list",
                "inputs.fifo",
            ]),
        }
        .to_owned()
    }

    fn number(&mut self, depth: usize) -> String {
        let (a, b) = (self.of(Type::Number, depth), self.of(Type::Number, depth));
        match self.below(13) {
            0 => format!("{a} + {b}"),
            1 => format!("{a} - {b}"),
            2 => format!("({a}) * 3"),
            3 => format!("({a}) / {b}"),
            4 => format!("({a}) // ({b})"),
            5 => format!("({a}) % ({b})"),
            6 => format!(
                "({a})|{}",
                self.pick(&[
                    "abs",
                    "int",
                    "float",
                    "round",
                    "round(1)",
                    "round(0, 'floor')"
                ])
            ),
            7 => format!("{}|length", self.of(Type::List, depth)),
            8 => format!("({})|length", self.of(Type::Text, depth)),
            9 => format!(
                "{}.{}",
                self.leaf(Type::Text),
                self.pick(&["count('a')", "find('b')", "rfind(' ')"])
            ),
            10 => format!(
                "[{a}, {b}]|{}",
                self.pick(&["sum", "max", "min", "first", "last"])
            ),
            11 => format!("(({a}) {} 2)", self.pick(&["**", "//", "%", "*"])),
            _ => format!("-({a})"),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        let (a, b) = (self.of(Type::Text, depth), self.of(Type::Text, depth));
        match self.below(15) {
            0 => format!("{a} ~ {b}"),
            1 => format!("({a}) + ({b})"),
            2 => format!(
                "({a})|{}",
                self.pick(&[
                    "upper",
                    "lower",
                    "title",
                    "capitalize",
                    "trim",
                    "reverse",
                    "length|string",
                    "e",
                    "urlencode",
                    "tojson",
                    "string",
                    "striptags"
                ])
            ),
            3 => format!(
                "({a})|{}",
                self.pick(&[
                    "replace('a', 'z')",
                    "truncate(5)",
                    "truncate(4, true, '')",
                    "indent(2)",
                    "center(9)",
                    "wordwrap(4)",
                    "default('d')",
                    "default('d', true)"
                ])
            ),
            4 => format!(
                "({a}).{}()",
                self.pick(&[
                    "upper",
                    "lower",
                    "title",
                    "strip",
                    "swapcase",
                    "capitalize",
                    "lstrip",
                    "rstrip"
                ])
            ),
            5 => format!(
                "({a}).replace({}, {})",
                self.leaf(Type::Text),
                self.leaf(Type::Text)
            ),
            6 => format!(
                "{}|join({})",
                self.of(Type::List, depth),
                self.leaf(Type::Text)
            ),
            7 => format!("{}[{}]", self.leaf(Type::Text), self.slice()),
            8 => format!("'%s-%s' % (({a}), {})", self.of(Type::Number, depth)),
            9 => format!(
                "'{{}}/{{:>4}}|{{!r}}'.format({a}, {}, {b})",
                self.leaf(Type::Number)
            ),
            10 => format!(
                "({}) ~ ({})",
                self.of(Type::List, depth),
                self.of(Type::Number, depth)
            ),
            11 => format!("{}|string", self.of(Type::Map, depth)),
            12 => format!("({a}) * {}", self.pick(&["0", "1", "2", "3"])),
            13 => format!(
                "{}|{}",
                self.leaf(Type::Map),
                self.pick(&["tojson", "pprint", "tojson(indent=1)"])
            ),
            _ => format!(
                "'%05.1f|%3d' % ({}, {})",
                self.leaf(Type::Number),
                self.pick(&["1", "n", "2.9", "t"])
            ),
        }
    }

    fn list(&mut self, depth: usize) -> String {
        let a = self.of(Type::List, depth);
        match self.below(14) {
            0 => format!(
                "[{}, {}]",
                self.of(Type::Number, depth),
                self.of(Type::Text, depth)
            ),
            1 => format!("({a})|list + {}|list", self.of(Type::List, depth)),
            2 => format!(
                "({a})|{}|list",
                self.pick(&[
                    "reverse",
                    "unique",
                    "map('string')",
                    "select",
                    "reject('none')",
                    "batch(2)",
                    "slice(2)",
                    "map('upper')",
                    "select('string')",
                    "map('default', 1)"
                ])
            ),
            3 => format!(
                "({a})|{}",
                self.pick(&["list", "sort", "sort(reverse=true)"])
            ),
            4 => format!("{}[{}]", self.leaf(Type::List), self.slice()),
            5 => format!(
                "({}).split({})",
                self.of(Type::Text, depth),
                self.pick(&["", "','", "' ', 1", "'a'", "none, 1"])
            ),
            6 => format!(
                "({}).{}",
                self.leaf(Type::Text),
                self.pick(&[
                    "partition('a')",
                    "splitlines()",
                    "rsplit(',', 1)",
                    "rpartition(' ')"
                ])
            ),
            7 => format!(
                "{}.{}()|list",
                self.leaf(Type::Map),
                self.pick(&["keys", "values", "items"])
            ),
            8 => format!("{}|dictsort", self.of(Type::Map, depth)),
            9 => format!(
                "users|{}",
                self.pick(&[
                    "map(attribute='name')|list",
                    "selectattr('active')|map(attribute='age')|list",
                    "sort(attribute='age')|map(attribute='name')|list",
                    "groupby('age')|map('first')|list",
                    "rejectattr('tags')|list"
                ])
            ),
            10 => format!("range({})|list", self.below(6)),
            11 => format!("[{}] * 2", self.of(Type::Text, depth)),
            12 => format!(
                "({}, {})",
                self.of(Type::Number, depth),
                self.of(Type::List, depth)
            ),
            _ => format!("({})|list", self.of(Type::Text, depth)),
        }
    }

    fn map(&mut self, depth: usize) -> String {
        match self.below(5) {
            0 => format!(
                "{{'x': {}, 'y': {}}}",
                self.of(Type::Number, depth),
                self.of(Type::List, depth)
            ),
            1 => format!(
                "{{{}: {}}}",
                self.leaf(Type::Text),
                self.of(Type::Map, depth)
            ),
            2 => format!(
                "dict({}, z={})",
                self.of(Type::Map, depth),
                self.of(Type::Number, depth)
            ),
            3 => format!("{}.copy()", self.leaf(Type::Map)),
            _ => format!(
                "{{1: {}, none: {}}}",
                self.of(Type::Text, depth),
                self.of(Type::Truth, depth)
            ),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        let kind = self.kind();
        let (a, b) = (self.of(kind, depth), self.of(kind, depth));
        match self.below(10) {
            0 => format!("({a}) == ({b})"),
            1 => format!("({a}) != ({b})"),
            2 => format!(
                "({}) {} ({})",
                self.of(Type::Number, depth),
                self.pick(&["<", "<=", ">", ">="]),
                self.of(Type::Number, depth)
            ),
            3 => format!(
                "({}) < ({})",
                self.of(Type::Text, depth),
                self.of(Type::Text, depth)
            ),
            4 => format!(
                "{} {} {}",
                self.of(Type::Truth, depth),
                self.pick(&["and", "or"]),
                self.of(Type::Truth, depth)
            ),
            5 => format!("not {}", self.of(Type::Truth, depth)),
            6 => format!(
                "({a}) {} {}",
                self.pick(&["in", "not in"]),
                self.of(Type::List, depth)
            ),
            7 => format!(
                "({a}) is {}",
                self.pick(&[
                    "defined",
                    "string",
                    "number",
                    "mapping",
                    "sequence",
                    "iterable",
                    "none",
                    "not none",
                    "integer",
                    "float",
                    "boolean",
                    "true",
                    "undefined"
                ])
            ),
            8 => format!(
                "({}) in ({})",
                self.leaf(Type::Text),
                self.of(Type::Text, depth)
            ),
            _ => format!(
                "{} is {}",
                self.leaf(Type::Number),
                self.pick(&[
                    "odd",
                    "even",
                    "divisibleby(3)",
                    "gt(2)",
                    "eq 1",
                    "in [1, 2]"
                ])
            ),
        }
    }

    fn slice(&mut self) -> String {
        let bound = ["", "0", "1", "2", "-1", "-2", "9"];
        let mut slice = format!("{}:{}", self.pick(&bound), self.pick(&bound));
        if self.chance(30) {
            slice.push_str(self.pick(&[":2", ":-1", ":1", ":-2"]));
        }
        slice
    }
}
