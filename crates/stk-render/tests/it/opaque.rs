use stk_render::{Context, ErrorKind, Truth, evaluate, render};

use crate::{context, templates};

const REASON: &str = "input `password` is a secret, which can only be printed";

fn opaque() -> Context {
    let mut context = context(serde_json::json!({
        "password": "canary",
        "inputs": {"password": "canary", "user": "admin"},
        "servers": [{"token": "canary", "host": "h"}, {"token": "canary", "host": "i"}],
    }));
    for (path, name) in [
        (&["inputs", "password"][..], "password"),
        (&["password"], "password"),
        (&["servers", "0", "token"], "first"),
        (&["servers", "1", "token"], "second"),
    ] {
        context.opaque(path, name, REASON, Truth::Something);
    }
    context
}

/// What `source` renders to in a file.
fn text(source: &str) -> Result<String, String> {
    let files = templates(&[("main.tf", source)]);
    let rendered = render(&files, &opaque()).map_err(|error| {
        assert_eq!(error.kind, ErrorKind::Refused, "{source}: {error}");
        error.to_string()
    })?;
    let file = rendered.tree.get("main.tf").expect("the file");
    Ok(String::from_utf8(file.bytes.clone()).expect("text"))
}

#[test]
fn what_prints_it_leaves_a_token() {
    for (source, expect) in [
        ("a = {{ password }}", "a = stk_token_0_"),
        ("a = \"x{{ inputs.password }}y\"", "a = \"xstk_token_0_y\""),
        ("{{ inputs['password'] }}", "stk_token_0_"),
        ("{{ inputs.get('password') }}", "stk_token_0_"),
        ("{{ password }}{{ password }}", "stk_token_0_stk_token_0_"),
        (
            "{{ password }}\n{{ password }}",
            "stk_token_0_\nstk_token_1_",
        ),
        ("{{ password|default('x') }}", "stk_token_0_"),
        ("{{ nothing|default(password) }}", "stk_token_0_"),
        (
            "{{ password if password is defined else 'x' }}",
            "stk_token_0_",
        ),
        ("{% if password %}{{ password }}{% endif %}", "stk_token_0_"),
        ("{{ password or 'x' }}", "stk_token_0_"),
        ("{% set x = password %}{{ x }}", "stk_token_0_"),
        (
            "{% set x = {'a': [password]} %}{{ x.a[0] }}",
            "stk_token_0_",
        ),
        ("{{ 'user:' ~ password }}", "user:stk_token_0_"),
        (
            "{% for s in servers %}{{ s.host }}={{ s.token }};{% endfor %}",
            "h=stk_token_0_;i=stk_token_1_;",
        ),
        ("{{ servers|map(attribute='token')|first }}", "stk_token_0_"),
        (
            "{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(password) }}",
            "[stk_token_0_]",
        ),
        (
            "{% set x %}[{{ password }}]{% endset %}{{ x }}",
            "[stk_token_0_]",
        ),
        (
            "{% set ns = namespace(p=password) %}{{ ns.p }}",
            "stk_token_0_",
        ),
        (
            "{% for k, v in inputs.items() %}{{ k }}={{ v }} {% endfor %}",
            "password=stk_token_0_ user=admin ",
        ),
        ("{% print password %}", "stk_token_0_"),
        ("{{ 'password' in inputs }}", "True"),
        ("{{ inputs|length }}", "2"),
        ("{{ servers|map(attribute='host')|join }}", "hi"),
    ] {
        assert_eq!(text(source).as_deref(), Ok(expect), "{source}");
    }
}

