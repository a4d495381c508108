//! Which environment variables a child gets: start clean, inherit a documented list, force three.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Names that a child inherits when the caller's environment has them. The README says why each is here.
const INHERITED: &[&str] = &[
    "ALL_PROXY",
    "CURL_CA_BUNDLE",
    "GIT_ASKPASS",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TERMINAL_PROMPT",
    "HOME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "LANGUAGE",
    "LOGNAME",
    "NETRC",
    "NO_PROXY",
    "PATH",
    "SHELL",
    "SSH_AUTH_SOCK",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TEMP",
    "TF_CLI_CONFIG_FILE",
    "TF_ENCRYPTION",
    "TF_PROVIDER_DOWNLOAD_RETRY",
    "TF_REGISTRY_CLIENT_TIMEOUT",
    "TF_REGISTRY_DISCOVERY_RETRY",
    "TMP",
    "TMPDIR",
    "TZ",
    "USER",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];

/// Prefixes of inherited names: whole families whose members providers, git and registries define.
const INHERITED_PREFIXES: &[&str] = &[
    "ARM_",
    "AWS_",
    "AZURE_",
    "CLOUDSDK_",
    "GIT_CONFIG_",
    "GOOGLE_",
    "KUBE",
    "LC_",
    "TF_TOKEN_",
];

/// What Windows programs cannot start without.
#[cfg(windows)]
const INHERITED_WINDOWS: &[&str] = &[
    "APPDATA",
    "COMSPEC",
    "LOCALAPPDATA",
    "PATHEXT",
    "PROGRAMDATA",
    "SYSTEMDRIVE",
    "SYSTEMROOT",
    "USERPROFILE",
    "WINDIR",
];
#[cfg(not(windows))]
const INHERITED_WINDOWS: &[&str] = &[];

/// Set for every child, whatever the caller's environment says.
///
/// `TF_IN_AUTOMATION` trims hints that make no sense here, `TF_INPUT=0` stops prompts, `CHECKPOINT_DISABLE`
/// stops the version phone-home (Terraform `internal/command/meta.go`, `checkpoint.go`).
const FORCED: &[(&str, &str)] = &[
    ("CHECKPOINT_DISABLE", "1"),
    ("TF_INPUT", "0"),
    ("TF_IN_AUTOMATION", "1"),
];

/// Whether this crate alone decides about a variable, so that nobody may inherit or set it.
///
/// These change what a command means behind the argv's back (`TF_CLI_ARGS*`, `TF_WORKSPACE`, `TF_DATA_DIR`), put
/// secrets into the log (`TF_LOG*`), weaken provider isolation (`TF_REATTACH_PROVIDERS`, `TF_DISABLE_PLUGIN_TLS`,
/// `TF_SKIP_PROVIDER_VERIFY`), or break when two inits share a folder (`TF_PLUGIN_CACHE_DIR`).
fn is_managed(name: &str) -> bool {
    const MANAGED: &[&str] = &[
        "CHECKPOINT_DISABLE",
        "TF_APPEND_USER_AGENT",
        "TF_DATA_DIR",
        "TF_DISABLE_PLUGIN_TLS",
        "TF_INPUT",
        "TF_IN_AUTOMATION",
        "TF_PLUGIN_CACHE_DIR",
        "TF_PLUGIN_CACHE_MAY_BREAK_DEPENDENCY_LOCK_FILE",
        "TF_REATTACH_PROVIDERS",
        "TF_SKIP_PROVIDER_VERIFY",
        "TF_STATE_PERSIST_INTERVAL",
        "TF_WORKSPACE",
    ];
    MANAGED.contains(&name) || name.starts_with("TF_CLI_ARGS") || name.starts_with("TF_LOG")
}

/// Decides which of the caller's environment variables a child process gets.
///
/// The child starts with none. It then gets the names of the allow-list (README, "Environment"), the names that were
/// added with [`inherit`](Self::inherit), and `TF_IN_AUTOMATION=1`, `TF_INPUT=0`, `CHECKPOINT_DISABLE=1`.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentPolicy {
    extra: Vec<String>,
}

