//! Whatever stands in plugins, composing comes to an end, and makes readable files of readable ones.

use proptest::prelude::*;

use super::*;

const PIECES: &[&str] = &[
    "provider \"aws\" {\n  region = \"x\"\n}\n",
    "provider \"aws\" { region = \"x\" }\n",
    "provider \"aws\" {\n  region = \"x\"\n} # t_0_\n",
    "provider \"terraform\" {}\n",
    "terraform {\n  required_providers {\n    aws = {\n      source = \"hashicorp/aws\"\n    }\n  }\n}\n",
    "output \"o\" {\n  value = t_0_\n}\n",
    "output \"p-q\" {\n  value     = \"x${t_1_}t_0_\"\n  sensitive = true\n}\n",
    "module \"inner\" {\n  source = \"./inner\"\n}\n",
    "module \"inner2\" { source = \"./inner\" }\n",
    "locals {\n  a = t_1_\n  b = <<-E\n    t_0_\n  E\n}\n",
    "resource \"x\" \"y\" {\n  a = local.a\n  dynamic \"b\" {\n    for_each = t_1_\n    content {}\n  }\n}\n",
    "# nothing\n",
    "\r\n",
];

const PATHS: &[&str] = &[
    "main.tf",
    "p.tf",
    "inner/main.tf",
    "x_override.tf",
    "inner/deep/a.tf",
];

fn files() -> impl Strategy<Value = Vec<(String, String)>> {
    let text = prop::collection::vec(prop::sample::select(PIECES), 0..4);
    let file = (prop::sample::select(PATHS), text);
    prop::collection::btree_map(prop::sample::select(PATHS), file, 0..4).prop_map(|files| {
        let files = files.into_iter();
        files
            .map(|(path, (_, pieces))| (path.to_owned(), pieces.concat()))
            .collect()
    })
}

fn modules<'a>(
    plugins: &'a [Vec<(String, String)>],
    aliases: &'a [String],
    known: &'a Variable,
) -> Vec<Module<'a>> {
    let plugins = plugins.iter().zip(aliases);
    plugins
        .map(|(files, alias)| {
            let files: Vec<_> = files
                .iter()
                .map(|(path, text)| (path.as_str(), text.as_str()))
                .collect();
            let fillings = [
                ("t_0_", FilledBy::Variable(known)),
                ("t_1_", output("slot", "arn", &aliases[0], "o")),
            ];
            module(alias, &files, &fillings)
        })
        .collect()
}

fn parses(bytes: &[u8]) -> bool {
    String::from_utf8_lossy(bytes)
        .parse::<hcl_edit::structure::Body>()
        .is_ok()
}

proptest! {
    #[test]
    fn readable_files_stay_readable(plugins in prop::collection::vec(files(), 1..4)) {
        let aliases: Vec<String> = (0..plugins.len()).map(|index| format!("p-{index}")).collect();
        let known = secret("stk_secret_x");
        let modules = modules(&plugins, &aliases, &known);
        if let Ok(project) = compose(&modules, &[]) {
            for (path, bytes) in &project.files {
                prop_assert!(parses(bytes), "{path}\n{}", String::from_utf8_lossy(bytes));
                let text = String::from_utf8_lossy(bytes);
                prop_assert!(!text.contains("t_0_") && !text.contains("t_1_"), "{path}\n{text}");
            }
            for module in &modules {
                for file in &module.files {
                    let path = format!("{}/{}", module.alias, file.path);
                    prop_assert!(project.files.contains_key(&path));
                }
            }
            // What is composed already has nothing left to fill in, and the same result.
            prop_assert_eq!(compose(&modules, &[]).unwrap(), project);
        }
    }

    #[test]
    fn nothing_panics(texts in prop::collection::vec(".{0,60}", 1..4), aliases in prop::collection::vec("[a-c]{0,2}|.{0,3}", 3)) {
        let plugins: Vec<Vec<(String, String)>> = texts
            .into_iter()
            .map(|text| ["main.tf", "x.tf.json", "terraform.tfvars", "i/main.tf"].iter().map(|path| ((*path).to_owned(), text.clone())).collect())
            .collect();
        let known = secret("stk_secret_x");
        let _ = compose(&modules(&plugins, &aliases, &known), &[]);
    }
}
