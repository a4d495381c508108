//! The test doubles, tested through their public API.

mod actions;
mod documents;
mod inputs_document;
mod install;
mod manifest_documents;
mod moto;
