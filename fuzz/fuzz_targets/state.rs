//! A Terraform state: any text is read or refused without its content, what is read is written again, and what goes into
//! a module comes out of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use terraform_runner::state::{ProviderHome, StateDocument};

fuzz_target!(|text: &str| {
    let Ok(state) = StateDocument::from_json(text) else {
        return;
    };
    let written = state.to_json().unwrap();
    let again = StateDocument::from_json(&written).unwrap();
    assert_eq!(again.to_json().unwrap(), written);
    let objects = state.objects();
    for home in [ProviderHome::Module, ProviderHome::Root] {
        let moved = state.clone().into_module("m", home);
        assert_eq!(moved.objects().len(), objects.len());
        assert_eq!(moved.extract("m").objects(), objects);
        assert!(moved.without("m").is_empty());
        assert!(moved.extract("other").is_empty());
    }
    let _ = state.clone().after(&again).merge(again);
});
