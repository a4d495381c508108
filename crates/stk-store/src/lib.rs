#![doc = include_str!("../README.md")]

pub mod archive;
pub mod connections;
pub mod deployed;
mod document;
mod error;
mod folder;
pub mod iac;
mod key;
mod location;
mod locations;
mod lock;
mod memory;
mod name;
mod open;
pub mod packages;
pub mod plans;
pub mod runs;
mod seal;
pub mod states;
mod store;

pub use document::{RecordError, Versioned};
pub use error::StoreError;
pub use folder::Folder;
pub use key::{Key, KeyError, Prefix, TargetName};
pub use location::{Location, LocationError};
pub use locations::Locations;
pub use lock::{AcquireError, DeploymentLock, Released, ResumeError};
pub use memory::Memory;
pub use name::Name;
pub use open::{OpenError, open, open_existing};
pub use packages::ArchiveError;
pub use plans::PlanError;
pub use seal::SealError;
pub use store::{Deleted, Object, PutMode, Store, Version};
