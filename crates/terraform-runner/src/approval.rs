//! What was approved, and whether a later plan does no more than that.

mod compare;
mod deviation;
mod digest;
mod key;
mod record;

pub use self::deviation::{Deviation, DeviationKind};
pub use self::key::{DigestKey, DigestKeyError};
pub use self::record::ApprovedChanges;
