use insta::assert_snapshot;
use stk_render::{ErrorKind, Limits, check, evaluate, render, render_with};

use crate::{context, templates, variables};

/// The message for a template that is the file `main.tf`, with the excerpt under it.
fn message(source: &str) -> String {
    let files = templates(&[("main.tf", source)]);
    match render(&files, &context(variables())) {
        Ok(rendered) => panic!("rendered: {rendered:?}"),
        Err(error) => match &error.excerpt {
            Some(excerpt) => format!("{error}\n  | {excerpt}"),
            None => error.to_string(),
        },
    }
}

#[test]
fn syntax() {
    assert_snapshot!(message("a\n{% if n %}\nb"), @"
    main.tf:3: syntax error: the template ends, but the `{% if %}` of line 2 is not closed by `{% endif %}`
      | b
    ");
    assert_snapshot!(message("a\n  x = {{ n + }}\nb"), @"
    main.tf:2: syntax error: unexpected `}}`
      | x = {{ n + }}
    ");
    assert_snapshot!(message("{% endif %}"), @"
    main.tf:1: syntax error: unknown or misplaced statement `endif`
      | {% endif %}
    ");
    assert_snapshot!(message("{% frobnicate %}"), @"
    main.tf:1: syntax error: unknown or misplaced statement `frobnicate`
      | {% frobnicate %}
    ");
    assert_snapshot!(message("x = {{ n }\ny"), @"
    main.tf:1: syntax error: unexpected `}`
      | x = {{ n }
    ");
    assert_snapshot!(message("x = {{ 'open }}"), @"
    main.tf:1: syntax error: the text has no closing quote `'`
      | x = {{ 'open }}
    ");
}

#[test]
fn undefined() {
    assert_snapshot!(message("\nx = {{ conections.topic.arn }}"), @"
    main.tf:2: `conections` is undefined
      | x = {{ conections.topic.arn }}
    ");
    assert_snapshot!(message("x = {{ connections.topik.arn }}"), @"
    main.tf:1: `connections.topik` is undefined
      | x = {{ connections.topik.arn }}
    ");
    assert_snapshot!(message("x = {{ connections['topik']['arn'] }}"), @"
    main.tf:1: `connections['topik']` is undefined
      | x = {{ connections['topik']['arn'] }}
    ");
    assert_snapshot!(message("x = {{ missing() }}"), @"
    main.tf:1: there is no function `missing`
      | x = {{ missing() }}
    ");
    assert_snapshot!(message("x = {{ missing.upper() }}"), @"
    main.tf:1: `missing` is undefined: undefined has no method named upper
      | x = {{ missing.upper() }}
    ");
    assert_snapshot!(message("x = {{ missing + 1 }}"), @"
    main.tf:1: `missing` is undefined
      | x = {{ missing + 1 }}
    ");
    assert_snapshot!(message("x = {{ missing|snakecase }}"), @"
    main.tf:1: `missing` is undefined
      | x = {{ missing|snakecase }}
    ");
    assert_snapshot!(message("x = {{ missing|int }}"), @"
    main.tf:1: `missing` is undefined
      | x = {{ missing|int }}
    ");
    assert_snapshot!(message("x = {{ {'a': missing}|tojson }}"), @"
    main.tf:1: `missing` is undefined
      | x = {{ {'a': missing}|tojson }}
    ");
}

#[test]
fn runtime() {
    assert_snapshot!(message("x = {{ name|snake_case }}"), @"
    main.tf:1: there is no filter `snake_case`; did you mean `snakecase`?
      | x = {{ name|snake_case }}
    ");
    assert_snapshot!(message("{% if n is prime %}{% endif %}"), @"
    main.tf:1: there is no test `prime`
      | {% if n is prime %}{% endif %}
    ");
    assert_snapshot!(message("x = {{ name + 1 }}"), @"
    main.tf:1: `+` is not supported between str and int
      | x = {{ name + 1 }}
    ");
    assert_snapshot!(message("x = {{ n|snakecase }}"), @"
    main.tf:1: a string is needed, not a number
      | x = {{ n|snakecase }}
    ");
    assert_snapshot!(message("x = {{ name.frob() }}"), @"
    main.tf:1: string has no method named frob
      | x = {{ name.frob() }}
    ");
    assert_snapshot!(message("x = {{ (1, 2).append(1) }}"), @"
    main.tf:1: sequence has no method named append
      | x = {{ (1, 2).append(1) }}
    ");
    assert_snapshot!(message("x = {{ n / 0 }}"), @"
    main.tf:1: `5 / 0` divides by zero
      | x = {{ n / 0 }}
    ");
    assert_snapshot!(message("x = {{ name|replace }}"), @"
    main.tf:1: missing argument
      | x = {{ name|replace }}
    ");
    assert_snapshot!(message("x = {{ name|truncate(3, size=1) }}"), @"
    main.tf:1: too many arguments: there is no argument named `size`
      | x = {{ name|truncate(3, size=1) }}
    ");
    assert_snapshot!(message("{% for a, b in list %}{% endfor %}"), @"
    main.tf:1: cannot unpack: value is not iterable
      | {% for a, b in list %}{% endfor %}
    ");
    assert_snapshot!(message("{% include 'other.tf' %}"), @"
    main.tf:1: a plugin's template cannot include, import or extend other files
      | {% include 'other.tf' %}
    ");
    assert_snapshot!(message("\n{% import 'macros.jinja' as m %}"), @"
    main.tf:2: a plugin's template cannot include, import or extend other files
      | {% import 'macros.jinja' as m %}
    ");
    assert_snapshot!(message("{% extends 'base.tf' %}"), @"
    main.tf:1: a plugin's template cannot include, import or extend other files
      | {% extends 'base.tf' %}
    ");
    assert_snapshot!(message("{% macro m() %}\n{{ n.x.y }}\n{% endmacro %}\n\n{{ m() }}"), @"
    main.tf:2: `n.x` is undefined
      | {{ n.x.y }}
    ");
}

#[test]
fn limits() {
    let endless = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}";
    assert_snapshot!(message(endless), @"
    main.tf:1: the template does too much work; is there a loop over very many items?
      | {% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}
    ");
    assert_snapshot!(message("{{ 'x' * 10 ** 12 }}"), @"
    main.tf:1: the template does too much work; is there a loop over very many items?
      | {{ 'x' * 10 ** 12 }}
    ");
    assert_snapshot!(message("{{ ('x' * 1000000).replace('x', 'y' * 1000000) }}"), @"
    main.tf:1: the template does too much work; is there a loop over very many items?
      | {{ ('x' * 1000000).replace('x', 'y' * 1000000) }}
    ");
    assert_snapshot!(message("{{ 'x'.ljust(10 ** 15) | length }}{{ ''.center(5, '') }}{{ [0] * 10 ** 11 }}"), @"
    main.tf:1: the template does too much work; is there a loop over very many items?
      | {{ 'x'.ljust(10 ** 15) | length }}{{ ''.center(5, '') }}{{ [0] * 10 ** 11 }}
    ");
    assert_snapshot!(message("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"), @"
    main.tf:1: macros or loops call themselves too deeply
      | {% macro m() %}{{ m() }}{% endmacro %}{{ m() }}
    ");
    assert_snapshot!(message("{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}"), @"
    main.tf:1: a value cannot be put into itself
      | {% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}
    ");

    let long = format!("{{{{ name{} }}}}", "|upper".repeat(100_000));
    assert_snapshot!(message(&long).split('\n').next().unwrap_or_default(), @"main.tf:1: the expression or the chain of `elif` is too long");
    let nested = "{% set ns = namespace(x=[]) %}{% for i in range(1000) %}{% set ns.x = [ns.x] %}{% endfor %}{{ ns.x }}";
    assert_snapshot!(message(nested).split('\n').next().unwrap_or_default(), @"main.tf:1: the value is nested too deeply to be printed");

    let small = Limits {
        bytes_per_file: 10,
        ..Limits::default()
    };
    let files = templates(&[("main.tf", "{{ name }}\n{{ name }}")]);
    let error = render_with(&files, &context(variables()), small).expect_err("too long");
    assert_snapshot!(error, @"main.tf: renders to more than 10 bytes");

    let few = Limits {
        files: 1,
        ..Limits::default()
    };
    let files = templates(&[("a", ""), ("b", "")]);
    let error = render_with(&files, &context(variables()), few).expect_err("too many");
    assert_snapshot!(error, @"b: the templates render to more than 1 files or 134217728 bytes");
}

#[test]
fn what_makes_much_of_little_is_stopped() {
    for source in [
        "{% set s = 'x' * 1000000 %}{{ s.join(range(90000)|map('string')) }}",
        "{% set s = 'x' * 1000000 %}{{ range(90000)|join(s) }}",
        "{{ ('\t' * 1000000).expandtabs(100000) }}",
        "{{ ('a\n' * 100000)|wordwrap(5, wrapstring='x' * 100000) }}",
        "{{ [1] * 100000000 }}",
        "{{ '%99999999d' % 1 }}",
        "{{ '{:99999999}'.format(1) }}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set l = [1] %}{% for i in range(60) %}{% set _ = l.extend(l) %}{% endfor %}",
        "{% set l = [1] %}{% for i in l %}{% set _ = l.append(i) %}{% endfor %}{% for a in range(99999) %}{% for b in range(99999) %}{% set _ = l.append(a) %}{% endfor %}{% endfor %}",
        "{{ range(99999)|batch(1, 2)|slice(99999)|list|length ** 999 }}",
    ] {
        let error = evaluate(source, "t", &context(variables())).expect_err(source);
        assert!(
            matches!(error.kind, ErrorKind::Limit | ErrorKind::Runtime),
            "{source}: {error}"
        );
    }
}

#[test]
fn long_chains_are_refused_and_long_literals_are_not() {
    let context = context(variables());
    let long = "the expression or the chain of `elif` is too long";
    for chain in [
        ".a",
        "|upper",
        "[0]",
        "()",
        "+1",
        " ~ 1 ~ 1|string + ''",
        " and 1",
        " if 1 else 1",
        " is odd",
        "(1)",
        "**1",
        " == 1",
        "|f(1)",
    ] {
        let source = format!("\n{{{{ n{} }}}}", chain.repeat(30_000));
        let error = evaluate(&source, "t", &context).expect_err(chain);
        assert!(
            [
                ErrorKind::Limit,
                ErrorKind::Syntax,
                ErrorKind::Undefined,
                ErrorKind::Runtime
            ]
            .contains(&error.kind),
            "{chain}: {error}"
        );
    }
    for (open, close) in [
        ("-", ""),
        ("not ", ""),
        ("(", ")"),
        ("[", "]"),
        ("{1: ", "}"),
        ("f(", ")"),
        ("n[", "]"),
    ] {
        let source = format!("{{{{ {}1{} }}}}", open.repeat(3_000), close.repeat(3_000));
        let error = evaluate(&source, "t", &context).expect_err(open);
        assert_eq!(error.message, long, "{open}");
    }
    for statement in ["if n", "for i in list", "with", "filter upper", "set x"] {
        let source = format!("{{% {statement} %}}").repeat(3_000);
        let error = evaluate(&source, "t", &context).expect_err(statement);
        assert_eq!(error.kind, ErrorKind::Limit, "{statement}: {error}");
    }
    let branches = format!("{{% if n %}}{}{{% endif %}}", "{% elif n %}".repeat(3_000));
    assert_eq!(
        evaluate(&branches, "t", &context)
            .expect_err("elif")
            .message,
        long
    );
    for item in ["1, ", "[1, 2], ", "{'a-b': 'c|d'}, ", "n.x, "] {
        let source = format!("{{{{ [{}]|length }}}}", item.repeat(3_000));
        let evaluated = evaluate(&source, "t", &context).expect(item);
        assert_eq!(evaluated.text, "3000", "{item}");
    }
}

#[test]
fn check_finds_all_syntax_errors_at_once() {
    let files = templates(&[
        ("b.tf", "ok {{ missing.attribute }}"),
        ("a.tf", "\n{% if %}"),
        ("{{ open.tf", "{% for %}"),
        ("binary.bin", "\0{% if %}"),
        (
            "names.tf",
            "\n{% if false %}{{ n|snake_case|upper }}{% endif %}\n{{ n is prime }}",
        ),
    ]);
    let errors: Vec<String> = check(&files).iter().map(ToString::to_string).collect();
    assert_snapshot!(errors.join("\n"), @"
    a.tf:2: syntax error: expected an expression, got `%}`
    names.tf:2: there is no filter `snake_case`; did you mean `snakecase`?
    names.tf:3: there is no test `prime`
    {{ open.tf: in the file's name: syntax error: expected `}}`, got the end of the template
    {{ open.tf:1: syntax error: expected a name, got `%}`
    ");
}

#[test]
fn computed_inputs() {
    let context = context(variables());
    let ok = evaluate(
        "{{ name|replace(' ', '-') }}",
        "computed-inputs.queue",
        &context,
    );
    assert_eq!(ok.expect("renders").text, "my-queue");
    let error = evaluate("{{ x.y }}", "computed-inputs.queue", &context).expect_err("undefined");
    assert_snapshot!(error, @"computed-inputs.queue:1: `x` is undefined");
    let warned = evaluate("a\n{{ x }}", "computed-inputs.queue", &context).expect("renders");
    assert_snapshot!(warned.warnings[0], @"computed-inputs.queue:2: `x` is undefined; it prints as nothing");
}
