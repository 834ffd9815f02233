//! Where the identity token comes from: a file, an environment variable, or what runs us.
//!
//! In: a [`TokenSource`], and the machine's environment. Out: a [`Token`], or where it was looked for and what is wrong.
//! GitHub: <https://docs.github.com/actions/reference/security/oidc>; GitLab: <https://docs.gitlab.com/ci/yaml/signing_examples/>;
//! Kubernetes: <https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/> (projected tokens).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use reqwest::Url;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::error::KeylessError;
use super::service::{Patience, Service, Sought};
use super::settings::TokenSource;
use super::signer::{check_tls, read_file};
use super::token::{LARGEST_TOKEN, Token};

const GITHUB_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const GITHUB_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const GITLAB: &str = "SIGSTORE_ID_TOKEN";
/// Where cosign and its documentation have it.
const KUBERNETES: &str = "/var/run/sigstore/cosign/oidc-token";
const SOUGHT: Sought = Sought { asked: "an identity token", most: LARGEST_TOKEN * 2 };

/// Reads an environment variable.
pub(super) type Variable = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What a process can see around it.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) variable: Variable,
    pub(super) kubernetes: PathBuf,
}

/// How a token is got.
#[derive(Clone)]
pub(super) struct Tokens {
    pub(super) source: TokenSource,
    pub(super) audience: String,
    pub(super) plain_http: bool,
    pub(super) http: reqwest::Client,
    pub(super) patience: Patience,
    pub(super) surroundings: Surroundings,
}

#[derive(Deserialize)]
struct GithubAnswer {
    value: String,
}

impl Surroundings {
    /// This machine's.
    pub(super) fn here() -> Self {
        Self { variable: Arc::new(|name| std::env::var(name).ok()), kubernetes: KUBERNETES.into() }
    }

    fn get(&self, name: &str) -> Option<Zeroizing<String>> {
        (self.variable)(name).filter(|text| !text.is_empty()).map(Zeroizing::new)
    }
}

impl Tokens {
    /// A token that is good now.
    pub(super) async fn get(&self) -> Result<Token, KeylessError> {
        let (place, text) = self.find().await?;
        let token = Token::parse(&text, &self.audience, Timestamp::now());
        token.map_err(|reason| KeylessError::Token { place, reason })
    }

    async fn find(&self) -> Result<(String, Zeroizing<String>), KeylessError> {
        match &self.source {
            TokenSource::File(path) => file(path),
            TokenSource::Environment(name) => self.variable(name),
            TokenSource::Ambient => self.ambient().await,
        }
    }

    fn variable(&self, name: &str) -> Result<(String, Zeroizing<String>), KeylessError> {
        let place = format!("the environment variable `{name}`");
        match self.surroundings.get(name) {
            Some(text) => Ok((place, text)),
            None => Err(KeylessError::Token { place, reason: "it is not set, or empty".to_owned() }),
        }
    }

    async fn ambient(&self) -> Result<(String, Zeroizing<String>), KeylessError> {
        let here = &self.surroundings;
        if let (Some(url), Some(secret)) = (here.get(GITHUB_URL), here.get(GITHUB_TOKEN)) {
            return Ok(("GitHub's runner".to_owned(), self.github(&url, &secret).await?));
        }
        if here.get(GITLAB).is_some() {
            return self.variable(GITLAB);
        }
        if here.kubernetes.exists() {
            return file(&here.kubernetes);
        }
        let place = "what runs us".to_owned();
        let reason = format!(
            "expected `{GITHUB_URL}` and `{GITHUB_TOKEN}` (GitHub: `permissions: id-token: write`), `{GITLAB}` (GitLab: `id_tokens`), \
             or the file `{}` (Kubernetes: a projected token); elsewhere name `token: {{file: PATH}}`",
            here.kubernetes.display()
        );
        Err(KeylessError::Token { place, reason })
    }

    async fn github(&self, url: &str, secret: &str) -> Result<Zeroizing<String>, KeylessError> {
        let wrong = |_| KeylessError::Token { place: format!("`{GITHUB_URL}`"), reason: "it is no address".to_owned() };
        let mut url = Url::parse(url).map_err(wrong)?;
        check_tls(&url, self.plain_http)?;
        url.query_pairs_mut().append_pair("audience", &self.audience);
        let mut named = url.clone();
        named.set_query(None);
        let (http, patience) = (self.http.clone(), self.patience);
        let service = Service { name: "GitHub's token service", url: named, http, patience };
        let request = || self.http.get(url.clone()).bearer_auth(secret);
        let bytes = Zeroizing::new(service.ask(request, SOUGHT).await?);
        let answer: GithubAnswer = serde_json::from_slice(&bytes)
            .map_err(|_| service.answered(SOUGHT, "expected JSON with a text `value`"))?;
        Ok(Zeroizing::new(answer.value))
    }
}

fn file(path: &Path) -> Result<(String, Zeroizing<String>), KeylessError> {
    let bytes = Zeroizing::new(read_file(path, LARGEST_TOKEN)?);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok((format!("the file `{}`", path.display()), Zeroizing::new(text)))
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").field("source", &self.source).field("audience", &self.audience).finish_non_exhaustive()
    }
}
