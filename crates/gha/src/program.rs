use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use crate::{Environment, Failure, InputSpec, Log};

/// The program of an action: everything that it takes are inputs, so it has no arguments of its own.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// The program's name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it does, in a sentence.
    pub about: &'static str,
    /// The inputs that it reads.
    pub inputs: &'static [InputSpec],
    /// The exit code for an argument that it does not know.
    pub usage_exit_code: u8,
}

/// What the arguments ask for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Run,
    Print(String),
    Mistake(String),
}

impl Program {
    /// Runs `main` in this process's environment and shows its failure; or answers `--help` and `--version`.
    ///
    /// This is all that the `main` function of such a program does.
    pub fn run(self, main: impl FnOnce(&Environment, &Log) -> Result<(), Failure>) -> ExitCode {
        let environment = Environment::from_process();
        let log = Log::to_stderr(&environment);
        let failure = match self.request(std::env::args_os().skip(1)) {
            Request::Run => match main(&environment, &log) {
                Ok(()) => return ExitCode::SUCCESS,
                Err(failure) => failure,
            },
            Request::Print(text) => {
                // A reader that has gone away needs no answer.
                let _ = std::io::stdout().write_all(text.as_bytes());
                return ExitCode::SUCCESS;
            }
            Request::Mistake(message) => Failure::new(self.usage_exit_code, message).with_help(
                "everything that it takes is given as environment variables; see --help",
            ),
        };
        log.failure(&failure);
        ExitCode::from(failure.exit_code)
    }

    fn request(&self, mut arguments: impl Iterator<Item = OsString>) -> Request {
        match arguments.next() {
            None => Request::Run,
            Some(argument) if argument == "--help" || argument == "-h" => {
                Request::Print(self.help())
            }
            Some(argument) if argument == "--version" || argument == "-V" => {
                Request::Print(format!("{} {}\n", self.name, self.version))
            }
            Some(argument) => Request::Mistake(format!(
                "{} takes no argument `{}`",
                self.name,
                argument.to_string_lossy()
            )),
        }
    }

    fn help(&self) -> String {
        format!(
            "{}\n\nUsage: {} [--help | --version]\n\nInputs, as environment variables:\n{}",
            self.about,
            self.name,
            InputSpec::help(self.inputs)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: Program = Program {
        name: "stk-example",
        version: "1.2.3",
        about: "Does something.",
        inputs: &[InputSpec::required("NAME", "A name.")],
        usage_exit_code: 10,
    };

    fn request(arguments: &[&str]) -> Request {
        PROGRAM.request(arguments.iter().map(OsString::from))
    }

    #[test]
    fn a_program_takes_inputs_alone() {
        assert_eq!(request(&[]), Request::Run);
        assert_eq!(
            request(&["--version"]),
            Request::Print("stk-example 1.2.3\n".to_owned())
        );
        assert_eq!(
            request(&["deploy"]),
            Request::Mistake("stk-example takes no argument `deploy`".to_owned())
        );
    }

    #[test]
    fn help_lists_the_inputs() {
        let Request::Print(help) = request(&["-h"]) else {
            panic!("no help");
        };
        insta::assert_snapshot!(help, @"
        Does something.

        Usage: stk-example [--help | --version]

        Inputs, as environment variables:
          INPUT_NAME [required]
              A name.
        ");
    }
}
