//! What signing without a key needs to know: which services, which identity, where its token comes from.
//!
//! In: a part of the settings file. Out: [`KeylessSettings`]. Nothing is read or asked here.
//!
//! ```yaml
//! fulcio: https://fulcio.example
//! rekor: https://rekor.example
//! timestamp: https://timestamp.example/api/v1/timestamp
//! trusted-root: /etc/bedplate/trusted_root.json
//! identity: { issuer: https://token.example, subject: https://git.example/team/images/release.yaml@refs/heads/main }
//! token: ambient        # or { file: PATH } or { environment: NAME }
//! ```

use std::path::PathBuf;

use reqwest::Url;
use serde::{Deserialize, Deserializer};
use signing::{NamePattern, Role, SignerIdentity, TrustedIdentity};

/// Signing by certificates of an identity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeylessSettings {
    /// `fulcio`: the address of the certificate authority, such as `https://fulcio.example`; version 2 of its interface is asked.
    #[serde(deserialize_with = "address")]
    pub fulcio: Url,
    /// `rekor`: the address of the transparency log, such as `https://rekor.example`; version 2 of its interface is asked. Needed where the
    /// trusted root has logs: then nobody believes what was not logged. Default: nothing is logged.
    #[serde(default, deserialize_with = "maybe_address")]
    pub rekor: Option<Url>,
    /// `timestamp`: where the timestamp authority (RFC 3161) answers, with its path, such as `https://timestamp.example/api/v1/timestamp`.
    /// The log's second version proves no time: without a timestamp a certificate is worth nothing once its ten minutes are over.
    #[serde(deserialize_with = "address")]
    pub timestamp: Url,
    /// `trusted-root`: the file `trusted_root.json` with the authorities of these services. What they answer is checked by it.
    pub trusted_root: PathBuf,
    /// `identity`: whom the certificates must name. Another name is an error, and our own images are believed by this one.
    pub identity: KeylessIdentity,
    /// `token`: where the identity token comes from; read again for each certificate. Default: `ambient`.
    #[serde(default)]
    pub token: TokenSource,
    /// `audience`: for whom the token must be. Default: `sigstore`.
    #[serde(default = "usual_audience")]
    pub audience: String,
    /// `certificate-authorities`: PEM files that count for TLS beside the system's.
    #[serde(default)]
    pub certificate_authorities: Vec<PathBuf>,
    /// `plain-http`: whether services may be asked without TLS: whoever listens can then sign in our name. Loopback addresses always may be.
    /// Default: `false`.
    #[serde(default)]
    pub plain_http: bool,
}

/// Whom certificates name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeylessIdentity {
    /// `identity.issuer`: the identity provider's address, letter for letter.
    pub issuer: String,
    /// `identity.subject`: an address of mail or of a workflow; `*` stands for anything but `/`, `**` for anything.
    pub subject: NamePattern,
}

/// Where the identity token comes from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TokenSource {
    /// `ambient`: from what runs us: GitHub's runners (permission `id-token: write`), GitLab's (`id_tokens: SIGSTORE_ID_TOKEN`), or
    /// Kubernetes (a projected service account token at `/var/run/sigstore/cosign/oidc-token`); the first that is there.
    #[default]
    Ambient,
    /// `file`: a file that somebody keeps fresh.
    File(PathBuf),
    /// `environment`: the name of an environment variable.
    Environment(String),
}

impl KeylessIdentity {
    /// The same as a signer shows it.
    pub fn shown(&self) -> SignerIdentity<'_> {
        SignerIdentity { issuer: &self.issuer, subject: &self.subject }
    }

    /// The same as a policy has it.
    pub fn trusted(&self, roles: &[Role]) -> TrustedIdentity {
        TrustedIdentity { issuer: self.issuer.clone(), subject: self.subject.clone(), roles: roles.to_vec() }
    }
}

fn usual_audience() -> String {
    "sigstore".to_owned()
}

fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Url, D::Error> {
    let text = String::deserialize(deserializer)?;
    let url = Url::parse(&text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let url = url.filter(|url| url.username().is_empty() && url.password().is_none());
    url.ok_or_else(|| {
        let text: String = text.chars().take(200).collect();
        serde::de::Error::custom(format_args!(
            "`{text}` is no address of a service: expected one such as `https://fulcio.example`, without user and password"
        ))
    })
}

fn maybe_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    address(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "fulcio: https://fulcio.example\ntimestamp: https://timestamp.example/t\ntrusted-root: root.json\n\
        identity: {issuer: https://token.example, subject: a@images.example}\n";

    fn read(text: &str) -> Result<KeylessSettings, String> {
        assemble::read_yaml("x", text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_a_default_that_asks_nobody() {
        let settings = read(LEAST).unwrap();
        assert_eq!((settings.rekor, settings.token), (None, TokenSource::Ambient));
        assert_eq!((settings.audience.as_str(), settings.plain_http), ("sigstore", false));
    }

    #[test]
    fn a_token_comes_from_one_place() {
        let token = |text: &str| read(&format!("{LEAST}token: {text}\n")).map(|settings| settings.token);
        assert_eq!(token("ambient"), Ok(TokenSource::Ambient));
        assert_eq!(token("{file: /run/token}"), Ok(TokenSource::File("/run/token".into())));
        assert_eq!(token("{environment: TOKEN}"), Ok(TokenSource::Environment("TOKEN".into())));
        assert!(token("{file: a, environment: b}").is_err() && token("eyJhbGciOi").is_err());
    }

    #[test]
    fn an_address_is_http_and_has_no_password() {
        for wrong in ["fulcio.example", "ftp://fulcio.example", "https://", "https://user:secret@fulcio.example"] {
            let error = read(&LEAST.replace("https://fulcio.example", wrong)).unwrap_err();
            assert!(error.contains("is no address of a service: expected"), "{wrong}: {error}");
        }
        assert!(read(&format!("{LEAST}rekord: https://rekor.example\n")).unwrap_err().contains("did you mean `rekor`"));
    }
}
