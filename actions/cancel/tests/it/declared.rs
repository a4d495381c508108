//! The table of inputs and the action.yml say the same.

use std::path::Path;
use std::process::Command;

use stk_testing::composite::Action;

#[test]
fn the_action_declares_every_input_that_is_read() {
    let action = Action::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    for spec in stk_cancel::INPUTS {
        let declared = action.inputs.get(spec.name);
        let declared = declared.unwrap_or_else(|| panic!("{} is not declared", spec.name));
        assert_eq!(declared.default.as_deref(), spec.default, "{}", spec.name);
        assert_eq!(declared.required, spec.required, "{}", spec.name);
    }
}

#[test]
fn help_names_every_input() {
    let run = |argument: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stk-cancel"));
        let output = command.env_clear().arg(argument).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    let help = run("--help");
    for spec in stk_cancel::INPUTS {
        assert!(
            help.contains(&format!("INPUT_{}", spec.name)),
            "{}",
            spec.name
        );
    }
    assert!(run("--version").starts_with("stk-cancel 0."));
}
