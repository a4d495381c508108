use std::path::Path;

use crate::{Location, LocationError};

/// The two stores of a deployment. They may be one and the same place: their keys do not overlap.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Locations {
    /// Runs, packages, rendered IaC and connections.
    pub iac: Location,
    /// Terraform's states.
    pub state: Location,
}

impl Locations {
    /// Reads where the stores are, as [`Location::parse`] does; each that is `None` is the folder
    /// `.stk/runtime` below `workdir`, beside the `stk.yaml` that is deployed.
    ///
    /// # Errors
    ///
    /// [`LocationError`] when a text names no store.
    pub fn resolve(
        iac: Option<&str>,
        state: Option<&str>,
        workdir: &Path,
    ) -> Result<Self, LocationError> {
        let location = |text: Option<&str>| match text {
            Some(text) => Location::parse(text, workdir),
            None => Location::parse("file://.stk/runtime", workdir),
        };
        Ok(Self {
            iac: location(iac)?,
            state: location(state)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_beside_the_manifest() {
        let locations =
            Locations::resolve(Some("file:///elsewhere"), None, Path::new("/project/infra"));
        let locations = locations.unwrap();
        assert_eq!(locations.iac.to_string(), "file:///elsewhere");
        assert_eq!(
            locations.state.to_string(),
            "file:///project/infra/.stk/runtime"
        );
    }
}
