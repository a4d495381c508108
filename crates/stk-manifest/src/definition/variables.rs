//! `requires.variables`: StackSpot's variables that a plugin needs.

use crate::finding::{FindingCode, Report, quoted};
use crate::yaml::{Fields, text_of};

/// The variables that a deployment without StackSpot's service has, as `var.<NAME>`: facts of the project, the plugin
/// and the workspace. The others are StackSpot's own: of its account, its users and what their administrators define.
///
/// A plugin that names another one in `requires.variables` is warned about.
pub const VARIABLES: &[&str] = &[
    "STK_PROJECT_NAME",
    "STK_WORKSPACE",
    "STK_MANIFEST_TYPE",
    "STK_STACK",
    "STK_STUDIO",
    "STK_PLUGIN_TYPE",
    "STK_PLUGIN_NAME",
    "STK_PLUGIN_VERSION",
    "STK_PLUGIN_QUALIFIER",
];

/// Reads the names. One that nothing provides is a warning and no error: the plugin may need it only where it is
/// applied, and a template that does read it is reported where it does.
pub(super) fn read(requires: &Fields<'_, '_, '_>, report: &mut Report) -> Vec<String> {
    let names = requires.texts("variables", report);
    for node in requires.list("variables", report) {
        let Some(name) = text_of(node) else {
            continue;
        };
        if VARIABLES.contains(&name) {
            continue;
        }
        // `{{ var.NAME }}` is written in upper case: another name is a mistake of the plugin's author.
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        let help = if !is_name {
            "a variable's name is made of upper-case letters, digits and `_`".to_owned()
        } else {
            format!(
                "a template that reads `var.{name}` prints nothing there; let it read an input instead, whose value can come from stk.yaml or DYNAMIC_INPUTS"
            )
        };
        report.warning(
            FindingCode::UnknownVariable,
            node.at,
            format!(
                "the plugin requires the variable {}, which a deployment without StackSpot does not have",
                quoted(name)
            ),
            Some(help),
        );
    }
    names
}
