//! A state as `state pull` prints it and `state push` takes it (Terraform `internal/states/statefile/version4.go`), to be
//! moved between projects.
//!
//! Only what a move has to change is understood: where resources are, what they depend on, and which provider
//! configuration they name. Everything else, attributes above all, is kept as the very text that it was.

mod document;
mod error;
mod resource;

pub use self::document::StateDocument;
pub use self::error::StateError;
pub use self::resource::ProviderHome;

#[cfg(test)]
mod tests;
