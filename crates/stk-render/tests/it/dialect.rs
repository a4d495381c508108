//! Expectations are what Jinja2 3.1 (with `trim_blocks`, `lstrip_blocks`, `keep_trailing_newline`), `case-converter` and
//! `jinja2-strcase` print for the same template and variables.

use stk_render::evaluate;

use crate::{context, variables};

fn check(cases: &[(&str, &str)]) {
    let context = context(variables());
    for &(source, expect) in cases {
        match evaluate(source, "t", &context) {
            Ok(evaluated) => assert_eq!(evaluated.text, expect, "{source}"),
            Err(error) => panic!("{source}: {error}"),
        }
    }
}

#[test]
fn values_print_as_python_prints_them() {
    check(&[
        (
            "{{ t }} {{ f }} {{ nothing }} {{ missing }}|",
            "True False None |",
        ),
        (
            "{{ ratio }} {{ 1/3 }} {{ 4/2 }} {{ 7//2 }} {{ 1e16 }} {{ 1e-7 }} {{ 100.0 }}",
            "2.5 0.3333333333333333 2.0 3 1e+16 1e-07 100.0",
        ),
        (
            "{{ list }} {{ names }} {{ map }}",
            "[3, 1, 2] ['b', 'a', 'C'] {'b': 1, 'a': [1, 'x', None, True], 'c': {'k': \"it's\"}}",
        ),
        (
            "{{ (1,) }} {{ (1, 'a') }} {{ () }} {{ [] }} {{ {} }}",
            "(1,) (1, 'a') () [] {}",
        ),
        (
            "{{ [\"it's\", '\"', 'a\\nb', 'é'] }}",
            "[\"it's\", '\"', 'a\\nb', 'é']",
        ),
        ("{{ [missing] }}", "[Undefined]"),
        (
            "{{ map.items() }} {{ map.keys() }} {{ map.values() }}",
            "dict_items([('b', 1), ('a', [1, 'x', None, True]), ('c', {'k': \"it's\"})]) dict_keys(['b', 'a', 'c']) dict_values([1, [1, 'x', None, True], {'k': \"it's\"}])",
        ),
        (
            "{{ range(5) }} {{ range(1, 9, 2) }} {{ range(3)|list }}",
            "range(0, 5) range(1, 9, 2) [0, 1, 2]",
        ),
        (
            "{{ 'x' ~ t ~ nothing ~ list ~ ratio }}",
            "xTrueNone[3, 1, 2]2.5",
        ),
        (
            "{{ users|groupby('age') }}",
            "[(2, [{'name': 'bob', 'age': 2}]), (3, [{'name': 'ann', 'age': 3}, {'name': 'cid', 'age': 3}])]",
        ),
    ]);
}

