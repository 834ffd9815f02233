//! Docker's `config.json`, and podman's `auth.json`, which has the same form: credentials, and programs that know them.
//!
//! In: the file's bytes. Out: the entry for a repository, or the name of the helper to ask.
//! Format: <https://docs.docker.com/reference/cli/docker/login/#credential-stores>,
//! <https://github.com/containers/image/blob/main/docs/containers-auth.json.5.md>.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::{Deserialize, Deserializer};

use super::Credential;

/// How `docker login` without a host calls Docker's registry.
pub(crate) const DOCKER_HUB_KEY: &str = concat!("https://", "index.docker.io", "/v1/");
/// Other names of it in files.
const DOCKER_HUB_HOSTS: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// What such a file says.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct DockerConfig {
    #[serde(deserialize_with = "null_is_empty")]
    auths: BTreeMap<String, Entry>,
    creds_store: Option<String>,
    #[serde(deserialize_with = "null_is_empty")]
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry")
    }
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What is wrong with an entry: which one, and what.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadEntry(pub(crate) String);

impl DockerConfig {
    /// Reads a file. The error tells a place and no content: that may be a password.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        // A list would be taken for an object without keys.
        if bytes.trim_ascii_start().starts_with(b"[") {
            return Err("a list at line 1 column 1".to_owned());
        }
        serde_json::from_slice(bytes).map_err(|error| {
            let kind = if error.is_data() { "a value of another kind than Docker's" } else { "no JSON" };
            format!("{kind} at line {} column {}", error.line(), error.column())
        })
    }

    /// The program to ask about a host, and what to ask it for.
    pub(crate) fn helper<'a>(&'a self, host: &'a str) -> Option<(&'a str, &'a str)> {
        let key = key_of(host);
        let names = if key == DOCKER_HUB_KEY { vec![key, "index.docker.io", "docker.io"] } else { vec![key] };
        let own = names.iter().find_map(|name| self.cred_helpers.get(*name));
        own.or(self.creds_store.as_ref()).filter(|name| !name.is_empty()).map(|name| (name.as_str(), key))
    }

    /// The credentials that the file itself has: for the repository, for a name before it, or for the host.
    pub(crate) fn credential(&self, host: &str, repository: &str) -> Result<Option<Credential>, BadEntry> {
        let Some((key, entry)) = self.entry(host, repository) else { return Ok(None) };
        entry.credential().ok_or_else(|| BadEntry(key.to_owned()))
    }

    fn entry(&self, host: &str, repository: &str) -> Option<(&str, &Entry)> {
        let found = |name: &str| self.auths.get_key_value(name).map(|(key, entry)| (key.as_str(), entry));
        let full = format!("{host}/{repository}");
        let ends = full.match_indices('/').map(|(at, _)| at).chain([full.len()]).filter(|at| *at > host.len());
        let mut longest_first: Vec<&str> = ends.map(|at| &full[..at]).collect();
        longest_first.reverse();
        let own = longest_first.into_iter().find_map(found).or_else(|| found(key_of(host)));
        own.or_else(|| {
            let same = |key: &str| key_of(host_of(key)) == key_of(host);
            self.auths.iter().find(|(key, _)| same(key)).map(|(key, entry)| (key.as_str(), entry))
        })
    }
}

impl Entry {
    /// `Some(None)` for an entry that only says that a helper knows; nothing for one that cannot be read.
    #[expect(clippy::option_option, reason = "absent and unreadable are two things")]
    fn credential(&self) -> Option<Option<Credential>> {
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        if let Some(token) = filled(&self.registrytoken) {
            return Some(Some(Credential::RegistryToken(token)));
        }
        if let Some(token) = filled(&self.identitytoken) {
            return Some(Some(Credential::IdentityToken(token)));
        }
        if let Some(auth) = filled(&self.auth) {
            return decode(&auth).map(Some);
        }
        let user = filled(&self.username);
        Some(user.zip(self.password.clone()).map(|(user, password)| Credential::Password { user, password }))
    }
}

/// `user:password` in base64, with or without padding.
fn decode(auth: &str) -> Option<Credential> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let bytes = GeneralPurpose::new(&STANDARD, config).decode(auth.trim()).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (user, password) = text.split_once(':')?;
    let password = password.trim_end_matches('\0').to_owned();
    Some(Credential::Password { user: user.to_owned(), password })
}

