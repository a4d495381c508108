//! A small runner of composite actions: what GitHub's runner does with an `action.yml` of `run` steps, on this machine.
//!
//! It exists so that the three actions are tested as files, with real bash, and not by reading them. It knows what these files use
//! and refuses the rest: an unknown key, context, function or property is an error rather than an empty string, since an empty
//! string is how such mistakes get lost on GitHub.
//!
//! ```
//! use std::path::Path;
//! use stk_testing::composite::{Action, Runner};
//!
//! let text = r#"
//! name: Greet
//! description: Greets.
//! inputs: {NAME: {description: Whom., default: world}}
//! outputs: {said: {description: What., value: "${{ steps.greet.outputs.text }}"}}
//! runs:
//!   using: composite
//!   steps:
//!     - name: Greet
//!       id: greet
//!       shell: bash
//!       env: {INPUT_NAME: "${{ inputs.NAME }}"}
//!       run: echo "text=hello $INPUT_NAME" >>"$GITHUB_OUTPUT"
//! "#;
//! let action = Action::parse(Path::new("actions/greet"), text)?;
//! let folder = tempfile::tempdir()?;
//! let report = Runner::new(folder.path()).run(&action, &[("NAME", "you")])?;
//! assert_eq!((report.exit_code(), report.outputs["said"].as_str()), (0, "hello you"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Followed: docs.github.com, "Metadata syntax" and "Evaluate expressions"; actions/runner `Handlers/ScriptHandler.cs` (shell
//! arguments), `FileCommandManager.cs` (the files of `GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_PATH`) and `ProcessInvoker.cs` (how a
//! cancelled job ends a step). Not there: `uses` steps, other shells than bash, workflow commands in a step's output (they stay in
//! the log as text).

mod action;
mod expression;
mod files;
mod process;
mod report;
mod runner;

pub use action::{Action, ActionError, Branding, Input, Output, Step};
pub use expression::{ExpressionError, Value, evaluate, interpolate};
pub use files::FileCommandError;
pub use report::{CompositeError, Outcome, Report, StepReport};
pub use runner::Runner;
