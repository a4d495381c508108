#![doc = include_str!("../README.md")]

pub mod outputs;
pub mod policy;
