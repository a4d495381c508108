//! Module addresses, as Terraform reads them (`internal/addrs/module_source.go`, go-getter's detectors).
//!
//! An address that could mean two things to two readers (percent signs, `..`, blanks, letters beyond ASCII) is none of
//! the kinds that a list can allow.

/// What a source is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A folder beside the caller's.
    Local,
    /// A repository behind `git::https://`.
    Git(Place),
    /// A module of a registry; `None`: the public one.
    Registry(Option<String>, Vec<String>),
    /// Something else, with the reason why no list can allow it.
    Other(&'static str),
}

/// A host (with its port, unless it is 443) and the segments below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) segments: Vec<String>,
}

const NEITHER: &str = "it is neither git over HTTPS nor a module registry";
const UNCLEAR: &str = "its address can be read in more than one way";

/// The registries that an address without a host means, for Terraform and for OpenTofu.
const PUBLIC: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];

/// Whether a source is a folder beside its caller's.
pub(super) fn is_local(source: &str) -> bool {
    let starts = ["./", "../", ".\\", "..\\"];
    matches!(source, "." | "..") || starts.iter().any(|start| source.starts_with(start))
}

impl Address {
    pub(super) fn parse(source: &str) -> Self {
        if is_local(source) {
            return Self::Local;
        }
        if !is_plain(source) {
            return Self::Other(UNCLEAR);
        }
        if let Some(registry) = registry(source) {
            return registry;
        }
        // go-getter takes these for git, and for nothing else when they are spelled like this.
        if source.starts_with("github.com/") || source.starts_with("bitbucket.org/") {
            return git(source);
        }
        match source.split_once("::") {
            Some(("git", url)) => match strip_scheme(url, "https") {
                Some(rest) => git(rest),
                None => Self::Other("git is allowed over HTTPS only"),
            },
            _ if source.starts_with("git@") => Self::Other("git is allowed over HTTPS only"),
            _ => Self::Other(NEITHER),
        }
    }
}

/// Whether a text has only letters that every reader of URLs takes for the same.
fn is_plain(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_graphic() && !"\\\"'`<>^{|}".contains(letter);
    text.chars().all(plain)
}

/// A path of the list, for [`Kind::GitHttps`](super::ModuleSourceKind::GitHttps).
pub(super) fn git_prefix(path: &str) -> Option<Place> {
    if !is_plain(path) {
        return None;
    }
    let path = path.strip_prefix("git::").unwrap_or(path);
    let path = strip_scheme(path, "https").unwrap_or(path);
    match git(path) {
        Address::Git(place) => Some(place),
        _ => None,
    }
}

/// A path of the list, for a registry: the host (`None` for the public one) and the segments below it.
pub(super) fn registry_prefix(path: &str) -> Option<(Option<String>, Vec<String>)> {
    let path = strip_scheme(path, "https").unwrap_or(path);
    let path = path.trim_end_matches('/');
    let mut segments: Vec<&str> = path.split('/').collect();
    let first = segments.first()?;
    let named = first.contains(['.', ':']);
    let host = if named {
        Some(host(segments.remove(0))?)
    } else {
        None
    };
    let plain = |segment: &&str| is_name(segment);
    let plain = segments.len() <= 3 && segments.iter().all(plain);
    plain.then(|| {
        (
            host.filter(|host| !PUBLIC.contains(&host.as_str())),
            segments.into_iter().map(str::to_owned).collect(),
        )
    })
}

/// Whether `segments` lie at or below `prefix`. Only whole segments count.
pub(super) fn is_below(segments: &[String], prefix: &[String]) -> bool {
    segments.len() >= prefix.len() && segments.iter().zip(prefix).all(|(one, other)| one == other)
}

/// `<namespace>/<name>/<system>`, perhaps behind a host and before `//<folder>`.
fn registry(source: &str) -> Option<Address> {
    let (module, folder) = match source.split_once("//") {
        Some((module, folder)) => (module, Some(folder)),
        None => (source, None),
    };
    let mut segments: Vec<&str> = module.split('/').collect();
    let named = segments.len() == 4;
    let host = if named {
        Some(host(segments.remove(0)).filter(|host| host.contains('.') || host.contains(':'))?)
    } else {
        None
    };
    // Terraform keeps these for git.
    if let Some("github.com" | "gitlab.com" | "bitbucket.org") = host.as_deref() {
        return None;
    }
    let system = |text: &str| {
        !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    let is_module = matches!(segments.as_slice(), [space, name, last] if is_name(space) && is_name(name) && system(last));
    if !is_module {
        return None;
    }
    if folder.is_some_and(|folder| folder.split('/').any(|part| part == "..")) {
        return Some(Address::Other(UNCLEAR));
    }
    Some(Address::Registry(
        host.filter(|host| !PUBLIC.contains(&host.as_str())),
        segments.into_iter().map(str::to_owned).collect(),
    ))
}

/// Terraform's rule for a part of a registry address (terraform-registry-address, `module.go`).
fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let ends = [text.bytes().next(), text.bytes().last()];
    ends.iter()
        .all(|end| end.is_some_and(|byte| byte.is_ascii_alphanumeric()))
        && text.bytes().all(inner)
}

/// What follows `https://`: `[login@]host[:port]/path[//folder][?query]`.
fn git(rest: &str) -> Address {
    // The folder inside the repository is Terraform's business, the query (`ref`, `depth`) git's.
    let url = rest.split(['?', '#']).next().unwrap_or_default();
    let (repository, folder) = match url.split_once("//") {
        Some((repository, folder)) => (repository, folder),
        None => (url, ""),
    };
    let (authority, path) = repository.split_once('/').unwrap_or((repository, ""));
    let authority = authority.rsplit('@').next().unwrap_or_default();
    let unclear = |part: &str| matches!(part, "." | "..") || part.contains(['%', ';', ':', '*']);
    let Some(host) = host(authority) else {
        return Address::Other(UNCLEAR);
    };
    let mut segments: Vec<String> = path
        .split('/')
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect();
    if segments.iter().any(|part| unclear(part)) || folder.split('/').any(|part| part == "..") {
        return Address::Other(UNCLEAR);
    }
    if let Some(last) = segments.last_mut()
        && let Some(bare) = last.strip_suffix(".git")
        && !bare.is_empty()
    {
        *last = bare.to_owned();
    }
    Address::Git(Place { host, segments })
}

/// A host in one spelling.
fn host(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let text = text.strip_suffix(":443").unwrap_or(&text);
    let (name, port) = text.split_once(':').unwrap_or((text, "1"));
    // A dot at the end means the same host to a resolver.
    let name = name.strip_suffix('.').unwrap_or(name);
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let good = !name.is_empty()
        && name.bytes().all(letter)
        && !name.starts_with(['.', '-'])
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit());
    good.then(|| match text.split_once(':') {
        Some((_, port)) => format!("{name}:{port}"),
        None => name.to_owned(),
    })
}

fn strip_scheme<'a>(url: &'a str, scheme: &str) -> Option<&'a str> {
    let (found, rest) = url.split_once("://")?;
    found.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// The source for people: on one line, and without a login.
pub(super) fn shown(source: &str) -> String {
    let line: String = source
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let start = line.find("://").map_or(0, |index| index + 3);
    let (before, rest) = line.split_at(start);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let login = authority.rfind('@').filter(|_| start > 0);
    // go-getter takes a private key in the query.
    let rest = match rest.split_once('?') {
        Some((url, query)) if query.contains("sshkey") => url,
        _ => rest,
    };
    match login {
        Some(at) => format!("{before}***{}", &rest[at..]),
        None => format!("{before}{rest}"),
    }
}
