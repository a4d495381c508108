//! The same templates through this crate and through the real Jinja2: they must give the same bytes, or fail at the same
//! line. Without Python the tests are skipped, with a line that says so.

mod generator;
mod known;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use stk_render::evaluate;
use stk_testing::python::{self, Lines};

/// What a template gave.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Text(String),
    /// The line of the error; what it says is each engine's own.
    Fails(Option<u64>),
}

/// The real Jinja2, or `None` after saying that the test is skipped.
fn jinja(test: &str) -> Option<Lines> {
    match python::venv("jinja2", include_str!("differential/requirements.txt")) {
        Ok(venv) => Some(venv.lines(include_str!("differential/jinja.py"))),
        Err(skip) => {
            skip.report(test);
            None
        }
    }
}

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

fn variables() -> Value {
    let text = fs::read_to_string(corpus().join("context.json")).expect("the context");
    serde_json::from_str(&text).expect("JSON")
}

/// The templates of one file: a line each in `.exprs`, where they are expressions, and separated by lines of `=====` in
/// `.txt`. A line of `.exprs` that ends with a backslash goes on on the next one.
fn cases(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a file of the corpus");
    if path.extension().is_some_and(|extension| extension == "txt") {
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return text.split("\n=====\n").map(str::to_owned).collect();
    }
    let mut cases = Vec::new();
    let mut before = String::new();
    for line in text.lines() {
        before.push_str(line);
        if line.ends_with('\\') {
            before.push('\n');
        } else {
            cases.push(format!("{{{{ {} }}}}", std::mem::take(&mut before)));
        }
    }
    cases
}

fn theirs(jinja: &mut Lines, variables: &Value, templates: &[String]) -> Vec<(Outcome, String)> {
    let answers = jinja.ask(&json!({"context": variables, "templates": templates}));
    let answers = answers.as_array().expect("a list of answers");
    assert_eq!(answers.len(), templates.len());
    let outcomes = answers.iter().map(|answer| match answer["text"].as_str() {
        Some(text) => (Outcome::Text(text.to_owned()), String::new()),
        None => (
            Outcome::Fails(answer["line"].as_u64()),
            answer["error"].as_str().unwrap_or_default().to_owned(),
        ),
    });
    outcomes.collect()
}

fn ours(variables: &Value, template: &str) -> (Outcome, String) {
    match evaluate(template, "t", &crate::context(variables.clone())) {
        Ok(evaluated) => (Outcome::Text(evaluated.text), String::new()),
        Err(error) => (Outcome::Fails(error.line.map(u64::from)), error.to_string()),
    }
}

/// A printed object of Python shows its address; ours always shows the same.
fn without_addresses(outcome: Outcome) -> Outcome {
    let Outcome::Text(text) = outcome else {
        return outcome;
    };
    let mut parts = text.split(" at 0x");
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        kept.push_str(" at 0x");
        kept.push_str(part.trim_start_matches(|digit: char| digit.is_ascii_hexdigit()));
    }
    Outcome::Text(kept)
}

fn differs(template: &str, theirs: (Outcome, String), ours: (Outcome, String)) -> Option<String> {
    let (their_outcome, our_outcome) = (without_addresses(theirs.0), without_addresses(ours.0));
    if their_outcome == our_outcome {
        return None;
    }
    let mut report = format!("{template}\n");
    for (who, outcome, error) in [
        ("jinja2", their_outcome, theirs.1),
        ("ours", our_outcome, ours.1),
    ] {
        match outcome {
            Outcome::Text(text) => writeln!(report, "  {who}: {text:?}"),
            Outcome::Fails(line) => writeln!(report, "  {who} fails at line {line:?}: {error}"),
        }
        .expect("a text takes all");
    }
    Some(report)
}

#[test]
fn the_corpus_renders_as_jinja2_renders_it() {
    let Some(mut jinja) = jinja("the_corpus_renders_as_jinja2_renders_it") else {
        return;
    };
    let variables = variables();
    let mut count = 0;
    let mut reports = Vec::new();
    let mut unused: Vec<&str> = known::DIFFERENCES
        .iter()
        .map(|(template, _)| *template)
        .collect();
    let mut files: Vec<PathBuf> = fs::read_dir(corpus())
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension != "json")
        })
        .collect();
    files.sort();
    for file in files {
        let templates = cases(&file);
        count += templates.len();
        let theirs = theirs(&mut jinja, &variables, &templates);
        for (template, theirs) in templates.iter().zip(theirs) {
            let is_known = known::DIFFERENCES
                .iter()
                .any(|(known, _)| known == template);
            match differs(template, theirs, ours(&variables, template)) {
                Some(_) if is_known => unused.retain(|known| known != template),
                Some(report) => {
                    let name = file.file_name().unwrap_or_default().to_string_lossy();
                    reports.push(format!("{name}: {report}"));
                }
                None => {}
            }
        }
    }
    assert!(count >= 300, "the corpus has only {count} templates");
    assert!(
        reports.is_empty(),
        "{} of {count} templates differ:\n\n{}",
        reports.len(),
        reports.join("\n"),
    );
    assert!(
        unused.is_empty(),
        "no longer different, or not in the corpus: {unused:?}",
    );
}

/// Different templates in each file of the repository's history, the same in each run of one version.
const SEED: u64 = 20;
const RANDOM: u64 = 500;

#[test]
fn random_templates_render_as_jinja2_renders_them() {
    let Some(mut jinja) = jinja("random_templates_render_as_jinja2_renders_them") else {
        return;
    };
    let variables = variables();
    let templates: Vec<String> = (0..RANDOM)
        .map(|index| generator::template(SEED.wrapping_mul(1_000_003).wrapping_add(index)))
        .collect();
    let theirs = theirs(&mut jinja, &variables, &templates);
    let rendered = theirs
        .iter()
        .filter(|(outcome, _)| matches!(outcome, Outcome::Text(_)))
        .count();
    // Templates that only fail would test little.
    assert!(
        rendered * 2 > templates.len(),
        "only {rendered} of them render"
    );
    let reports: Vec<String> = templates
        .iter()
        .zip(theirs)
        .filter_map(|(template, theirs)| differs(template, theirs, ours(&variables, template)))
        .collect();
    assert!(
        reports.is_empty(),
        "{} of {} random templates differ:\n\n{}",
        reports.len(),
        templates.len(),
        reports.join("\n"),
    );
}
