//! Identities whose certificates sign in place of keys.
//!
//! In: settings. Out: a [`KnownIdentity`] for each role that has one, and the trusted root that vouches for them. Nobody is asked.

use std::path::PathBuf;

use signing::{Role, TrustedIdentity};

use crate::keys::{KeyRole, KeysError, SignerSettings, SigningSettings};
use crate::{KeylessIdentity, KeylessSettings, RootFile};

/// An identity that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownIdentity {
    /// What it signs.
    pub role: KeyRole,
    /// Whom its certificates name.
    pub identity: KeylessIdentity,
    /// The file with the authorities that vouch.
    pub trusted_root: PathBuf,
}

impl KnownIdentity {
    /// The same as a policy has it.
    pub fn trusted(&self) -> TrustedIdentity {
        let roles: &[Role] = match self.role {
            KeyRole::Release => &[Role::Release],
            KeyRole::Statement => &[Role::Statement, Role::Rebuild],
        };
        self.identity.trusted(roles)
    }
}

/// The identities of the settings with their trusted root. One identity in both roles is refused, and so are two different roots.
pub(super) fn read(settings: &SigningSettings) -> Result<(Vec<KnownIdentity>, Option<RootFile>), KeysError> {
    let of = |role| match settings.signer(role) {
        SignerSettings::Keyless(keyless) => Some(known(role, keyless)),
        SignerSettings::Own | SignerSettings::Key { .. } => None,
    };
    let identities: Vec<KnownIdentity> = KeyRole::ALL.into_iter().filter_map(of).collect();
    if let [one, other] = identities.as_slice()
        && one.identity == other.identity
    {
        return Err(KeysError::SameIdentity(one.identity.shown().to_string()));
    }
    let roots = identities.iter().map(|known| Ok(RootFile::read(&known.trusted_root)?));
    let roots = roots.collect::<Result<Vec<_>, KeysError>>()?;
    if let ([one, other], [first, second]) = (roots.as_slice(), identities.as_slice())
        && one != other
    {
        return Err(KeysError::TwoRoots(first.trusted_root.clone(), second.trusted_root.clone()));
    }
    Ok((identities, roots.into_iter().next()))
}

fn known(role: KeyRole, settings: &KeylessSettings) -> KnownIdentity {
    KnownIdentity { role, identity: settings.identity.clone(), trusted_root: settings.trusted_root.clone() }
}
