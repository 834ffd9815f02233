//! Whom `verify` believes: keys of the command line, a policy file, or the state folder's own keys.
//!
//! In: files. Out: a [`Believing`]. A policy file is one of the room `signing`, with two more keys:
//!
//! ```yaml
//! trusted-root: trusted_root.json     # authorities of certificates; beside the policy, if the path is relative
//! registries:                         # how registries are reached
//!   plain-http: ["registry.example:5000"]
//!   certificate-authorities: [/etc/ssl/company.pem]
//!   docker-config: /root/.docker
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use registry::ClientSettings;
use serde::Deserialize;
use serde_json::Value;
use signing::{Policy, PublicKey, TrustedRoot};
use worker::KnownKeys;

use crate::registry_arguments::Reach;

/// No file that is read here is larger.
const LARGEST_FILE: u64 = 1024 * 1024;

/// Whom to believe, and how registries are reached.
#[derive(Debug)]
pub(crate) struct Believing {
    /// Whom.
    pub(crate) policy: Policy,
    /// By whose authority certificates count.
    pub(crate) root: Option<TrustedRoot>,
    /// How registries are reached.
    pub(crate) registries: Registries,
}

/// How registries are reached, in a policy file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Registries {
    /// Registries to be spoken to without TLS.
    plain_http: Vec<String>,
    /// PEM files with certificate authorities that count beside the system's.
    certificate_authorities: Vec<PathBuf>,
    /// Folder with docker's config.json, or that file.
    docker_config: Option<PathBuf>,
}

impl Registries {
    /// The client's settings; the command line adds to the file.
    pub(crate) fn settings(&self, reach: &Reach) -> ClientSettings {
        let both = |one: &[PathBuf], other: &[PathBuf]| [one, other].concat();
        ClientSettings {
            docker_config: reach.docker_config.clone().or_else(|| self.docker_config.clone()),
            certificate_authorities: both(&self.certificate_authorities, &reach.certificate_authorities),
            plain_http: [self.plain_http.as_slice(), &reach.plain_http].concat(),
            ..ClientSettings::default()
        }
    }
}

impl Believing {
    /// A policy file.
    pub(crate) fn of_file(path: &Path) -> anyhow::Result<Self> {
        let text = read(path)?;
        let mut keys: BTreeMap<String, Value> = assemble::read_yaml(&path.display().to_string(), &text)?;
        let place = || format!("the policy `{}` cannot be used", path.display());
        let root =
            keys.remove("trusted-root").map(serde_json::from_value::<PathBuf>).transpose().with_context(place)?;
        let root = root.map(|root| trusted_root(&path.parent().unwrap_or(Path::new("")).join(root))).transpose()?;
        let registries = keys.remove("registries").map(serde_json::from_value).transpose().with_context(place)?;
        let policy = serde_json::from_value(Value::Object(keys.into_iter().collect())).with_context(place)?;
        Ok(Self { policy, root, registries: registries.unwrap_or_default() })
    }

    /// Keys in files.
    pub(crate) fn of_keys(release: &[PathBuf], statement: &[PathBuf]) -> anyhow::Result<Self> {
        let keys = |paths: &[PathBuf]| paths.iter().map(|path| public_key(path)).collect::<anyhow::Result<Vec<_>>>();
        Ok(Self::of_policy(Policy::of_keys(&keys(release)?, &keys(statement)?)))
    }

    /// A policy that needs nothing else.
    pub(crate) fn of_policy(policy: Policy) -> Self {
        Self { policy, root: None, registries: Registries::default() }
    }

    /// The state folder's own keys and identities, about images below `name`.
    pub(crate) fn of_known(known: &KnownKeys, name: &str) -> anyhow::Result<Self> {
        let root = known.trusted_root_text().map(TrustedRoot::parse).transpose()?;
        Ok(Self { root, ..Self::of_policy(known.policy(name)) })
    }

    /// The same with another trusted root, where one is named.
    pub(crate) fn with_root(self, path: Option<&Path>) -> anyhow::Result<Self> {
        let named = path.map(trusted_root).transpose()?;
        Ok(Self { root: named.or(self.root), ..self })
    }
}

fn public_key(path: &Path) -> anyhow::Result<PublicKey> {
    let text = read(path)?;
    PublicKey::from_pem(text.as_bytes()).with_context(|| format!("`{}` gives no public key", path.display()))
}

fn trusted_root(path: &Path) -> anyhow::Result<TrustedRoot> {
    TrustedRoot::parse(&read(path)?).with_context(|| format!("in `{}`", path.display()))
}

fn read(path: &Path) -> anyhow::Result<String> {
    let (mut text, mut bytes) = (String::new(), Vec::new());
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    read.with_context(|| format!("cannot read `{}`", path.display()))?;
    ensure!(
        bytes.len() as u64 <= LARGEST_FILE,
        "`{}` has more than the {LARGEST_FILE} bytes that it may have",
        path.display()
    );
    bytes.as_slice().read_to_string(&mut text).with_context(|| format!("`{}` is no text", path.display()))?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use signing::{KeyPair, Others};

    use super::*;

    fn policy(text: &str) -> anyhow::Result<Believing> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("policy.yaml");
        std::fs::write(&path, text).unwrap();
        Believing::of_file(&path)
    }

    #[test]
    fn a_policy_file_has_two_keys_more_than_a_policy() {
        let text = "images:\n- repositories: [h.example/**]\nothers: allowed\nregistries:\n  plain-http: [r.example]\n";
        let believing = policy(text).unwrap();
        assert_eq!(believing.policy.others(), Others::Accepted);
        assert!(believing.policy.rule(Some("h.example/a")).is_some() && believing.root.is_none());
        let reach = Reach { plain_http: vec!["s.example".to_owned()], ..Reach::default() };
        assert_eq!(believing.registries.settings(&reach).plain_http, ["r.example", "s.example"]);
    }

    #[test]
    fn a_policy_that_cannot_be_used_is_refused_with_its_place() {
        for (text, expected) in [
            ("images: 3", "cannot be used"),
            ("image: []", "unknown field `image`"),
            ("others: perhaps", "unknown variant `perhaps`"),
            ("trusted-root: gone.json", "gone.json"),
            ("registries: {tls: no}", "unknown field `tls`"),
            ("a: [", "policy.yaml"),
            ("keys: {a: {key: nonsense}}", "cannot be used"),
        ] {
            let error = format!("{:#}", policy(text).unwrap_err());
            assert!(error.contains(expected), "{text}: {error}");
        }
        let error = Believing::of_file(Path::new("/nowhere/policy.yaml")).unwrap_err().to_string();
        assert!(error.contains("cannot read `/nowhere/policy.yaml`"), "{error}");
    }

    #[test]
    fn a_private_key_is_no_public_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let key = KeyPair::from_seed(&[1; 32]).unwrap();
        std::fs::write(&path, key.public().to_pem()).unwrap();
        assert!(Believing::of_keys(std::slice::from_ref(&path), &[]).is_ok());
        std::fs::write(&path, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        let error = format!("{:#}", Believing::of_keys(&[path], &[]).unwrap_err());
        assert!(error.contains("gives no public key"), "{error}");
    }
}
