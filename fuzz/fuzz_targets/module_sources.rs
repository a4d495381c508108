//! `FEATURES_TERRAFORM_MODULES`: any text is read or refused at a place that it has, and a token is never shown.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use stk_compose::policy::ModuleSources;

fuzz_target!(|text: &str| {
    let read = match ModuleSources::parse(text) {
        Ok(read) => read,
        Err(error) => {
            let line = text.split('\n').nth(error.at.line - 1).unwrap_or_default();
            assert!(error.at.column <= line.chars().count() + 1, "{error}");
            return;
        }
    };
    let shown = format!("{read:?}");
    let tokens = read.sources.iter().flat_map(|source| &source.token).count();
    assert!(shown.matches("[REDACTED]").count() >= tokens);
    // An empty list allows local modules alone.
    let _ = read.useless();
    for line in text.lines() {
        if read.allows(line).is_ok() && read.sources.is_empty() {
            assert!(line.starts_with('.'), "{line}");
        }
    }
    // What is JSON without our help means the same.
    if let Ok(Value::Array(items)) = serde_json::from_str(text) {
        assert_eq!(items.len(), read.sources.len());
        for (item, source) in items.iter().zip(&read.sources) {
            assert_eq!(item["path"].as_str().map(str::trim), Some(source.path.as_str()));
            assert_eq!(item["private"].as_bool().unwrap_or_default(), source.private);
        }
    }
});
