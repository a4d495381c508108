//! The examples of the explanations are what they say: the wrong ones have the finding, the right ones have none.

use std::collections::BTreeMap;

use stk_manifest::{DynamicInputs, Finding, FindingCode, Manifest, PluginDefinition, Secrets};

use crate::support::{Values, show};

/// Codes that no document alone can have: they compare with what is deployed, or with other files. The order's and
/// the templates' are tried with the program itself.
const ELSEWHERE: &[FindingCode] = &[
    FindingCode::Cycle,
    FindingCode::TwoGenerators,
    FindingCode::StillRequired,
    FindingCode::NoLongerGenerated,
    FindingCode::UnknownConnection,
    FindingCode::NoTemplates,
    FindingCode::TemplateSyntax,
    FindingCode::MoreFindings,
    FindingCode::ConnectionTypes,
    FindingCode::MissingAttribute,
    FindingCode::MissingOutput,
    FindingCode::UnusedConnection,
    FindingCode::UndefinedValue,
    FindingCode::UndeclaredSlot,
];

const STK_HEAD: &str =
    "schema-version: v2\nkind: manifest\nmetadata:\n  name: shop\nspec:\n  type: infra\n";
const PLUGIN_HEAD: &str = "schema-version: v3\nkind: plugin\nmetadata:\n  name: topic\n  display-name: Topic\n  description: A topic\n  version: 2.0.0\nspec:\n  type: infra\n";

/// The documents of an example, by file name.
type Documents = BTreeMap<&'static str, String>;

/// The blocks of one section of an explanation. A block starts with a comment that names its file.
fn documents(code: FindingCode, section: &str) -> Documents {
    let text = code.explanation();
    let (_, after) = text.split_once(section).expect("the section");
    let section = after
        .split_once("\n**")
        .map_or(after, |(section, _)| section);
    let mut found = Documents::new();
    for block in section.split("```yaml\n").skip(1) {
        let block = block.split("```").next().unwrap_or_default();
        let (comment, body) = block.split_once('\n').expect("a comment and a body");
        let comment = comment.strip_prefix("# ").expect("a comment");
        let (name, head) = if comment.starts_with("stk.yaml") {
            ("stk.yaml", STK_HEAD)
        } else {
            assert!(comment.starts_with("plugin.yaml"), "{code}: {comment}");
            ("plugin.yaml", PLUGIN_HEAD)
        };
        let whole = if comment.contains(", in spec") {
            let body: String = body.lines().map(|line| format!("  {line}\n")).collect();
            format!("{head}{body}")
        } else {
            body.to_owned()
        };
        assert!(found.insert(name, whole).is_none(), "{code}: {name} twice");
    }
    found
}

fn findings(code: FindingCode, documents: &Documents) -> Vec<Finding> {
    let manifest = documents
        .get("stk.yaml")
        .map(|text| Manifest::parse("stk.yaml", text));
    let definition = documents
        .get("plugin.yaml")
        .map(|text| PluginDefinition::parse("plugin.yaml", text));
    let mut found = Vec::new();
    if let (Some(manifest), definition) = (&manifest, definition.as_ref())
        && (definition.is_some() || code == FindingCode::NoDefinition)
        && let Some(manifest) = &manifest.value
    {
        let definition = definition.and_then(|definition| definition.value.as_ref());
        for plugin in &manifest.plugins {
            found.extend(definition.and_then(|it| it.version_mismatch(manifest, plugin)));
        }
        let plugins = manifest
            .plugins
            .iter()
            .filter_map(|plugin| Some((plugin.alias.clone(), definition?.clone())))
            .collect();
        let dynamic = DynamicInputs::default();
        found.extend(
            stk_manifest::units(
                manifest,
                &plugins,
                "dev",
                &dynamic,
                Secrets::Given(&Values(&[])),
            )
            .findings,
        );
    }
    if let Some(manifest) = manifest {
        found.extend(manifest.findings);
        let identity = manifest.value.as_ref().map(Manifest::project_identity);
        found.extend(identity.and_then(Result::err).map(|finding| *finding));
    }
    found.extend(
        definition
            .into_iter()
            .flat_map(|definition| definition.findings),
    );
    found
}

#[test]
fn wrong_examples_have_the_finding_and_right_ones_have_none() {
    for code in FindingCode::ALL
        .iter()
        .filter(|code| !ELSEWHERE.contains(code))
    {
        let wrong = documents(*code, "**Wrong:**");
        let found = findings(*code, &wrong);
        assert!(
            found.iter().any(|finding| finding.code == *code),
            "{code}: {}",
            show(&found)
        );
        let mut right = wrong;
        right.extend(documents(*code, "**Right:**"));
        // Its value comes from outside the documents.
        if *code == FindingCode::SecretInput {
            continue;
        }
        let found = findings(*code, &right);
        assert!(found.is_empty(), "{code}: {}", show(&found));
    }
}

#[test]
fn every_explanation_has_every_part() {
    for code in FindingCode::ALL {
        let text = code.explanation();
        let mut rest = text;
        for part in [
            "**Why it matters.** ",
            "**Wrong:**\n",
            "**Right:**\n",
            "**What to do.** ",
        ] {
            let (_, after) = rest
                .split_once(part)
                .unwrap_or_else(|| panic!("{code}: {part}"));
            rest = after;
        }
        assert!(text.ends_with(".\n"), "{code}");
        assert!(
            text.lines().all(|line| line.chars().count() <= 100),
            "{code}"
        );
    }
}
