//! Looks at the keys that sign, and at the name that images are signed under.
//!
//! In: settings and state folder. Out: [`Finding`]s. Nothing is made; an encrypted key is opened to see whether its password is right.

use std::path::Path;

use worker::{KeyRole, KeyStanding, KnownKeys, Signers};

use crate::finding::Finding;
use crate::settings::Settings;

/// The keys, and the name.
pub(crate) fn look(settings: &Settings, state: &Path) -> [Finding; 2] {
    [keys(settings, state), name(settings)]
}

fn keys(settings: &Settings, state: &Path) -> Finding {
    match Signers::existing(&settings.signing, state) {
        Ok(signers) => Finding::good("keys", detail(signers.known())),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            Finding::bad("keys", format!("{error}{cause}"), "nothing is signed or published until this is mended")
        }
    }
}

/// How many sign in each role, by which ids.
fn detail(known: &KnownKeys) -> String {
    let of = |role: KeyRole, standing| {
        let keys = known.all().iter().filter(|key| (key.role, key.standing) == (role, standing));
        keys.map(worker::KnownKey::short_id).collect::<Vec<_>>()
    };
    let role = |role: KeyRole| {
        if let Some(known) = known.identity(role) {
            return format!("{role}: certificates of {}", known.identity.shown());
        }
        let (active, retired) = (of(role, KeyStanding::Active), of(role, KeyStanding::Retired).len());
        let active = if active.is_empty() { "none yet, `bedplate up` makes it".into() } else { active.join(" and ") };
        if retired == 0 { format!("{role}: {active}") } else { format!("{role}: {active}, {retired} retired") }
    };
    KeyRole::ALL.map(role).join("; ")
}

fn name(settings: &Settings) -> Finding {
    let name = settings.name(settings.listen);
    if settings.signing.name.is_some() || settings.registry.access.external_url.is_some() {
        return Finding::good("signed as", format!("{name}/…"));
    }
    let help = "set `signing: {name: HOST}` in the settings to the name that images are pulled by: signatures count for no other";
    if settings.listen.ip().is_unspecified() {
        return Finding::bad("signed as", format!("{name}/…, which is no name that anybody pulls by"), help);
    }
    Finding::good("signed as", format!("{name}/…, the address of the registry, as `signing.name` is not set"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use worker::{KeyFolder, SigningSettings};

    use super::*;
    use crate::finding::Health;

    fn settings(text: &str) -> Settings {
        assemble::read_yaml("x", text).unwrap()
    }

    #[test]
    fn keys_are_there_or_will_be_and_nothing_is_made() {
        let state = tempfile::tempdir().unwrap();
        let found = keys(&Settings::default(), state.path());
        let none = "none yet, `bedplate up` makes it";
        assert_eq!(found, Finding::good("keys", format!("release: {none}; statement: {none}")));
        assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
        Signers::open(&SigningSettings::default(), state.path()).unwrap();
        let folder = KeyFolder::of_state(state.path());
        let [release, statement] = [0, 1].map(|at| folder.list().unwrap()[at].clone());
        let expected = format!("release: {}; statement: {}", release.short_id(), statement.short_id());
        assert_eq!(keys(&Settings::default(), state.path()), Finding::good("keys", expected));
        folder.add(KeyRole::Release).unwrap();
        folder.retire(&release.short_id()).unwrap();
        assert!(keys(&Settings::default(), state.path()).detail.contains(", 1 retired; statement"));
        std::fs::set_permissions(&statement.path, PermissionsExt::from_mode(0o644)).unwrap();
        let found = keys(&Settings::default(), state.path());
        assert!(found.health == Health::Bad && found.detail.contains("chmod 600"), "{found:?}");
    }

    #[test]
    fn a_key_of_the_settings_that_is_missing_is_named() {
        let state = tempfile::tempdir().unwrap();
        let found = keys(&settings("signing: {release: {key: /none/release.key}}"), state.path());
        assert!(found.health == Health::Bad && found.detail.contains("cannot read `/none/release.key`"), "{found:?}");
    }

    #[test]
    fn an_identity_is_shown_and_a_trusted_root_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root.json");
        let settings = settings(&format!(
            "signing: {{release: {{keyless: {{fulcio: 'https://f.example', timestamp: 'https://t.example', \
             trusted-root: '{}', identity: {{issuer: 'https://i.example', subject: a@images.example}}}}}}}}",
            root.display()
        ));
        let found = keys(&settings, folder.path());
        assert!(found.health == Health::Bad && found.detail.contains("root.json"), "{found:?}");
        std::fs::write(&root, include_str!("../../../signing/tests/vectors/keyless-trusted-root.json")).unwrap();
        let found = keys(&settings, folder.path());
        let expected = "release: certificates of a@images.example of https://i.example; statement: none yet";
        assert!(found.health == Health::Good && found.detail.starts_with(expected), "{found:?}");
    }

    #[test]
    fn a_name_by_which_nobody_pulls_is_bad() {
        let unset = name(&settings("listen: 0.0.0.0:8080"));
        assert!(unset.health == Health::Bad && unset.help.unwrap().contains("signing: {name: HOST}"));
        assert_eq!(name(&settings("listen: 0.0.0.0:80\nsigning: {name: a.example}")).detail, "a.example/…");
        assert!(name(&Settings::default()).detail.contains("as `signing.name` is not set"));
    }
}
