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
    /// An address of another form, e.g. `s3://…`, `https://…` or `file:/…`.
    #[error(
        "`{text}` is another kind of address: a bucket is given by its name alone, a folder as \
         `file://` and its path"
    )]
    LooksLikeAddress {
        /// What was given.
        text: String,
        /// What was probably meant.
        instead: Option<String>,
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
                instead: Some(instead),
                ..
            } => Some(format!("give `{instead}`")),
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
        let path = rest.trim_start_matches('/');
        let instead = match scheme {
            "s3" => path
                .split('/')
                .next()
                .filter(|name| fault_in_bucket_name(name).is_none())
                .map(str::to_owned),
            _ if scheme.eq_ignore_ascii_case("file") => Some(format!("{FILE_SCHEME}/{path}")),
            _ => None,
        };
        return Err(LocationError::LooksLikeAddress {
            text: text.to_owned(),
            instead,
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
        insta::assert_snapshot!(fault(" "), @"the name of the store is empty; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("my bucket"), @"`my bucket` cannot be the name of a bucket: it has a space in it; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("My-Bucket"), @"`My-Bucket` cannot be the name of a bucket: it has an upper-case letter in it; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("s3://my-bucket/prefix"), @"`s3://my-bucket/prefix` is another kind of address: a bucket is given by its name alone, a folder as `file://` and its path; give `my-bucket`");
        insta::assert_snapshot!(fault("https://my-bucket.s3.amazonaws.com"), @"`https://my-bucket.s3.amazonaws.com` is another kind of address: a bucket is given by its name alone, a folder as `file://` and its path; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("arn:aws:s3:::my-bucket"), @"`arn:aws:s3:::my-bucket` is another kind of address: a bucket is given by its name alone, a folder as `file://` and its path; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("/some/path"), @"`/some/path` looks like a folder, but a folder is given as `file://` and its path; give `file:///some/path`");
        insta::assert_snapshot!(fault("./store"), @"`./store` looks like a folder, but a folder is given as `file://` and its path; give `file://./store`");
        insta::assert_snapshot!(fault("file://"), @"`file://` names no folder; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("file://~/store"), @"`file://~/store` begins with `~`, which is not replaced here; give the whole path, or a path relative to the project");
        insta::assert_snapshot!(fault("file:/abs"), @"`file:/abs` is another kind of address: a bucket is given by its name alone, a folder as `file://` and its path; give `file:///abs`");
        insta::assert_snapshot!(fault("192.168.0.1"), @"`192.168.0.1` cannot be the name of a bucket: it is an IP address; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("ab"), @"`ab` cannot be the name of a bucket: it must have 3 to 63 characters; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("my_bucket"), @"`my_bucket` cannot be the name of a bucket: only lower-case letters, digits, `.` and `-` are allowed; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("bucket-"), @"`bucket-` cannot be the name of a bucket: it must begin and end with a letter or a digit; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("a..b"), @"`a..b` cannot be the name of a bucket: it has two `.` in a row; give the name of a bucket, or `file://` and a folder");
        insta::assert_snapshot!(fault("x--ol-s3"), @"`x--ol-s3` cannot be the name of a bucket: S3 reserves this beginning or ending; give the name of a bucket, or `file://` and a folder");
    }
}
