//! What is known to differ from Jinja2, and why it is left so.

/// A template of the corpus, and the reason.
pub(super) const DIFFERENCES: &[(&str, &str)] = &[
    (
        r"{{ '\N{BULLET}' }}",
        "the names of all characters are a megabyte of data; an error says to write the character",
    ),
    (
        "{{ ['\\U0001F600', '\\ue000', '\\u0378', '\\ufffe'] }}",
        "which characters are unassigned changes with every version of Unicode, and so of Python",
    ),
    (
        "{% set l = [1] %}{% set _ = l.append(l) %}{{ l }}",
        "a value that holds itself could not be freed",
    ),
    (
        "{% set x = {} %}\n{% set x.y = 2 %}",
        "Jinja2 reports the line of the statement before; ours is the right one",
    ),
    (
        "{{ list[1.0] }}",
        "the engine takes whole floats as indexes",
    ),
    (
        "{% macro m() %}{{ name }}{% endmacro %}{{ m() }}{% set name = 'later' %}{{ m() }}",
        "Jinja2 hides a variable of the context from macros once the template sets it anywhere below",
    ),
    (
        "{{ (3)[0:2] }}",
        "Jinja2 has slices of constants that have none undefined, and others an error; ours is always an error",
    ),
    (
        "{{ 10 ** 40 }}",
        "whole numbers have 128 bits; larger ones are an error that says so",
    ),
    ("{{ name.encode() }}", "there are no bytes in templates"),
    (
        "{{ name.translate({}) }}",
        "not implemented: no template of a plugin was seen to use it",
    ),
    (
        "{{ name.upper is callable }}",
        "only the methods of dictionaries are found without a call: their names are also those of keys",
    ),
    (
        "{{ lipsum is callable }}{{ dict is callable }}{{ joiner is callable }}",
        "`lipsum` prints random text",
    ),
    (
        "{{ ('word ' * 30)|pprint }}",
        "long texts are not split into pieces",
    ),
    ("{{ 'see http://example.com now'|urlize }}", LINKS),
    (
        "{{ 'www.example.com, (https://a.b/c?d=e&f)'|urlize }}",
        LINKS,
    ),
    ("{{ 'mail a@b.com'|urlize }}", LINKS),
    (
        "{{ 'http://example.com/very/long/path'|urlize(20) }}",
        LINKS,
    ),
    (
        "{{ 'http://example.com'|urlize(nofollow=true, target='_blank') }}",
        LINKS,
    ),
];

const LINKS: &str = "links for HTML have no place in infrastructure; it is an error that says so";