impl EnvironmentPolicy {
    /// The allow-list alone.
    pub fn new() -> Self {
        Self::default()
    }

    /// Also inherits the variable `name`.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError::Managed`] for a name that this crate sets or refuses, [`EnvironmentError::Variable`] for
    /// `TF_VAR_*`, and [`EnvironmentError::Name`] for what cannot be a name.
    pub fn inherit(mut self, name: impl Into<String>) -> Result<Self, EnvironmentError> {
        let name = name.into();
        check_name(&name)?;
        if name.starts_with("TF_VAR_") {
            return Err(EnvironmentError::Variable { name });
        }
        self.extra.push(name);
        Ok(self)
    }

    /// Builds the environment of a child from the pairs that the caller's process has.
    ///
    /// A name or value that is not UTF-8 cannot be held as a secret and is left out; its name is reported in
    /// [`ChildEnvironment::not_unicode`].
    pub fn build<Name, Value>(
        &self,
        inherited: impl IntoIterator<Item = (Name, Value)>,
    ) -> ChildEnvironment
    where
        Name: Into<OsString>,
        Value: Into<OsString>,
    {
        let mut child = ChildEnvironment::empty();
        for (name, value) in inherited {
            let name: OsString = name.into();
            let Some(text) = name.to_str() else {
                continue;
            };
            if !self.inherits(text) {
                if text.starts_with("TF_") && !FORCED.iter().any(|(forced, _)| *forced == text) {
                    child.dropped.push(text.to_owned());
                }
                continue;
            }
            match value.into().into_string() {
                Ok(value) => {
                    child
                        .variables
                        .insert(text.to_owned(), SecretString::from(value));
                }
                Err(_) => child.not_unicode.push(text.to_owned()),
            }
        }
        child.dropped.sort();
        child.not_unicode.sort();
        child
    }

    fn inherits(&self, name: &str) -> bool {
        if is_managed(name) {
            return false;
        }
        // Windows compares names without regard to case; `Path` is the usual spelling there.
        let listed = |list: &[&str]| {
            list.iter()
                .any(|entry| *entry == name || (cfg!(windows) && entry.eq_ignore_ascii_case(name)))
        };
        listed(INHERITED)
            || listed(INHERITED_WINDOWS)
            || INHERITED_PREFIXES
                .iter()
                .any(|prefix| name.starts_with(prefix))
            || self.extra.iter().any(|extra| extra == name)
    }
}

/// The complete environment of a child process. `Debug` shows names, never values.
#[derive(Clone)]
pub struct ChildEnvironment {
    variables: BTreeMap<String, SecretString>,
    dropped: Vec<String>,
    not_unicode: Vec<String>,
}

impl ChildEnvironment {
    /// An environment with nothing but the forced variables.
    pub fn empty() -> Self {
        let variables = FORCED
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect();
        Self {
            variables,
            dropped: Vec::new(),
            not_unicode: Vec::new(),
        }
    }

    /// Sets a variable, for example a cloud credential that the caller obtained; replaces an inherited one.
    ///
    /// # Errors
    ///
    /// As [`EnvironmentPolicy::inherit`]; `TF_VAR_*` belongs to [`set_variable`](Self::set_variable).
    pub fn set(
        &mut self,
        name: impl Into<String>,
        value: SecretString,
    ) -> Result<(), EnvironmentError> {
        let name = name.into();
        check_name(&name)?;
        if name.starts_with("TF_VAR_") {
            return Err(EnvironmentError::Variable { name });
        }
        check_value(&name, &value)?;
        self.variables.insert(name, value);
        Ok(())
    }

    /// Sets the root module's input variable `variable` through `TF_VAR_<variable>`, the way to hand over a value
    /// that must be in no file and in no argv.
    ///
    /// # Errors
    ///
    /// [`EnvironmentError::Name`] when `variable` is empty or has `=` or a NUL, [`EnvironmentError::Value`] when the
    /// value has a NUL.
    pub fn set_variable(
        &mut self,
        variable: &str,
        value: SecretString,
    ) -> Result<(), EnvironmentError> {
        let name = format!("TF_VAR_{variable}");
        if variable.is_empty() {
            return Err(EnvironmentError::Name { name });
        }
        check_name(&name)?;
        check_value(&name, &value)?;
        self.variables.insert(name, value);
        Ok(())
    }

