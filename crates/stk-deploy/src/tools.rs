use std::num::NonZeroU16;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use stk_run::{Clock, Secrets};
use stk_store::Store;
use terraform_runner::{ChildEnvironment, Program, Runner, Session};
use tokio_util::sync::CancellationToken;

use crate::policy::Policy;

/// What tasks work with.
#[derive(Debug)]
pub struct Tools<'a> {
    /// Packages, rendered IaC, connections and records of what is deployed.
    pub iac_store: &'a dyn Store,
    /// Terraform's states.
    pub state_store: &'a dyn Store,
    /// How Terraform is run; IAC tasks do without.
    pub terraform: Option<Terraform>,
    /// The values of secret inputs; IAC tasks do without.
    pub secrets: &'a Secrets,
    /// The passphrase that plans are stored with; `None`: as they are.
    pub plan_encryption_key: Option<&'a SecretString>,
    /// What plugins' Terraform may do.
    pub policy: &'a Policy,
    /// Where working folders are made; each is removed when its task ends.
    pub temporary: &'a Path,
    /// Where times come from.
    pub clock: &'a Clock,
    /// Interrupts the task.
    pub cancel: &'a CancellationToken,
}

/// A Terraform (or OpenTofu) and how to run it.
#[derive(Clone, Debug)]
pub struct Terraform {
    /// The program.
    pub program: Program,
    /// What starts it.
    pub runner: Arc<dyn Runner>,
    /// Its environment.
    pub environment: ChildEnvironment,
    /// How many operations Terraform does at once; `None`: its own default of 10.
    pub parallelism: Option<NonZeroU16>,
    /// How long Terraform waits for a state that somebody else has locked.
    pub lock_timeout: Duration,
}

impl Terraform {
    /// `init` gets what it downloads with in an environment of its own: nothing else needs that.
    pub(crate) fn session(
        &self,
        folder: &Path,
        environment: ChildEnvironment,
        init: ChildEnvironment,
    ) -> Session {
        Session::new(
            self.program.clone(),
            Arc::clone(&self.runner),
            environment,
            folder,
        )
        .with_init_environment(init)
    }
}

/// What a task says while it goes on.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A step begins, e.g. `terraform plan`.
    Step(String),
    /// One line of what Terraform does.
    Line(String),
    /// One line that matters only to a person who looks for a mistake.
    Detail(String),
    /// Something odd that does not stop the task.
    Warning(String),
}
