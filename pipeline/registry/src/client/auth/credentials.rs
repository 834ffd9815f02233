//! Where credentials are looked for, and in what order.
//!
//! In: a host and a repository. Out: a [`Credential`] or none, and the place that it is from. Files are read anew each time, because a
//! login may change them while the factory runs; what helpers say is kept until it is refused.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::Mutex;

use super::super::ClientSettings;
use super::docker_config::DockerConfig;
use super::helper;

/// No such file is larger.
const LARGEST_FILE: u64 = 4 * 1024 * 1024;

/// How the client proves who it is.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A user and a password.
    Password { user: String, password: String },
    /// What a token server takes in place of a password.
    IdentityToken(String),
    /// What the registry itself takes.
    RegistryToken(String),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password",
            Self::IdentityToken(_) => "IdentityToken",
            Self::RegistryToken(_) => "RegistryToken",
        })
    }
}

impl Credential {
    /// The part that nobody may see.
    pub(crate) fn secret(&self) -> &str {
        match self {
            Self::Password { password, .. } => password,
            Self::IdentityToken(token) | Self::RegistryToken(token) => token,
        }
    }
}

/// Why credentials cannot be had from where they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// A configuration that is no such file.
    #[error("the credentials in `{}` cannot be read: {reason}; expected docker's `config.json`: mend it, or log in anew", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never its content.
        reason: String,
    },
    /// An entry of the file that holds no credentials.
    #[error(
        "the entry `{key}` of `auths` in `{}` cannot be read: expected `auth` with `user:password` in base64; log in again",
        path.display()
    )]
    Entry {
        /// The file.
        path: PathBuf,
        /// Which entry.
        key: String,
    },
    /// A helper that did not help.
    #[error(
        "the credential helper `{program}` gives no credentials for `{host}`: {reason}; \
         mend it, or take it out of docker's `config.json` and log in again"
    )]
    Helper {
        /// The program's name.
        program: String,
        /// What it was asked about.
        host: String,
        /// What went wrong; never what it printed on stdout.
        reason: String,
    },
}

/// A credential and the place that it is from; or none, and the places that were looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lookup {
    pub(crate) credential: Option<Credential>,
    pub(crate) places: Vec<PathBuf>,
}

/// What helpers said, by the helper's name and what it was asked about.
type Said = BTreeMap<(String, String), Option<Credential>>;

/// Looks for credentials.
#[derive(Debug)]
pub(crate) struct Keyring {
    files: Vec<PathBuf>,
    required: bool,
    patience: Duration,
    said: Mutex<Said>,
}

impl Keyring {
    /// The places that the settings name, or else those where docker and podman keep credentials.
    pub(crate) fn new(settings: &ClientSettings) -> Self {
        let files = match &settings.docker_config {
            Some(path) if path.is_dir() => vec![path.join("config.json")],
            Some(path) => vec![path.clone()],
            None => usual_places(|name| std::env::var_os(name)),
        };
        let required = settings.docker_config.is_some();
        Self { files, required, patience: settings.patience.helper, said: Mutex::default() }
    }

    /// The credential for a repository of a host.
    pub(crate) async fn find(&self, host: &str, repository: &str) -> Result<Lookup, CredentialError> {
        let mut places = Vec::new();
        for path in &self.files {
            let Some(config) = self.read(path).await? else { continue };
            let credential = match self.said_by_helper(&config, host).await? {
                None => config
                    .credential(host, repository)
                    .map_err(|entry| CredentialError::Entry { path: path.clone(), key: entry.0 })?,
                said => said,
            };
            if credential.is_some() {
                return Ok(Lookup { credential, places: vec![path.clone()] });
            }
            places.push(path.clone());
        }
        if places.is_empty() {
            places.clone_from(&self.files);
        }
        Ok(Lookup { credential: None, places })
    }

    /// What helpers said is asked for anew the next time.
    pub(crate) async fn forget(&self) {
        self.said.lock().await.clear();
    }

