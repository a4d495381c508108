//! Which sources a list allows.

use super::super::address::{self, Address};
use super::{ModuleSource, ModuleSourceKind, ModuleSources};

/// Why a source is not allowed. Reads after "but".
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAllowed(&'static str);

impl ModuleSources {
    /// Whether a module may come from `source`: a folder beside the caller's always, anything else when an entry of the
    /// list is a prefix of it. So an empty list allows local modules only.
    ///
    /// `source` is what a `module` block or Terraform's manifest says. Before it is compared, a scheme's and a host's
    /// letters become small, and `git::`, a login, the port 443, `.git`, `//folder` and `?ref=` are left out. A prefix
    /// ends where a segment ends: `github.com/acme` does not allow `github.com/acme-evil`. An entry of a registry
    /// without a host means the public registry.
    ///
    /// # Errors
    ///
    /// [`NotAllowed`]: no entry allows it, or no list can (`http`, `ssh`, archives, buckets, files).
    pub fn allows(&self, source: &str) -> Result<(), NotAllowed> {
        let address = match Address::parse(source) {
            Address::Local => return Ok(()),
            Address::Other(reason) => return Err(NotAllowed(reason)),
            address => address,
        };
        let allowed = self.sources.iter().any(|entry| entry.covers(&address));
        if allowed {
            Ok(())
        } else {
            Err(NotAllowed("no entry of the list allows it"))
        }
    }

    /// The entries whose path is not the start of an address, by their places from 1: they allow nothing.
    #[must_use]
    pub fn useless(&self) -> Vec<usize> {
        let useless = |entry: &ModuleSource| match entry.kind {
            ModuleSourceKind::GitHttps => entry.git_url().is_none(),
            ModuleSourceKind::TerraformRegistry => entry.registry_host().is_none(),
        };
        let entries = self.sources.iter().enumerate();
        entries
            .filter(|(_, entry)| useless(entry))
            .map(|(index, _)| index + 1)
            .collect()
    }
}

impl ModuleSource {
    fn covers(&self, address: &Address) -> bool {
        match (self.kind, address) {
            (ModuleSourceKind::GitHttps, Address::Git(place)) => address::git_prefix(&self.path)
                .is_some_and(|prefix| {
                    place.host == prefix.host
                        && address::is_below(&place.segments, &prefix.segments)
                }),
            (ModuleSourceKind::TerraformRegistry, Address::Registry(host, segments)) => {
                address::registry_prefix(&self.path).is_some_and(|(named, prefix)| {
                    named == *host && address::is_below(segments, &prefix)
                })
            }
            _ => false,
        }
    }

    /// The URL below which the repositories of a [`GitHttps`](ModuleSourceKind::GitHttps) entry are, as
    /// `https://github.com/acme`; `None` for other entries.
    #[must_use]
    pub fn git_url(&self) -> Option<String> {
        if self.kind != ModuleSourceKind::GitHttps {
            return None;
        }
        let prefix = address::git_prefix(&self.path)?;
        let mut url = format!("https://{}", prefix.host);
        for segment in &prefix.segments {
            url.push('/');
            url.push_str(segment);
        }
        Some(url)
    }

    /// The host of a [`TerraformRegistry`](ModuleSourceKind::TerraformRegistry) entry, `registry.terraform.io` where
    /// it names none; `None` for other entries.
    #[must_use]
    pub fn registry_host(&self) -> Option<String> {
        if self.kind != ModuleSourceKind::TerraformRegistry {
            return None;
        }
        let (host, _) = address::registry_prefix(&self.path)?;
        Some(host.unwrap_or_else(|| "registry.terraform.io".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever stands before, between or behind, the server is the one of the list.
        #[test]
        fn what_is_allowed_comes_from_the_list(
            before in "(git::)?(https?://)?[a-z@:.%/?#\\\\]{0,6}",
            middle in "[a-z@:.%/?#\\\\-]{0,4}",
            after in "[a-z@:.%/?#\\\\-]{0,8}",
        ) {
            let list = list(&[("gitHttps", "acme.test/own")]);
            let source = format!("{before}acme.test{middle}/own{after}");
            if list.allows(&source).is_ok() && !address::is_local(&source) {
                let url = source.strip_prefix("git::https://").unwrap_or_default();
                let url = url.split(['?', '#']).next().unwrap_or_default();
                let (authority, path) = url.split_once('/').unwrap_or_default();
                let host = authority.rsplit('@').next().unwrap_or_default();
                prop_assert!(matches!(host, "acme.test" | "acme.test."), "{source}");
                let path = path.trim_start_matches('/');
                prop_assert!(path == "own" || path.starts_with("own/") || path.starts_with("own.git"), "{source}");
            }
        }

        #[test]
        fn no_source_makes_it_panic(source in "\\PC{0,60}", path in "[ -~]{1,30}") {
            let path = path.replace(['"', '\\'], "x");
            let path = if path.trim().is_empty() { "x".to_owned() } else { path };
            for kind in ["gitHttps", "terraformRegistry"] {
                let list = list(&[(kind, &path)]);
                let _ = (list.allows(&source), list.useless(), address::shown(&source));
            }
        }
    }

    fn list(entries: &[(&str, &str)]) -> ModuleSources {
        let entries: Vec<_> = entries
            .iter()
            .map(|(kind, path)| format!(r#"{{"sourceType": "{kind}", "path": "{path}"}}"#))
            .collect();
        ModuleSources::parse(&format!("[{}]", entries.join(","))).unwrap()
    }

    fn judged(list: &ModuleSources, sources: &[&str]) -> String {
        let judge = |source: &&str| match list.allows(source) {
            Ok(()) => format!("yes  {source}\n"),
            Err(reason) => format!("no   {source}: {reason}\n"),
        };
        sources.iter().map(judge).collect()
    }

    #[test]
    fn git_over_https_below_the_prefix() {
        for path in [
            "github.com/acme",
            "github.com/acme/",
            "https://github.com/acme",
            "git::HTTPS://user@GitHub.com:443/acme",
        ] {
            let list = list(&[("gitHttps", path)]);
            insta::allow_duplicates! {
                insta::assert_snapshot!(judged(&list, &[
                    "github.com/acme/vpc",
                    "github.com/acme/vpc.git//modules/a?ref=v1",
                    "git::https://github.com/acme/vpc.git?ref=v1",
                    "git::https://github.com/acme/vpc?ref=a/b//c",
                    "git::HTTPS://u:p@GitHub.COM:443/acme/vpc",
                    "github.com/acme-evil/vpc",
                    "git::https://github.com/acme-evil/vpc",
                    "git::https://github.com.evil.com/acme/vpc",
                    "git::https://github.com@evil.com/acme/vpc",
                    "git::https://evil.com?@github.com/acme/vpc",
                    "git::https://evil.com#@github.com/acme/vpc",
                    "git::https://evil.com\\\\@github.com/acme/vpc",
                    "git::https://github.com:8443/acme/vpc",
                    "git::https://github.com/acme/../evil/vpc",
                    "git::https://github.com/acme/%2e%2e/evil/vpc",
                    "git::https://github.com/acme%2f..%2fevil/vpc",
                    "git::https://github.com/acme//../../etc",
                    "git::https://github.com/other/acme",
                    "git::https://github.com//acme/vpc",
                    "git::https://g\u{131}thub.com/acme/vpc",
                    "git::https://github.com/Acme/vpc",
                    "git::git::https://github.com/acme/vpc",
                    "git::http://github.com/acme/vpc",
                    "git::ssh://git@github.com/acme/vpc",
                    "git@github.com:acme/vpc.git",
                    "git::file:///srv/github.com/acme/vpc",
                    "https://github.com/acme/vpc.git",
                    "https://github.com/acme/vpc/archive/v1.zip",
                    "hg::https://github.com/acme/vpc",
                    "s3::https://s3.amazonaws.com/acme/vpc.zip",
                    "/srv/modules/vpc",
                    "file:///srv/modules/vpc",
                    "acme/vpc/aws",
                    " github.com/acme/vpc",
                    "github.com/acme/vpc\nx",
                    "",
                    "./modules/a",
                    "../sibling",
                ]), @r"
                yes  github.com/acme/vpc
                yes  github.com/acme/vpc.git//modules/a?ref=v1
                yes  git::https://github.com/acme/vpc.git?ref=v1
                yes  git::https://github.com/acme/vpc?ref=a/b//c
                yes  git::HTTPS://u:p@GitHub.COM:443/acme/vpc
                no   github.com/acme-evil/vpc: no entry of the list allows it
                no   git::https://github.com/acme-evil/vpc: no entry of the list allows it
                no   git::https://github.com.evil.com/acme/vpc: no entry of the list allows it
                no   git::https://github.com@evil.com/acme/vpc: no entry of the list allows it
                no   git::https://evil.com?@github.com/acme/vpc: no entry of the list allows it
                no   git::https://evil.com#@github.com/acme/vpc: no entry of the list allows it
                no   git::https://evil.com\\@github.com/acme/vpc: its address can be read in more than one way
                no   git::https://github.com:8443/acme/vpc: no entry of the list allows it
                no   git::https://github.com/acme/../evil/vpc: its address can be read in more than one way
                no   git::https://github.com/acme/%2e%2e/evil/vpc: its address can be read in more than one way
                no   git::https://github.com/acme%2f..%2fevil/vpc: its address can be read in more than one way
                no   git::https://github.com/acme//../../etc: its address can be read in more than one way
                no   git::https://github.com/other/acme: no entry of the list allows it
                no   git::https://github.com//acme/vpc: no entry of the list allows it
                no   git::https://gıthub.com/acme/vpc: its address can be read in more than one way
                no   git::https://github.com/Acme/vpc: no entry of the list allows it
                no   git::git::https://github.com/acme/vpc: git is allowed over HTTPS only
                no   git::http://github.com/acme/vpc: git is allowed over HTTPS only
                no   git::ssh://git@github.com/acme/vpc: git is allowed over HTTPS only
                no   git@github.com:acme/vpc.git: git is allowed over HTTPS only
                no   git::file:///srv/github.com/acme/vpc: git is allowed over HTTPS only
                no   https://github.com/acme/vpc.git: it is neither git over HTTPS nor a module registry
                no   https://github.com/acme/vpc/archive/v1.zip: it is neither git over HTTPS nor a module registry
                no   hg::https://github.com/acme/vpc: it is neither git over HTTPS nor a module registry
                no   s3::https://s3.amazonaws.com/acme/vpc.zip: it is neither git over HTTPS nor a module registry
                no   /srv/modules/vpc: it is neither git over HTTPS nor a module registry
                no   file:///srv/modules/vpc: it is neither git over HTTPS nor a module registry
                no   acme/vpc/aws: no entry of the list allows it
                no    github.com/acme/vpc: its address can be read in more than one way
                no   github.com/acme/vpc
                x: its address can be read in more than one way
                no   : it is neither git over HTTPS nor a module registry
                yes  ./modules/a
                yes  ../sibling
                ");
            }
        }
    }

    #[test]
    fn registries_below_the_prefix() {
        let public = list(&[("terraformRegistry", "hashicorp/stack-spot")]);
        insta::assert_snapshot!(judged(&public, &[
            "hashicorp/stack-spot/aws",
            "registry.terraform.io/hashicorp/stack-spot/aws",
            "Registry.Terraform.IO/hashicorp/stack-spot/aws//modules/a",
            "registry.opentofu.org/hashicorp/stack-spot/aws",
            "hashicorp/stack-spot-evil/aws",
            "hashicorp/other/aws",
            "app.terraform.io/hashicorp/stack-spot/aws",
            "hashicorp/stack-spot/aws//../x",
            "hashicorp/stack-spot",
            "git::https://hashicorp/stack-spot/aws",
        ]), @"
        yes  hashicorp/stack-spot/aws
        yes  registry.terraform.io/hashicorp/stack-spot/aws
        yes  Registry.Terraform.IO/hashicorp/stack-spot/aws//modules/a
        yes  registry.opentofu.org/hashicorp/stack-spot/aws
        no   hashicorp/stack-spot-evil/aws: no entry of the list allows it
        no   hashicorp/other/aws: no entry of the list allows it
        no   app.terraform.io/hashicorp/stack-spot/aws: no entry of the list allows it
        no   hashicorp/stack-spot/aws//../x: its address can be read in more than one way
        no   hashicorp/stack-spot: it is neither git over HTTPS nor a module registry
        no   git::https://hashicorp/stack-spot/aws: no entry of the list allows it
        ");
        let private = list(&[("terraformRegistry", "App.Terraform.io/acme")]);
        insta::assert_snapshot!(judged(&private, &[
            "app.terraform.io/acme/vpc/aws",
            "app.terraform.io/acme2/vpc/aws",
            "acme/vpc/aws",
            "app.terraform.io:8443/acme/vpc/aws",
        ]), @"
        yes  app.terraform.io/acme/vpc/aws
        no   app.terraform.io/acme2/vpc/aws: no entry of the list allows it
        no   acme/vpc/aws: no entry of the list allows it
        no   app.terraform.io:8443/acme/vpc/aws: no entry of the list allows it
        ");
    }

    #[test]
    fn an_empty_list_allows_local_modules_only() {
        insta::assert_snapshot!(judged(&list(&[]), &["./a", "..", "acme/vpc/aws", "github.com/acme/a"]), @"
        yes  ./a
        yes  ..
        no   acme/vpc/aws: no entry of the list allows it
        no   github.com/acme/a: no entry of the list allows it
        ");
    }

    #[test]
    fn entries_that_allow_nothing_are_told() {
        let list = list(&[
            ("gitHttps", "github.com/acme"),
            ("gitHttps", "http://github.com/acme"),
            ("terraformRegistry", "a/b/c/d"),
            ("terraformRegistry", "acme.io/b"),
            ("gitHttps", "github.com/a b"),
        ]);
        assert_eq!(list.useless(), [2, 3, 5]);
        let urls: Vec<_> = list.sources.iter().map(ModuleSource::git_url).collect();
        assert_eq!(urls[0].as_deref(), Some("https://github.com/acme"));
        assert_eq!(list.sources[3].registry_host().as_deref(), Some("acme.io"));
    }
}
