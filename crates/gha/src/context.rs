use std::path::Path;

use crate::Environment;

/// What GitHub says about the workflow run that this process is part of.
///
/// From the runner's default variables (docs.github.com, "Variables reference"); everything is absent outside GitHub.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    environment: &'a Environment,
}

impl<'a> Context<'a> {
    /// The context in this environment.
    pub fn new(environment: &'a Environment) -> Self {
        Self { environment }
    }

    /// Whether a workflow step started this process (`GITHUB_ACTIONS` is `true`).
    pub fn is_github(&self) -> bool {
        self.environment.get("GITHUB_ACTIONS") == Some("true")
    }

    /// The page of this workflow run: `<server>/<owner>/<repository>/actions/runs/<id>`.
    pub fn run_url(&self) -> Option<String> {
        let server = self.environment.non_empty("GITHUB_SERVER_URL")?;
        let repository = self.repository()?;
        let run = self.environment.non_empty("GITHUB_RUN_ID")?;
        let server = server.trim_end_matches('/');
        Some(format!("{server}/{repository}/actions/runs/{run}"))
    }

    /// The name of the machine: what the environment says, else `/etc/hostname`.
    pub fn host(&self) -> Option<String> {
        let named = ["HOSTNAME", "COMPUTERNAME", "RUNNER_NAME"]
            .iter()
            .find_map(|name| self.environment.non_empty(name))
            .map(str::to_owned);
        named.or_else(|| {
            let name = std::fs::read_to_string("/etc/hostname").ok()?;
            Some(name.trim().to_owned()).filter(|name| !name.is_empty())
        })
    }

    /// The folder that the repository is checked out into (`GITHUB_WORKSPACE`).
    pub fn workspace(&self) -> Option<&'a Path> {
        let folder = self.environment.get_os("GITHUB_WORKSPACE")?;
        (!folder.is_empty()).then(|| Path::new(folder))
    }

    /// `<owner>/<repository>` (`GITHUB_REPOSITORY`).
    pub fn repository(&self) -> Option<&'a str> {
        self.environment.non_empty("GITHUB_REPOSITORY")
    }

    /// Who started the workflow run (`GITHUB_ACTOR`).
    pub fn actor(&self) -> Option<&'a str> {
        self.environment.non_empty("GITHUB_ACTOR")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_has_an_address() {
        let environment = Environment::from_pairs([
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_SERVER_URL", "https://github.example"),
            ("GITHUB_REPOSITORY", "acme/shop"),
            ("GITHUB_RUN_ID", "42"),
            ("GITHUB_WORKSPACE", "/home/runner/work/shop/shop"),
        ]);
        let context = Context::new(&environment);
        assert!(context.is_github());
        assert_eq!(
            context.run_url().as_deref(),
            Some("https://github.example/acme/shop/actions/runs/42")
        );
        assert_eq!(
            context.workspace(),
            Some(Path::new("/home/runner/work/shop/shop"))
        );
    }

    #[test]
    fn outside_github_there_is_nothing() {
        let environment = Environment::from_pairs([("GITHUB_REPOSITORY", "acme/shop")]);
        let context = Context::new(&environment);
        assert!(!context.is_github());
        assert_eq!(context.run_url(), None);
        assert_eq!(context.workspace(), None);
    }
}