    /// Takes a variable away again, for example a credential that a role replaces. The forced ones stay.
    pub fn remove(&mut self, name: &str) {
        if !is_managed(name) {
            self.variables.remove(name);
        }
    }

    /// The names of all variables, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables.keys().map(String::as_str)
    }

    /// The value of a variable. It may be a secret.
    pub fn get(&self, name: &str) -> Option<&SecretString> {
        self.variables.get(name)
    }

    /// All variables, sorted by name.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.variables
            .iter()
            .map(|(name, value)| (name.as_str(), value))
    }

    /// The `TF_*` variables of the caller's environment that the child does not get, sorted; worth a warning,
    /// because a person set them and expects them to work.
    pub fn dropped(&self) -> &[String] {
        &self.dropped
    }

    /// Inherited variables that were left out because their value is not UTF-8, sorted.
    pub fn not_unicode(&self) -> &[String] {
        &self.not_unicode
    }
}

impl fmt::Debug for ChildEnvironment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_set()
            .entries(self.variables.keys())
            .finish()
    }
}

/// A variable that cannot be given to a child. Always the caller's mistake, or that of whoever listed the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnvironmentError {
    /// This crate sets the variable or keeps it away from children.
    #[error("the environment variable {name} is managed here and cannot be passed on")]
    Managed {
        /// Name of the variable.
        name: String,
    },
    /// `TF_VAR_*` is never inherited: it would change a plan behind the back of whoever reads it.
    #[error("the input variable {name} cannot be passed on through the environment")]
    Variable {
        /// Name of the environment variable.
        name: String,
    },
    /// The name is empty or has a `=` or a NUL.
    #[error("{name:?} is not a name of an environment variable")]
    Name {
        /// What was given.
        name: String,
    },
    /// The value has a NUL, which no environment can hold.
    #[error("the value of the environment variable {name} has a NUL character")]
    Value {
        /// Name of the variable; the value is not shown.
        name: String,
    },
}

fn check_name(name: &str) -> Result<(), EnvironmentError> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err(EnvironmentError::Name {
            name: name.to_owned(),
        });
    }
    if is_managed(name) {
        return Err(EnvironmentError::Managed {
            name: name.to_owned(),
        });
    }
    Ok(())
}

