//! `actions/install.sh`, run as the tasks action runs it, against releases in a folder or on a small HTTP server.
#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests fail as the tests do"
)]
#![expect(
    clippy::disallowed_methods,
    reason = "`tar` makes the archives of the releases"
)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest, Sha256};
use stk_testing::composite::{Outcome, Report, Runner};
use tempfile::TempDir;

use crate::actions::{action, executable};

const LINUX: &str = "x86_64-unknown-linux-musl";

/// A folder of releases, and a runner beside it that keeps its tool cache from run to run.
struct Releases {
    folder: TempDir,
}

impl Releases {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    /// Publishes a release whose `stk-tasks` prints `says`, or has no program at all.
    fn publish(&self, reference: &str, target: &str, says: Option<&str>) -> PathBuf {
        let release = self.path(&format!("releases/{reference}"));
        let content = self.path("content");
        fs::create_dir_all(&release).unwrap();
        fs::create_dir_all(&content).unwrap();
        fs::write(content.join("LICENSE"), "x").unwrap();
        if let Some(says) = says {
            executable(
                &content.join("stk-tasks"),
                &format!("#!/usr/bin/env bash\necho '{says}'\n"),
            );
        }
        let archive = release.join(format!("stk-runtime-{reference}-{target}.tar.gz"));
        let status = Command::new("tar")
            .arg("-czf")
            .arg(&archive)
            .arg("-C")
            .arg(&content)
            .arg(".")
            .status();
        assert!(status.unwrap().success());
        fs::remove_dir_all(&content).unwrap();
        list(&release, &archive);
        archive
    }

    fn runner(&self, reference: &str) -> Runner {
        Runner::new(&self.path("runner"))
            .github("action_repository", "acme/stk-runtime")
            .github("action_ref", reference)
            .env(
                "STK_RUNTIME_RELEASES_URL",
                format!("file://{}/", self.path("releases").display()),
            )
    }

    fn run(&self, reference: &str) -> Report {
        run(&self.runner(reference))
    }

    /// The message of a failed installation, with the folder's name taken out; nothing may be left of it in the tool cache.
    fn error(&self, runner: &Runner) -> String {
        let report = run(runner);
        let install = report.step("install").unwrap();
        assert_eq!(install.outcome, Outcome::Ended(10), "{install:?}");
        assert_eq!(report.step("tasks").unwrap().outcome, Outcome::Skipped);
        assert_eq!(
            installed(&self.path("runner/tool-cache")),
            Vec::<PathBuf>::new()
        );
        let folder = self.folder.path().display().to_string();
        install.stderr.replace(&folder, "<folder>")
    }
}

/// (Re)writes the list of digests of a release with one archive.
fn list(release: &Path, archive: &Path) {
    let digest: String = Sha256::digest(fs::read(archive).unwrap())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let name = archive.file_name().unwrap().to_str().unwrap();
    let text = format!(
        "{}  stk-runtime-other.tar.gz\n{digest} *{name}\n",
        "0".repeat(64)
    );
    fs::write(release.join("SHA256SUMS"), text).unwrap();
}

fn run(runner: &Runner) -> Report {
    runner.run(&action("tasks"), &[]).unwrap()
}

/// What the program printed; the report in the message when there was none.
fn printed(report: &Report) -> &str {
    let step = report.step("tasks").unwrap();
    assert_eq!(step.outcome, Outcome::Ended(0), "{report:#?}");
    &step.stdout
}