fn key_of(host: &str) -> &str {
    if DOCKER_HUB_HOSTS.contains(&host) { DOCKER_HUB_KEY } else { host }
}

/// The host of a key such as `https://registry.example/v1/`.
fn host_of(key: &str) -> &str {
    let scheme = ["https://", "http://"].into_iter().find_map(|scheme| key.strip_prefix(scheme));
    scheme.map_or(key, |rest| rest.split('/').next().unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> DockerConfig {
        DockerConfig::parse(text.as_bytes()).unwrap()
    }

    /// `user:NAME` as the file keeps it.
    fn auth(name: &str) -> String {
        format!(r#"{{"auth":"{}"}}"#, base64::engine::general_purpose::STANDARD_NO_PAD.encode(format!("user:{name}")))
    }

    fn password(config: &DockerConfig, host: &str, repository: &str) -> Option<String> {
        match config.credential(host, repository).unwrap()? {
            Credential::Password { user, password } if user == "user" => Some(password),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_most_special_entry_counts_and_keys_may_be_urls() {
        let [one, two, three, four] = ["one", "two", "three", "four"].map(auth);
        let config = config(&format!(
            r#"{{"auths":{{"a.example":{one},"a.example/team/app":{two},"https://b.example/v1/":{three},"{DOCKER_HUB_KEY}":{four}}}}}"#
        ));
        for (host, repository, expected) in [
            ("a.example", "team/app/web", Some("two")),
            ("a.example", "team/apple", Some("one")),
            ("b.example", "x", Some("three")),
            ("docker.io", "library/python", Some("four")),
            ("registry-1.docker.io", "library/python", Some("four")),
            ("c.example", "x", None),
            ("a.example:5000", "x", None),
        ] {
            assert_eq!(password(&config, host, repository).as_deref(), expected, "{host}/{repository}");
        }
    }

    #[test]
    fn tokens_go_before_passwords_and_empty_entries_are_none() {
        let config = config(
            r#"{"auths":{"a":{"auth":"dTpw","identitytoken":"i"},"b":{"registrytoken":"r","identitytoken":"i"},"c":{},
                "d":{"username":"u","password":"p"},"e":{"auth":""},"f":{"auth":"dTpwAAA="}},"credHelpers":null,"other":[1]}"#,
        );
        let found = |host: &str| config.credential(host, "x").unwrap();
        let plain = || Some(Credential::Password { user: "u".to_owned(), password: "p".to_owned() });
        assert_eq!(found("a"), Some(Credential::IdentityToken("i".to_owned())));
        assert_eq!(found("b"), Some(Credential::RegistryToken("r".to_owned())));
        assert_eq!((found("c"), found("e")), (None, None));
        assert_eq!((found("d"), found("f")), (plain(), plain()));
    }

    #[test]
    fn a_hosts_own_helper_goes_before_the_one_for_all() {
        let config = config(r#"{"credsStore":"all","credHelpers":{"a":"own","b":"","docker.io":"hub"}}"#);
        assert_eq!(config.helper("a"), Some(("own", "a")));
        assert_eq!(config.helper("b"), None, "an empty name means the file");
        assert_eq!(config.helper("c"), Some(("all", "c")));
        assert_eq!(config.helper("docker.io"), Some(("hub", DOCKER_HUB_KEY)));
    }

    #[test]
    fn nonsense_is_refused_without_showing_it() {
        for text in
            ["", "[]", r#"{"auths":"hunter2"}"#, r#"{"auths":{"a":"hunter2"}}"#, r#"{"auths":{"a":{"auth":hunter2"#]
        {
            let error = DockerConfig::parse(text.as_bytes()).unwrap_err();
            assert!(error.contains("at line 1 column ") && !error.contains("hunter2"), "{error}");
        }
        let config = config(r#"{"auths":{"a":{"auth":"hunter2!"},"b":{"auth":"aHVudGVyMg=="}}}"#);
        for host in ["a", "b"] {
            assert_eq!(config.credential(host, "x").unwrap_err(), BadEntry(host.to_owned()));
        }
        assert!(!format!("{config:?}").contains("hunter2"));
    }
}
