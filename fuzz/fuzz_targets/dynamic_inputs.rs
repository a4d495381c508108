//! `DYNAMIC_INPUTS`: any text is read or refused at a character that it has.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stk_manifest::DynamicInputs;

fuzz_target!(|text: &str| {
    if let Err(error) = DynamicInputs::parse(text) {
        assert!(error.offset() <= text.chars().count());
    }
});