/// All files under a folder.
fn installed(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(installed(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn a_release_is_installed_once_and_then_found_in_the_tool_cache() {
    let releases = Releases::new();
    releases.publish("v1.2.3", LINUX, Some("hello"));
    let report = releases.run("v1.2.3");
    assert_eq!(printed(&report), "hello\n");
    let cache = releases.path("runner/tool-cache/stk-runtime/v1.2.3");
    let bin = cache.join("X64");
    assert_eq!(
        report.step("install").unwrap().outputs["bin"],
        bin.to_str().unwrap()
    );
    let files = [".installed", "LICENSE", "stk-tasks"].map(|name| bin.join(name));
    assert_eq!(installed(&cache), files, "and no temporary folder");

    fs::remove_dir_all(releases.path("releases")).unwrap();
    let report = releases.run("v1.2.3");
    assert_eq!(printed(&report), "hello\n");
    assert!(report.steps[0].stderr.contains("is in the tool cache"));
}

#[test]
fn a_ref_that_moves_is_looked_up_each_time() {
    let releases = Releases::new();
    releases.publish("v1", LINUX, Some("old"));
    assert_eq!(printed(&releases.run("v1")), "old\n");
    let archive = releases.publish("v1", LINUX, Some("new"));
    assert_eq!(printed(&releases.run("v1")), "new\n");
    // The list alone is asked for when nothing has moved.
    fs::remove_file(archive).unwrap();
    assert_eq!(printed(&releases.run("v1")), "new\n");
    let bin = releases.path("runner/tool-cache/stk-runtime/v1");
    assert_eq!(installed(&bin).len(), 3, "the old copy is gone");
}

#[test]
fn what_an_interrupted_step_left_behind_is_replaced() {
    let releases = Releases::new();
    releases.publish("v1.2.3", LINUX, Some("whole"));
    let half = releases.path("runner/tool-cache/stk-runtime/v1.2.3/X64");
    fs::create_dir_all(&half).unwrap();
    executable(&half.join("stk-tasks"), "#!/usr/bin/env bash\necho half\n");
    assert_eq!(printed(&releases.run("v1.2.3")), "whole\n");
}

#[test]
fn few_programs_are_enough() {
    let releases = Releases::new();
    releases.publish("v1.2.3", LINUX, Some("hello"));
    let programs = releases.path("programs");
    fs::create_dir_all(&programs).unwrap();
    for name in [
        "bash",
        "curl",
        "tar",
        "gzip",
        "sha256sum",
        "mkdir",
        "mktemp",
        "mv",
        "rm",
    ] {
        let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(name));
        let found = found.iter().find(|file| file.exists()).unwrap();
        std::os::unix::fs::symlink(found, programs.join(name)).unwrap();
    }
    let runner = releases.runner("v1.2.3").env("PATH", &programs);
    assert_eq!(printed(&run(&runner)), "hello\n");
}

#[test]
fn jobs_that_share_a_tool_cache_do_not_harm_each_other() {
    let releases = Releases::new();
    releases.publish("v1.2.3", LINUX, Some("hello"));
    let cache = releases.path("shared");
    std::thread::scope(|scope| {
        for job in 0..6 {
            let folder = releases.path(&format!("job-{job}"));
            let (releases, cache) = (&releases, &cache);
            scope.spawn(move || {
                let runner = Runner::new(&folder)
                    .github("action_repository", "acme/stk-runtime")
                    .github("action_ref", "v1.2.3")
                    .env(
                        "STK_RUNTIME_RELEASES_URL",
                        format!("file://{}", releases.path("releases").display()),
                    )
                    .env("RUNNER_TOOL_CACHE", cache);
                assert_eq!(printed(&run(&runner)), "hello\n");
            });
        }
    });
    assert_eq!(installed(&cache).len(), 3, "{:?}", installed(&cache));
}

#[test]
fn each_kind_of_runner_has_its_own_archive() {
    let kinds = [
        ("Linux", "ARM64", "aarch64-unknown-linux-musl"),
        ("macOS", "X64", "x86_64-apple-darwin"),
        ("macOS", "ARM64", "aarch64-apple-darwin"),
    ];
    for (system, architecture, target) in kinds {
        let releases = Releases::new();
        releases.publish("v1.2.3", target, Some(target));
        let runner = releases
            .runner("v1.2.3")
            .env("RUNNER_OS", system)
            .env("RUNNER_ARCH", architecture);
        assert_eq!(printed(&run(&runner)), format!("{target}\n"));
    }
}

#[test]
fn an_action_pinned_by_commit_names_its_release() {
    let releases = Releases::new();
    releases.publish("v1.2.3", LINUX, Some("hello"));
    let commit = "8e5e7e5ab8b370d6c329ec480221332ada57f0ab";
    let runner = releases.runner(commit).env("STK_RUNTIME_VERSION", "v1.2.3");
    assert_eq!(printed(&run(&runner)), "hello\n");
}

#[test]
fn a_tampered_archive_is_refused() {
    let releases = Releases::new();
    let archive = releases.publish("v1.2.3", LINUX, Some("hello"));
    fs::write(&archive, "something else").unwrap();
    // The archive holds the time of its files, so its digest is another one in each run of this test.
    let sums = fs::read_to_string(releases.path("releases/v1.2.3/SHA256SUMS")).unwrap();
    let digest = &sums.lines().nth(1).unwrap()[..64];
    let error = releases.error(&releases.runner("v1.2.3"));
    insta::assert_snapshot!(error.replace(digest, "<digest>"), @r"
    error: file://<folder>/releases/v1.2.3/stk-runtime-v1.2.3-x86_64-unknown-linux-musl.tar.gz is not what SHA256SUMS says: its SHA-256 is f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8, not <digest>
      help: nothing of it was used; run the job again, and if it happens again, tell whoever publishes the release
    ::error title=stk-runtime is not available::file://<folder>/releases/v1.2.3/stk-runtime-v1.2.3-x86_64-unknown-linux-musl.tar.gz is not what SHA256SUMS says: its SHA-256 is f41f3fa625ff120ddca7ef456bf66371ecea23c129f4e4c32367101edb516cf8, not <digest>
    ");
}

#[test]
fn what_is_missing_is_named() {
    let releases = Releases::new();
    insta::assert_snapshot!(releases.error(&releases.runner("v1.2.3")), @r"
    error: there is no file://<folder>/releases/v1.2.3/SHA256SUMS
      help: use the action at a release, e.g. @v1.0.0; for an action pinned by commit, set STK_RUNTIME_VERSION to its release
      help: without access to the releases, set STK_RUNTIME_RELEASES_URL to a mirror or STK_RUNTIME_BIN_DIR to a folder with the programs
    ::error title=stk-runtime is not available::there is no file://<folder>/releases/v1.2.3/SHA256SUMS
    ");

    let archive = releases.publish("v1.2.3", LINUX, Some("hello"));
    fs::remove_file(&archive).unwrap();
    let error = releases.error(&releases.runner("v1.2.3"));
    insta::assert_snapshot!(error.lines().next().unwrap(), @"error: there is no file://<folder>/releases/v1.2.3/stk-runtime-v1.2.3-x86_64-unknown-linux-musl.tar.gz");

    releases.publish("v1.2.3", "x86_64-apple-darwin", Some("hello"));
    let error = releases.error(&releases.runner("v1.2.3"));
    insta::assert_snapshot!(error.lines().next().unwrap(), @"error: file://<folder>/releases/v1.2.3/SHA256SUMS has no SHA-256 of stk-runtime-v1.2.3-x86_64-unknown-linux-musl.tar.gz");

    releases.publish("v1.2.3", LINUX, None);
    let error = releases.error(&releases.runner("v1.2.3"));
    insta::assert_snapshot!(error.lines().next().unwrap(), @"error: stk-runtime-v1.2.3-x86_64-unknown-linux-musl.tar.gz has no program 'stk-tasks'");
}

#[test]
fn what_cannot_be_is_explained() {
    let releases = Releases::new();
    let runner = releases.runner("v1.2.3").env("RUNNER_OS", "Windows");
    insta::assert_snapshot!(releases.error(&runner), @r"
    error: there is no release for this runner (RUNNER_OS is 'Windows', RUNNER_ARCH is 'X64')
      help: there are releases for Linux and macOS on X64 and ARM64; elsewhere, build the programs and set STK_RUNTIME_BIN_DIR
    ::error title=stk-runtime is not available::there is no release for this runner (RUNNER_OS is 'Windows', RUNNER_ARCH is 'X64')
    ");
    insta::assert_snapshot!(releases.error(&releases.runner("")), @r"
    error: the action has no ref to take a release of, because it is used by a local path
      help: set STK_RUNTIME_BIN_DIR to a folder with the programs, or STK_RUNTIME_VERSION to a release
    ::error title=stk-runtime is not available::the action has no ref to take a release of, because it is used by a local path
    ");
    insta::assert_snapshot!(releases.error(&releases.runner("feature/$(id)")), @r"
    error: the action's ref 'feature/$(id)' cannot be a release
      help: use the action at a release, e.g. @v1.0.0
    ::error title=stk-runtime is not available::the action's ref 'feature/$(id)' cannot be a release
    ");
    let runner = releases
        .runner("v1.2.3")
        .env("STK_RUNTIME_RELEASES_URL", "")
        .github("action_repository", "");
    insta::assert_snapshot!(releases.error(&runner), @r"
    error: the action's repository is unknown, because it is used by a local path
      help: set STK_RUNTIME_BIN_DIR to a folder with the programs, or STK_RUNTIME_RELEASES_URL to the releases
    ::error title=stk-runtime is not available::the action's repository is unknown, because it is used by a local path
    ");
    let runner = releases
        .runner("v1.2.3")
        .env("STK_RUNTIME_BIN_DIR", releases.path("nothing"));
    insta::assert_snapshot!(releases.error(&runner), @r"
    error: STK_RUNTIME_BIN_DIR is '<folder>/nothing', which has no program 'stk-tasks'
      help: build the programs with 'cargo build --release', or unset the variable to use a release
    ::error title=stk-runtime is not available::STK_RUNTIME_BIN_DIR is '<folder>/nothing', which has no program 'stk-tasks'
    ");
}

/// Answers requests with the files of a folder, and 404 for all else; returns its address and the requested paths.
fn serve(folder: PathBuf) -> (String, std::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (sender, requests) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap())
                .lines()
                .map_while(Result::ok);
            let request = lines.next().unwrap();
            lines.take_while(|line| !line.is_empty()).for_each(drop);
            let path = request.split(' ').nth(1).unwrap().to_owned();
            let (status, body) = match fs::read(folder.join(path.trim_start_matches('/'))) {
                Ok(body) => ("200 OK", body),
                Err(_) => ("404 Not Found", b"not here".to_vec()),
            };
            sender.send(path).unwrap();
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).unwrap();
            stream.write_all(&body).unwrap();
        }
    });
    (address, requests)
}

#[test]
fn the_address_is_made_of_the_actions_repository_and_ref() {
    let releases = Releases::new();
    releases.publish("v1.2.3", LINUX, Some("hello"));
    let repository = releases.path("served/acme/stk-runtime/releases");
    fs::create_dir_all(&repository).unwrap();
    fs::rename(releases.path("releases"), repository.join("download")).unwrap();
    let (address, requests) = serve(releases.path("served"));
    let runner = |reference: &str| {
        let runner = releases
            .runner(reference)
            .env("STK_RUNTIME_RELEASES_URL", "");
        runner.env("GITHUB_SERVER_URL", &address)
    };
    let error = releases
        .error(&runner("v9.9.9"))
        .replace(&address, "<server>");
    insta::assert_snapshot!(error, @r"
    error: there is no <server>/acme/stk-runtime/releases/download/v9.9.9/SHA256SUMS
      help: use the action at a release, e.g. @v1.0.0; for an action pinned by commit, set STK_RUNTIME_VERSION to its release
      help: without access to the releases, set STK_RUNTIME_RELEASES_URL to a mirror or STK_RUNTIME_BIN_DIR to a folder with the programs
    ::error title=stk-runtime is not available::there is no <server>/acme/stk-runtime/releases/download/v9.9.9/SHA256SUMS
    ");
    assert_eq!(printed(&run(&runner("v1.2.3"))), "hello\n");
    let requests: Vec<String> = requests.try_iter().collect();
    insta::assert_snapshot!(requests.join("\n"), @r"
    /acme/stk-runtime/releases/download/v9.9.9/SHA256SUMS
    /acme/stk-runtime/releases/download/v1.2.3/SHA256SUMS
    /acme/stk-runtime/releases/download/v1.2.3/stk-runtime-v1.2.3-x86_64-unknown-linux-musl.tar.gz
    ");
}

#[test]
fn an_unreachable_server_is_reported_with_curls_reason() {
    let releases = Releases::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let runner = releases
        .runner("v1.2.3")
        .env("STK_RUNTIME_RELEASES_URL", &address);
    let error = releases.error(&runner);
    let start = format!("error: {address}/v1.2.3/SHA256SUMS cannot be downloaded: curl: (7) ");
    assert!(error.starts_with(&start), "{error}");
    assert!(error.contains("STK_RUNTIME_BIN_DIR"), "{error}");
}
