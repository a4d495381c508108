//! `docs/inputs.md`: the inputs and outputs of the actions, as their `action.yml` files declare them.

use crate::composite::Action;

/// The document's text, for actions with the folder that each is in, relative to the repository.
pub fn render(actions: &[(&str, &Action)]) -> String {
    let mut text = String::from(
        "# Inputs and outputs of the actions\n\n\
         <!-- Generated from the action.yml files: UPDATE_DOCS=1 cargo test -p stk-testing -->\n\n\
         Started by hand, the programs read the same inputs from environment variables: `INPUT_` and the name. Outside GitHub the\n\
         outputs are printed as `name=value`.\n",
    );
    for (folder, action) in actions {
        text.push_str(&format!("\n## {}: `{folder}`\n\n", action.name));
        text.push_str(&format!("{}\n\n", paragraph(&action.description)));
        text.push_str("| input | default | required | description |\n|---|---|---|---|\n");
        for (name, input) in &action.inputs {
            let default = input
                .default
                .as_deref()
                .filter(|default| !default.is_empty());
            let default = default.map_or_else(|| "–".to_owned(), |default| format!("`{default}`"));
            let required = if input.required { "yes" } else { "no" };
            let description = cell(&input.description);
            let default = cell(&default);
            text.push_str(&format!(
                "| `{name}` | {default} | {required} | {description} |\n"
            ));
        }
        if action.outputs.is_empty() {
            text.push_str("\nIt has no outputs.\n");
            continue;
        }
        text.push_str("\n| output | description |\n|---|---|\n");
        for (name, output) in &action.outputs {
            text.push_str(&format!("| `{name}` | {} |\n", cell(&output.description)));
        }
    }
    text.push_str(VARIABLES);
    text
}

/// What `actions/install.sh` reads from the job's environment.
const VARIABLES: &str = "
## Where the actions take their programs from

From the release that the action itself was taken from (`uses: …@v1.0.0`): the archive for the runner's system is downloaded, checked
against the release's `SHA256SUMS` and kept in the runner's tool cache. Variables of the job (`env:`) change that:

| variable | meaning |
|---|---|
| `STK_RUNTIME_BIN_DIR` | A folder that has the programs already; nothing is downloaded. |
| `STK_RUNTIME_VERSION` | The release to take, e.g. `v1.0.0`, for an action that is pinned by commit. |
| `STK_RUNTIME_RELEASES_URL` | A mirror of the releases, `https://` or `file://`; below it, `<release>/stk-runtime-<release>-<target>.tar.gz` and `<release>/SHA256SUMS`. |
";

/// The text on one line.
fn paragraph(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The text as a cell of a table, where a bar would end it, also between backquotes.
fn cell(text: &str) -> String {
    paragraph(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn one_table_of_inputs_and_one_of_outputs() {
        let text = "
name: Cancel
description: >-
  Cancels
  a run.
inputs:
  RUN_ID: {description: The run., required: true}
  FORCE: {description: 'Either `a|b`.', default: 'true'}
  EMPTY: {description: Nothing., default: ''}
outputs:
  run_data: {description: A file., value: x}
runs: {using: composite, steps: []}
";
        let action = Action::parse(Path::new("."), text).unwrap();
        let document = render(&[("actions/cancel", &action)]);
        let tables = document.split("\n## ").nth(1).unwrap();
        insta::assert_snapshot!(tables, @r"
        Cancel: `actions/cancel`

        Cancels a run.

        | input | default | required | description |
        |---|---|---|---|
        | `RUN_ID` | – | yes | The run. |
        | `FORCE` | `true` | no | Either `a\|b`. |
        | `EMPTY` | – | no | Nothing. |

        | output | description |
        |---|---|
        | `run_data` | A file. |
        ");
    }
}