#[test]
fn every_other_use_fails_with_the_reason() {
    for source in [
        "{{ password|upper }}",
        "{{ password|length }}",
        "{{ password|string }}",
        "{{ password|list }}",
        "{{ password|tojson }}",
        "{{ password|replace('a', 'b') }}",
        "{{ 'a'|replace('a', password) }}",
        "{{ password|trim }}",
        "{{ password|first }}",
        "{{ password == 'x' }}",
        "{{ password != 'x' }}",
        "{{ 'x' < password }}",
        "{{ 'x' in password }}",
        "{{ password in ['x'] }}",
        "{{ 'x' in [password] }}",
        "{{ 1 < 2 == password }}",
        "{{ password + 'x' }}",
        "{{ 'x' + password }}",
        "{{ password * 2 }}",
        "{{ -password }}",
        "{{ '%s' % password }}",
        "{{ '{}'.format(password) }}",
        "{{ password.upper() }}",
        "{{ password.foo }}",
        "{{ password[0] }}",
        "{{ password[:2] }}",
        "{{ password() }}",
        "{{ password is string }}",
        "{{ password is sameas 'x' }}",
        "{{ 'x' is eq(password) }}",
        "{{ 'x' is eq password }}",
        "{% for c in password %}x{% endfor %}",
        "{% set a, b = password %}",
        "{{ {password: 1} }}",
        "{{ inputs }}",
        "{{ [password] }}",
        "{{ inputs|tojson }}",
        "{{ inputs|pprint }}",
        "{{ inputs|string }}",
        "{{ inputs|xmlattr }}",
        "{{ inputs|urlencode }}",
        "{{ inputs|dictsort(by='value') }}",
        "{{ inputs.values()|join('-') }}",
        "{{ ','.join(inputs.values()) }}",
        "{{ servers|map(attribute='token')|join }}",
        "{{ servers|map(attribute='token')|map('upper')|list }}",
        "{{ servers|sort(attribute='token') }}",
        "{{ servers|groupby('token') }}",
        "{{ servers|unique(attribute='token')|list }}",
        "{{ servers|selectattr('token', 'eq', 'x')|list }}",
        "{{ servers|sum(attribute='token') }}",
        "{{ servers|map(attribute='token')|max }}",
        // What is made of it is as secret as it is.
        "{% set x %}{{ password }}{% endset %}{{ x|upper }}",
        "{% set x %}{{ password }}{% endset %}{{ x|length }}",
        "{% set x %}{{ password }}{% endset %}{{ x == 'a' }}",
        "{% set x %}{{ password }}{% endset %}{{ x[1:] }}",
        "{% set x %}{{ password }}{% endset %}{{ x.upper() }}",
        "{% set x %}{{ password }}{% endset %}{{ [x] }}",
        "{% set x %}{{ password }}{% endset %}{{ [x]|tojson }}",
        "{% set x %}{{ password }}{% endset %}{% for c in x %}{{ c }}{% endfor %}",
        "{% set x | upper %}{{ password }}{% endset %}",
        "{% filter upper %}{{ password }}{% endfilter %}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(password)|upper }}",
        "{% macro m() %}{{ caller()|upper }}{% endmacro %}{% call m() %}{{ password }}{% endcall %}",
        "{{ ('a' ~ password)|upper }}",
        "{{ ('a' ~ password)|reverse }}",
        "{{ ('a' ~ password).split(':') }}",
        "{{ 'x'.replace('x', 'a' ~ password) }}",
    ] {
        match text(source) {
            Ok(text) => panic!("{source} gave {text:?}"),
            Err(error) => assert!(error.ends_with(REASON), "{source}: {error}"),
        }
    }
}

