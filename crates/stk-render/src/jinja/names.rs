//! The filters and tests that a template may name.

/// The filters of Jinja2, of `case-converter` and of `jinja2-strcase`; sorted.
const FILTERS: [&str; 70] = [
    "abs",
    "attr",
    "batch",
    "camelcase",
    "capitalize",
    "center",
    "cobolcase",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "flatcase",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "kebabcase",
    "last",
    "length",
    "list",
    "lower",
    "macrocase",
    "map",
    "max",
    "min",
    "pascalcase",
    "pprint",
    "random",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "snakecase",
    "sort",
    "string",
    "striptags",
    "sum",
    "title",
    "titlecase",
    "to_camel",
    "to_delimited",
    "to_kebab",
    "to_lower_camel",
    "to_screaming_delimited",
    "to_screaming_kebab",
    "to_screaming_snake",
    "to_snake",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "urlize",
    "wordcount",
    "wordwrap",
    "xmlattr",
];

/// The tests of Jinja2 that have a name; sorted.
const TESTS: [&str; 33] = [
    "boolean",
    "callable",
    "defined",
    "divisibleby",
    "eq",
    "equalto",
    "escaped",
    "even",
    "false",
    "filter",
    "float",
    "ge",
    "greaterthan",
    "gt",
    "in",
    "integer",
    "iterable",
    "le",
    "lessthan",
    "lower",
    "lt",
    "mapping",
    "ne",
    "none",
    "number",
    "odd",
    "sameas",
    "sequence",
    "string",
    "test",
    "true",
    "undefined",
    "upper",
];

/// Methods of Python's dictionaries: `a.items` is the method also where the dictionary has a key `items`.
pub(crate) const DICTIONARY_METHODS: [&str; 11] = [
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

/// Whether there is a filter, or a test, of that name.
pub(crate) fn exists(test: bool, name: &str) -> bool {
    if test {
        // The operators are tests too, for `select('>', 1)`.
        TESTS.binary_search(&name).is_ok() || matches!(name, "==" | "!=" | ">" | ">=" | "<" | "<=")
    } else {
        FILTERS.binary_search(&name).is_ok()
    }
}

/// That a filter or test does not exist, and which one may have been meant.
pub(crate) fn unknown(test: bool, name: &str) -> String {
    let (what, names): (_, &[&str]) = if test {
        ("test", &TESTS)
    } else {
        ("filter", &FILTERS)
    };
    let best = names
        .iter()
        .map(|known| (distance(name, known), known))
        .filter(|(distance, known)| *distance <= (known.len() / 4).max(1))
        .min();
    match best {
        Some((_, known)) => format!("there is no {what} `{name}`; did you mean `{known}`?"),
        None => format!("there is no {what} `{name}`"),
    }
}

/// How many letters have to be put in, taken out, replaced or swapped with the next one, `_` and case aside.
fn distance(left: &str, right: &str) -> usize {
    let letters = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|letter| *letter != '_')
            .map(|letter| letter.to_ascii_lowercase())
            .take(64)
            .collect()
    };
    let (left, right) = (letters(left), letters(right));
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut next = vec![i + 1];
        for (j, b) in right.iter().enumerate() {
            let mut cost = (row[j] + usize::from(a != b))
                .min(row[j + 1] + 1)
                .min(next[j] + 1);
            if i > 0 && j > 0 && *a == right[j - 1] && left[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            next.push(cost);
        }
        before = row;
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{FILTERS, TESTS, unknown};

    #[test]
    fn the_lists_can_be_searched() {
        assert!(FILTERS.is_sorted());
        assert!(TESTS.is_sorted());
    }

    #[test]
    fn the_nearest_name_is_named() {
        for (test, name, expect) in [
            (
                false,
                "snake_case",
                "there is no filter `snake_case`; did you mean `snakecase`?",
            ),
            (
                false,
                "repalce",
                "there is no filter `repalce`; did you mean `replace`?",
            ),
            (
                false,
                "uper",
                "there is no filter `uper`; did you mean `upper`?",
            ),
            (false, "b64encode", "there is no filter `b64encode`"),
            (
                true,
                "define",
                "there is no test `define`; did you mean `defined`?",
            ),
            (true, "prime", "there is no test `prime`"),
        ] {
            assert_eq!(unknown(test, name), expect);
        }
    }
}
