use proptest::prelude::*;
use stk_render::{Context, TemplateFile, Templates, check, evaluate, render};

use crate::{context, variables};

/// Pieces that file names and templates are made of, odd ones included.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("..".to_owned()),
        Just("/".to_owned()),
        Just("\\".to_owned()),
        Just(".".to_owned()),
        Just("{{ a }}".to_owned()),
        Just("{{ b }}".to_owned()),
        Just("{% if a %}x{% endif %}".to_owned()),
        Just("C:".to_owned()),
        Just("nul".to_owned()),
        Just("\0".to_owned()),
        Just("~".to_owned()),
        "[a-z .]{1,4}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn rendered_paths_never_escape(paths in prop::collection::vec(pieces(), 1..4), a in pieces(), b in pieces()) {
        let variables = [("a", a), ("b", b)];
        let context = Context::new(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect());
        let files = paths.into_iter().map(|path| TemplateFile { path, bytes: Vec::new(), executable: false }).collect();
        let Ok(rendered) = render(&Templates { files }, &context) else { return Ok(()) };
        for (path, _) in rendered.tree.iter() {
            let components: Vec<_> = std::path::Path::new(path).components().collect();
            prop_assert!(!components.is_empty());
            for component in components {
                prop_assert!(matches!(component, std::path::Component::Normal(_)), "{path:?}");
            }
        }
        let folder = tempfile::tempdir()?;
        rendered.tree.write_to(&folder.path().join("target"))?;
        prop_assert_eq!(std::fs::read_dir(folder.path())?.count(), 1);
    }

    #[test]
    fn text_without_delimiters_renders_to_itself(text in "([^{\r]|\\$\\{x\\}|%\\{ for x in y ~\\}|\n|\\{ )*") {
        let evaluated = evaluate(&text, "t", &context(variables()));
        prop_assert_eq!(evaluated.map(|evaluated| evaluated.text), Ok(text));
    }

    #[test]
    fn bytes_that_are_no_text_pass(mut bytes in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>()) {
        let index = at.index(bytes.len() + 1);
        bytes.insert(index, 0);
        let files = vec![TemplateFile { path: "x".into(), bytes: bytes.clone(), executable: true }];
        let rendered = render(&Templates { files }, &Context::default()).expect("renders");
        let file = rendered.tree.get("x").expect("kept");
        prop_assert_eq!(&file.bytes, &bytes);
    }

    #[test]
    fn no_template_panics(source in "(\\{\\{|\\}\\}|\\{#|#\\}|\\{%|%\\}|[-+*/|.,()\\[\\]{}<>=~'\"\\\\]| |raw|endraw|if|endif|for|in|n|name|list|map|upper|int|join|replace|split|[0-9]|\n|\r|é)*") {
        let _ = evaluate(&source, "t", &context(variables()));
        let files = vec![TemplateFile { path: source.clone(), bytes: source.into_bytes(), executable: false }];
        let _ = check(&Templates { files });
    }
}
