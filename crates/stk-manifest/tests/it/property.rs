//! Laws of the merge and of DYNAMIC_INPUTS.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use stk_manifest::{DynamicInputs, Manifest, PluginDefinition};

use crate::support::{merge, plugin, project};

/// Where a value of one input stands: `None` for nowhere.
type Levels = [Option<String>; 4];

fn value() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), "[a-z]{1,6}( [a-z#:]{1,3})?".prop_map(Some)]
}

fn levels() -> impl Strategy<Value = Levels> {
    [value(), value(), value(), value()]
}

fn mapping(values: &[(String, &String)]) -> String {
    let entries: Vec<String> = values
        .iter()
        .map(|(name, value)| format!("{name}: '{value}'"))
        .collect();
    format!("{{{}}}", entries.join(", "))
}

proptest! {
    /// The last level that gives a value wins, and the result has no other names.
    #[test]
    fn the_strongest_level_wins(inputs in vec(levels(), 0..6)) {
        let level = |index: usize| -> Vec<(String, &String)> {
            inputs
                .iter()
                .enumerate()
                .filter_map(|(number, levels)| Some((format!("i{number}"), levels[index].as_ref()?)))
                .collect()
        };
        let spec: String = inputs
            .iter()
            .enumerate()
            .map(|(number, levels)| match &levels[0] {
                Some(default) => format!("- {{name: i{number}, type: text, default: '{default}'}}\n"),
                None => format!("- {{name: i{number}, type: text, required: false}}\n"),
            })
            .collect();
        let stk = project(&format!(
            "- name: studio/bucket@1.0.0\n  alias: b\n  type: infra\n  inputs: {}",
            mapping(&level(2))
        )) + &format!("  global-inputs: {}\n", mapping(&level(1)));
        let dynamic: String = level(3)
            .iter()
            .map(|(name, value)| format!("--{name}='{value}' "))
            .collect();
        let spec = if spec.is_empty() { "inputs: []".to_owned() } else { format!("inputs:\n{spec}") };
        let parsed = merge(&stk, &plugin("v2", &spec), &dynamic);
        prop_assert!(!parsed.has_errors());
        let unit = parsed.value.expect("units").remove(0);
        let expected: Vec<(String, String)> = inputs
            .iter()
            .enumerate()
            .filter_map(|(number, levels)| {
                let strongest = levels.iter().rev().flatten().next()?;
                Some((format!("i{number}"), strongest.clone()))
            })
            .collect();
        let found: Vec<(String, String)> = unit
            .inputs
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    /// What is written with single quotes comes back as it was.
    #[test]
    fn dynamic_inputs_round_trip(pairs in btree_map("[A-Za-z_][A-Za-z0-9_-]{0,8}", "[^']{0,12}", 0..5)) {
        let text: String = pairs
            .iter()
            .map(|(name, value)| format!("--{name} '{value}' "))
            .collect();
        let inputs = DynamicInputs::parse(&text).expect("quoted values");
        let mut found: Vec<(&str, &str)> = inputs
            .values()
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()))
            .collect();
        found.sort_unstable();
        let expected: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        prop_assert_eq!(found, expected);
    }

    /// Any text is read or refused at a place inside of it.
    #[test]
    fn any_dynamic_text_has_an_answer(text in any::<String>()) {
        if let Err(error) = DynamicInputs::parse(&text) {
            prop_assert!(error.offset() <= text.chars().count());
        }
    }

    /// Any text has an answer, and one without a value has an error.
    #[test]
    fn any_document_has_an_answer(text in "[ \\t\\n:{}\\[\\],&*!|>'\"%@`#a-c0-1<?-]{0,80}") {
        let parsed = Manifest::parse("stk.yaml", &text);
        prop_assert!(parsed.value.is_some() || parsed.has_errors());
        let parsed = PluginDefinition::parse("plugin.yaml", &text);
        prop_assert!(parsed.value.is_some() || parsed.has_errors());
    }
}
