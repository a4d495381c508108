//! Tokens of private modules, for git and for Terraform's registry client, in the environment alone.
//!
//! A header, and not a URL with a login in it: git prints URLs in its errors and writes them into `.git/config`.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret as _, SecretString};
use stk_compose::policy::{ModuleSource, ModuleSources};
use terraform_runner::{ChildEnvironment, EnvironmentError};

/// Whom a token belongs to where the list does not say: what GitHub wants to read for tokens of apps, and what servers
/// that look at the token alone ignore.
const USER: &str = "x-access-token";

/// Adds the tokens of `modules` to the environment of `terraform init`, the only command that downloads modules.
pub(crate) fn hand_over(
    modules: &ModuleSources,
    environment: &mut ChildEnvironment,
) -> Result<(), EnvironmentError> {
    let mut done = BTreeSet::new();
    let inherited = environment
        .get("GIT_CONFIG_COUNT")
        .and_then(|count| count.expose_secret().trim().parse::<usize>().ok());
    let before = inherited.unwrap_or_default();
    let mut count = before;
    for source in &modules.sources {
        let Some(token) = &source.token else {
            continue;
        };
        if let Some(url) = source.git_url().filter(|url| done.insert(url.clone())) {
            let header = format!(
                "Authorization: Basic {}",
                login(source, token).expose_secret()
            );
            // The empty one takes away what the runner's own settings or a wider entry say.
            for value in [String::new(), header] {
                let key = format!("http.{url}.extraheader");
                environment.set(format!("GIT_CONFIG_KEY_{count}"), key.into())?;
                environment.set(format!("GIT_CONFIG_VALUE_{count}"), value.into())?;
                count += 1;
            }
        }
        if let Some(host) = source
            .registry_host()
            .filter(|host| done.insert(host.clone()))
        {
            // https://developer.hashicorp.com/terraform/cli/config/config-file#environment-variable-credentials
            let encoded = host.replace('-', "__").replace('.', "_");
            environment.set(format!("TF_TOKEN_{encoded}"), token.clone())?;
        }
    }
    if count > before {
        environment.set("GIT_CONFIG_COUNT", count.to_string().into())?;
        // Git would ask a person for what a server does not accept.
        if environment.get("GIT_TERMINAL_PROMPT").is_none() {
            environment.set("GIT_TERMINAL_PROMPT", "0".to_owned().into())?;
        }
    }
    Ok(())
}

/// `user:token`, as HTTP wants it.
pub(crate) fn login(source: &ModuleSource, token: &SecretString) -> SecretString {
    let user = source.app.as_deref().unwrap_or(USER);
    base64(format!("{user}:{}", token.expose_secret()).as_bytes()).into()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let mut number = 0_usize;
        for index in 0..3 {
            number = number << 8 | usize::from(group.get(index).copied().unwrap_or_default());
        }
        for index in 0..4 {
            if index <= group.len() {
                let letter = LETTERS.get(number >> (18 - 6 * index) & 63);
                text.push(letter.copied().map_or('=', char::from));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use terraform_runner::EnvironmentPolicy;

    use super::*;

    #[test]
    fn tokens_are_set_for_git_and_for_registries() {
        let modules = ModuleSources::parse(
            r#"[{"sourceType": "gitHttps", "path": "GitHub.com/acme/", "app": "me", "token": "canary"},
              {"sourceType": "gitHttps", "path": "github.com/acme", "token": "another"},
              {"sourceType": "gitHttps", "path": "git.acme.io:8443", "token": "canary"},
              {"sourceType": "gitHttps", "path": "github.com/open"},
              {"sourceType": "terraformRegistry", "path": "acme", "token": "canary"},
              {"sourceType": "terraformRegistry", "path": "my-registry.acme.io/x", "token": "canary"}]"#,
        )
        .unwrap();
        let inherited = [
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "core.x"),
            ("GIT_CONFIG_VALUE_0", "y"),
        ];
        let mut environment = EnvironmentPolicy::new().build(inherited);
        hand_over(&modules, &mut environment).unwrap();
        let pairs = environment
            .pairs()
            .map(|(name, value)| format!("{name}={}\n", value.expose_secret()));
        insta::assert_snapshot!(pairs.collect::<String>(), @"
        CHECKPOINT_DISABLE=1
        GIT_CONFIG_COUNT=5
        GIT_CONFIG_KEY_0=core.x
        GIT_CONFIG_KEY_1=http.https://github.com/acme.extraheader
        GIT_CONFIG_KEY_2=http.https://github.com/acme.extraheader
        GIT_CONFIG_KEY_3=http.https://git.acme.io:8443.extraheader
        GIT_CONFIG_KEY_4=http.https://git.acme.io:8443.extraheader
        GIT_CONFIG_VALUE_0=y
        GIT_CONFIG_VALUE_1=
        GIT_CONFIG_VALUE_2=Authorization: Basic bWU6Y2FuYXJ5
        GIT_CONFIG_VALUE_3=
        GIT_CONFIG_VALUE_4=Authorization: Basic eC1hY2Nlc3MtdG9rZW46Y2FuYXJ5
        GIT_TERMINAL_PROMPT=0
        TF_INPUT=0
        TF_IN_AUTOMATION=1
        TF_TOKEN_my__registry_acme_io=canary
        TF_TOKEN_registry_terraform_io=canary
        ");
    }

    #[test]
    fn nothing_is_set_without_a_token() {
        let modules =
            ModuleSources::parse(r#"[{"sourceType": "gitHttps", "path": "github.com/acme"}]"#)
                .unwrap();
        let mut environment = ChildEnvironment::empty();
        hand_over(&modules, &mut environment).unwrap();
        assert_eq!(
            environment.names().count(),
            ChildEnvironment::empty().names().count()
        );
    }

    #[test]
    fn base64_as_everybody_writes_it() {
        // RFC 4648, section 10.
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
        assert_eq!(base64(&[0xfb, 0xff, 0xfe]), "+//+");
    }
}
