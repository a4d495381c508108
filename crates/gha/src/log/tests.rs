use proptest::collection::vec;
use proptest::{prop_assert, proptest};

use super::*;

/// A sink that can be read.
#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn github() -> (Log, Buffer) {
    with([("GITHUB_ACTIONS", "true")])
}

fn plain() -> (Log, Buffer) {
    with([("GITHUB_ACTIONS", "")])
}

fn with<const N: usize>(pairs: [(&str, &str); N]) -> (Log, Buffer) {
    let buffer = Buffer::default();
    let environment = Environment::from_pairs(pairs);
    (Log::new(&environment, Box::new(buffer.clone())), buffer)
}

fn failure() -> Failure {
    let message = "plugin `bucket-s3-1738686911199` could not be planned";
    let annotation = Annotation::new(Severity::Error, "Invalid value\nfor: it");
    Failure::new(21, message)
        .with_cause("terraform plan exited with code 1")
        .with_cause("Error: Invalid value for variable \"bucket_name\" (main.tf line 3)\nat least 3 characters")
        .with_help("the rendered files are kept under `iac/bucket.zip`")
        .with_annotation(annotation.in_file("main.tf").at(3, 7))
}

#[test]
fn a_failure_reads_the_same_everywhere() {
    let (log, buffer) = plain();
    log.failure(&failure());
    insta::assert_snapshot!(buffer.text(), @r#"
    error: plugin `bucket-s3-1738686911199` could not be planned
      caused by: terraform plan exited with code 1
      caused by: Error: Invalid value for variable "bucket_name" (main.tf line 3)
          at least 3 characters
      help: the rendered files are kept under `iac/bucket.zip`
    "#);
}

#[test]
fn on_github_a_failure_leaves_its_group_and_annotates() {
    let (log, buffer) = github();
    let group = log.group("Plan");
    log.failure(&failure());
    drop(group);
    insta::assert_snapshot!(buffer.text(), @r#"
    ::group::Plan
    ::endgroup::
    error: plugin `bucket-s3-1738686911199` could not be planned
      caused by: terraform plan exited with code 1
      caused by: Error: Invalid value for variable "bucket_name" (main.tf line 3)
          at least 3 characters
      help: the rendered files are kept under `iac/bucket.zip`
    ::error file=main.tf,line=3,col=7::Invalid value%0Afor: it
    "#);
}

#[test]
fn a_failure_without_a_file_is_still_on_the_runs_page() {
    let (log, buffer) = github();
    log.failure(&Failure::new(20, "no answer").with_help("##[add-mask]try\n::again"));
    insta::assert_snapshot!(buffer.text(), @r"
    error: no answer
      help: ##\[add-mask]try
    \      ::again
    ::error::no answer
    ");
}

#[test]
fn messages_in_both_modes() {
    let print = |log: &Log| {
        log.line("one\r::error::two\n##[group]three");
        log.warning("50% of `a`\nare old");
        log.notice("fine");
        let place =
            Annotation::new(Severity::Error, "unknown key `plugin`").in_file(".stk/stk.yaml");
        log.annotate(&place.clone().at(4, 3));
        log.annotate(&Annotation {
            title: Some("STK001: a, b".into()),
            ..place.at_line(9)
        });
    };
    let (log, buffer) = github();
    print(&log);
    insta::assert_snapshot!(buffer.text(), @r"
    one
    \::error::two
    ##\[group]three
    ::warning::50%25 of `a`%0Aare old
    ::notice::fine
    ::error file=.stk/stk.yaml,line=4,col=3::unknown key `plugin`
    ::error file=.stk/stk.yaml,line=9,title=STK001%3A a%2C b::unknown key `plugin`
    ");
    let (log, buffer) = plain();
    print(&log);
    insta::assert_snapshot!(buffer.text(), @r"
    one
    ::error::two
    ##[group]three
    warning: 50% of `a`
        are old
    notice: fine
    error: .stk/stk.yaml:4:3: unknown key `plugin`
    error: .stk/stk.yaml:9: STK001: a, b: unknown key `plugin`
    ");
}

#[test]
fn secrets_are_masked_in_everything_that_is_printed() {
    let (log, buffer) = github();
    log.mask(&SecretString::from("p4ssw0rd%\nsecond-line\nab\n"));
    let _group = log.group("deploy p4ssw0rd%");
    log.line("password=p4ssw0rd%, then \u{1b}[31msecond\u{1b}[0m-line");
    let annotation = Annotation::new(Severity::Warning, "p4ssw0rd% is weak");
    log.annotate(&annotation.in_file("second-line.tf"));
    log.failure(
        &Failure::new(10, "p4ssw0rd%")
            .with_cause("second-line")
            .with_help("ab"),
    );
    insta::assert_snapshot!(buffer.text(), @r"
    ::add-mask::p4ssw0rd%25
    ::add-mask::second-line
    ::group::deploy ***
    password=***, then ***
    ::warning file=***.tf::*** is weak
    ::endgroup::
    error: ***
      caused by: ***
      help: ab
    ::error::***
    ");
    assert_eq!(log.redact("a\np4ssw0rd%\nb"), "a\n***\nb");
}

#[test]
fn outside_github_a_mask_prints_nothing() {
    let (log, buffer) = plain();
    log.mask(&SecretString::from("p4ssw0rd"));
    assert_eq!(buffer.text(), "");
    log.line("p4ssw0rd");
    assert_eq!(buffer.text(), "***\n");
}

#[test]
fn a_group_ends_once_and_never_holds_another() {
    let (log, buffer) = github();
    let outer = log.group("outer\n::error::x");
    let inner = log.group("inner");
    drop(outer);
    log.line("still inner");
    drop(inner);
    insta::assert_snapshot!(buffer.text(), @r"
    ::group::outer ::error::x
    ::endgroup::
    ::group::inner
    still inner
    ::endgroup::
    ");
    let (log, buffer) = plain();
    drop(log.group("outer"));
    assert_eq!(buffer.text(), "outer\n");
}

#[test]
fn details_need_the_level_or_the_runners_debug_logging() {
    let (log, buffer) = plain();
    log.detail("hidden");
    log.set_level(Level::parse("TRACE").unwrap());
    log.detail("shown");
    assert_eq!(buffer.text(), "shown\n");
    let (log, buffer) = with([("RUNNER_DEBUG", "1")]);
    log.set_level(Level::parse("info").unwrap());
    log.detail("shown");
    assert_eq!(buffer.text(), "shown\n");
    assert_eq!(Level::parse("loud"), None);
}

#[test]
fn colour_only_on_a_terminal_that_wants_it() {
    let coloured = |pairs: &[(&str, &str)], terminal: bool| {
        let buffer = Buffer::default();
        let environment = Environment::from_pairs(pairs.iter().copied());
        let log = Log::new(&environment, Box::new(buffer.clone()));
        log.set_terminal(terminal);
        log.warning("x");
        buffer.text()
    };
    assert_eq!(coloured(&[], true), "\u{1b}[1;33mwarning:\u{1b}[0m x\n");
    assert_eq!(
        coloured(&[("NO_COLOR", "")], true),
        "\u{1b}[1;33mwarning:\u{1b}[0m x\n"
    );
    assert_eq!(coloured(&[], false), "warning: x\n");
    assert_eq!(coloured(&[("NO_COLOR", "1")], true), "warning: x\n");
    assert_eq!(coloured(&[("TERM", "dumb")], true), "warning: x\n");
    assert_eq!(
        coloured(&[("GITHUB_ACTIONS", "true")], true),
        "::warning::x\n"
    );
}

#[test]
fn a_closed_sink_is_not_an_error() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let log = Log::new(&Environment::default(), Box::new(Closed));
    log.line("x");
    log.failure(&failure());
    drop(log.group("x"));
}

#[test]
fn calls_from_several_threads_do_not_mix() {
    let (log, buffer) = plain();
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let log = log.clone();
            scope.spawn(move || {
                for _ in 0..100 {
                    log.line(&format!("{name}1\n{name}2"));
                }
            });
        }
    });
    let text = buffer.text();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 600);
    for pair in lines.chunks(2) {
        assert_eq!(pair[0].replace('1', "2"), pair[1]);
    }
}

proptest! {
    /// The model of the runner: a line is a command if it starts with `::` after white space, or has `##[` anywhere.
    #[test]
    fn no_text_becomes_a_command_or_shows_a_secret(
        texts in vec("([ \\t]{0,2}(::|#|##|\\[|error|s3cret-key|\\PC|\r|\n|\u{1b}\\[1m|\u{200b})){0,12}", 1..4)
    ) {
        let (log, buffer) = github();
        log.mask(&SecretString::from("s3cret-key"));
        let own = buffer.text().len();
        for text in &texts {
            log.line(text);
        }
        let printed = &buffer.text()[own..];
        for line in printed.split(['\n', '\r']) {
            prop_assert!(!line.trim_start().starts_with("::"), "{:?}", line);
            prop_assert!(!line.contains("##["), "{:?}", line);
            prop_assert!(!line.contains("s3cret-key"), "{:?}", line);
        }
    }
}