    async fn said_by_helper(&self, config: &DockerConfig, host: &str) -> Result<Option<Credential>, CredentialError> {
        let Some((name, key)) = config.helper(host) else { return Ok(None) };
        // Held while the helper runs: it is started once, however many wait for it.
        let mut said = self.said.lock().await;
        let question = (name.to_owned(), key.to_owned());
        if let Some(answer) = said.get(&question) {
            return Ok(answer.clone());
        }
        let answer = helper::ask(name, key, self.patience).await?;
        said.insert(question, answer.clone());
        Ok(answer)
    }

    async fn read(&self, path: &Path) -> Result<Option<DockerConfig>, CredentialError> {
        let failed = |reason: String| CredentialError::File { path: path.to_owned(), reason };
        let bytes = match read_file(path).await {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !self.required => return Ok(None),
            Err(error) => return Err(failed(error.to_string())),
        };
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(failed(format!("it has more than {LARGEST_FILE} bytes")));
        }
        DockerConfig::parse(&bytes).map(Some).map_err(failed)
    }
}

async fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    tokio::fs::File::open(path).await?.take(LARGEST_FILE + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

/// Docker's file, then podman's.
fn usual_places(variable: impl Fn(&str) -> Option<OsString>) -> Vec<PathBuf> {
    let folder = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = folder("HOME");
    let below_home = |path: &str| home.as_ref().map(|home| home.join(path));
    let docker = folder("DOCKER_CONFIG").or_else(|| below_home(".docker")).map(|path| path.join("config.json"));
    let podman = ["XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"].into_iter().filter_map(folder);
    let podman = podman.chain(below_home(".config")).map(|path| path.join("containers/auth.json"));
    docker.into_iter().chain(folder("REGISTRY_AUTH_FILE")).chain(podman).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keyring(files: Vec<PathBuf>, required: bool) -> Keyring {
        Keyring { files, required, patience: Duration::from_secs(5), said: Mutex::default() }
    }

    #[test]
    fn dockers_place_comes_first_then_podmans() {
        let variables =
            [("HOME", "/h"), ("XDG_RUNTIME_DIR", "/run/user/1"), ("REGISTRY_AUTH_FILE", "/a"), ("XDG_CONFIG_HOME", "")];
        let places = usual_places(|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into()));
        let expected =
            ["/h/.docker/config.json", "/a", "/run/user/1/containers/auth.json", "/h/.config/containers/auth.json"];
        assert_eq!(places, expected.map(PathBuf::from));
        assert_eq!(
            usual_places(|name| (name == "DOCKER_CONFIG").then(|| "/d".into())),
            [PathBuf::from("/d/config.json")]
        );
        assert!(usual_places(|_| None).is_empty());
    }

    #[tokio::test]
    async fn the_second_file_counts_where_the_first_has_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second] = ["config.json", "auth.json"].map(|name| folder.path().join(name));
        std::fs::write(&first, r#"{"auths":{"a":{"registrytoken":"first"}}}"#).unwrap();
        std::fs::write(&second, r#"{"auths":{"a":{"registrytoken":"no"},"b":{"registrytoken":"second"}}}"#).unwrap();
        let keyring = keyring(vec![folder.path().join("none"), first.clone(), second.clone()], false);
        for (host, token, places) in [
            ("a", Some("first"), vec![&first]),
            ("b", Some("second"), vec![&second]),
            ("c", None, vec![&first, &second]),
        ] {
            let credential = token.map(|token| Credential::RegistryToken(token.to_owned()));
            let places = places.into_iter().cloned().collect();
            assert_eq!(keyring.find(host, "x").await.unwrap(), Lookup { credential, places });
        }
    }

    #[tokio::test]
    async fn a_file_that_was_asked_for_must_be_there_and_be_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.json");
        let keyring = keyring(vec![path.clone()], true);
        let error = keyring.find("a", "x").await.unwrap_err().to_string();
        assert!(error.contains("config.json` cannot be read: No such file"), "{error}");
        std::fs::write(&path, "{").unwrap();
        let error = keyring.find("a", "x").await.unwrap_err().to_string();
        assert!(error.contains("no JSON at line 1 column 1; expected docker's `config.json`"), "{error}");
    }
}
