/// One input of an action, as its `action.yml` declares it.
///
/// Each action keeps a constant table of these: it renders `--help`, gives the defaults outside GitHub, and a test compares it
/// with the `action.yml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputSpec {
    /// The name under `with:`.
    pub name: &'static str,
    /// What it is for, in one line or a few.
    pub description: &'static str,
    /// The value when it is not given; `None` and the empty string mean that there is none.
    pub default: Option<&'static str>,
    /// Whether the step fails without it.
    pub required: bool,
}

impl InputSpec {
    /// The specifications as the lines of a `--help` text, in their order: `INPUT_<NAME>`, then the description, indented, with the
    /// default or `required` in brackets.
    pub fn help(specs: &[Self]) -> String {
        let mut text = String::new();
        for spec in specs {
            let note = match (spec.required, spec.default) {
                (_, Some(default)) if !default.is_empty() => format!(" [default: {default}]"),
                (true, _) => " [required]".to_owned(),
                _ => String::new(),
            };
            text.push_str(&format!("  INPUT_{}{note}\n", spec.name));
            for line in spec.description.lines() {
                text.push_str(&format!("      {line}\n"));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_names_defaults_and_descriptions() {
        let specs = [
            InputSpec {
                name: "ENVIRONMENT",
                description: "The environment.",
                default: None,
                required: true,
            },
            InputSpec {
                name: "WORKDIR",
                description: "The folder of `.stk`.\nRelative to the step's folder.",
                default: Some("./"),
                required: false,
            },
            InputSpec {
                name: "MANIFEST_PATH",
                description: "A manifest.",
                default: Some(""),
                required: false,
            },
        ];
        insta::assert_snapshot!(InputSpec::help(&specs), @r"
        INPUT_ENVIRONMENT [required]
            The environment.
        INPUT_WORKDIR [default: ./]
            The folder of `.stk`.
            Relative to the step's folder.
        INPUT_MANIFEST_PATH
            A manifest.
        ");
    }
}
