//! Texts by which others verify our images, under the names that they have below `/keys/`.
//!
//! In: the keys that count, and the name of the images. Out: a [`KeyText`] for each reader. No private key ever.

use signing::{Audience, Others};
use worker::{KeyRole, KeyStanding, KnownKey, KnownKeys};

use crate::settings::Settings;

/// A file for others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyText {
    /// Its name below `/keys/`.
    pub(crate) name: &'static str,
    /// Its media type.
    pub(crate) content_type: &'static str,
    /// What is in it.
    pub(crate) text: String,
}

/// What is handed out, and about which images.
#[derive(Debug, Clone)]
pub(crate) struct Handout {
    /// The keys.
    pub(crate) known: KnownKeys,
    /// The images' name: `HOST` or `HOST/PREFIX`.
    pub(crate) name: String,
    /// Other registries that the images are pulled from.
    pub(crate) mirrors: Vec<String>,
}

const PEM: &str = "application/x-pem-file";
const JSON: &str = "application/json";
const YAML: &str = "application/yaml";

impl Handout {
    /// The keys with what the settings say about the images.
    pub(crate) fn new(known: KnownKeys, name: &str, settings: &Settings) -> Self {
        let mirrors = settings.publish.iter().map(|target| target.to.to_string()).collect();
        Self { known, name: name.to_owned(), mirrors }
    }

    /// Every file; none while nobody signs. What reads keys only is not there where certificates sign in their place.
    pub(crate) fn texts(&self) -> Vec<KeyText> {
        if self.known.is_empty() {
            return Vec::new();
        }
        let root = self.known.trusted_root_text().unwrap_or(signing::empty_trusted_root());
        let mut texts = vec![
            text("policy.yaml", YAML, signing::policy_file(&self.known.policy(&self.name))),
            text("trusted_root.json", JSON, root.to_owned()),
        ];
        if self.known.identity(KeyRole::Statement).is_none() {
            texts.push(text("statement.pub", PEM, self.pem(KeyRole::Statement)));
        }
        if self.known.identity(KeyRole::Release).is_none() {
            texts.extend(self.release_texts());
        }
        texts
    }

    /// For whoever verifies images by keys.
    fn release_texts(&self) -> [KeyText; 5] {
        let audience = self.audience();
        [
            text("cosign.pub", PEM, self.pem(KeyRole::Release)),
            text("containers-policy.json", JSON, signing::containers_policy(&audience, Others::Refused)),
            text("registries.d.yaml", YAML, signing::registries_d(&audience, &self.mirrors)),
            text("kyverno.yaml", YAML, signing::kyverno_policy(&audience)),
            text("policy-controller.yaml", YAML, signing::cluster_image_policy(&audience)),
        ]
    }

    fn audience(&self) -> Audience {
        Audience { scopes: vec![self.name.clone()], keys: self.known.of(KeyRole::Release) }
    }

    /// The keys of a role in one file. The oldest that signs comes first: it has signed everything that is there, and cosign reads no other.
    fn pem(&self, role: KeyRole) -> String {
        let (mut active, retired): (Vec<_>, Vec<_>) =
            self.known.all().iter().filter(|key| key.role == role).partition(|key| key.standing == KeyStanding::Active);
        active.reverse();
        let keys: Vec<&KnownKey> = active.into_iter().chain(retired).collect();
        match keys.as_slice() {
            [one] => one.public.to_pem(),
            several => several.iter().map(|key| labelled(key, several.len())).collect(),
        }
    }
}

fn text(name: &'static str, content_type: &'static str, text: String) -> KeyText {
    KeyText { name, content_type, text }
}

/// A key with a line before it that readers of PEM skip.
fn labelled(key: &KnownKey, count: usize) -> String {
    let standing = if key.standing == KeyStanding::Active { "signs" } else { "retired" };
    format!(
        "# {} {}, {standing}. One of {count} keys: cosign reads the first of a file only, so give each a file of its own and accept what any of them verifies.\n{}",
        key.role,
        key.short_id(),
        key.public.to_pem()
    )
}

#[cfg(test)]
pub(crate) mod tests {
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use signing::PublicKey;
    use worker::{KeyFolder, Signers, SigningSettings};

    use super::*;

    /// What a state folder hands out; its keys are made if need be.
    pub(crate) fn handout(state: &Path) -> Handout {
        let signers = Signers::open(&SigningSettings::default(), state).unwrap();
        Handout::new(signers.known().clone(), "images.example/team", &Settings::default())
    }