#[test]
fn a_token_tells_where_it_was_printed() {
    let files = templates(&[
        ("a.tf", "x = 1\n\npassword = \"{{ password }}\"\n"),
        (
            "b/c.tf",
            "{% for s in servers %}\nt = {{\n  s.token\n}}\n{% endfor %}\n",
        ),
    ]);
    let rendered = render(&files, &opaque()).expect("rendered");
    let tokens: Vec<String> = rendered
        .tokens
        .iter()
        .map(|token| {
            let line = token.line.unwrap_or_default();
            format!(
                "{} is {} of {}:{line}",
                token.text, token.name, token.template
            )
        })
        .collect();
    insta::assert_snapshot!(tokens.join("\n"), @"
    stk_token_0_ is password of a.tf:3
    stk_token_1_ is first of b/c.tf:3
    stk_token_2_ is second of b/c.tf:3
    ");
}

#[test]
fn a_computed_input_hands_it_on() {
    let mut context = opaque();
    let evaluated = evaluate("pw-{{ inputs.password }}", "computed", &context).expect("rendered");
    let mut variables = context.variables().clone();
    variables.insert("computed".into(), evaluated.text.into());
    let mut with_computed = Context::new(variables);
    with_computed.opaque(
        &["inputs", "password"],
        "password",
        REASON,
        Truth::Something,
    );
    with_computed.opaque(&["password"], "password", REASON, Truth::Something);
    context = with_computed;
    let files = templates(&[("main.tf", "a = \"{{ computed }}\"\n")]);
    let rendered = render(&files, &context).expect("rendered");
    assert_eq!(
        rendered.tree.get("main.tf").expect("the file").bytes,
        b"a = \"pw-stk_token_0_\"\n"
    );
    assert_eq!(rendered.tokens[0].name, "password");
    let files = templates(&[("main.tf", "{{ computed|upper }}")]);
    let error = render(&files, &context).unwrap_err();
    insta::assert_snapshot!(error, @"main.tf:1: input `password` is a secret, which can only be printed");
}

#[test]
fn a_file_name_cannot_hold_it() {
    let files = templates(&[("{{ inputs.password }}.tf", "")]);
    let error = render(&files, &opaque()).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    insta::assert_snapshot!(error, @"{{ inputs.password }}.tf: in the file's name: input `password` is a secret, which can only be printed");
}

#[test]
fn the_form_of_tokens_is_reserved() {
    let files = templates(&[("main.tf", "stk_token_0_ {{ password }}")]);
    let error = render(&files, &opaque()).unwrap_err();
    insta::assert_snapshot!(error, @"main.tf: prints `stk_token_`, which is reserved for values that are filled in later");
    let files = templates(&[("main.tf", "stk_token_0_")]);
    assert!(render(&files, &context(serde_json::json!({}))).is_ok());
}

#[test]
fn a_file_without_opaque_values_is_the_same_as_ever() {
    let source = "{{ inputs.user|upper }}{{ 'x' is string }}{{ servers|map(attribute='host')|join(',') }}\n{% for s in servers %}\n{{ s.host }}\n{% endfor %}{{ nothing }}";
    assert_eq!(text(source).as_deref(), Ok("ADMINTrueh,i\nh\ni\n"));
}

#[test]
fn a_condition_on_what_may_be_nothing_fails() {
    let mut context = context(serde_json::json!({"topic": {"arn": "a", "name": "n"}}));
    context.opaque(&["topic", "arn"], "arn", REASON, Truth::Unknown);
    for source in [
        "{% if topic.arn %}x{% endif %}",
        "{% if false %}{% elif topic.arn %}x{% endif %}",
        "{% if not topic.arn %}x{% endif %}",
        "{% if topic.name and topic.arn %}x{% endif %}",
        "{% if topic.arn or topic.name %}x{% endif %}",
        "{% if false or topic.arn or topic.name %}x{% endif %}",
        "{{ topic.arn or 'x' }}",
        "{{ 'x' if topic.arn else 'y' }}",
        "{{ topic.arn|default('x', true) }}",
        "{% for x in [1] if topic.arn %}x{% endfor %}",
        "{{ [topic]|selectattr('arn')|list }}",
    ] {
        let error = render(&templates(&[("main.tf", source)]), &context).expect_err(source);
        assert_eq!(error.kind, ErrorKind::Refused, "{source}: {error}");
        assert_eq!(
            error.to_string(),
            format!("main.tf:1: {REASON}"),
            "{source}"
        );
    }
    for source in [
        "{% if topic %}x{% endif %}",
        "{% if topic.arn is defined %}{{ topic.arn }}{% endif %}",
        "{{ topic.arn|default('x') }}",
        "{{ topic.arn if topic.name }}",
        "{{ topic.nothing or 'x' }}",
    ] {
        let rendered = render(&templates(&[("main.tf", source)]), &context);
        assert!(rendered.is_ok(), "{source}");
    }
}