#[test]
fn filters_of_jinja2() {
    check(&[
        (
            "{{ map|tojson }}",
            "{\"a\": [1, \"x\", null, true], \"b\": 1, \"c\": {\"k\": \"it\\u0027s\"}}",
        ),
        (
            "{{ map|tojson(indent=2) }}",
            "{\n  \"a\": [\n    1,\n    \"x\",\n    null,\n    true\n  ],\n  \"b\": 1,\n  \"c\": {\n    \"k\": \"it\\u0027s\"\n  }\n}",
        ),
        (
            "{{ \"<a & 'b'> é\"|tojson }}",
            "\"\\u003ca \\u0026 \\u0027b\\u0027\\u003e \\u00e9\"",
        ),
        (
            "{{ name|truncate(5, true, '', 0) }} {{ 'Hello big World'|truncate(9) }} {{ 'Hello big World'|truncate(9, leeway=0) }}",
            "my qu Hello... Hello...",
        ),
        (
            "{{ 'a long word averyverylongword and high-speed'|wordwrap(10) }}",
            "a long\nword avery\nverylongwo\nrd and\nhigh-speed",
        ),
        (
            "{{ 'a long word averyverylongword and high-speed'|wordwrap(10, false) }}",
            "a long\nword\naveryverylongword\nand high-\nspeed",
        ),
        (
            "{{ 'a\\n\\nb'|indent }}|{{ 'a\\n\\nb'|indent(2, true) }}|{{ 'a\\n\\nb'|indent('> ', blank=true) }}|{{ 'a\\n'|indent }}",
            "a\n\n    b|  a\n\n  b|a\n> \n> b|a\n",
        ),
        ("{{ 'ab'|center(5) }}|{{ 'abc'|center(6) }}", "  ab | abc  "),
        (
            "{{ map|dictsort }} {{ {'B': 1, 'a': 2}|dictsort(true) }} {{ {'b': 1, 'a': 2}|dictsort(by='value', reverse=true) }}",
            "[('a', [1, 'x', None, True]), ('b', 1), ('c', {'k': \"it's\"})] [('B', 1), ('a', 2)] [('a', 2), ('b', 1)]",
        ),
        (
            "{{ '42'|int }} {{ 'x'|int(7) }} {{ '0x1f'|int(0, 16) }} {{ '3.7'|int }} {{ nothing|int }} {{ t|int }} {{ '1_0'|int }}",
            "42 7 31 3 0 1 10",
        ),
        (
            "{{ '3.7'|float }} {{ 'x'|float }} {{ 'x'|float(1.5) }} {{ n|float }}",
            "3.7 0.0 1.5 5.0",
        ),
        (
            "{{ missing|default('d') }} {{ ''|default('d', true) }} {{ nothing|d('x') }} {{ ''|d('e', boolean=true) }}",
            "d d None e",
        ),
        (
            "{{ [1, 2, 1]|unique|list }} {{ ['a', 'A']|unique|list }} {{ ['a', 'A']|unique(true)|list }}",
            "[1, 2] ['a'] ['a', 'A']",
        ),
        (
            "{{ 'a b&c/d=é'|urlencode }} {{ {'a': 1, 'b': 'x y'}|urlencode }}",
            "a%20b%26c/d%3D%C3%A9 a=1&b=x+y",
        ),
        (
            "{{ 1000|filesizeformat }} {{ 1|filesizeformat }} {{ 1500000|filesizeformat(true) }} {{ 0|filesizeformat }}",
            "1.0 kB 1 Byte 1.4 MiB 0 Bytes",
        ),
        ("{{ {'class': 'a', 'id': none}|xmlattr }}", " class=\"a\""),
        (
            "{{ '<b>\"x\" & \\'y\\'</b>'|e }} {{ '<p>a <b>b</b>&amp;</p>'|striptags }} {{ 'a b-c'|wordcount }}",
            "&lt;b&gt;&#34;x&#34; &amp; &#39;y&#39;&lt;/b&gt; a b& 3",
        ),
        (
            "{{ users|map(attribute='name')|join('/') }} {{ users|selectattr('age', 'gt', 2)|list|length }} {{ list|sort }} {{ list|sum }}",
            "ann/bob/cid 2 [1, 2, 3] 6",
        ),
        (
            "{{ 'é'|length }} {{ name|title }} {{ names|sort(reverse=true) }} {{ [3]|random }}",
            "1 My Queue ['C', 'b', 'a'] 3",
        ),
    ]);
}

#[test]
fn tests_and_functions() {
    check(&[
        (
            "{{ name is sequence }} {{ map is sequence }} {{ n is sequence }} {{ list is sequence }}",
            "True True False True",
        ),
        (
            "{{ range is callable }} {{ n is callable }} {{ t is boolean }} {{ t is integer }} {{ t is number }}",
            "True False True False True",
        ),
        (
            "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}",
            "aba",
        ),
        ("{% set j = joiner('|') %}{{ j() }}a{{ j() }}b", "a|b"),
        (
            "{% set ns = namespace(x=1) %}{% for i in list %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x }}",
            "7",
        ),
        ("{{ dict(a=1, b='x') }}", "{'a': 1, 'b': 'x'}"),
    ]);
}

#[test]
fn methods_of_python() {
    check(&[
        (
            "{{ 'a,b,c'.split(',') }} {{ ' a  b '.split() }} {{ 'a b c'.split(' ', 1) }} {{ 'a b c'.rsplit(' ', 1) }} {{ 'a  b c'.split(none, 1) }}",
            "['a', 'b', 'c'] ['a', 'b'] ['a', 'b c'] ['a b', 'c'] ['a', 'b c']",
        ),
        ("{{ connections.topic.arn.split(':')[-1] }}", "t"),
        (
            "{{ 'k=v=w'.partition('=') }} {{ 'k=v=w'.rpartition('=') }} {{ 'k'.partition('=') }}",
            "('k', '=', 'v=w') ('k=v', '=', 'w') ('k', '', '')",
        ),
        (
            "{{ 'ab'.center(5, '*') }} {{ 'ab'.ljust(4, '.') }} {{ 'ab'.rjust(4, '.') }} {{ '-5'.zfill(4) }}",
            "**ab* ab.. ..ab -005",
        ),
        (
            "{{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'abc'.index('c') }} {{ 'aBc'.swapcase() }} {{ \"it's a-b\".title() }}",
            "bc ab 2 AbC It'S A-B",
        ),
        (
            "{{ 'a\\nb\\r\\nc'.splitlines() }} {{ 'a\\n'.splitlines(true) }} {{ 'a\\tb'.expandtabs(4) }}",
            "['a', 'b', 'c'] ['a\\n'] a   b",
        ),
        (
            "{{ 'Ab'.istitle() }} {{ '12'.isdigit() }} {{ 'x1'.isidentifier() }} {{ 'a'.isupper() }}",
            "True True True False",
        ),
        (
            "{{ '-'.join(names) }} {{ name.replace(' ', '_') }} {{ name.startswith('my') }} {{ name.endswith(('x', 'ue')) }} {{ '{}-{:>3}'.format(n, 'a') }}",
            "b-a-C my_queue True True 5-  a",
        ),
        (
            "{{ map.get('b') }} {{ map.get('zz') }} {{ map.get('zz', 1) }} {{ list.index(1) }} {{ list.count(3) }}",
            "1 None 1 1 1",
        ),
        (
            "{% for k, v in map.items() %}{{ k }}={{ v }};{% endfor %}",
            "b=1;a=[1, 'x', None, True];c={'k': \"it's\"};",
        ),
    ]);
}