    fn found<'a>(texts: &'a [KeyText], name: &str) -> &'a str {
        &texts.iter().find(|one| one.name == name).unwrap().text
    }

    #[test]
    fn one_key_is_the_file_that_cosign_makes_and_several_are_named() {
        let state = tempfile::tempdir().unwrap();
        let one = handout(state.path()).texts();
        let first = PublicKey::from_pem(found(&one, "cosign.pub").as_bytes()).unwrap();
        assert_eq!(found(&one, "cosign.pub"), first.to_pem());
        let keys = KeyFolder::of_state(state.path());
        let file = std::fs::File::options().write(true).open(keys.list().unwrap()[0].path.with_extension("pub"));
        file.unwrap().set_modified(SystemTime::now() - Duration::from_hours(1)).unwrap();
        let second = keys.add(KeyRole::Release).unwrap();
        let two = handout(state.path()).texts();
        let read = PublicKey::all_from_pem(found(&two, "cosign.pub").as_bytes()).unwrap();
        assert_eq!(read, [first.clone(), second.public.clone()], "the one that signed everything comes first");
        keys.retire(first.id().hex()).unwrap();
        let after = handout(state.path()).texts();
        let read = PublicKey::all_from_pem(found(&after, "cosign.pub").as_bytes()).unwrap();
        assert_eq!(read, [second.public, first.clone()]);
        assert!(found(&after, "cosign.pub").contains(", retired. One of 2 keys: cosign reads the first"));
    }

    #[test]
    fn every_text_reads_as_what_it_says_and_has_no_private_key() {
        let state = tempfile::tempdir().unwrap();
        handout(state.path());
        KeyFolder::of_state(state.path()).add(KeyRole::Release).unwrap();
        for one in handout(state.path()).texts() {
            assert!(!one.text.contains("PRIVATE"), "{}", one.name);
            match one.content_type {
                JSON => _ = serde_json::from_str::<serde_json::Value>(&one.text).unwrap(),
                YAML => _ = assemble::read_yaml::<serde_json::Value>(one.name, &one.text).unwrap(),
                _ => assert!(PublicKey::all_from_pem(one.text.as_bytes()).is_ok()),
            }
        }
        let policy: signing::Policy =
            assemble::read_yaml("p", found(&handout(state.path()).texts(), "policy.yaml")).unwrap();
        assert_eq!(policy, handout(state.path()).known.policy("images.example/team"));
    }

    /// What is handed out where an identity signs images and a key of the state folder what is said about them.
    pub(crate) fn keyless_handout(folder: &Path) -> Handout {
        std::fs::write(folder.join("root.json"), ROOT).unwrap();
        let signing = format!(
            "signing: {{release: {{keyless: {{fulcio: 'https://f.example', timestamp: 'https://t.example', \
             trusted-root: '{}', identity: {{issuer: 'https://i.example', subject: a@images.example}}}}}}}}",
            folder.join("root.json").display()
        );
        let settings: Settings = assemble::read_yaml("x", &signing).unwrap();
        let signers = Signers::open(&settings.signing, folder).unwrap();
        Handout::new(signers.known().clone(), "images.example/team", &settings)
    }

    const ROOT: &str = include_str!("../../../signing/tests/vectors/keyless-trusted-root.json");

    #[test]
    fn an_identity_is_believed_by_its_own_root_and_has_no_files_for_readers_of_keys() {
        let folder = tempfile::tempdir().unwrap();
        let texts = keyless_handout(folder.path()).texts();
        let names: Vec<_> = texts.iter().map(|text| text.name).collect();
        assert_eq!(names, ["policy.yaml", "trusted_root.json", "statement.pub"]);
        assert_eq!(found(&texts, "trusted_root.json"), ROOT);
        let policy: signing::Policy = assemble::read_yaml("p", found(&texts, "policy.yaml")).unwrap();
        let identity = &policy.identities()["identity-1"];
        assert_eq!(
            (identity.issuer.as_str(), identity.roles.as_slice()),
            ("https://i.example", &[signing::Role::Release][..])
        );
        assert_eq!((policy.rules()[0].classic, policy.keys().len()), (signing::Classic::Refused, 1));
    }

    #[test]
    fn nothing_is_handed_out_while_there_is_no_key() {
        let none = Handout { known: KnownKeys::default(), name: "images.example".into(), mirrors: vec![] };
        assert_eq!(none.texts(), []);
    }
}
