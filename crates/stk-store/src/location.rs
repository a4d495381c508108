use std::fmt;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use crate::Key;

/// Where a store is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Location {
    /// A folder, by its absolute path.
    Folder(PathBuf),
    /// An S3 bucket.
    Bucket {
        /// The bucket's name.
        name: String,
    },
    /// This process. No text names it.
    Memory,
}

/// Why a text does not name a store. The user's input is at fault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum LocationError {
    /// Nothing was given.
    #[error("the name of the store is empty")]
    Empty,
    /// `file://` without a folder.
    #[error("`{text}` names no folder")]
    NoFolder {
        /// What was given.
        text: String,
    },
    /// `file://~/…`: only a shell knows what `~` is.
    #[error("`{text}` begins with `~`, which is not replaced here")]
    Tilde {
        /// What was given.
        text: String,
    },
    /// A path without `file://`.
    #[error("`{text}` looks like a folder, but a folder is given as `file://` and its path")]
    LooksLikePath {
        /// What was given.
        text: String,
    },
    /// An address of another scheme, e.g. `s3://…` or `https://…`.
    #[error("`{text}` is an address, but a bucket is given by its name alone")]
    LooksLikeAddress {
        /// What was given.
        text: String,
        /// The part that is probably the bucket's name.
        bucket: Option<String>,
    },
    /// Not a name that S3 allows.
    #[error("`{text}` cannot be the name of a bucket: {reason}")]
    NotABucketName {
        /// What was given.
        text: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// A relative folder, and the folder that it is relative to does not exist any more.
    #[error("the folder that `{text}` is relative to cannot be found")]
    NoBase {
        /// What was given.
        text: String,
    },
}

const FILE_SCHEME: &str = "file://";

impl Location {
    /// Reads `file://` and a folder, absolute or relative to `base`, or the name of a bucket. The
    /// folder is taken literally: `%20` in it is not a space.
    ///
    /// # Errors
    ///
    /// [`LocationError`], which says what the text looks like and what was expected.
    pub fn parse(text: &str, base: &Path) -> Result<Self, LocationError> {
        let owned = || text.to_owned();
        if text.trim().is_empty() {
            return Err(LocationError::Empty);
        }
        let Some(folder) = text.strip_prefix(FILE_SCHEME) else {
            return bucket(text);
        };
        if folder.is_empty() {
            return Err(LocationError::NoFolder { text: owned() });
        }
        if folder == "~" || folder.starts_with("~/") {
            return Err(LocationError::Tilde { text: owned() });
        }
        // Terraform runs in another folder than this program, so the path must not depend on it.
        std::path::absolute(base.join(folder))
            .map(|path| Self::Folder(path.components().collect()))
            .map_err(|_| LocationError::NoBase { text: owned() })
    }

    /// The absolute path of the file in which Terraform's local backend keeps the state under
    /// `key`; `None` when `key` is no state's or the store is no folder.
    #[must_use]
    pub fn state_path(&self, key: &Key) -> Option<PathBuf> {
        match (self, key) {
            (Self::Folder(root), Key::State { .. }) => Some(root.join(key.to_path())),
            _ => None,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(formatter, "{FILE_SCHEME}{}", path.display()),
            Self::Bucket { name } => formatter.write_str(name),
            Self::Memory => formatter.write_str("memory"),
        }
    }
}

impl LocationError {
    /// What to give instead, as one sentence without a full stop.
    #[must_use]
    pub fn help(&self) -> Option<String> {
        match self {
            Self::LooksLikePath { text } => Some(format!("give `{FILE_SCHEME}{text}`")),
            Self::LooksLikeAddress {
                bucket: Some(bucket),
                ..
            } => Some(format!("give `{bucket}`")),
            Self::Tilde { .. } => {
                Some("give the whole path, or a path relative to the project".to_owned())
            }
            Self::Empty
            | Self::NoFolder { .. }
            | Self::LooksLikeAddress { .. }
            | Self::NotABucketName { .. } => Some(format!(
                "give the name of a bucket, or `{FILE_SCHEME}` and a folder"
            )),
            Self::NoBase { .. } => Some(format!("give `{FILE_SCHEME}` and an absolute path")),
        }
    }
}

