//! The test doubles, tested through their public API.

mod moto;
mod actions;
mod inputs_document;
mod install;
