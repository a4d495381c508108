use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use ulid::Ulid;

/// Why a text is not one of this module's identifiers.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum IdError {
    /// Not a ULID; the user copied a wrong or incomplete id.
    #[error("`{text}` is not a {what}: it must be 26 characters of 0-9 and A-Z without I, L, O, U")]
    NotAUlid {
        /// What was expected, e.g. `run id`.
        what: &'static str,
        /// What was given.
        text: String,
    },
    /// Not usable as a folder, a file and a Terraform module name at once.
    #[error(
        "`{text}` is not a valid alias: it must start with a letter or `_`, hold only letters, \
         digits, `_` and `-`, and have at most {} characters",
        Alias::MAXIMUM_LENGTH
    )]
    NotAnAlias {
        /// What was given.
        text: String,
    },
    /// Not `sha256:` and 64 hexadecimal digits; a stored object was changed by hand.
    #[error("`{text}` is not a digest: it must be `sha256:` and 64 lower-case hexadecimal digits")]
    NotADigest {
        /// What was given.
        text: String,
    },
}

/// Identifies one run (one deployment attempt of a target): a ULID, so that ids sort by the time
/// they were made, as StackSpot's do.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RunId(Ulid);

impl RunId {
    /// A new id made at `now`; its other 80 bits are random.
    #[must_use]
    pub fn generate(now: Timestamp) -> Self {
        Self(Ulid::from_parts(
            milliseconds(now),
            Ulid::generate().random(),
        ))
    }
}

/// Identifies one task of one run.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TaskId(Ulid);

impl TaskId {
    /// The id of the task that stands at `order` (from 0) in `run`. Derived, not drawn: the same
    /// run always names its tasks alike, and the ids sort with their run.
    #[must_use]
    pub fn of(run: RunId, order: u32) -> Self {
        let hash = Sha256::new()
            .chain_update(run.0.to_bytes())
            .chain_update(order.to_be_bytes())
            .finalize();
        let mut random = [0_u8; 16];
        random[6..].copy_from_slice(&hash[..10]);
        Self(Ulid::from_parts(
            run.0.timestamp_ms(),
            u128::from_be_bytes(random),
        ))
    }
}

fn milliseconds(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap_or_default()
}

macro_rules! ulid_text {
    ($name:ident, $what:literal) => {
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.pad(&self.0.to_string())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Ulid::from_string(text)
                    .map(Self)
                    .map_err(|_| IdError::NotAUlid {
                        what: $what,
                        text: text.to_owned(),
                    })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                parse(deserializer)
            }
        }
    };
}

ulid_text!(RunId, "run id");
ulid_text!(TaskId, "task id");

/// A plugin's name inside its project. It becomes a folder, a file name and a Terraform module
/// label, so it holds nothing that any of the three would refuse.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Alias(String);

impl Alias {
    /// The longest alias, in bytes. The longest seen in public projects has 70.
    pub const MAXIMUM_LENGTH: usize = 128;

    /// The alias as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for Alias {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = text.len() <= Self::MAXIMUM_LENGTH
            && text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text
                .chars()
                .all(|each| each.is_ascii_alphanumeric() || matches!(each, '_' | '-'));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::NotAnAlias {
                text: text.to_owned(),
            })
        }
    }
}

impl<'de> Deserialize<'de> for Alias {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse(deserializer)
    }
}

/// What a deployment is of: a project and an environment. One run of a target at a time; different
/// targets never touch each other.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// The project's identity: `spec.infra-id`, `spec.app-id` or `metadata.name`.
    pub project: String,
    /// The environment's name.
    pub environment: String,
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "project `{}`, environment `{}`",
            self.project, self.environment
        )
    }
}

/// The SHA-256 of some bytes, written `sha256:` and 64 lower-case hexadecimal digits.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Digest(String);

impl Digest {
    const PREFIX: &str = "sha256:";

    /// The digest of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        use fmt::Write as _;
        let hash = Sha256::digest(bytes);
        let mut text = String::with_capacity(Self::PREFIX.len() + 64);
        text.push_str(Self::PREFIX);
        for byte in hash {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text)
    }

    /// The 64 hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> &str {
        self.0.strip_prefix(Self::PREFIX).unwrap_or(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl FromStr for Digest {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let valid = text.strip_prefix(Self::PREFIX).is_some_and(|hex| {
            hex.len() == 64
                && hex
                    .bytes()
                    .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        });
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(IdError::NotADigest {
                text: text.to_owned(),
            })
        }
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        parse(deserializer)
    }
}

fn parse<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: FromStr<Err = IdError>,
{
    let text = String::deserialize(deserializer)?;
    text.parse().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_carries_the_time_it_was_made() {
        let now: Timestamp = "2024-10-10T12:00:00Z".parse().unwrap();
        let first = RunId::generate(now);
        let second = RunId::generate(now);
        assert_ne!(first, second);
        assert_eq!(first.to_string()[..10], second.to_string()[..10]);
        assert_eq!(first.to_string().parse::<RunId>().unwrap(), first);
    }

    #[test]
    fn task_ids_are_derived_from_their_run() {
        let run: RunId = "01J9V6MWFTWQ392331QBCS46KQ".parse().unwrap();
        assert_eq!(TaskId::of(run, 0), TaskId::of(run, 0));
        assert_ne!(TaskId::of(run, 0), TaskId::of(run, 1));
        assert!(TaskId::of(run, 7).to_string().starts_with("01J9V6MWFT"));
    }

    #[test]
    fn aliases_are_path_parts_and_module_names() {
        for good in ["sns-topic-1728484987960", "_a", "A", &"a".repeat(128)] {
            assert!(good.parse::<Alias>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "1a",
            "-a",
            "a/b",
            "../x",
            "a.b",
            "a b",
            "a'b",
            "é",
            &"a".repeat(129),
        ] {
            assert!(bad.parse::<Alias>().is_err(), "{bad}");
        }
        assert!(serde_json::from_str::<Alias>("\"../x\"").is_err());
    }

    #[test]
    fn digests_are_checked() {
        let digest = Digest::of(b"abc");
        assert_eq!(
            digest.to_string(),
            "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
        assert!("sha256:xyz".parse::<Digest>().is_err());
        assert!(
            format!("sha256:{}", "A".repeat(64))
                .parse::<Digest>()
                .is_err()
        );
    }

    #[test]
    fn messages_say_what_was_expected() {
        insta::assert_snapshot!("17".parse::<RunId>().unwrap_err(), @"`17` is not a run id: it must be 26 characters of 0-9 and A-Z without I, L, O, U");
        insta::assert_snapshot!("../x".parse::<Alias>().unwrap_err(), @"`../x` is not a valid alias: it must start with a letter or `_`, hold only letters, digits, `_` and `-`, and have at most 128 characters");
    }
}
