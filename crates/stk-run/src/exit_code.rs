//! The exit codes of the four binaries: a public contract, one constant per kind of failure.

/// Everything asked for was done, or there was nothing to do.
pub const OK: u8 = 0;
/// An input or a flag is missing, malformed or contradicts another.
pub const INPUTS: u8 = 10;
/// `stk.yaml` or a `plugin.yaml` is at fault, or a plugin's source was not found.
pub const MANIFEST: u8 = 11;
/// The plugins cannot be ordered, or one cannot be removed.
pub const ORDER: u8 = 12;
/// A template does not render, or what it renders is not allowed.
pub const TEMPLATE: u8 = 13;
/// StackSpot's services refused or could not be reached.
pub const STACKSPOT: u8 = 20;
/// Terraform is missing, too old, or failed.
pub const TERRAFORM: u8 = 21;
/// The store could not be read or written, or holds something unexpected.
pub const STORE: u8 = 22;
/// Another deployment of the same project and environment is running.
pub const BUSY: u8 = 23;
/// The run was cancelled or interrupted.
pub const CANCELLED: u8 = 30;
/// A fault of this program.
pub const BUG: u8 = 70;
