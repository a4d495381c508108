//! `TASK_LIST`: what is read is written in a form that is read again as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use stk_run::TaskList;

fuzz_target!(|text: &str| {
    if let Ok(list) = TaskList::parse(text) {
        assert_eq!(TaskList::parse(&list.to_single_quoted()).as_ref(), Ok(&list));
    }
});
