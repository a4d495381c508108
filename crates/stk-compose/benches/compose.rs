//! Composing 1,000 plugins into one project.

use std::fmt::Write as _;

use stk_compose::project::{File, FilledBy, Filling, Module, compose};

fn main() {
    divan::main();
}

struct Plugin {
    alias: String,
    generator: String,
    files: Vec<(String, String)>,
}

/// Plugins in a chain, each with a nested module, a provider of its own, and ten resources.
fn plugins(count: usize) -> Vec<Plugin> {
    (0..count)
        .map(|index| {
            let mut main = String::new();
            for resource in 0..10 {
                let _ = write!(
                    main,
                    "resource \"terraform_data\" \"r{resource}\" {{\n  input = {{\n    name = \"plugin-{index}\"\n    arn  = \"x-token_0_-y\"\n  }}\n}}\n\n"
                );
            }
            main.push_str("module \"inner\" {\n  source = \"./inner\"\n}\n");
            let provider = format!("provider \"aws\" {{\n  region = \"sa-east-{}\"\n}}\n", index % 2);
            let outputs = "output \"arn\" {\n  value = terraform_data.r0.output\n}\n";
            Plugin {
                alias: format!("plugin-{index}"),
                generator: format!("plugin-{}", index.saturating_sub(1)),
                files: vec![
                    ("main.tf".to_owned(), main),
                    ("provider.tf".to_owned(), provider),
                    ("outputs.tf".to_owned(), outputs.to_owned()),
                    ("inner/main.tf".to_owned(), "locals {\n  a = token_0_\n}\n".to_owned()),
                    ("README.md".to_owned(), "# Plugin\n".repeat(50)),
                ],
            }
        })
        .collect()
}

fn modules(plugins: &[Plugin]) -> Vec<Module<'_>> {
    plugins
        .iter()
        .map(|plugin| Module {
            alias: &plugin.alias,
            files: plugin
                .files
                .iter()
                .map(|(path, text)| File {
                    path,
                    bytes: text.as_bytes(),
                })
                .collect(),
            fillings: vec![Filling {
                token: "token_0_",
                value: FilledBy::Output {
                    slot: "source",
                    attribute: "arn",
                    generator: &plugin.generator,
                    output: "arn",
                },
            }],
        })
        .collect()
}

#[divan::bench(args = [10, 100, 1_000])]
fn compose_plugins(bencher: divan::Bencher<'_, '_>, count: usize) {
    let plugins = plugins(count);
    let modules = modules(&plugins);
    assert!(compose(&modules, &[]).is_ok());
    bencher.bench(|| compose(&modules, &[]));
}
