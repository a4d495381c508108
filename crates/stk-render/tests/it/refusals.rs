use stk_render::{Context, ErrorKind, evaluate, render};

use crate::{context, templates};

const REASON: &str = "input `password` is a password and cannot stand in a file";

fn refusing() -> Context {
    let mut context = context(serde_json::json!({
        "password": "canary",
        "inputs": {"password": "canary", "user": "admin"},
        "servers": [{"token": "canary", "host": "h"}],
    }));
    for path in [
        &["password"][..],
        &["inputs", "password"],
        &["servers", "0", "token"],
        &["new", "below", "secret"],
    ] {
        context.refuse(path, REASON);
    }
    context
}

#[test]
fn every_use_fails_with_the_reason() {
    let context = refusing();
    for source in [
        "{{ password }}",
        "{{ inputs.password }}",
        "{{ inputs['password'] }}",
        "{{ inputs.get('password') }}",
        "{{ servers[0].token }}",
        "{{ servers|map(attribute='token')|join }}",
        "{{ servers|map(attribute='token')|list }}",
        "{{ new.below.secret }}",
        "{{ password|upper }}",
        "{{ password|default('x') }}",
        "{{ password|length }}",
        "{{ password == 'x' }}",
        "{{ 'x' in password }}",
        "{{ password ~ '' }}",
        "{{ password * 2 }}",
        "{{ -password }}",
        "{{ password < 'x' }}",
        "{{ '%s' % password }}",
        "{{ password.items }}",
        "{{ servers|sort(attribute='token') }}",
        "{{ servers|groupby('token') }}",
        "{{ servers|selectattr('token')|list }}",
        "{% set _ = [].append(password) %}",
        "{% set d = {} %}{% set _ = d.update(inputs) %}{{ d }}",
        "{% macro m(x) %}{{ x }}{% endmacro %}{{ m(password) }}",
        "{{ password + 'x' }}",
        "{{ password[0] }}",
        "{{ password.upper() }}",
        "{{ password is defined }}",
        "{{ password is string }}",
        "{% if password %}x{% endif %}",
        "{% if inputs.password %}x{% endif %}",
        "{% for c in password %}x{% endfor %}",
        "{% set x = password %}",
        "{% set x = [password] %}",
        "{{ inputs }}",
        "{{ [inputs] }}",
        "{{ servers }}",
        "{{ inputs ~ '' }}",
        "{{ inputs|string }}",
        "{{ inputs|tojson }}",
        "{{ inputs|pprint }}",
        "{{ inputs|upper }}",
        "{{ inputs|urlencode }}",
        "{{ inputs|xmlattr }}",
        "{{ inputs|dictsort }}",
        "{{ inputs|items|list }}",
        "{{ inputs.items() }}",
        "{{ inputs.values()|list }}",
        "{{ inputs.values()|join('-') }}",
        "{{ inputs.values()|first }}",
        "{{ ','.join(inputs.values()) }}",
        "{{ dict(inputs) }}",
        "{{ '%s'|format(inputs) }}",
        "{{ '{}'.format(inputs) }}",
        "{{ '{p}'.format(p=inputs.password) }}",
        "{% for k, v in inputs.items() %}{{ v }}{% endfor %}",
        "{% for k in inputs %}{{ inputs[k] }}{% endfor %}",
        "{% set ns = namespace(i=inputs) %}{{ ns.i.password }}",
        "{% set x %}{{ inputs }}{% endset %}{{ x }}",
        "{% set x %}{{ inputs ~ 'a' }}{% endset %}{{ x|length }}{{ x }}",
    ] {
        match evaluate(source, "t", &context) {
            Ok(evaluated) => panic!("{source} gave {:?}", evaluated.text),
            Err(error) => {
                assert_eq!(error.message, REASON, "{source}: {error}");
                assert_eq!(error.kind, ErrorKind::Refused, "{source}");
            }
        }
    }
}

#[test]
fn what_stands_beside_it_is_usable() {
    let context = refusing();
    for (source, expect) in [
        ("{{ inputs.user }}", "admin"),
        ("{{ servers[0].host }}", "h"),
        ("{{ inputs|list }}", "['password', 'user']"),
        ("{{ inputs|length }}", "2"),
        ("{{ 'password' in inputs }}", "True"),
        ("{{ new.below|list }}", "['secret']"),
    ] {
        let evaluated = evaluate(source, "t", &context).expect(source);
        assert_eq!(evaluated.text, expect, "{source}");
    }
}

#[test]
fn file_names_are_refused_too() {
    let files = templates(&[("{{ inputs.password }}.tf", "")]);
    let error = render(&files, &refusing()).expect_err("a secret in a file name");
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(
        error.to_string(),
        format!("{{{{ inputs.password }}}}.tf: in the file's name: {REASON}")
    );
}
