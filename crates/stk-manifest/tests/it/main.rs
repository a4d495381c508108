//! What the crate says about whole documents.

#![expect(
    clippy::expect_used,
    reason = "a helper of a test fails the test by panicking"
)]

mod definition;
mod explanations;
mod hostile;
mod manifest;
mod patterns;
mod property;
mod schema;
mod secrets;
mod shapes;
mod slots;
mod support;
mod units;
