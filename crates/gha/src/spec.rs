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
    /// An input that the step fails without.
    pub const fn required(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            default: None,
            required: true,
        }
    }

    /// An input that may be left out.
    pub const fn optional(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            description,
            default: None,
            required: false,
        }
    }

    /// An input that has `default` when it is left out.
    pub const fn defaulted(
        name: &'static str,
        default: &'static str,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            description,
            default: Some(default),
            required: false,
        }
    }

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
            InputSpec::required("ENVIRONMENT", "The environment."),
            InputSpec::defaulted(
                "WORKDIR",
                "./",
                "The folder of `.stk`.\nRelative to the step's folder.",
            ),
            InputSpec::defaulted("MANIFEST_PATH", "", "A manifest."),
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
