//! The order through the crate's public functions: its messages, and its rules against a second,
//! naive implementation.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod destroys;
mod messages;
mod model;
mod properties;
mod scale;
mod units;
