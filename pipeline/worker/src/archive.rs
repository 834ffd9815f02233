//! Where the Debian archive is and whose signature counts there: two addresses, one for security, each with a keyring.
//!
//! In: [`ArchiveSettings`], and for what they leave open the machine's own APT sources (see `machine`). Out: an
//! [`Archive`], or a [`MachineError`] that says which setting to write. Nothing is fetched here.

use std::path::{Path, PathBuf};

use debian::{Keyring, Suite};
use reqwest::Url;
use serde::{Deserialize, Deserializer};

use crate::machine::{self, Found, Part};
use crate::{MachineError, keyrings};

/// The part `archive` of the settings file. Every key may be absent: then the machine's APT sources speak.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ArchiveSettings {
    /// `archive.main`: the address of the main archive, which holds `dists/trixie`.
    #[serde(deserialize_with = "address")]
    pub main: Option<Url>,
    /// `archive.security`: the address of the security archive, which holds `dists/trixie-security`.
    #[serde(deserialize_with = "address")]
    pub security: Option<Url>,
    /// `archive.keyrings`: files with the `OpenPGP` certificates that may sign, instead of the machine's.
    pub keyrings: Vec<PathBuf>,
}

impl ArchiveSettings {
    /// The certificates that may sign, where no address is wanted: the settings', else those that the machine's Debian sources name, else its
    /// Debian keyring. `root` is the machine's root folder.
    pub fn keyring(&self, root: &Path) -> Result<Keyring, MachineError> {
        if !self.keyrings.is_empty() {
            return keyrings::read_all(&self.keyrings);
        }
        let mut whole = keyrings::of_machine(root)?;
        for found in [Part::Main, Part::Security].into_iter().filter_map(|part| machine::find(part, root).ok()) {
            whole.merge(keyrings::of_source(&found, root)?);
        }
        if whole.fingerprints().is_empty() { Err(MachineError::NoKeyring) } else { Ok(whole) }
    }
}

/// One address and the keyring that its suites are verified against.
#[derive(Debug, Clone)]
pub struct ArchivePart {
    /// The address below which `dists/` and `pool/` are.
    pub base: Url,
    /// The certificates that may sign.
    pub keyring: Keyring,
    /// Where the address was found: a file, or a settings key.
    pub origin: String,
}

/// Debian's archive as this machine, or its settings, know it.
#[derive(Debug, Clone)]
pub struct Archive {
    main: ArchivePart,
    security: ArchivePart,
}

impl Archive {
    /// Takes the settings, and what they leave open from the APT sources of the machine whose root folder is `root`.
    pub fn find(settings: &ArchiveSettings, root: &Path) -> Result<Self, MachineError> {
        let main = find_part(Part::Main, settings.main.as_ref(), settings, root)?;
        let security = find_part(Part::Security, settings.security.as_ref(), settings, root)?;
        Ok(Self { main, security })
    }

    /// The part that serves a suite: suites that end in `-security` have an address of their own.
    pub fn part_of(&self, suite: &Suite) -> &ArchivePart {
        if suite.to_string().ends_with("-security") { &self.security } else { &self.main }
    }
}

fn find_part(
    part: Part,
    set: Option<&Url>,
    settings: &ArchiveSettings,
    root: &Path,
) -> Result<ArchivePart, MachineError> {
    let found = match set {
        Some(base) => Found { base: base.clone(), origin: part.key().to_owned(), signed_by: None },
        None => machine::find(part, root)?,
    };
    let keyring = match settings.keyrings.as_slice() {
        [] => keyrings::of_source(&found, root)?,
        paths => keyrings::read_all(paths)?,
    };
    Ok(ArchivePart { base: found.base, keyring, origin: found.origin })
}

/// An address of a settings file: it must be one that the client can fetch from.
fn address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Url>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    machine::parse_address(&text).map(Some).ok_or_else(|| {
        let expected = "expected one such as `http://mirror.example/debian`";
        serde::de::Error::custom(format!("`{text}` is no address of an archive: {expected}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: &str) -> Result<ArchiveSettings, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn settings_are_addresses_that_can_be_fetched_from_and_nothing_unknown() {
        let read = settings(r#"{"main": "http://mirror.example/debian", "security": null}"#).unwrap();
        assert_eq!(read.main.unwrap().as_str(), "http://mirror.example/debian");
        assert_eq!(read.security, None);
        let error = settings(r#"{"main": "file:/srv/debian"}"#).unwrap_err().to_string();
        assert!(error.starts_with("`file:/srv/debian` is no address of an archive: expected one such as"), "{error}");
        assert!(settings(r#"{"mian": null}"#).is_err());
    }

    #[test]
    fn a_machine_without_keys_is_told_which_setting_to_write() {
        let root = tempfile::tempdir().unwrap();
        let base = Url::parse("http://mirror.example/debian").unwrap();
        let both = ArchiveSettings { main: Some(base.clone()), security: Some(base), keyrings: Vec::new() };
        let error = Archive::find(&both, root.path()).unwrap_err().to_string();
        assert!(error.contains("as `archive.keyrings: [/"), "{error}");
        let named = ArchiveSettings { keyrings: vec![root.path().join("absent.gpg")], ..both };
        let error = Archive::find(&named, root.path()).unwrap_err().to_string();
        assert!(error.starts_with("cannot read the keyring `") && error.contains("absent.gpg"), "{error}");
    }
}
