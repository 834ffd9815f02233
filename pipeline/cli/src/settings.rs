//! Settings: one YAML file, every key documented here, unknown keys refused.
//!
//! In: `--config FILE`, or `bedplate.yaml` in the current folder. Out: [`Settings`]. Nothing need be set: the
//! archive comes from the machine's APT sources. Secrets are never here: they come from files or the environment.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use serde::Deserialize;
use worker::{ArchiveSettings, FeedSettings, SigningSettings, TargetSettings};

use crate::registry_settings::RegistrySettings;

/// The file that is read when none is named.
pub(crate) const DEFAULT_FILE: &str = "bedplate.yaml";

/// Everything that can be set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Settings {
    /// `archive`: addresses and keyrings of the Debian archive, instead of the machine's APT sources.
    pub archive: ArchiveSettings,
    /// `catalog`: a folder with the catalogue, instead of the one built in.
    pub catalog: Option<PathBuf>,
    /// `state`: the state folder. Default: `bedplate-state`.
    pub state: PathBuf,
    /// `listen`: address of registry and status page. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// `schedule`: when to look at the archive, as cron with seconds, in UTC. Default: every five minutes.
    pub schedule: String,
    /// `labels`: labels and annotations added to every image, such as `org.opencontainers.image.source`.
    pub labels: BTreeMap<String, String>,
    /// `registry`: who may pull and push, encryption, the access log, limits. Default: anybody pulls, clients on this machine push.
    pub registry: RegistrySettings,
    /// `snapshots`: address of a service that keeps packages which the archive has dropped, used by `build --locked`.
    pub snapshots: Option<String>,
    /// `retention`: how long the registry keeps manifests that no tag leads to, counted from when they were pushed, last
    /// pulled by digest, or lost their tag; and the caches what nothing published is made of. Default: `30d`.
    #[serde(deserialize_with = "crate::age::deserialize")]
    pub retention: Duration,
    /// `publish`: registries that images go to beside our own, with what each of them needs: see `TargetSettings` in
    /// `pipeline/worker/src/target.rs`.
    pub publish: Vec<TargetSettings>,
    /// `signing`: the public name of images, and who signs them: see `SigningSettings` in `pipeline/worker/src/keys/settings.rs`.
    /// Default: keys that the state folder keeps.
    pub signing: SigningSettings,
    /// `feeds`: where vulnerability data come from, and how old they may be: see `FeedSettings` in `pipeline/worker/src/feeds/settings.rs`.
    /// Default: the public addresses.
    pub feeds: FeedSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            archive: ArchiveSettings::default(),
            catalog: None,
            state: "bedplate-state".into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            schedule: "0 */5 * * * *".into(),
            labels: BTreeMap::new(),
            registry: RegistrySettings::default(),
            snapshots: None,
            retention: Duration::from_hours(30 * 24),
            publish: Vec::new(),
            signing: SigningSettings::default(),
            feeds: FeedSettings::default(),
        }
    }
}

impl Settings {
    /// The public name that images are signed under, where registry and status page listen on this address: `HOST` or `HOST/PREFIX`.
    pub(crate) fn name(&self, address: SocketAddr) -> String {
        self.signing.name.clone().unwrap_or_else(|| self.registry.host(address))
    }

    /// Reads the file that was named, or the default one if it is there.
    pub(crate) fn read(named: Option<&Path>) -> anyhow::Result<Self> {
        let default = Path::new(DEFAULT_FILE);
        let path = match named {
            Some(path) => path,
            None if default.exists() => default,
            None => return Ok(Self::default()),
        };
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the settings file `{}`", path.display()))?;
        Ok(assemble::read_yaml(&path.display().to_string(), &text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_unknown_keys_with_their_place() {
        let folder = std::env::temp_dir().join(format!("bedplate-settings-{}", std::process::id()));
        std::fs::write(&folder, "state: /x\nlisten: 127.0.0.1:1\narchives: {}\n").unwrap();
        let error = Settings::read(Some(&folder)).unwrap_err().to_string();
        std::fs::remove_file(&folder).unwrap();
        assert!(error.ends_with(":3:1: unknown key `archives`: did you mean `archive`?"), "{error}");
    }

    #[test]
    fn images_are_signed_under_the_name_that_is_set_or_the_address() {
        let name = |text: &str| {
            let settings: Settings = assemble::read_yaml("x", text).unwrap();
            settings.name(settings.listen)
        };
        assert_eq!(name("signing: {name: images.example/team}"), "images.example/team");
        assert_eq!(name("registry: {access: {external-url: 'https://a.example/'}}"), "a.example");
        assert_eq!(name("{}"), "127.0.0.1:8080");
    }

    #[test]
    fn needs_no_file() {
        let settings: Settings = assemble::read_yaml("x", "{}").unwrap();
        assert_eq!(settings, Settings::default());
    }
}