#[test]
fn white_space() {
    check(&[
        ("  {% if t %}\n  a\n  {% endif %}\nb\n", "  a\nb\n"),
        ("{% raw %}\n{{ x }}\n{% endraw %}\nb", "\n{{ x }}\nb"),
        ("x{# a\n b #}\ny", "xy"),
        (
            "{%- for i in list -%}\n  {{- i -}}\n{%- endfor -%}\n\n",
            "312",
        ),
        ("  {%+ if t %}a{% endif +%}\nb", "  a\nb"),
        ("a\r\n{% if t %}\r\nb\r\n{% endif %}\r\n", "a\nb\n"),
        ("{{ n }}\n\n", "5\n\n"),
        ("\t{{ n }}  \n", "\t5  \n"),
    ]);
}

#[test]
fn statements() {
    check(&[
        (
            "{% for i in list %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.cycle('a', 'b') }}{{ ',' if not loop.last }}{% else %}none{% endfor %}",
            "12Truea,21Falseb,30Falsea",
        ),
        (
            "{% for i in [1, [2, [3]]] recursive %}{% if i is iterable %}({{ loop(i) }}){% else %}{{ i }}{% endif %}{% endfor %}",
            "1(2(3))",
        ),
        (
            "{% macro m(a, b='x') %}[{{ a }}{{ b }}]{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}",
            "[1x][12]",
        ),
        (
            "{% macro m() %}<{{ caller() }}>{% endmacro %}{% call m() %}body{% endcall %}",
            "<body>",
        ),
        (
            "{% set x %}a{{ n }}{% endset %}{{ x|upper }}{% filter upper %}b{% endfilter %}{% with y = 1 %}{{ y }}{% endwith %}",
            "A5B1",
        ),
        (
            "{% if missing %}a{% elif nothing is none %}b{% endif %}{{ 'a' if missing }}|{{ missing is defined }}",
            "b|False",
        ),
    ]);
}

#[test]
fn numbers_and_pretty_printing() {
    check(&[
        (
            "{{ t|abs }} {{ t|round }} {{ 2.567|round(1, 'ceil') }} {{ 2.5|round(method='floor') }}",
            "1 1 2.6 2.0",
        ),
        (
            "{{ map|pprint }}",
            "{'a': [1, 'x', None, True], 'b': 1, 'c': {'k': \"it's\"}}",
        ),
        (
            "{{ [['a' * 30, 'b' * 40], {'b' * 30: 'c' * 50, 'a': (1,)}]|pprint|replace('aaaaaaaaaa', 'A')|replace('bbbbbbbbbb', 'B')|replace('cccccccccc', 'C') }}",
            "[['AAA', 'BBBB'],\n {'a': (1,),\n  'BBB': 'CCCCC'}]",
        ),
    ]);
}

