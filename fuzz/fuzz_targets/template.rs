//! A template renders or fails, within its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stk_render::{Context, Limits, TemplateFile, Templates, Truth, render_with};

fuzz_target!(|input: (&str, &[u8])| {
    let (path, text) = input;
    let serde_json::Value::Object(variables) = serde_json::json!({
        "name": "orders", "count": 3, "flag": true, "none": null, "ratio": 1.5,
        "list": ["a", 1, [true]], "map": {"k": "v", "n": {"x": 1}},
    }) else {
        return;
    };
    let mut context = Context::new(variables);
    context.refuse(&["secret"], "secret");
    context.opaque(&["token"], "token", "a token", Truth::Something);
    context.opaque(&["map", "t"], "attribute", "an attribute", Truth::Unknown);
    context.opaque(&["list", "0"], "item", "an item", Truth::Something);
    let is_text = !text.contains(&0) && std::str::from_utf8(text).is_ok();
    let templates = Templates {
        files: vec![TemplateFile {
            path: path.to_owned(),
            bytes: text.to_owned(),
            executable: false,
        }],
    };
    let limits = Limits {
        work_per_template: 100_000,
        work_total: 200_000,
        bytes_per_file: 1 << 20,
        bytes_total: 1 << 21,
        ..Limits::default()
    };
    if let Ok(rendered) = render_with(&templates, &context, limits) {
        for (path, file) in rendered.tree.iter() {
            assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."));
            // What an opaque value leaves is a token, whole, that is listed.
            let text = String::from_utf8_lossy(&file.bytes);
            assert!(!is_text || !text.contains(['\u{f5cb}', '\u{f5cc}', '\u{f5cd}']));
            for (at, _) in text.match_indices("stk_token_").filter(|_| is_text) {
                let listed = rendered.tokens.iter();
                assert!(
                    listed
                        .into_iter()
                        .any(|token| text[at..].starts_with(&token.text))
                );
            }
        }
    }
});
