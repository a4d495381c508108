use super::*;

fn action(steps: &str) -> Action {
    let text = format!(
        "name: n
description: d
inputs:
  NAME: {{description: a name, default: world}}
  EMPTY: {{description: nothing}}
outputs:
  greeting: {{description: said, value: '${{{{ steps.greet.outputs.text }}}}'}}
runs:
  using: composite
  steps:
{steps}"
    );
    Action::parse(Path::new("/actions/n"), &text).unwrap()
}

fn run(steps: &str, inputs: &[(&str, &str)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    Runner::new(folder.path())
        .run(&action(steps), inputs)
        .unwrap()
}

const GREET: &str = "
    - name: greet
      id: greet
      shell: bash
      env: {WHO: '${{ inputs.NAME }}'}
      run: |
        echo \"to $WHO\" >&2
        echo \"text<<x\" >>\"$GITHUB_OUTPUT\"; echo \"hello $WHO\" >>\"$GITHUB_OUTPUT\"; echo x >>\"$GITHUB_OUTPUT\"
        echo '# done' >>\"$GITHUB_STEP_SUMMARY\"
";

#[test]
fn inputs_reach_a_step_and_its_outputs_come_back() {
    let report = run(GREET, &[]);
    assert_eq!(report.outputs["greeting"], "hello world");
    let report = run(GREET, &[("name", "$(touch x) '\"`id`\nb")]);
    assert_eq!(report.outputs["greeting"], "hello $(touch x) '\"`id`\nb");
    assert_eq!(report.steps[0].stderr, "to $(touch x) '\"`id`\nb\n");
    assert_eq!(report.steps[0].summary, "# done\n");
    assert_eq!(report.exit_code(), 0);
}

#[test]
fn a_failed_step_skips_the_rest_but_not_always() {
    let steps = "
    - {name: a, shell: bash, run: 'false | true; echo never'}
    - {name: b, shell: bash, run: echo b}
    - {name: c, shell: bash, if: always(), run: echo c}
    - {name: d, shell: bash, if: \"${{ failure() && inputs.NAME == 'world' }}\", run: exit 3}
    - {name: e, id: greet, shell: bash, if: \"inputs.NAME == 'world'\", run: echo e}
";
    let report = run(steps, &[]);
    let outcomes: Vec<Outcome> = report.steps.iter().map(|step| step.outcome).collect();
    use Outcome::{Ended, Skipped};
    assert_eq!(outcomes, [Ended(1), Skipped, Ended(0), Ended(3), Skipped]);
    assert_eq!(report.steps[0].stdout, "");
    assert_eq!(report.exit_code(), 1);
    assert_eq!(report.outputs["greeting"], "");
}

#[test]
fn a_step_changes_the_environment_of_later_ones_only_through_files() {
    let steps = "
    - {name: a, shell: bash, run: 'export LOST=1; echo KEPT=1 >>\"$GITHUB_ENV\"; echo /tools >>\"$GITHUB_PATH\"'}
    - {name: b, id: greet, shell: bash, env: {SEEN: '${{ env.KEPT }}'}, run: 'echo \"$SEEN${LOST-} ${PATH%%:*}\"'}
";
    let report = run(steps, &[]);
    assert_eq!(report.step("greet").unwrap().stdout, "1 /tools\n");
}

#[test]
fn nothing_of_this_process_leaks_in() {
    let steps = "
    - {name: a, id: greet, shell: bash, run: 'env | cut -d= -f1 | sort | tr \"\\n\" \" \"'}
";
    let report = run(steps, &[]);
    insta::assert_snapshot!(report.steps[0].stdout, @"CI GITHUB_ACTIONS GITHUB_ACTION_PATH GITHUB_ENV GITHUB_OUTPUT GITHUB_PATH GITHUB_REPOSITORY GITHUB_RUN_ID GITHUB_SERVER_URL GITHUB_STEP_SUMMARY GITHUB_WORKSPACE HOME PATH PWD RUNNER_ARCH RUNNER_OS RUNNER_TEMP RUNNER_TOOL_CACHE SHLVL _");
}

#[test]
fn mistakes_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let runner = Runner::new(folder.path()).limit(Duration::from_millis(300));
    let error = |steps: &str, inputs: &[(&str, &str)]| {
        let error = runner.run(&action(steps), inputs).unwrap_err();
        let source = std::error::Error::source(&error).map(ToString::to_string);
        format!("{error}: {}", source.unwrap_or_default())
    };
    let step = |run: &str| format!("    - {{name: a, id: greet, shell: bash, run: '{run}'}}\n");
    let errors = [
        error(GREET, &[("NOME", "x")]),
        error(&step("echo ${{ inputs.NOME }}"), &[]),
        error(&step("echo ${{ steps.x.outputs.y }}"), &[]),
        error(&step("echo ${{ github.actr }}"), &[]),
        error(&step("echo word >>\"$GITHUB_OUTPUT\""), &[]),
        error(&step("echo working >&2; exec sleep 20"), &[]),
    ];
    insta::assert_snapshot!(errors.join("\n"), @r"
    the action has no input `NOME`: 
    the action's step `a` cannot be evaluated: in `inputs.NOME`: there is no `inputs.NOME`
    the action's step `a` cannot be evaluated: in `steps.x.outputs.y`: there is no `steps.x.outputs.y`
    the action's step `a` cannot be evaluated: in `github.actr`: there is no `github.actr`
    step `a` wrote a broken GITHUB_OUTPUT: `word` is neither `name=value` nor the start of a value of several lines: no `=`
    step `a` did not end within 300ms; stderr so far: working
    :
    ");
}

#[test]
fn a_cancelled_step_is_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let steps = "
    - {name: a, id: greet, shell: bash, run: 'trap \"echo bye; exit 30\" INT; touch \"$READY\"; while true; do sleep 0.05; done'}
";
    let runner = Runner::new(folder.path())
        .env("READY", &ready)
        .cancel_when(&ready);
    let report = runner.run(&action(steps), &[]).unwrap();
    assert_eq!(report.exit_code(), 30);
    assert_eq!(report.steps[0].stdout, "bye\n");
}
