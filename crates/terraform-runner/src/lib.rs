#![doc = include_str!("../README.md")]

mod address;
mod cli_configuration;
mod command;
mod environment;
mod lines;
mod outputs;
mod plan_file;
mod process;
mod program;
mod runner;
mod session;
mod state_lock;

pub mod approval;
pub mod backend;
pub mod difference;
pub mod event;
pub mod plan;
pub mod state;

pub use self::address::{Address, AddressError};
pub use self::cli_configuration::{
    CliConfiguration, CliConfigurationError, MirrorError, ProviderMirror, SyntaxError,
};
pub use self::command::{ApplyOptions, Command, InitOptions, Interruption, PlanOptions, Step};
pub use self::environment::{ChildEnvironment, EnvironmentError, EnvironmentPolicy};
pub use self::outputs::{Output, Outputs};
pub use self::plan_file::PlanFile;
pub use self::process::ProcessRunner;
pub use self::program::{DetectError, Product, Program};
pub use self::runner::{Exit, Line, RunError, Runner, Stream};
pub use self::session::{
    Applied, OnEvent, Planned, RescuedState, Session, StateOrigin, StepError, StepErrorKind,
};
pub use self::state_lock::StateLock;
