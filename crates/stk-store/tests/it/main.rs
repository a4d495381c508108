//! The store through its public interface: one contract for every kind of store, and the verbs on
//! top of it.

mod archives;
mod connections;
mod contract;
mod deployed;
mod documents;
mod folder;
mod locks;
mod memory;
mod processes;
mod runs;
mod sample;
