//! The table of inputs and the action.yml say the same.

use std::path::Path;

use stk_testing::composite::Action;

#[test]
fn the_action_declares_every_input_that_is_read() {
    let action = Action::read(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    for spec in stk_tasks::INPUTS {
        let declared = action.inputs.get(spec.name);
        let declared = declared.unwrap_or_else(|| panic!("{} is not declared", spec.name));
        assert_eq!(declared.default.as_deref(), spec.default, "{}", spec.name);
        assert_eq!(declared.required, spec.required, "{}", spec.name);
    }
}

#[test]
fn help_names_every_input() {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stk-tasks"));
    let output = command.env_clear().arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for spec in stk_tasks::INPUTS {
        assert!(
            help.contains(&format!("INPUT_{}", spec.name)),
            "{}",
            spec.name
        );
    }
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_stk-tasks"));
    let output = command.env_clear().arg("--version").output().unwrap();
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .starts_with("stk-tasks 0.")
    );
}
