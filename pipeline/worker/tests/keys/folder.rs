//! Keys of the state folder through their whole life.

use std::fs;

use signing::{KeyPair, PublicKey};
use worker::{KeyRole, KeyStanding, Signers, SigningSettings};

use crate::support::{made, mode, release, state};

#[test]
fn both_keys_are_made_on_first_use_and_only_their_owner_reads_them() {
    let (state, keys) = state();
    assert_eq!(keys.list().unwrap(), []);
    assert!(!keys.path().exists(), "looking makes nothing");
    let first = Signers::open(&SigningSettings::default(), state.path()).unwrap();
    let made = keys.list().unwrap();
    assert_eq!(made.iter().map(|key| key.role).collect::<Vec<_>>(), KeyRole::ALL);
    for key in &made {
        let folder = key.path.parent().unwrap();
        assert_eq!((mode(&key.path), mode(folder), mode(folder.parent().unwrap())), (0o600, 0o700, 0o700));
        assert_eq!(key.path.file_stem().unwrap().to_str().unwrap(), &key.public.id().hex()[..16]);
        let beside = PublicKey::from_pem(&fs::read(key.path.with_extension("pub")).unwrap()).unwrap();
        let private = KeyPair::from_pem(&fs::read(&key.path).unwrap(), None).unwrap();
        assert_eq!((&beside, private.public()), (&key.public, &key.public));
        assert_eq!((key.standing, key.made.is_some()), (KeyStanding::Active, true));
    }
    let second = Signers::open(&SigningSettings::default(), state.path()).unwrap();
    assert_eq!(first.known(), second.known(), "they are made once");
    assert_ne!(made[0].public, made[1].public);
}

#[test]
fn a_key_is_replaced_in_three_steps_and_believed_in_all_of_them() {
    let (state, keys) = made();
    let old = keys.list().unwrap()[0].clone();
    let new = keys.add(KeyRole::Release).unwrap();
    let both = Signers::open(&SigningSettings::default(), state.path()).unwrap();
    assert_eq!((both.release.len(), both.statement.len()), (2, 1));
    let retired = keys.retire(&old.short_id()).unwrap();
    assert_eq!((retired.standing, &retired.public), (KeyStanding::Retired, &old.public));
    assert!(!old.path.exists() && retired.path.exists());
    let after = Signers::open(&SigningSettings::default(), state.path()).unwrap();
    assert_eq!(after.release.iter().map(|one| one.public_key()).collect::<Vec<_>>(), [Some(&new.public)]);
    assert_eq!(after.known().of(KeyRole::Release), [new.public.clone(), old.public.clone()], "signing ones first");
    let policy = after.policy("images.example");
    assert_eq!(policy.keys().values().filter(|key| key.key == old.public || key.key == new.public).count(), 2);
    assert!(
        policy.rule(Some("images.example/python")).is_some() && policy.rule(Some("other.example/python")).is_none()
    );
}

#[test]
fn what_cannot_be_retired_is_said() {
    let (_state, keys) = made();
    let old = keys.list().unwrap()[0].clone();
    let says = |wanted: &str| keys.retire(wanted).unwrap_err().to_string();
    let id = old.short_id();
    let last = format!(
        "the key {id} is the only one that signs as `release`: make another first, by `bedplate keys rotate release`"
    );
    assert_eq!(says(&id), last);
    for unknown in ["", "sha256:", "0123456789abcdef0", "../release"] {
        assert!(says(unknown).contains(&format!("begins with `{unknown}`: see `bedplate keys list`")), "{unknown}");
    }
    keys.add(KeyRole::Release).unwrap();
    keys.retire(&format!("sha256:{id}")).unwrap();
    assert_eq!(says(&id), format!("the key {id} is retired already"));
    let others: Vec<_> = (0..17).map(|_| keys.add(KeyRole::Statement).unwrap()).collect();
    let first = |key: &worker::KnownKey| key.short_id()[..1].to_owned();
    let twice = others.iter().find(|one| others.iter().filter(|other| first(other) == first(one)).count() > 1).unwrap();
    assert!(says(&first(twice)).contains("give more digits of the id"), "of 17 keys two begin alike");
}

#[test]
fn a_process_that_died_between_two_files_leaves_a_key_that_signs() {
    let (state, keys) = made();
    let private = release(&keys);
    fs::remove_file(private.with_extension("pub")).unwrap();
    fs::write(private.parent().unwrap().join(".partial-x"), "half").unwrap();
    assert_eq!(keys.list().unwrap()[0].standing, KeyStanding::Active);
    let signers = Signers::open(&SigningSettings::default(), state.path()).unwrap();
    assert_eq!((release(&keys), signers.release.len()), (private.clone(), 1));
    assert!(private.with_extension("pub").exists(), "what was missing is written");
}

#[test]
fn a_key_that_comes_back_changes_none_that_is_there() {
    let (_state, keys) = made();
    let old = keys.list().unwrap()[0].clone();
    let pair = KeyPair::from_pem(&fs::read(&old.path).unwrap(), None).unwrap();
    assert!(!keys.put(KeyRole::Release, &pair).unwrap());
    keys.add(KeyRole::Release).unwrap();
    keys.retire(&old.short_id()).unwrap();
    assert!(!keys.put(KeyRole::Release, &pair).unwrap(), "what is retired stays so");
    let other = KeyPair::from_seed(&[3; 32]).unwrap();
    assert!(
        keys.put(KeyRole::Release, &other).unwrap() && keys.put_retired(KeyRole::Statement, old_public(&old)).unwrap()
    );
    assert_eq!(keys.list().unwrap().len(), 5);
}

fn old_public(key: &worker::KnownKey) -> &PublicKey {
    &key.public
}
