//! The command line itself.

use crate::support::Case;

fn help(arguments: &[&str]) -> String {
    let ran = Case::new("empty").run(&[arguments, &["--help"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(ran.stderr, "");
    ran.stdout
}

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(help(&[]), @"
    Deploys the infrastructure plugins of a StackSpot project, without an account and without a server

    Usage: stk-runtime <COMMAND>

    Commands:
      deploy    Order the plugins, show what will happen, ask, and apply them
      plan      Show what a deployment would change, and change nothing. Needs `--mode unified`
      validate  Report everything that is wrong with stk.yaml and its plugins
      graph     Show in which order the plugins are applied, and what each needs from which
      render    Write the Terraform that would be applied, without running anything
      status    Show a run's tasks and how far they are
      runs      List the runs of this project and environment, newest first
      cancel    Cancel a run and free the next deployment
      help      Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn help_of_deploy() {
    insta::assert_snapshot!(help(&["deploy"]), @"
    Order the plugins, show what will happen, ask, and apply them

    Usage: stk-runtime deploy [OPTIONS]

    Options:
          --workdir <FOLDER>         The folder that holds `.stk` [default: the current one]
          --env <NAME>               The environment to deploy to
          --version <TAG>            The version tag to deploy
          --mode <MODE>              How the plugins' Terraform is organised: `per-plugin` (the
                                     default), a project for each; `unified`, one for all
          --plugins-path <FOLDER>    The folder of plugin sources [default: `plugins` under the workdir]
          --dynamic-inputs <INPUTS>  Inputs added to every plugin: `--name value --other=value`, as one
                                     argument
          --iac-store <STORE>        Where runs, packages and IaC are kept: `file://` and a folder
                                     [default: `.stk/runtime` under the workdir]
          --state-store <STORE>      Where Terraform states are kept: `file://` and a folder [default:
                                     `.stk/runtime` under the workdir]
          --auto-approve             Do not ask before applying
      -h, --help                     Print help
    ");
}

#[test]
fn help_of_validate() {
    insta::assert_snapshot!(help(&["validate"]), @"
    Report everything that is wrong with stk.yaml and its plugins

    Usage: stk-runtime validate [OPTIONS]

    Options:
          --workdir <FOLDER>
              The folder that holds `.stk` [default: the current one]

          --plugins-path <FOLDER>
              The folder of plugin sources [default: `plugins` under the workdir]

          --dynamic-inputs <INPUTS>
              Inputs added to every plugin: `--name value --other=value`, as one argument

          --env <NAME>
              Check the inputs for this environment

          --manifest-only
              Look at stk.yaml alone

          --format <FORMAT>
              How the findings are printed

              Possible values:
              - text: For people: a line for each
              - json: One JSON document
              
              [default: text]

          --explain [<CODE>]
              Explain the code of a finding, such as STK012, and check nothing; without a code, list
              them all

      -h, --help
              Print help (see a summary with '-h')
    ");
}

#[test]
fn help_of_graph() {
    insta::assert_snapshot!(help(&["graph"]), @"
    Show in which order the plugins are applied, and what each needs from which

    Usage: stk-runtime graph [OPTIONS]

    Options:
          --workdir <FOLDER>
              The folder that holds `.stk` [default: the current one]

          --plugins-path <FOLDER>
              The folder of plugin sources [default: `plugins` under the workdir]

          --dynamic-inputs <INPUTS>
              Inputs added to every plugin: `--name value --other=value`, as one argument

          --iac-store <STORE>
              Where runs, packages and IaC are kept: `file://` and a folder [default: `.stk/runtime`
              under the workdir]

          --env <NAME>
              Compare with what is deployed to this environment: what was removed is destroyed

          --manifest-only
              Look at stk.yaml alone

          --format <FORMAT>
              How the order is printed

              Possible values:
              - text:    A line for each plugin
              - json:    One JSON document
              - mermaid: A flowchart for Mermaid
              
              [default: text]

      -h, --help
              Print help (see a summary with '-h')
    ");
}

#[test]
fn help_of_render() {
    insta::assert_snapshot!(help(&["render"]), @r#"
    Write the Terraform that would be applied, without running anything

    Usage: stk-runtime render [OPTIONS] --out <FOLDER>

    Options:
          --workdir <FOLDER>         The folder that holds `.stk` [default: the current one]
          --plugins-path <FOLDER>    The folder of plugin sources [default: `plugins` under the workdir]
          --dynamic-inputs <INPUTS>  Inputs added to every plugin: `--name value --other=value`, as one
                                     argument
          --env <NAME>               The environment to render for
          --mode <MODE>              How the plugins' Terraform is organised: `per-plugin` (the
                                     default), a project for each; `unified`, one for all
          --connections <FILE>       A JSON file with known connections: `{"<connection>":
                                     {"<attribute>": "<value>"}}`. With `--mode unified` it needs only
                                     those that no plugin of the project generates
          --out <FOLDER>             The folder to write to; each plugin gets a folder of its own in it
      -h, --help                     Print help
    "#);
}

#[test]
fn help_of_status() {
    insta::assert_snapshot!(help(&["status"]), @"
    Show a run's tasks and how far they are

    Usage: stk-runtime status [OPTIONS] <RUN_ID>

    Arguments:
      <RUN_ID>  The run

    Options:
          --workdir <FOLDER>   The folder that holds `.stk` [default: the current one]
          --iac-store <STORE>  Where runs, packages and IaC are kept: `file://` and a folder [default:
                               `.stk/runtime` under the workdir]
          --watch              Wait until the run has ended, and show each change
          --json               Print JSON
      -h, --help               Print help
    ");
}

#[test]
fn help_of_runs() {
    insta::assert_snapshot!(help(&["runs"]), @"
    List the runs of this project and environment, newest first

    Usage: stk-runtime runs [OPTIONS]

    Options:
          --workdir <FOLDER>   The folder that holds `.stk` [default: the current one]
          --iac-store <STORE>  Where runs, packages and IaC are kept: `file://` and a folder [default:
                               `.stk/runtime` under the workdir]
          --env <NAME>         The environment
          --json               Print JSON
      -h, --help               Print help
    ");
}

#[test]
fn help_of_cancel() {
    insta::assert_snapshot!(help(&["cancel"]), @"
    Cancel a run and free the next deployment

    Usage: stk-runtime cancel [OPTIONS] <RUN_ID>

    Arguments:
      <RUN_ID>  The run

    Options:
          --workdir <FOLDER>   The folder that holds `.stk` [default: the current one]
          --iac-store <STORE>  Where runs, packages and IaC are kept: `file://` and a folder [default:
                               `.stk/runtime` under the workdir]
          --force              Accepted as the action accepts it; a run is always cancelled
      -h, --help               Print help
    ");
}

#[test]
fn the_version_is_printed() {
    let ran = Case::new("empty").success(&["--version"]);
    let expected = format!("stk-runtime {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(ran.stdout, expected);
}

#[test]
fn a_mistake_on_the_command_line_is_a_bad_input() {
    let case = Case::new("empty");
    for arguments in [&["deploi"][..], &["graph", "--format", "xml"], &["status"]] {
        let ran = case.run(arguments);
        assert_eq!(ran.code, 10, "{arguments:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn an_environment_is_asked_for() {
    let case = Case::new("empty");
    insta::assert_snapshot!(case.seen(&["runs"]), @"
    exit 10
    error: no environment is named
      help: give --env, or set INPUT_ENVIRONMENT
    ");
    insta::assert_snapshot!(case.seen(&["deploy", "--auto-approve"]), @"
    exit 10
    error: no environment is named
      help: give --env, or set INPUT_ENVIRONMENT
    ");
    insta::assert_snapshot!(case.seen(&["deploy", "--env", "dev", "--auto-approve"]), @"
    exit 10
    error: no version tag is named
      help: give --version (any text that names this deployment, e.g. v1.0.0), or set INPUT_VERSION
    ");
}

#[test]
fn inputs_stand_in_for_flags() {
    let case = Case::new("empty").with("INPUT_ENVIRONMENT", "dev");
    insta::assert_snapshot!(case.seen(&["runs"]), @"
    exit 0
    there is no run of project `empty`, environment `dev`
    ");
    let case = Case::new("quickstart").with("INPUT_DYNAMIC_INPUTS", "--threshold 'x");
    insta::assert_snapshot!(case.seen(&["validate"]), @"
    exit 10
    error: the input DYNAMIC_INPUTS is malformed
      caused by: at character 12: the quote ' is never closed
      help: give `--name value` or `--name=value`, with quotes around values with spaces
    ");
}

#[test]
fn a_mode_that_is_not_there_is_explained() {
    let case = Case::new("empty");
    let mode = |mode| case.seen(&["render", "--env", "dev", "--out", "out", "--mode", mode]);
    insta::assert_snapshot!(mode("both"), @"
    exit 10
    error: `both` is not a mode
      help: give `per-plugin` or `unified`
    ");
}
