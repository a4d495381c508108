#![doc = include_str!("../README.md")]

pub mod binaries;
pub mod composite;
pub mod fixtures;
pub mod inputs_document;
pub mod moto;
pub mod python;
pub mod real;
pub mod redact;
pub mod skip;
pub mod terraform;

pub mod fake_terraform;