fn bucket(text: &str) -> Result<Location, LocationError> {
    if let Some((scheme, rest)) = text.split_once(':')
        && (rest.starts_with('/') || scheme == "arn")
    {
        let bucket = (scheme == "s3")
            .then(|| rest.trim_start_matches('/').split('/').next())
            .flatten()
            .filter(|name| fault_in_bucket_name(name).is_none())
            .map(str::to_owned);
        return Err(LocationError::LooksLikeAddress {
            text: text.to_owned(),
            bucket,
        });
    }
    if text.contains(['/', '\\']) || text.starts_with(['.', '~']) {
        return Err(LocationError::LooksLikePath {
            text: text.to_owned(),
        });
    }
    match fault_in_bucket_name(text) {
        None => Ok(Location::Bucket {
            name: text.to_owned(),
        }),
        Some(reason) => Err(LocationError::NotABucketName {
            text: text.to_owned(),
            reason,
        }),
    }
}

/// The rules for general purpose buckets in the S3 user guide, "General purpose bucket naming
/// rules". Buckets older than 2018 may break them; those are not supported.
fn fault_in_bucket_name(name: &str) -> Option<&'static str> {
    const PREFIXES: [&str; 3] = ["xn--", "sthree-", "amzn-s3-demo-"];
    const SUFFIXES: [&str; 5] = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    let is_end =
        |end: Option<char>| end.is_some_and(|end| end.is_ascii_lowercase() || end.is_ascii_digit());
    if name.chars().any(char::is_whitespace) {
        return Some("it has a space in it");
    }
    if name.chars().any(|each| each.is_ascii_uppercase()) {
        return Some("it has an upper-case letter in it");
    }
    if !name
        .chars()
        .all(|each| each.is_ascii_lowercase() || each.is_ascii_digit() || matches!(each, '.' | '-'))
    {
        return Some("only lower-case letters, digits, `.` and `-` are allowed");
    }
    if !(3..=63).contains(&name.len()) {
        return Some("it must have 3 to 63 characters");
    }
    if !is_end(name.chars().next()) || !is_end(name.chars().next_back()) {
        return Some("it must begin and end with a letter or a digit");
    }
    if name.contains("..") {
        return Some("it has two `.` in a row");
    }
    if name.parse::<Ipv4Addr>().is_ok() {
        return Some("it is an IP address");
    }
    if PREFIXES.iter().any(|prefix| name.starts_with(prefix))
        || SUFFIXES.iter().any(|suffix| name.ends_with(suffix))
    {
        return Some("S3 reserves this beginning or ending");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location, LocationError> {
        Location::parse(text, Path::new("/project"))
    }

    fn fault(text: &str) -> String {
        let error = parse(text).unwrap_err();
        format!("{error}; {}", error.help().unwrap_or_default())
    }

    #[test]
    fn folders_and_buckets_are_told_apart() {
        let show = |text: &str| parse(text).unwrap().to_string();
        assert_eq!(show("file:///abs/folder"), "file:///abs/folder");
        assert_eq!(show("file://.stk/runtime"), "file:///project/.stk/runtime");
        assert_eq!(show("file://./a/"), "file:///project/a");
        assert_eq!(show("my-bucket.eu"), "my-bucket.eu");
        assert_eq!(
            parse("my-bucket").unwrap(),
            Location::Bucket {
                name: "my-bucket".to_owned()
            }
        );
    }

    #[test]
    fn what_names_no_store_is_explained() {
        insta::assert_snapshot!(fault(" "), @"");
        insta::assert_snapshot!(fault("my bucket"), @"");
        insta::assert_snapshot!(fault("My-Bucket"), @"");
        insta::assert_snapshot!(fault("s3://my-bucket/prefix"), @"");
        insta::assert_snapshot!(fault("https://my-bucket.s3.amazonaws.com"), @"");
        insta::assert_snapshot!(fault("arn:aws:s3:::my-bucket"), @"");
        insta::assert_snapshot!(fault("/some/path"), @"");
        insta::assert_snapshot!(fault("./store"), @"");
        insta::assert_snapshot!(fault("file://"), @"");
        insta::assert_snapshot!(fault("file://~/store"), @"");
        insta::assert_snapshot!(fault("file:/abs"), @"");
        insta::assert_snapshot!(fault("192.168.0.1"), @"");
        insta::assert_snapshot!(fault("ab"), @"");
        insta::assert_snapshot!(fault("my_bucket"), @"");
        insta::assert_snapshot!(fault("bucket-"), @"");
        insta::assert_snapshot!(fault("a..b"), @"");
        insta::assert_snapshot!(fault("x--ol-s3"), @"");
    }
}
