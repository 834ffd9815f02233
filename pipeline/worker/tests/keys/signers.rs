//! Keys that the settings name.

use std::fs;

use signing::{Classic, KeyPair, Password, Role};
use worker::{KeyFile, KeyFolder, KeyRole, KeyStanding, SignerSettings, Signers, SigningSettings};

use crate::support::{file, named, refusal, state};

fn pair(number: u8) -> KeyPair {
    KeyPair::from_seed(&[number; 32]).unwrap()
}

#[test]
fn a_key_of_the_settings_signs_and_none_is_made_in_its_place() {
    let (state, keys) = state();
    let key = file(&state.path().join("release.key"), pair(1).to_pem().unwrap().as_bytes(), 0o600);
    let signers = Signers::open(&named(&key), state.path()).unwrap();
    assert_eq!(signers.release[0].public_key(), Some(pair(1).public()));
    assert_eq!(keys.list().unwrap().iter().map(|key| key.role).collect::<Vec<_>>(), [KeyRole::Statement]);
}

#[test]
fn an_encrypted_key_is_opened_by_the_password_in_a_file() {
    let (state, _) = state();
    let sealed = pair(1).to_encrypted_pem(&Password::new("right"), &[5; 56]).unwrap();
    let key = file(&state.path().join("release.key"), sealed, 0o644);
    let with = |password: &str| {
        let password_file = Some(file(&state.path().join("password"), password, 0o600));
        let release = SignerSettings::Key { key: key.clone(), password_file, also: vec![], retired: vec![] };
        SigningSettings { release, ..SigningSettings::default() }
    };
    let signers = Signers::open(&with("right\n"), state.path()).unwrap();
    assert_eq!(signers.release[0].public_key(), Some(pair(1).public()));
    let error = refusal(&with("wrong\n"), state.path());
    assert!(error.contains("release.key` cannot be used: the password is wrong, or the key is damaged"), "{error}");
    assert!(!error.contains("wrong\n"), "{error}");
}

#[test]
fn keys_beside_it_sign_too_and_retired_ones_are_believed() {
    let (state, _) = state();
    let path = |name: &str| state.path().join(name);
    let private = |name: &str, number| file(&path(name), pair(number).to_pem().unwrap().as_bytes(), 0o600);
    let settings = SigningSettings {
        release: SignerSettings::Key {
            key: private("new.key", 1),
            password_file: None,
            also: vec![KeyFile { key: private("old.key", 2), password_file: None }],
            retired: vec![file(&path("older.pub"), pair(3).public().to_pem(), 0o644)],
        },
        ..SigningSettings::default()
    };
    let signers = Signers::open(&settings, state.path()).unwrap();
    let signing: Vec<_> = signers.release.iter().map(|one| one.public_key().unwrap().clone()).collect();
    assert_eq!(signing, [pair(1).public().clone(), pair(2).public().clone()]);
    let standings: Vec<_> = signers.known().all().iter().map(|key| (key.role, key.standing)).collect();
    let (release, statement) = (KeyRole::Release, KeyRole::Statement);
    let (active, retired) = (KeyStanding::Active, KeyStanding::Retired);
    assert_eq!(standings, [(release, active), (release, active), (release, retired), (statement, active)]);
}

#[test]
fn the_policy_believes_each_key_in_its_own_role_and_wants_everything_that_is_published() {
    let (state, _) = state();
    let signers = Signers::open(&SigningSettings::default(), state.path()).unwrap();
    let policy = signers.policy("[::1]:8080/team");
    let roles: Vec<_> = policy.keys().values().map(|key| key.roles.clone()).collect();
    assert_eq!(roles, [vec![Role::Release], vec![Role::Statement, Role::Rebuild]]);
    let rule = policy.rule(Some("[::1]:8080/team/python")).unwrap();
    assert_eq!((rule.classic, rule.statements.len(), rule.rebuilds), (Classic::Required, 3, 0));
    assert!(policy.rule(Some("[::1]:8080/teams/python")).is_none() && policy.rule(None).is_none());
}

#[test]
fn one_key_never_signs_both() {
    let (state, _) = state();
    let key = file(&state.path().join("a.key"), pair(1).to_pem().unwrap().as_bytes(), 0o600);
    let release = named(&key).release;
    let settings = SigningSettings { name: None, statement: release.clone(), release };
    let error = refusal(&settings, state.path());
    assert!(error.contains("is of both `release` and `statement`: expected different keys"), "{error}");
}

#[test]
fn the_public_key_that_lies_beside_must_be_that_keys() {
    let (state, _) = state();
    let key = file(&state.path().join("a.key"), pair(1).to_pem().unwrap().as_bytes(), 0o600);
    let beside = file(&state.path().join("a.pub"), pair(2).public().to_pem(), 0o644);
    let error = refusal(&named(&key), state.path());
    assert!(error.contains("expected the key that its name or its `.pub` says"), "{error}");
    fs::remove_file(beside).unwrap();
    Signers::open(&named(&key), state.path()).unwrap();
    assert_eq!(KeyFolder::of_state(state.path()).list().unwrap().len(), 1);
}
