//! One resource of a state, with its instances.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::value::{RawValue, to_raw_value};

use super::StateError;

/// The parts of an object, each as the text that it was.
pub(super) type Fields = BTreeMap<String, Box<RawValue>>;

/// Where the default provider configurations of a module are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProviderHome {
    /// In the module, or handed to it under the name that it has for them.
    Module,
    /// In the root module: the module has none, and takes over those that there are.
    Root,
}

/// A resource, all instances of it.
#[derive(Clone)]
pub(super) struct Resource {
    rest: Fields,
    /// `module.a.module.b`; may have keys.
    pub(super) module: Option<String>,
    is_managed: bool,
    kind: String,
    name: String,
    /// `module.a.provider["registry.terraform.io/hashicorp/aws"].alias`, never with keys of modules.
    pub(super) provider: String,
    instances: Vec<Instance>,
}

/// An instance of a resource, or a deposed object of one.
#[derive(Clone)]
struct Instance {
    rest: Fields,
    dependencies: Option<Vec<String>>,
}

impl Resource {
    pub(super) fn read(raw: &RawValue) -> Result<Self, StateError> {
        let mut rest: Fields = serde_json::from_str(raw.get())?;
        let mode: String = take(&mut rest, "mode")?.ok_or(missing("mode"))?;
        let instances: Vec<Box<RawValue>> = take(&mut rest, "instances")?.unwrap_or_default();
        let resource = Self {
            module: take(&mut rest, "module")?.filter(|module: &String| !module.is_empty()),
            is_managed: mode == "managed",
            kind: take(&mut rest, "type")?.ok_or(missing("type"))?,
            name: take(&mut rest, "name")?.ok_or(missing("name"))?,
            provider: take(&mut rest, "provider")?.ok_or(missing("provider"))?,
            instances: instances
                .iter()
                .map(|instance| Instance::read(instance))
                .collect::<Result<_, _>>()?,
            rest: {
                rest.insert("mode".to_owned(), to_raw_value(&mode)?);
                rest
            },
        };
        Ok(resource)
    }

    pub(super) fn write(&self) -> Result<Box<RawValue>, StateError> {
        let mut fields = self.rest.clone();
        if let Some(module) = &self.module {
            fields.insert("module".to_owned(), to_raw_value(module)?);
        }
        for (name, text) in [
            ("type", &self.kind),
            ("name", &self.name),
            ("provider", &self.provider),
        ] {
            fields.insert(name.to_owned(), to_raw_value(text)?);
        }
        let instances: Vec<_> = self
            .instances
            .iter()
            .map(Instance::write)
            .collect::<Result<_, _>>()?;
        fields.insert("instances".to_owned(), to_raw_value(&instances)?);
        Ok(to_raw_value(&fields)?)
    }

    /// Without instance keys of its own.
    pub(super) fn address(&self) -> String {
        let module = self.module.as_deref().unwrap_or_default();
        let dot = if module.is_empty() { "" } else { "." };
        let data = if self.is_managed { "" } else { "data." };
        format!("{module}{dot}{data}{}.{}", self.kind, self.name)
    }

    /// What exists of it outside of the state: nothing of a data source.
    pub(super) fn objects(&self) -> impl Iterator<Item = String> {
        let address = self.address();
        let instances = self.is_managed.then_some(&self.instances);
        instances.into_iter().flatten().map(move |instance| {
            let text = |name: &str| instance.rest.get(name).map(|raw| raw.get().to_owned());
            let index = text("index_key").filter(|index| index != "null");
            let index = index.map_or_else(String::new, |index| format!("[{index}]"));
            let deposed =
                text("deposed").map_or_else(String::new, |key| format!(" (deposed {key})"));
            format!("{address}{index}{deposed}")
        })
    }

    /// Whether it is in the root module's module `name`, or in a module of that.
    pub(super) fn is_in(&self, name: &str) -> bool {
        self.module
            .as_deref()
            .is_some_and(|module| strip(module, name).is_some())
    }

    /// The name of the first module on the way to it, keys aside.
    pub(super) fn first_module(&self) -> Option<&str> {
        let rest = self.module.as_deref()?.strip_prefix("module.")?;
        rest.split(['.', '[']).next()
    }

    /// The same one in the module `name` of another project, of which its project becomes the module.
    pub(super) fn into_module(mut self, name: &str, home: ProviderHome) -> Self {
        let inside = |text: &str| format!("module.{name}.{text}");
        self.module = Some(match &self.module {
            None => format!("module.{name}"),
            Some(module) => inside(module),
        });
        // An additional configuration is never taken over: it is the module's own, or handed to it.
        let is_default = self.provider.starts_with("provider[") && self.provider.ends_with(']');
        if home == ProviderHome::Module || !is_default {
            self.provider = inside(&self.provider);
        }
        for instance in &mut self.instances {
            for dependency in instance.dependencies.iter_mut().flatten() {
                *dependency = inside(dependency);
            }
        }
        self
    }

    /// The same one in a project of its own that was the module `name`; `None` if it is not in there.
    pub(super) fn out_of_module(mut self, name: &str) -> Option<Self> {
        let inner = strip(self.module.as_deref()?, name)?.to_owned();
        self.module = Some(inner).filter(|inner| !inner.is_empty());
        self.provider = match strip(&self.provider, name) {
            Some(own) => own.to_owned(),
            None => default_of(&self.provider),
        };
        for instance in &mut self.instances {
            if let Some(dependencies) = &mut instance.dependencies {
                let own = dependencies
                    .iter()
                    .filter_map(|dependency| strip(dependency, name));
                *dependencies = own.map(str::to_owned).collect();
            }
        }
        Some(self)
    }

    /// Forgets that it depends on what is in the module `name`.
    pub(super) fn forget(&mut self, name: &str) {
        for instance in &mut self.instances {
            if let Some(dependencies) = &mut instance.dependencies {
                dependencies.retain(|dependency| strip(dependency, name).is_none());
            }
        }
    }
}

impl Instance {
    fn read(raw: &RawValue) -> Result<Self, StateError> {
        let mut rest: Fields = serde_json::from_str(raw.get())?;
        Ok(Self {
            dependencies: take(&mut rest, "dependencies")?,
            rest,
        })
    }

    fn write(&self) -> Result<Box<RawValue>, StateError> {
        let mut fields = self.rest.clone();
        if let Some(dependencies) = &self.dependencies {
            fields.insert("dependencies".to_owned(), to_raw_value(dependencies)?);
        }
        Ok(to_raw_value(&fields)?)
    }
}

/// A configuration at the root that a module was handed is, in a project of its own, the default one: only those that
/// were hoisted out of plugins have a name there.
fn default_of(provider: &str) -> String {
    match (provider.starts_with("provider["), provider.rfind(']')) {
        (true, Some(end)) => provider.get(..=end).unwrap_or(provider).to_owned(),
        _ => provider.to_owned(),
    }
}

/// What follows `module.NAME` and a dot in an address; empty for the module itself.
fn strip<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = text.strip_prefix("module.")?.strip_prefix(name)?;
    if rest.is_empty() {
        return Some(rest);
    }
    rest.strip_prefix('.')
}

/// Takes a part out, if it is there and not null.
pub(super) fn take<T: DeserializeOwned>(
    fields: &mut Fields,
    name: &str,
) -> Result<Option<T>, StateError> {
    match fields.remove(name) {
        Some(raw) => Ok(serde_json::from_str(raw.get())?),
        None => Ok(None),
    }
}

pub(super) fn missing(name: &'static str) -> StateError {
    StateError::Missing { name }
}
