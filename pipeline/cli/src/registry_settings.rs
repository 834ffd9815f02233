//! How the registry is served: the key `registry` of the settings file.
//!
//! In: that part of the file. Out: [`RegistrySettings`], and from them what a server needs.

use std::net::SocketAddr;
use std::path::PathBuf;

use registry::{AccessSettings, Blobs, LimitSettings, ListenSettings, TimeoutSettings, TlsSettings};
use serde::Deserialize;

/// Everything about serving. Nothing need be set: then anybody pulls, and clients on this machine push.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct RegistrySettings {
    /// `access`: users, and who may pull, push and delete what.
    pub access: AccessSettings,
    /// `tls`: the files of a certificate and its key. Default: connections are not encrypted.
    pub tls: Option<TlsSettings>,
    /// `access-log`: a file that gets a line of JSON for each request, or `-` for standard output. Default: none.
    pub access_log: Option<PathBuf>,
    /// `limits`: how many connections and uploads there may be at once, and how large a request's head.
    pub limits: LimitSettings,
    /// `timeouts`: how long clients have.
    pub timeouts: TimeoutSettings,
    /// `incomplete-images`: whether manifests are taken whose blobs are not there. Default: no.
    pub incomplete_images: bool,
}

impl RegistrySettings {
    /// What is about connections.
    pub(crate) fn listen(&self) -> ListenSettings {
        ListenSettings {
            tls: self.tls.clone(),
            access_log: self.access_log.clone(),
            limits: self.limits.clone(),
            timeouts: self.timeouts.clone(),
        }
    }

    /// Whether an image must be whole.
    pub(crate) fn blobs(&self) -> Blobs {
        if self.incomplete_images { Blobs::Optional } else { Blobs::Required }
    }

    /// What clients write before a repository: the address without its scheme.
    pub(crate) fn host(&self, address: SocketAddr) -> String {
        let url = self.url(address);
        url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned()
    }

    /// How people reach what listens on an address.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        match &self.access.external_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None if self.tls.is_some() => format!("https://{address}"),
            None => format!("http://{address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use registry::ChallengeKind;

    use super::*;
    use crate::settings::Settings;

    const EVERYTHING: &str = "
registry:
  access:
    htpasswd: users
    anonymous: false
    loopback-writes: false
    challenge: basic
    external-url: https://images.example
    token-key: key
    rules:
      - {repository: team/**, users: [ann, bob], actions: [pull, push]}
      - {repository: '**', actions: [pull]}
  tls: {certificate: cert.pem, key: key.pem}
  access-log: access.log
  limits: {connections: 100, uploads: 4, header-bytes: 8192, headers: 50}
  timeouts: {header: 5s, handshake: 5s, idle: 30s, shutdown: 10s}
  incomplete-images: true
";

    fn read(text: &str) -> Result<RegistrySettings, String> {
        let settings: Result<Settings, _> = assemble::read_yaml("bedplate.yaml", text);
        settings.map(|settings| settings.registry).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_is_read() {
        let settings = read(EVERYTHING).unwrap();
        assert_eq!((settings.access.rules.len(), settings.access.challenge), (2, ChallengeKind::Basic));
        assert_eq!((settings.limits.uploads, settings.timeouts.idle), (4, Duration::from_secs(30)));
        assert_eq!((settings.blobs(), RegistrySettings::default().blobs()), (Blobs::Optional, Blobs::Required));
        assert_eq!(settings.listen().access_log, Some("access.log".into()));
        assert_eq!(read("registry: {}").unwrap(), RegistrySettings::default());
    }

    #[test]
    fn a_key_that_is_none_is_named_with_its_place_and_the_nearest_one() {
        for (text, expected) in [
            ("registry:\n  acces: {}\n", ":2:3: unknown key `acces`: did you mean `access`?"),
            ("registry:\n  tls: {certificate: x}\n", "key `key` is missing"),
            ("registry:\n  limits:\n    upload: 1\n", ":3:5: unknown key `upload`: did you mean `uploads`?"),
            ("registry:\n  timeouts: {idle: 5}\n", "`5` is no time: expected one such as `10s`"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn people_are_told_the_address_that_works() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8080));
        let settings = read(EVERYTHING).unwrap();
        assert_eq!(settings.url(address), "https://images.example");
        assert_eq!(settings.host(address), "images.example");
        let settings = RegistrySettings { access: AccessSettings::default(), ..settings };
        assert_eq!(settings.url(address), "https://127.0.0.1:8080");
        assert_eq!(RegistrySettings::default().url(address), "http://127.0.0.1:8080");
    }
}