fn check_value(name: &str, value: &SecretString) -> Result<(), EnvironmentError> {
    if value.expose_secret().contains('\0') {
        return Err(EnvironmentError::Value {
            name: name.to_owned(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(pairs: &[(&str, &str)]) -> ChildEnvironment {
        EnvironmentPolicy::new().build(pairs.iter().map(|(name, value)| (*name, *value)))
    }

    fn names(child: &ChildEnvironment) -> String {
        child.names().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn starts_clean_and_forces_three() {
        insta::assert_snapshot!(names(&build(&[("GITHUB_TOKEN", "x"), ("EDITOR", "vi"), ("TF_INPUT", "1")])), @"CHECKPOINT_DISABLE TF_INPUT TF_IN_AUTOMATION");
        let child = build(&[("TF_INPUT", "1"), ("CHECKPOINT_DISABLE", "")]);
        assert_eq!(
            child.get("TF_INPUT").map(|value| value.expose_secret()),
            Some("0")
        );
        assert_eq!(
            child
                .get("CHECKPOINT_DISABLE")
                .map(|value| value.expose_secret()),
            Some("1")
        );
        assert!(
            child.dropped().is_empty(),
            "a forced one is not worth a warning"
        );
    }

    #[test]
    fn inherits_what_terraform_and_clouds_need() {
        let child = build(&[
            ("PATH", "/bin"),
            ("HOME", "/h"),
            ("AWS_ACCESS_KEY_ID", "AKIA"),
            ("https_proxy", "p"),
            ("HTTPS_PROXY", "p"),
            ("LC_ALL", "C"),
            ("KUBECONFIG", "k"),
            ("KUBE_CONFIG_PATH", "k"),
            ("TF_CLI_CONFIG_FILE", "f"),
            ("TF_TOKEN_app_terraform_io", "t"),
            ("ARM_CLIENT_ID", "c"),
            ("GOOGLE_CREDENTIALS", "g"),
        ]);
        insta::assert_snapshot!(names(&child), @"ARM_CLIENT_ID AWS_ACCESS_KEY_ID CHECKPOINT_DISABLE GOOGLE_CREDENTIALS HOME HTTPS_PROXY KUBECONFIG KUBE_CONFIG_PATH LC_ALL PATH TF_CLI_CONFIG_FILE TF_INPUT TF_IN_AUTOMATION TF_TOKEN_app_terraform_io https_proxy");
    }

    #[test]
    fn what_changes_a_command_is_dropped_and_reported() {
        let child = build(&[
            ("TF_WORKSPACE", "w"),
            ("TF_CLI_ARGS", "-x"),
            ("TF_CLI_ARGS_plan", "-x"),
            ("TF_VAR_name", "v"),
            ("TF_LOG", "TRACE"),
            ("TF_LOG_PATH", "p"),
            ("TF_DATA_DIR", "d"),
            ("TF_PLUGIN_CACHE_DIR", "d"),
            ("TF_REATTACH_PROVIDERS", "{}"),
        ]);
        insta::assert_snapshot!(names(&child), @"CHECKPOINT_DISABLE TF_INPUT TF_IN_AUTOMATION");
        insta::assert_snapshot!(child.dropped().join(" "), @"TF_CLI_ARGS TF_CLI_ARGS_plan TF_DATA_DIR TF_LOG TF_LOG_PATH TF_PLUGIN_CACHE_DIR TF_REATTACH_PROVIDERS TF_VAR_name TF_WORKSPACE");
    }

    #[test]
    fn extra_names_are_inherited_but_never_managed_ones() {
        let policy = EnvironmentPolicy::new().inherit("DATADOG_API_KEY").unwrap();
        let child = policy.build([("DATADOG_API_KEY", "k"), ("OTHER", "o")]);
        assert!(child.get("DATADOG_API_KEY").is_some() && child.get("OTHER").is_none());
        for name in ["TF_LOG", "TF_CLI_ARGS_apply", "TF_VAR_x", "", "A=B"] {
            assert!(EnvironmentPolicy::new().inherit(name).is_err(), "{name}");
        }
    }

    #[test]
    fn input_variables_are_set_only_on_purpose() {
        let mut child = build(&[]);
        let secret = || SecretString::from("hunter2");
        child.set_variable("password", secret()).unwrap();
        assert!(child.get("TF_VAR_password").is_some());
        assert!(matches!(
            child.set("TF_VAR_x", secret()),
            Err(EnvironmentError::Variable { .. })
        ));
        assert!(matches!(
            child.set("TF_LOG", secret()),
            Err(EnvironmentError::Managed { .. })
        ));
        assert!(matches!(
            child.set("A", SecretString::from("a\0b")),
            Err(EnvironmentError::Value { .. })
        ));
        insta::assert_snapshot!(format!("{child:?}"), @r#"{"CHECKPOINT_DISABLE", "TF_INPUT", "TF_IN_AUTOMATION", "TF_VAR_password"}"#);
        child.remove("TF_IN_AUTOMATION");
        assert!(child.get("TF_IN_AUTOMATION").is_some());
    }

    #[cfg(unix)]
    #[test]
    fn values_that_are_not_unicode_are_reported() {
        use std::os::unix::ffi::OsStringExt;
        let child = EnvironmentPolicy::new()
            .build([(OsString::from("PATH"), OsString::from_vec(vec![0xff]))]);
        assert_eq!(child.not_unicode(), ["PATH"]);
        assert!(child.get("PATH").is_none());
    }
}
