//! Who signs: the key `signing` of the settings file.
//!
//! In: that part of the file. Out: [`SigningSettings`]. Nothing need be set: then the state folder has keys of its own. Passwords are never
//! here: they come from a file (`password-file`), or from the environment as `BEDPLATE_KEY_PASSWORD` or `COSIGN_PASSWORD`.
//!
//! ```yaml
//! signing:
//!   name: images.example/team
//!   release: { key: /etc/bedplate/release.key, password-file: /etc/bedplate/release.password }
//!   statement: { keyless: { fulcio: https://fulcio.example, … } }      # keys: see `KeylessSettings`
//! ```

use std::path::PathBuf;

use serde::{Deserialize, Deserializer};

use crate::keys::KeyRole;
use crate::{KeylessSettings, TargetAddress};

/// Everything about signing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct SigningSettings {
    /// `name`: the public name that images are signed under, `HOST` or `HOST/PREFIX`, which is how people pull them. A signature names it,
    /// and counts for no other. Default: the address that registry and status page are reached at.
    #[serde(deserialize_with = "name")]
    pub name: Option<String>,
    /// `release`: who signs images.
    pub release: SignerSettings,
    /// `statement`: who signs what is said about images. Never the same key.
    pub statement: SignerSettings,
}

/// Who signs. Nothing set: a key that the state folder keeps, made on first use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "SignerFile")]
pub enum SignerSettings {
    /// The state folder's own keys.
    #[default]
    Own,
    /// A key in a file.
    Key {
        /// `key`: a P-256 key, PKCS #8 or as `cosign generate-key-pair` encrypts it.
        key: PathBuf,
        /// `password-file`: what opens it. Default: the environment.
        password_file: Option<PathBuf>,
        /// `also`: keys that sign beside it while one is being replaced.
        also: Vec<KeyFile>,
        /// `retired`: files of public keys that signed formerly: they are still believed.
        retired: Vec<PathBuf>,
    },
    /// `keyless`: certificates of an identity. There is no key, and so no classic signature either.
    Keyless(Box<KeylessSettings>),
}

/// A private key, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct KeyFile {
    /// `key`: the file.
    pub key: PathBuf,
    /// `password-file`: what opens it. Default: the environment.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
}

/// As it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SignerFile {
    key: Option<PathBuf>,
    password_file: Option<PathBuf>,
    #[serde(default)]
    also: Vec<KeyFile>,
    #[serde(default)]
    retired: Vec<PathBuf>,
    keyless: Option<Box<KeylessSettings>>,
}

impl SigningSettings {
    /// Who signs in a role.
    pub fn signer(&self, role: KeyRole) -> &SignerSettings {
        match role {
            KeyRole::Release => &self.release,
            KeyRole::Statement => &self.statement,
        }
    }
}

impl SignerSettings {
    /// The keys of the settings, the first one first; none where the state folder has them.
    pub(super) fn files(&self) -> Vec<KeyFile> {
        match self {
            Self::Own | Self::Keyless(_) => Vec::new(),
            Self::Key { key, password_file, also, .. } => {
                let first = KeyFile { key: key.clone(), password_file: password_file.clone() };
                std::iter::once(first).chain(also.iter().cloned()).collect()
            }
        }
    }

    /// Every file that is read, and the `.pub` that may lie beside a key.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let public: &[PathBuf] = match self {
            Self::Own => &[],
            Self::Key { retired, .. } => retired,
            Self::Keyless(keyless) => std::slice::from_ref(&keyless.trusted_root),
        };
        let keys = self.files().into_iter().flat_map(|file| [file.key.with_extension("pub"), file.key]);
        keys.chain(public.iter().cloned()).collect()
    }
}

impl TryFrom<SignerFile> for SignerSettings {
    type Error = &'static str;

    fn try_from(file: SignerFile) -> Result<Self, Self::Error> {
        let SignerFile { key, password_file, also, retired, keyless } = file;
        let bare = password_file.is_none() && also.is_empty() && retired.is_empty();
        match (key, keyless) {
            (Some(key), None) => Ok(Self::Key { key, password_file, also, retired }),
            (None, Some(keyless)) if bare => Ok(Self::Keyless(keyless)),
            (None, None) if bare => Ok(Self::Own),
            (_, Some(_)) => Err("there is a `keyless` beside keys: expected one or the other"),
            (None, None) => Err("there is no `key`: expected the file of a private key beside the other keys"),
        }
    }
}

/// A name under which images can be pulled.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match text.parse::<TargetAddress>() {
        Ok(_) => Ok(Some(text)),
        Err(_) => Err(serde::de::Error::custom(format!(
            "`{}` is no name that images can have: expected a host and maybe the beginning of repository names, such as `images.example/team`",
            text.chars().take(140).collect::<String>()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SigningSettings, String> {
        assemble::read_yaml("bedplate.yaml", text).map_err(|error| error.to_string())
    }

    #[test]
    fn every_key_is_read_and_none_is_needed() {
        let text = "name: images.example/team\nrelease: {key: a, password-file: b, also: [{key: c}], retired: [d.pub]}\nstatement: {}\n";
        let settings = read(text).unwrap();
        assert_eq!(settings.name.as_deref(), Some("images.example/team"));
        let keys: Vec<_> = settings.release.files().into_iter().map(|file| (file.key, file.password_file)).collect();
        assert_eq!(keys, [("a".into(), Some("b".into())), ("c".into(), None)]);
        assert_eq!((read("{}").unwrap(), &settings.statement), (SigningSettings::default(), &SignerSettings::Own));
    }

    const KEYLESS: &str = "keyless: {fulcio: 'https://f.example', timestamp: 'https://t.example', trusted-root: root.json, \
        identity: {issuer: 'https://i.example', subject: a@images.example}}";

    #[test]
    fn certificates_of_an_identity_sign_in_place_of_a_key() {
        let settings = read(&format!("statement:\n  {KEYLESS}")).unwrap();
        let SignerSettings::Keyless(keyless) = &settings.statement else { panic!("{settings:?}") };
        assert_eq!(keyless.identity.shown().to_string(), "a@images.example of https://i.example");
        assert_eq!((settings.statement.paths(), settings.release), (vec!["root.json".into()], SignerSettings::Own));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (text, expected) in [
            ("nam: x", ":1:1: unknown key `nam`: did you mean `name`?"),
            ("release:\n  pasword-file: x", ":2:3: unknown key `pasword-file`: did you mean `password-file`?"),
            ("release:\n  password-file: x", "there is no `key`: expected the file of a private key"),
            ("release:\n  key: x\n  also: [{keys: y}]", "unknown key `keys`: did you mean `key`?"),
            ("release:\n  password: secret", "unknown key `password`"),
            ("release:\n  keyless: {fulcoi: x}", "unknown key `fulcoi`: did you mean `fulcio`?"),
            (
                &format!("release:\n  key: x\n  {KEYLESS}"),
                "there is a `keyless` beside keys: expected one or the other",
            ),
            (&format!("release:\n  retired: [x]\n  {KEYLESS}"), "there is a `keyless` beside keys"),
            ("name: https://images.example", "is no name that images can have: expected a host"),
            ("name: images.example/team:1", "is no name that images can have: expected a host"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.starts_with("bedplate.yaml:") && error.contains(expected), "{text}: {error}");
        }
    }
}