#[test]
fn the_filters_of_case_converter() {
    check(&[
        (
            "{% set w = \"order created topic\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "orderCreatedTopic|OrderCreatedTopic|order_created_topic|order-created-topic|ordercreatedtopic|ORDER_CREATED_TOPIC|ORDER-CREATED-TOPIC|Order Created Topic",
        ),
        (
            "{% set w = \"OrderCreatedTopic\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "orderCreatedTopic|OrderCreatedTopic|order_created_topic|order-created-topic|ordercreatedtopic|ORDER_CREATED_TOPIC|ORDER-CREATED-TOPIC|Order Created Topic",
        ),
        (
            "{% set w = \"orderCreated\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "orderCreated|OrderCreated|order_created|order-created|ordercreated|ORDER_CREATED|ORDER-CREATED|Order Created",
        ),
        (
            "{% set w = \"ORDER_CREATED\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "orderCreated|OrderCreated|order_created|order-created|ordercreated|ORDER_CREATED|ORDER-CREATED|Order Created",
        ),
        (
            "{% set w = \"order--created__topic\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "orderCreatedTopic|OrderCreatedTopic|order_created_topic|order-created-topic|ordercreatedtopic|ORDER_CREATED_TOPIC|ORDER-CREATED-TOPIC|Order Created Topic",
        ),
        (
            "{% set w = \"HTTPServerError\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "httpserverError|HtTPServerError|httpserver_error|httpserver-error|httpservererror|H_T_T_P_SERVER_ERROR|HTTPSERVER-ERROR|Httpserver Error",
        ),
        (
            "{% set w = \"v2 api\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "v2Api|V2Api|v2_api|v2-api|v2api|V2_API|V2-API|V2 Api",
        ),
        (
            "{% set w = \"sns2sqs\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "sns2sqs|Sns2sqs|sns2sqs|sns2sqs|sns2sqs|SNS2SQS|SNS2SQS|Sns2sqs",
        ),
        (
            "{% set w = \"já foi São\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "jáFoiSão|JáFoiSão|já_foi_são|já-foi-são|jáfoisão|JÁ_FOI_SÃO|JÁ-FOI-SÃO|Já Foi São",
        ),
        (
            "{% set w = \"x.y/z!\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "xyz|Xyz|xyz|xyz|xyz|XYZ|XYZ|Xyz",
        ),
        (
            "{% set w = \"\" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "|||||||",
        ),
        (
            "{% set w = \" a \" %}{{ w|camelcase }}|{{ w|pascalcase }}|{{ w|snakecase }}|{{ w|kebabcase }}|{{ w|flatcase }}|{{ w|macrocase }}|{{ w|cobolcase }}|{{ w|titlecase }}",
            "a|A|a|a|a|A|A|A",
        ),
    ]);
}

#[test]
fn the_filters_of_strcase() {
    check(&[
        (
            "{% set w = \"order created topic\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "order_created_topic|ORDER_CREATED_TOPIC|order-created-topic|ORDER-CREATED-TOPIC|OrderCreatedTopic|orderCreatedTopic",
        ),
        (
            "{% set w = \"OrderCreatedTopic\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "order_created_topic|ORDER_CREATED_TOPIC|order-created-topic|ORDER-CREATED-TOPIC|OrderCreatedTopic|orderCreatedTopic",
        ),
        (
            "{% set w = \"orderCreated\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "order_created|ORDER_CREATED|order-created|ORDER-CREATED|OrderCreated|orderCreated",
        ),
        (
            "{% set w = \"ORDER_CREATED\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "order_created|ORDER_CREATED|order-created|ORDER-CREATED|ORDERCREATED|oRDERCREATED",
        ),
        (
            "{% set w = \"order--created__topic\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "order__created__topic|ORDER__CREATED__TOPIC|order--created--topic|ORDER--CREATED--TOPIC|OrderCreatedTopic|orderCreatedTopic",
        ),
        (
            "{% set w = \"HTTPServerError\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "http_server_error|HTTP_SERVER_ERROR|http-server-error|HTTP-SERVER-ERROR|HTTPServerError|hTTPServerError",
        ),
        (
            "{% set w = \"v2 api\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "v_2__api|V_2__API|v-2--api|V-2--API|V2Api|v2Api",
        ),
        (
            "{% set w = \"sns2sqs\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "sns_2_sqs|SNS_2_SQS|sns-2-sqs|SNS-2-SQS|Sns2Sqs|sns2Sqs",
        ),
        (
            "{% set w = \"já foi São\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "já_foi_são|JÁ_FOI_SÃO|já-foi-são|JÁ-FOI-SÃO|JFoiSo|jFoiSo",
        ),
        (
            "{% set w = \"x.y/z!\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "x.y/z!|X.Y/Z!|x.y/z!|X.Y/Z!|Xyz|xyz",
        ),
        (
            "{% set w = \"\" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "|||||",
        ),
        (
            "{% set w = \" a \" %}{{ w|to_snake }}|{{ w|to_screaming_snake }}|{{ w|to_kebab }}|{{ w|to_screaming_kebab }}|{{ w|to_camel }}|{{ w|to_lower_camel }}",
            "a|A|a|A|A|a",
        ),
    ]);
}
