//! What plugins may not do unless the inputs say so, with the real Terraform: marker files say whether it happened.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use stk_testing::terraform::require_terraform;

use crate::support::{Finished, Lab};

/// Reaches git and Terraform, and nothing else.
const TOKEN: &str = "canary-4711-token";
/// `acme:` and the token, as HTTP has it.
const LOGIN: &str = "YWNtZTpjYW5hcnktNDcxMS10b2tlbg==";

const ACME: &str =
    r#"[{"sourceType": "gitHttps", "path": "git.acme.test/acme"}] # the organization"#;

fn said(lab: &Lab, finished: &Finished) -> String {
    format!(
        "{}\nexit code {}",
        lab.redacted(&finished.stderr),
        finished.code
    )
}

fn marker(lab: &Lab) -> PathBuf {
    lab.path("marker")
}

/// A resource that leaves the marker when it is made.
fn running(lab: &Lab) -> String {
    format!(
        "resource \"terraform_data\" \"x\" {{\n  provisioner \"local-exec\" {{\n    command = \"env > {}\"\n  }}\n}}\n",
        marker(lab).display()
    )
}

fn git(lab: &Lab, folder: &Path, arguments: &[&str]) {
    let mut command = Command::new("git");
    command
        .args(["-c", "user.name=a", "-c", "user.email=a@acme.test"])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", &lab.environment["PATH"])
        .env("HOME", lab.path("home"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// A repository with this module in it, at `git::https://git.acme.test/<name>` for whoever uses git in this lab.
fn repository(lab: &Lab, name: &str, main: &str) -> String {
    let folder = lab.path("git").join(name);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("main.tf"), main).unwrap();
    git(lab, &folder, &["init", "--quiet"]);
    git(lab, &folder, &["add", "."]);
    git(lab, &folder, &["commit", "--quiet", "--message=x"]);
    format!("git::file://{}", folder.display())
}

fn lab() -> Lab {
    let mut lab = Lab::of(&[]);
    let served = format!("url.file://{}/.insteadOf", lab.path("git").display());
    lab.set("GIT_CONFIG_COUNT", "1");
    lab.set("GIT_CONFIG_KEY_0", &served);
    lab.set("GIT_CONFIG_VALUE_0", "https://git.acme.test/");
    lab
}

fn stored(lab: &Lab, run_id: &str) -> bool {
    lab.path(&format!("iac/runs/{run_id}/iac")).exists()
}

#[test]
fn commands_are_refused_before_anything_is_stored() {
    let lab = lab();
    lab.plugins(&[("one", &running(&lab))]);
    let rows = lab.orchestrate();
    let finished = lab.tasks(&rows);
    insta::assert_snapshot!(said(&lab, &finished), @r#"
    [1/2] IAC_SELF_HOSTED one
    error: plugin `one` has what is not allowed here: main.tf:2: provisioner "local-exec"
      help: commands may run on the runner when LOCALEXEC_ENABLED (of the orchestrator: LOCAL_EXEC_ENABLED) is `true`; change the plugin, or the input
    exit code 13
    "#);
    assert!(!stored(&lab, &rows.run_id) && !marker(&lab).exists());

    // Terraform's other syntax, in a folder, beside something harmless.
    lab.plugins(&[("one", "# nothing\n")]);
    let templates = lab
        .project
        .plugins_path
        .join("one@1.0.0/templates-deploy/deep");
    fs::create_dir_all(&templates).unwrap();
    let program = format!("[\"sh\", \"-c\", \"touch {}\"]", marker(&lab).display());
    let json = format!(
        "{{\n  \"data\": {{\"{}\": {{\"y\": {{\"program\": {program}}}}}}}\n}}",
        "extern\\u0061l"
    );
    fs::write(templates.join("x.tf.json"), json).unwrap();
    let rows = lab.orchestrate();
    let finished = lab.tasks(&rows);
    insta::assert_snapshot!(said(&lab, &finished), @r#"
    [1/2] IAC_SELF_HOSTED one
    error: plugin `one` has what is not allowed here: deep/x.tf.json:2: data "external"
      help: commands may run on the runner when LOCALEXEC_ENABLED (of the orchestrator: LOCAL_EXEC_ENABLED) is `true`; change the plugin, or the input
    exit code 13
    "#);
    assert!(!stored(&lab, &rows.run_id) && !marker(&lab).exists());
}

#[test]
fn commands_run_when_they_are_allowed_and_a_destroy_asks_again() {
    if require_terraform("commands_run_when_they_are_allowed_and_a_destroy_asks_again").is_none() {
        return;
    }
    let mut lab = lab();
    let main = format!(
        "{}resource \"terraform_data\" \"y\" {{\n  provisioner local-exec {{\n    when    = destroy\n    command = \"touch {}\"\n  }}\n}}\n",
        running(&lab),
        lab.path("destroyed").display()
    );
    lab.plugins(&[("one", &main)]);
    lab.set("INPUT_LOCALEXEC_ENABLED", "True");
    lab.deploy();
    assert!(marker(&lab).exists());

    lab.plugins(&[]);
    lab.set("INPUT_LOCALEXEC_ENABLED", "");
    let rows = lab.orchestrate();
    let finished = lab.tasks(&rows);
    insta::assert_snapshot!(said(&lab, &finished), @r#"
    [1/1] DESTROY_SELF_HOSTED one
    error: plugin `one` has what is not allowed here: main.tf:2: provisioner "local-exec", main.tf:7: provisioner "local-exec"
      help: commands may run on the runner when LOCALEXEC_ENABLED (of the orchestrator: LOCAL_EXEC_ENABLED) is `true`; what is destroyed is the IaC of the last deployment: allow it for this run, or take the plugin back into `stk.yaml`, deploy it without that, and then remove it
    exit code 13
    "#);
    assert!(!lab.path("destroyed").exists());
    assert_eq!(lab.deployed(), ["one"]);
    assert_eq!(lab.resources("one").len(), 2);

    lab.set("INPUT_LOCALEXEC_ENABLED", "true");
    lab.deploy();
    assert!(lab.path("destroyed").exists());
    assert!(lab.deployed().is_empty());
}

#[test]
fn a_deployment_asks_again_what_its_rendering_was_allowed() {
    if require_terraform("a_deployment_asks_again_what_its_rendering_was_allowed").is_none() {
        return;
    }
    let mut lab = lab();
    lab.plugins(&[("one", &running(&lab))]);
    let rows = lab.orchestrate();
    let [render, deploy]: [String; 2] = rows.one_by_one().try_into().unwrap();
    lab.set("INPUT_LOCALEXEC_ENABLED", "true");
    assert_eq!(lab.tasks(&rows.with(&render)).code, 0);
    lab.set("INPUT_LOCALEXEC_ENABLED", "false");
    let finished = lab.tasks(&rows.with(&deploy));
    assert_eq!(finished.code, 13, "{}", finished.stderr);
    assert!(
        !finished.stderr.contains("terraform init"),
        "{}",
        finished.stderr
    );
    assert!(!marker(&lab).exists());
    assert!(lab.deployed().is_empty());
}

#[test]
fn what_was_downloaded_is_looked_at_before_it_is_planned() {
    if require_terraform("what_was_downloaded_is_looked_at_before_it_is_planned").is_none() {
        return;
    }
    let mut lab = lab();
    repository(&lab, "acme/inner", &running(&lab));
    let outer = repository(
        &lab,
        "acme/outer",
        "module \"inner\" {\n  source = \"git::https://git.acme.test/acme/inner\"\n}\n",
    );
    lab.plugins(&[(
        "one",
        &format!("module \"outer\" {{\n  source = \"{outer}\"\n}}\n"),
    )]);
    let rows = lab.orchestrate();
    let finished = lab.tasks(&rows);
    insta::assert_snapshot!(said(&lab, &finished), @r#"
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
    error: plugin `one` has what is not allowed here: .terraform/modules/outer.inner/main.tf:2: provisioner "local-exec"
      help: commands may run on the runner when LOCALEXEC_ENABLED (of the orchestrator: LOCAL_EXEC_ENABLED) is `true`; change the plugin, or the input
    exit code 13
    "#);
    assert!(!marker(&lab).exists() && lab.deployed().is_empty());

    lab.set("INPUT_LOCALEXEC_ENABLED", "true");
    lab.deploy();
    assert!(marker(&lab).exists());
}

#[test]
fn modules_come_from_where_the_list_says() {
    if require_terraform("modules_come_from_where_the_list_says").is_none() {
        return;
    }
    let mut lab = lab();
    let good = "resource \"terraform_data\" \"x\" {}\n";
    let file = repository(&lab, "acme/good", good);
    repository(&lab, "acme-evil/x", good);
    repository(
        &lab,
        "acme/outer",
        "module \"inner\" {\n  source = \"git::https://git.acme.test/acme-evil/x\"\n}\n",
    );
    lab.set("INPUT_FEATURES_TERRAFORM_MODULES", ACME);
    let with = |source: &str| format!("module \"m\" {{\n  source = \"{source}\"\n}}\n");

    // Before it is downloaded.
    lab.plugins(&[("one", &with(&file))]);
    let finished = lab.tasks(&lab.orchestrate());
    insta::assert_snapshot!(said(&lab, &finished), @"
    [1/2] IAC_SELF_HOSTED one
    error: plugin `one` has what is not allowed here: main.tf:2: module `m` from `git::file://<lab>/git/acme/good` (git is allowed over HTTPS only)
      help: modules may come from the plugin's own folder and from what FEATURES_TERRAFORM_MODULES lists; change the plugin, or the input
    exit code 13
    ");

    // What a module that may be used uses.
    lab.plugins(&[("one", &with("git::https://git.acme.test/acme/outer"))]);
    let finished = lab.tasks(&lab.orchestrate());
    insta::assert_snapshot!(said(&lab, &finished), @"
    [1/2] IAC_SELF_HOSTED one
      1 file rendered
    [2/2] DEPLOY_SELF_HOSTED one
      terraform init
    error: plugin `one` has what is not allowed here: module `m.inner` from `git::https://git.acme.test/acme-evil/x` (no entry of the list allows it)
      help: modules may come from the plugin's own folder and from what FEATURES_TERRAFORM_MODULES lists; change the plugin, or the input
    exit code 13
    ");
    assert!(lab.deployed().is_empty());

    lab.plugins(&[(
        "one",
        &with("git::https://git.acme.test/acme/good?ref=main"),
    )]);
    lab.deploy();
    assert_eq!(lab.resources("one").len(), 1);

    // An empty list allows what the plugin brings along.
    lab.set("INPUT_FEATURES_TERRAFORM_MODULES", "[]");
    let finished = lab.tasks(&lab.orchestrate());
    assert_eq!(finished.code, 13, "{}", finished.stderr);
    lab.plugins(&[("one", &with("./own"))]);
    let own = lab
        .project
        .plugins_path
        .join("one@1.0.0/templates-deploy/own");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("main.tf"), good).unwrap();
    lab.deploy();
}

#[test]
fn another_version_of_terraform_is_asked_for_before_it_runs() {
    if require_terraform("another_version_of_terraform_is_asked_for_before_it_runs").is_none() {
        return;
    }
    let lab = lab();
    lab.plugins(&[(
        "one",
        "terraform {\n  required_version = \">= 1.5, < 1.9\"\n}\n",
    )]);
    let finished = lab.tasks(&lab.orchestrate());
    assert_eq!(finished.code, 21, "{}", finished.stderr);
    assert!(
        !finished.stderr.contains("terraform init"),
        "{}",
        finished.stderr
    );
    let place = "main.tf:2: required_version = \">= 1.5, < 1.9\"";
    assert!(finished.stderr.contains(place), "{}", finished.stderr);
}

/// Every file below `folder` that holds the token in any spelling.
fn leaks(folder: &Path, except: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path == except || path.is_symlink() {
            continue;
        }
        if path.is_dir() {
            found.extend(leaks(&path, except));
        } else if fs::read(&path).is_ok_and(|bytes| shows(&bytes)) {
            found.push(path.display().to_string());
        }
    }
    found
}

fn shows(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    text.contains("canary") || text.contains(LOGIN)
}

#[test]
fn tokens_reach_git_in_its_environment_alone() {
    if require_terraform("tokens_reach_git_in_its_environment_alone").is_none() {
        return;
    }
    let mut lab = lab();
    repository(
        &lab,
        "acme/private",
        "resource \"terraform_data\" \"x\" {}\n",
    );
    let real = which(&lab.environment["PATH"], "git");
    // Writes down what it gets, and shows it where Terraform quotes it.
    let spy = lab.path("spy");
    let record = spy.join("record");
    fs::create_dir_all(&spy).unwrap();
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > {0}/arguments.$$\nenv >> {0}/record\nls -laR . > {0}/files.$$ 2>/dev/null\ncase \"$*\" in *broken*) env >&2; exit 1;; esac\nexec {1} \"$@\"\n",
        spy.display(),
        real.display()
    );
    fs::write(spy.join("git"), script).unwrap();
    let mut mode = fs::metadata(spy.join("git")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
    fs::set_permissions(spy.join("git"), mode).unwrap();
    let path = format!("{}:{}", spy.display(), lab.environment["PATH"]);
    lab.set("PATH", &path);
    let modules = format!(
        r#"[{{"sourceType": "gitHttps", "path": "git.acme.test/acme", "private": true, "app": "acme", "token": "{TOKEN}"}},
          {{"sourceType": "terraformRegistry", "path": "my-registry.acme.test/acme", "private": true, "token": "{TOKEN}"}}]"#
    );
    lab.set("INPUT_FEATURES_TERRAFORM_MODULES", &modules);
    lab.set("INPUT_LOCALEXEC_ENABLED", "true");
    lab.set("INPUT_FEATURES_LEVEL_LOG", "trace");
    let main = |name: &str| {
        format!(
            "module \"m\" {{\n  source = \"git::https://git.acme.test/acme/{name}\"\n}}\n{}",
            running(&lab)
        )
    };
    let (private, broken) = (main("private"), main("broken"));
    lab.plugins(&[("one", &private)]);
    let finished = lab.deploy();
    assert!(!shows(finished.stderr.as_bytes()), "{}", finished.stderr);

    let seen = fs::read_to_string(&record).unwrap();
    assert!(
        seen.contains(&format!("=Authorization: Basic {LOGIN}\n")),
        "{seen}"
    );
    assert!(
        seen.contains("=http.https://git.acme.test/acme.extraheader\n"),
        "{seen}"
    );
    assert!(
        seen.contains(&format!("TF_TOKEN_my__registry_acme_test={TOKEN}\n")),
        "{seen}"
    );
    // A plugin's own programs get nothing of it: the marker holds the environment of one.
    assert!(marker(&lab).exists());
    assert_eq!(leaks(lab.root(), &record), Vec::<String>::new());

    lab.plugins(&[("one", &broken)]);
    let rows = lab.orchestrate();
    let finished = lab.tasks(&rows);
    assert_eq!(finished.code, 21, "{}", finished.stderr);
    assert!(
        finished.stderr.contains("Authorization: Basic ***"),
        "{}",
        finished.stderr
    );
    assert!(!shows(finished.stderr.as_bytes()), "{}", finished.stderr);
    assert!(!shows(lab.record(&rows.run_id).to_string().as_bytes()));
    assert_eq!(leaks(lab.root(), &record), Vec::<String>::new());
}

fn which(path: &str, name: &str) -> PathBuf {
    let mut found = std::env::split_paths(path).map(|folder| folder.join(name));
    found.find(|path| path.is_file()).unwrap()
}
