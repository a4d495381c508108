//! A thousand templates, each parsed and rendered once, as a deployment does.
//!
//! Where Python is there, the same templates go through the real Jinja2 in the same run, and the ratio is printed.

use std::{io::Write as _, time::Instant};

use serde_json::{Value, json};
use stk_render::{Context, TemplateFile, Templates, render};
use stk_testing::python;

const COUNT: usize = 1_000;

/// As the templates of plugins are: some data, some values, a condition, a loop.
const SOURCE: &str = r#"# {{ inputs.name|upper }}
terraform {
  required_version = ">= 1.5"
}
{% set suffix = 'prod' if environment == 'production' else 'dev' %}
resource "aws_sqs_queue" "{{ inputs.name|replace('-', '_') }}" {
  name                       = "{{ inputs.name }}-{{ suffix }}"
  fifo_queue                 = {{ inputs.fifo|string|lower }}
  message_retention_seconds  = {{ inputs.days * 86400 }}
{% if inputs.dlq %}
  redrive_policy = jsonencode({ deadLetterTargetArn = "{{ connections.dlq.arn }}", maxReceiveCount = {{ inputs.retries|default(3) }} })
{% endif %}
  tags = {
{% for key, value in inputs.tags.items() %}
    "{{ key }}" = "{{ value }}"
{% endfor %}
  }
}
output "arn" { value = "${aws_sqs_queue.{{ inputs.name|replace('-', '_') }}.arn}" }
"#;

fn main() {
    compare();
    divan::main();
}

#[divan::bench(sample_count = 10)]
fn a_thousand_templates(bencher: divan::Bencher<'_, '_>) {
    let templates = templates();
    let context = context(variables());
    bencher.bench(|| render(&templates, &context));
}

fn variables() -> Value {
    json!({
        "environment": "production",
        "inputs": {
            "name": "new-orders", "fifo": true, "days": 4, "dlq": true,
            "tags": {"team": "payments", "cost-center": "1234", "owner": "ann"},
        },
        "connections": {"dlq": {"arn": "arn:aws:sqs:sa-east-1:123456789012:dlq"}},
    })
}

fn context(variables: Value) -> Context {
    Context::new(variables.as_object().cloned().unwrap_or_default())
}

fn templates() -> Templates {
    let file = |index| TemplateFile {
        path: format!("queue-{index}.tf"),
        bytes: source(index).into_bytes(),
        executable: false,
    };
    Templates {
        files: (0..COUNT).map(file).collect(),
    }
}

/// No two templates are the same.
fn source(index: usize) -> String {
    format!("{SOURCE}# {index}\n")
}

/// Prints how much faster than Jinja2 it is.
fn compare() {
    let venv = match python::venv(
        "jinja2",
        include_str!("../tests/it/differential/requirements.txt"),
    ) {
        Ok(venv) => venv,
        Err(skip) => return skip.report("the comparison with Jinja2"),
    };
    let mut jinja = venv.lines(include_str!("../tests/it/differential/jinja.py"));
    let sources: Vec<String> = (0..COUNT).map(source).collect();
    let question = json!({"context": variables(), "templates": sources, "time": true});
    // The best of three, for both.
    let theirs = (0..3)
        .filter_map(|_| jinja.ask(&question).as_f64())
        .fold(f64::INFINITY, f64::min);
    let (templates, context) = (templates(), context(variables()));
    let ours = (0..3)
        .map(|_| {
            let start = Instant::now();
            let rendered = render(&templates, &context);
            let seconds = start.elapsed().as_secs_f64();
            assert!(rendered.is_ok_and(|rendered| rendered.tree.len() == COUNT));
            seconds
        })
        .fold(f64::INFINITY, f64::min);
    let line = format!(
        "{COUNT} templates: Jinja2 {:.0} ms, stk-render {:.1} ms, {:.0} times as fast\n",
        theirs * 1e3,
        ours * 1e3,
        theirs / ours
    );
    let _ = std::io::stdout().write_all(line.as_bytes());
}
