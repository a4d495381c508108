use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use thiserror::Error;

/// Why an `action.yml` cannot be used.
#[derive(Debug, Error)]
pub enum ActionError {
    /// The file cannot be read.
    #[error("`{}` cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// It is not YAML, or has keys or types that this runner does not know.
    #[error("`{}` is not a composite action that this runner knows", path.display())]
    Shape {
        /// The file.
        path: PathBuf,
        /// Where and what.
        #[source]
        source: serde_yaml::Error,
    },
    /// `runs.using` or a step's `shell` is something else.
    #[error("`{}` uses {what}, which this runner does not know", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it uses.
        what: String,
    },
}

/// A composite action.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// Its inputs, in the file's order.
    pub inputs: IndexMap<String, Input>,
    /// Its outputs, in the file's order.
    pub outputs: IndexMap<String, Output>,
    /// Its look on GitHub.
    pub branding: Option<Branding>,
    /// Its steps.
    pub steps: Vec<Step>,
    /// The folder that the file is in.
    pub folder: PathBuf,
}

/// One input of an action. Unlike GitHub, which takes any scalar, a default must be written as a string.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What it is for.
    pub description: String,
    /// Whether it must be given. GitHub does not enforce this, and neither does [`Runner`](super::Runner).
    #[serde(default)]
    pub required: bool,
    /// Its value when it is not given.
    #[serde(default, deserialize_with = "quoted")]
    pub default: Option<String>,
}

/// One output of an action.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// What it is.
    pub description: String,
    /// A text with expressions.
    pub value: String,
}

/// How GitHub's marketplace shows an action.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Branding {
    /// The name of a Feather icon.
    pub icon: String,
    /// One of GitHub's colour names.
    pub color: String,
}

/// A step that runs a script.
#[derive(Debug, Clone, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What the log calls it.
    pub name: String,
    /// What expressions call it.
    pub id: Option<String>,
    /// The expression after `if`, with or without `${{ }}`.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// Its own variables; texts with expressions.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// The script; a text with expressions.
    pub run: String,
    /// Always `bash` here.
    pub shell: String,
    /// The folder that it runs in, relative to the workspace.
    #[serde(rename = "working-directory")]
    pub working_directory: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    description: String,
    #[serde(default, rename = "author")]
    _author: Option<String>,
    #[serde(default)]
    inputs: IndexMap<String, Input>,
    #[serde(default)]
    outputs: IndexMap<String, Output>,
    branding: Option<Branding>,
    runs: Runs,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Runs {
    using: String,
    steps: Vec<Step>,
}

/// A text, and nothing that YAML takes for a number or a truth value: GitHub would print that in its own way.
fn quoted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match serde_yaml::Value::deserialize(deserializer)? {
        serde_yaml::Value::String(text) => Ok(Some(text)),
        _ => Err(D::Error::custom(
            "invalid type: a default must be a quoted text",
        )),
    }
}

impl Action {
    /// Reads `action.yml` in a folder.
    ///
    /// # Errors
    /// [`ActionError`].
    pub fn read(folder: &Path) -> Result<Self, ActionError> {
        let path = folder.join("action.yml");
        let text = std::fs::read_to_string(&path).map_err(|source| ActionError::Read {
            path: path.clone(),
            source,
        })?;
        Self::parse(folder, &text)
    }

    /// The action that a text stands for, as if it were `action.yml` in that folder.
    ///
    /// # Errors
    /// [`ActionError::Shape`] and [`ActionError::Unsupported`].
    pub fn parse(folder: &Path, text: &str) -> Result<Self, ActionError> {
        let path = folder.join("action.yml");
        // The untyped form refuses a key that comes twice; the typed one knows the lines of its errors.
        let parsed = serde_yaml::from_str::<serde_yaml::Value>(text)
            .and_then(|_| serde_yaml::from_str::<Document>(text));
        let document = parsed.map_err(|source| ActionError::Shape {
            path: path.clone(),
            source,
        })?;
        let mut unsupported = Vec::new();
        if document.runs.using != "composite" {
            unsupported.push(format!("`using: {}`", document.runs.using));
        }
        for step in &document.runs.steps {
            if step.shell != "bash" {
                unsupported.push(format!("`shell: {}`", step.shell));
            }
        }
        if let Some(what) = unsupported.into_iter().next() {
            return Err(ActionError::Unsupported { path, what });
        }
        Ok(Self {
            name: document.name,
            description: document.description,
            inputs: document.inputs,
            outputs: document.outputs,
            branding: document.branding,
            steps: document.runs.steps,
            folder: folder.to_owned(),
        })
    }

    /// The step with this id.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps
            .iter()
            .find(|step| step.id.as_deref() == Some(id))
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    fn error(text: &str) -> String {
        let error = Action::parse(Path::new("a"), text).unwrap_err();
        match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }

    #[test]
    fn what_this_runner_does_not_know_is_refused() {
        let head = "name: n\ndescription: d\nruns:\n  using: composite\n  steps:\n";
        let step = format!("{head}    - {{name: x, uses: actions/checkout@v4}}\n");
        assert!(
            error(&step).contains("unknown field `uses`"),
            "{}",
            error(&step)
        );
        let step = format!("{head}    - {{name: x, shell: pwsh, run: x}}\n");
        assert_eq!(
            error(&step),
            "`a/action.yml` uses `shell: pwsh`, which this runner does not know"
        );
        let node = "name: n\ndescription: d\nruns: {using: node20, steps: []}\n";
        assert!(error(node).contains("`using: node20`"));
        let number = format!("{head}inputs: {{A: {{description: a, default: 10}}}}\n")
            .replace("steps:\n", "steps: []\n");
        assert!(
            error(&number).contains("invalid type"),
            "{}",
            error(&number)
        );
    }
}
