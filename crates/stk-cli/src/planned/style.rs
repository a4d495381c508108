//! Colour and width. `anstream` would find both out by itself, from the environment of the process; here the caller's counts.

use std::io::IsTerminal;

use anstyle::{AnsiColor, Color};
use gha::Environment;
use stk_run::PlannedAction;

/// How wide a text is where nobody knows better.
const WIDTH: usize = 100;

/// The narrowest that is still readable.
const NARROWEST: usize = 40;

/// How a text is shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Style {
    /// With colours.
    pub(crate) colour: bool,
    /// How many characters a line should have at most.
    pub(crate) width: usize,
}

/// What a part of a text is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Role {
    Heading,
    Create,
    Update,
    Destroy,
    Quiet,
}

impl Style {
    /// The style of what is written to `stream`. There is colour on a terminal that is not `dumb`; none if `NO_COLOR` is
    /// set (no-color.org); and elsewhere too if `CLICOLOR_FORCE` is set and not `0` (bixense.com/clicolors).
    pub(crate) fn of<S: IsTerminal + std::os::fd::AsFd>(
        environment: &Environment,
        stream: &S,
    ) -> Self {
        let is_terminal = stream.is_terminal();
        let given = |name| environment.get(name).filter(|value| !value.is_empty());
        let force = given("CLICOLOR_FORCE");
        let width = terminal_size::terminal_size_of(stream).map(|(width, _)| width.0.into());
        Self {
            colour: given("NO_COLOR").is_none()
                && (force.is_some_and(|force| force != "0")
                    || (is_terminal && environment.get("TERM") != Some("dumb"))),
            width: width.unwrap_or(WIDTH).max(NARROWEST),
        }
    }

    pub(super) fn paint(self, role: Role, text: &str) -> String {
        if !self.colour {
            return text.to_owned();
        }
        let style = match role {
            Role::Heading => anstyle::Style::new().bold(),
            Role::Create => coloured(AnsiColor::Green),
            Role::Update => coloured(AnsiColor::Yellow),
            Role::Destroy => coloured(AnsiColor::Red).bold(),
            Role::Quiet => anstyle::Style::new().dimmed(),
        };
        format!("{style}{text}{style:#}")
    }
}

fn coloured(colour: AnsiColor) -> anstyle::Style {
    anstyle::Style::new().fg_color(Some(Color::Ansi(colour)))
}

impl From<PlannedAction> for Role {
    fn from(action: PlannedAction) -> Self {
        match action {
            PlannedAction::Create => Self::Create,
            action if action.destroys() || action.replaces() => Self::Destroy,
            _ => Self::Update,
        }
    }
}
