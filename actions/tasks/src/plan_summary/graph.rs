//! The plugins as a flowchart.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use stk_run::{PlanSummary, PluginFate, PluginPlan};

/// Mermaid draws no larger text and no more edges (its configuration's `maxTextSize` and `maxEdges`, defaults), and GitHub
/// leaves them at that.
const LARGEST: usize = 50_000;
const MOST_EDGES: usize = 500;

const STYLES: [(PluginFate, &str); 6] = [
    (
        PluginFate::Created,
        "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    ),
    (
        PluginFate::Changed,
        "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    ),
    (
        PluginFate::Reduced,
        "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    ),
    (
        PluginFate::Replaced,
        "fill:#ffebe9,stroke:#cf222e,color:#1f2328",
    ),
    (
        PluginFate::Removed,
        "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    ),
    (
        PluginFate::Unchanged,
        "fill:#f6f8fa,stroke:#8c959f,color:#1f2328",
    ),
];

/// The graph, or a sentence in its place. Too many plugins for one are drawn without those that do not change.
pub(super) fn graph(summary: &PlanSummary) -> String {
    let all: Vec<_> = summary.plugins.iter().collect();
    let unchanged = |plugin: &&&PluginPlan| plugin.fate == PluginFate::Unchanged;
    let changing: Vec<_> = all.iter().filter(|it| !unchanged(it)).copied().collect();
    if let Some(graph) = drawn(&all) {
        return format!("{graph}\n");
    }
    match drawn(&changing) {
        Some(graph) if !changing.is_empty() => format!(
            "{graph}\n<sub>Without the {} plugins that do not change.</sub>\n\n",
            all.len() - changing.len()
        ),
        _ => format!(
            "<sub>{} plugins are too many to be drawn.</sub>\n\n",
            all.len()
        ),
    }
}

/// Mermaid knows the plugins by number, since an alias may be a word of its own. Their names are letters, digits, `_` and
/// `-` alone.
fn drawn(plugins: &[&PluginPlan]) -> Option<String> {
    let mut text = String::from("flowchart LR\n");
    for (number, plugin) in plugins.iter().enumerate() {
        let words = match plugin.fate {
            PluginFate::Unchanged => "unchanged".to_owned(),
            PluginFate::Removed => format!("removed: {}", plugin.counts.words()),
            _ if plugin.counts.are_none() => plugin.fate.words().to_owned(),
            _ => plugin.counts.words(),
        };
        let _ = writeln!(
            text,
            "  p{number}[\"{}<br/>{words}\"]:::{}",
            plugin.alias,
            plugin.fate.name()
        );
    }
    let numbers: BTreeMap<_, _> = plugins
        .iter()
        .enumerate()
        .map(|(number, plugin)| (&plugin.alias, number))
        .collect();
    let mut edges = 0;
    for (number, plugin) in plugins.iter().enumerate() {
        let arrow = match plugin.fate {
            PluginFate::Removed => "-.->",
            _ => "-->",
        };
        for from in plugin.needs.iter().filter_map(|alias| numbers.get(alias)) {
            let _ = writeln!(text, "  p{from} {arrow} p{number}");
            edges += 1;
        }
    }
    for (fate, style) in STYLES {
        if plugins.iter().any(|plugin| plugin.fate == fate) {
            let _ = writeln!(text, "  classDef {} {style}", fate.name());
        }
    }
    (edges <= MOST_EDGES && text.len() < LARGEST).then(|| format!("```mermaid\n{text}```\n"))
}
