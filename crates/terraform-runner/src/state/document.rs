use std::collections::BTreeSet;
use std::fmt;

use serde_json::value::to_raw_value;

use super::StateError;
use super::resource::{Fields, ProviderHome, Resource, missing, take};

/// A whole state. It is full of secrets, so `Debug` shows no more than how much is in it.
#[derive(Clone)]
pub struct StateDocument {
    /// Without what has a field of its own here.
    rest: Fields,
    lineage: String,
    serial: u64,
    resources: Vec<Resource>,
}

impl fmt::Debug for StateDocument {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("StateDocument")
            .field("lineage", &self.lineage)
            .field("serial", &self.serial)
            .field("resources", &self.resources.len())
            .finish_non_exhaustive()
    }
}

impl StateDocument {
    /// A state of nothing, of a new `lineage`: a text that no other state has.
    pub fn new(lineage: impl Into<String>) -> Self {
        Self {
            rest: Fields::new(),
            lineage: lineage.into(),
            serial: 0,
            resources: Vec::new(),
        }
    }

    /// Reads a state of format version 4, which Terraform writes since version 0.12.
    ///
    /// # Errors
    ///
    /// [`StateError`]; none of its messages has a value of the state in it.
    pub fn from_json(text: &str) -> Result<Self, StateError> {
        let mut rest: Fields = serde_json::from_str(text)?;
        let version: u64 = take(&mut rest, "version")?.ok_or(missing("version"))?;
        if version != 4 {
            return Err(StateError::Version { version });
        }
        let resources: Vec<Box<serde_json::value::RawValue>> =
            take(&mut rest, "resources")?.unwrap_or_default();
        Ok(Self {
            lineage: take(&mut rest, "lineage")?.unwrap_or_default(),
            serial: take(&mut rest, "serial")?.unwrap_or_default(),
            resources: resources
                .iter()
                .map(|resource| Resource::read(resource))
                .collect::<Result<_, _>>()?,
            rest,
        })
    }

    /// The state as a file. What is in it is as secret as the state.
    ///
    /// # Errors
    ///
    /// [`StateError::Malformed`], which does not happen to what was read.
    pub fn to_json(&self) -> Result<String, StateError> {
        let resources: Vec<_> = self
            .resources
            .iter()
            .map(Resource::write)
            .collect::<Result<_, _>>()?;
        let mut fields = self.rest.clone();
        let parts = [
            ("version", to_raw_value(&4)?),
            ("serial", to_raw_value(&self.serial)?),
            ("lineage", to_raw_value(&self.lineage)?),
            ("resources", to_raw_value(&resources)?),
        ];
        fields.extend(parts.map(|(name, raw)| (name.to_owned(), raw)));
        Ok(serde_json::to_string(&fields)?)
    }

    /// What all states of one project have in common.
    pub fn lineage(&self) -> &str {
        &self.lineage
    }

    /// How often it was changed.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Whether there is no resource in it; there may be outputs.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty()
    }

    /// The address of each object that exists outside of it, deposed ones marked. Data sources have none.
    pub fn objects(&self) -> BTreeSet<String> {
        self.resources.iter().flat_map(Resource::objects).collect()
    }

    /// The provider configurations that resources name, data sources too.
    pub fn providers(&self) -> BTreeSet<&str> {
        let resources = self.resources.iter();
        resources
            .map(|resource| resource.provider.as_str())
            .collect()
    }

    /// The state of a project in which this one's project is the module `name` of the root module. `home` says where
    /// the module's default provider configurations are.
    ///
    /// Outputs go: those of a module are in no state. The results of checks go too: they name objects by address, and
    /// the next plan brings them.
    #[must_use]
    pub fn into_module(mut self, name: &str, home: ProviderHome) -> Self {
        let resources = std::mem::take(&mut self.resources);
        self.resources = resources
            .into_iter()
            .map(|resource| resource.into_module(name, home))
            .collect();
        self.without_conclusions()
    }

    /// The state of a project of its own that has been the module `name` of this one: the inverse of
    /// [`into_module`](Self::into_module). Dependencies on other modules go, and a provider configuration of the root
    /// becomes the project's default one. A module with instance keys is none that can be taken out.
    #[must_use]
    pub fn extract(&self, name: &str) -> Self {
        let inside = self.resources.iter().cloned();
        Self {
            resources: inside
                .filter_map(|resource| resource.out_of_module(name))
                .collect(),
            ..self.emptied()
        }
    }

    /// This state without the module `name`, and without its outputs, which may be of that module.
    #[must_use]
    pub fn without(&self, name: &str) -> Self {
        let mut resources = self.resources.clone();
        resources.retain(|resource| !resource.is_in(name));
        for resource in &mut resources {
            resource.forget(name);
        }
        Self {
            resources,
            ..self.emptied()
        }
    }

    /// This state with no other modules of the root module than those that `keep` is true of. What is in the root
    /// module itself stays.
    #[must_use]
    pub fn with_modules(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let mut state = self.clone();
        state
            .resources
            .retain(|resource| resource.first_module().is_none_or(&mut keep));
        state
    }

    /// Both in one, with this one's lineage and serial.
    ///
    /// # Errors
    ///
    /// [`StateError::Twice`] when a resource is in both.
    pub fn merge(mut self, other: Self) -> Result<Self, StateError> {
        let known: BTreeSet<_> = self.resources.iter().map(Resource::address).collect();
        let mut addresses = other.resources.iter().map(Resource::address);
        if let Some(address) = addresses.find(|address| known.contains(address)) {
            return Err(StateError::Twice { address });
        }
        self.resources.extend(other.resources);
        for (name, raw) in other.rest {
            self.rest.entry(name).or_insert(raw);
        }
        Ok(self)
    }

    /// The same project's state with nothing in it.
    #[must_use]
    pub fn emptied(&self) -> Self {
        Self {
            rest: self.rest.clone(),
            lineage: self.lineage.clone(),
            serial: self.serial,
            resources: Vec::new(),
        }
        .without_conclusions()
    }

    /// This state as the next one of the place where `current` is: Terraform takes only one of the same lineage with a
    /// higher serial (`internal/states/statemgr/migrate.go`, `CheckValidImport`).
    #[must_use]
    pub fn after(mut self, current: &Self) -> Self {
        if !current.lineage.is_empty() {
            self.lineage.clone_from(&current.lineage);
        }
        self.serial = self.serial.max(current.serial).saturating_add(1);
        self
    }

    fn without_conclusions(mut self) -> Self {
        self.rest.remove("outputs");
        self.rest.remove("check_results");
        self
    }
}
