//! The store through its public interface: one contract for every kind of store, and the verbs on
//! top of it.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "test helpers fail the way tests do"
)]

mod archives;
mod connections;
mod contract;
mod deployed;
mod documents;
mod faults;
mod folder;
mod locks;
mod memory;
mod plans;
mod processes;
mod runs;
mod sample;
