//! The signer against services that fail, lie, or answer too much; and once against honest ones.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use signing::{KeyPair, Signer as _, Statement, Subject, sign_statement};

use super::ambient::{Surroundings, Variable};
use super::fake::{Asked, FULCIO, Fake, ISSUER, REKOR, Reply, SUBJECT, TIMESTAMP, token};
use super::service::Patience;
use super::{KeylessSettings, KeylessSigner};
use crate::test_server::impatient;

const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);

fn settings(fake: &Fake, more: &str) -> KeylessSettings {
    let root = fake.write("root.json", &fake.authorities.trusted_root(true));
    let address = &fake.address;
    let text = format!(
        "fulcio: {address}\nrekor: {address}\ntimestamp: {address}{TIMESTAMP}\ntrusted-root: {}\n\
         identity: {{issuer: '{ISSUER}', subject: '{SUBJECT}'}}\n{more}",
        root.display()
    );
    assemble::read_yaml("settings", &text).unwrap()
}

fn nobody() -> Surroundings {
    Surroundings { variable: Arc::new(|_| None), kubernetes: "/nowhere/token".into() }
}

fn patience() -> Patience {
    Patience { retry: impatient(), answer: std::time::Duration::from_secs(20) }
}

fn open(settings: &KeylessSettings) -> KeylessSigner {
    KeylessSigner::in_surroundings(settings, nobody(), patience()).unwrap()
}

/// A signer whose token lies in a file.
fn signer(fake: &Fake, token: &str) -> KeylessSigner {
    let path = fake.write("token", token);
    open(&settings(fake, &format!("token: {{file: {}}}\n", path.display())))
}

fn statement(text: &str) -> Vec<u8> {
    let subject = vec![Subject::named("images.example/python", &blob::Digest::of(text))];
    Statement::new(subject, signing::CosignSignature {}).to_bytes()
}

fn sign(signer: &KeylessSigner) -> Result<(), String> {
    sign_statement(signer, statement("x")).map(drop).map_err(|error| error.to_string())
}

/// What signing says when one path answers with something else.
fn error_when(path: &'static str, reply: impl Fn(usize) -> Reply + Send + 'static) -> (String, Fake) {
    let fake = Fake::start(
        TEN_MINUTES,
        move |asked: &Asked, before| {
            if asked.path == path { reply(before) } else { Reply::Honest }
        },
    );
    let secret = token(SUBJECT, 60);
    let error = sign(&signer(&fake, &secret)).unwrap_err();
    assert!(!error.contains(&secret[..40]) && !error.contains("s3cr3t"), "{error}");
    (error, fake)
}

#[test]
fn one_certificate_serves_many_signatures_and_each_is_proven() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let signer = signer(&fake, &token(SUBJECT, 60));
    for text in ["a", "b", "c"] {
        let bundle = sign_statement(&signer, statement(text)).unwrap();
        assert_eq!((bundle.material.log_entries.len(), bundle.material.timestamps.len()), (1, 1));
        assert!(!bundle.to_bytes().contains(&b'\n'), "one line");
    }
    assert_eq!((fake.asked(FULCIO), fake.asked(REKOR), fake.asked(TIMESTAMP)), (1, 3, 3));
    assert!(signer.public_key().is_none());
}

#[test]
fn a_certificate_in_its_last_minute_is_replaced() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let signer = signer(&fake, &token(SUBJECT, 60));
    sign(&signer).unwrap();
    let mut current = signer.current.lock().unwrap().take().unwrap();
    Arc::get_mut(&mut current).unwrap().certificate.not_after = Timestamp::now() + SignedDuration::from_secs(59);
    *signer.current.lock().unwrap() = Some(current);
    sign(&signer).unwrap();
    assert_eq!(fake.asked(FULCIO), 2);
}

#[tokio::test]
async fn it_may_be_called_and_dropped_inside_of_another_runtime() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let signer = signer(&fake, &token(SUBJECT, 60));
    sign(&signer).unwrap();
    crate::blocking(move || sign(&signer).unwrap()).await;
}

#[test]
fn what_fails_for_a_moment_is_tried_again() {
    let fake =
        Fake::start(
            TEN_MINUTES,
            |_, before| {
                if before == 0 { Reply::Status(503, "later".to_owned()) } else { Reply::Honest }
            },
        );
    sign(&signer(&fake, &token(SUBJECT, 60))).unwrap();
    assert_eq!((fake.asked(FULCIO), fake.asked(REKOR), fake.asked(TIMESTAMP)), (2, 2, 2));
}

#[test]
fn what_fails_again_and_again_is_named_with_its_words() {
    for (path, name, what) in [
        (FULCIO, "Fulcio", "a certificate"),
        (REKOR, "Rekor", "an entry of the log"),
        (TIMESTAMP, "the timestamp authority", "a timestamp"),
    ] {
        let (error, fake) = error_when(path, |_| Reply::Status(500, "out of\ntape".to_owned()));
        assert!(error.contains(&format!("{name} at `{}", fake.address)), "{error}");
        assert!(error.contains(&format!("refused {what} with status 500: out oftape")), "{error}");
        assert_eq!(fake.asked(path), 3);
    }
}

#[test]
fn a_refusal_is_final_and_a_token_in_it_is_not_shown() {
    let fake =
        Fake::start(TEN_MINUTES, |asked, _| Reply::Status(401, String::from_utf8_lossy(&asked.body).into_owned()));
    let secret = token(SUBJECT, 60);
    let error = sign(&signer(&fake, &secret)).unwrap_err();
    assert!(error.contains("with status 401: {\"credentials\":{\"oidcIdentityToken\":\"…"), "{error}");
    assert!(!error.contains("eyJ") && !error.contains("s3cr3t"), "{error}");
    assert_eq!(fake.asked(FULCIO), 1);
}

#[test]
fn silence_is_waited_for_only_so_long() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Silence);
    let path = fake.write("token", &token(SUBJECT, 60));
    let settings = settings(&fake, &format!("token: {{file: {}}}\n", path.display()));
    let short = Patience { retry: impatient(), answer: std::time::Duration::from_millis(50) };
    let error = sign(&KeylessSigner::in_surroundings(&settings, nobody(), short).unwrap()).unwrap_err();
    assert!(error.contains("Fulcio at `http://127.0.0.1:") && error.contains("does not answer: "), "{error}");
    assert_eq!(fake.asked(FULCIO), 3);
}

#[test]
fn nonsense_and_too_much_are_refused() {
    let nonsense = || Reply::Body(b"<html>".to_vec());
    for path in [FULCIO, REKOR, TIMESTAMP] {
        assert!(error_when(path, move |_| nonsense()).0.contains("and answered with something else: "));
        let (error, fake) = error_when(path, |_| Reply::Body(vec![b' '; 2_000_000]));
        assert!(error.contains("answered with more than the ") && fake.asked(path) == 1, "{error}");
    }
    for (chain, words) in [
        (json!([]), "there is none"),
        (json!(["x"]), "no PEM"),
        (json!(["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]), "no signing certificate"),
    ] {
        let answer = json!({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}).to_string();
        let (error, _) = error_when(FULCIO, move |_| Reply::Body(answer.clone().into_bytes()));
        assert!(error.contains(words), "{error}");
    }
}

/// What signing says when Fulcio certifies a key of its own choice, somebody else, or another time.
fn error_of_certificate(make: impl Fn(&super::fake::Authorities, &Asked) -> Vec<u8> + Send + 'static) -> String {
    let other = super::fake::Authorities::new(TEN_MINUTES);
    let fake =
        Fake::start(
            TEN_MINUTES,
            move |asked, _| {
                if asked.path == FULCIO { Reply::Body(make(&other, asked)) } else { Reply::Honest }
            },
        );
    sign(&signer(&fake, &token(SUBJECT, 60))).unwrap_err()
}

fn key_of(asked: &Asked) -> signing::PublicKey {
    let request: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
    let pem = request["publicKeyRequest"]["publicKey"]["content"].as_str().unwrap();
    signing::PublicKey::from_pem(pem.as_bytes()).unwrap()
}

#[test]
fn a_certificate_of_another_key_identity_or_time_is_refused() {
    let now = Timestamp::now();
    let other_key = KeyPair::from_seed(&[7; 32]).unwrap().public().clone();
    let error = error_of_certificate(move |fake, _| fake.certify(&other_key, SUBJECT, now));
    assert!(error.contains("for another key than the one that was sent"), "{error}");
    let error = error_of_certificate(move |fake, asked| fake.certify(&key_of(asked), "eve@images.example", now));
    assert!(
        error.contains("a certificate for `eve@images.example`, for whom `https://token.example` vouches"),
        "{error}"
    );
    let past = now - SignedDuration::from_hours(1);
    let error = error_of_certificate(move |fake, asked| fake.certify(&key_of(asked), SUBJECT, past));
    assert!(error.contains("is the clock of this machine right?"), "{error}");
}

#[test]
fn a_certificate_of_another_authority_is_not_given_out() {
    let error = error_of_certificate(|fake, asked| fake.certify(&key_of(asked), SUBJECT, Timestamp::now()));
    assert!(error.contains("is not given out") && error.contains("root.json` does not vouch for it: "), "{error}");
}

#[test]
fn a_timestamp_or_an_entry_of_something_else_is_not_given_out() {
    let other = super::fake::Authorities::new(TEN_MINUTES);
    let stamp = other.stamp(&[0; 32]);
    let (error, _) = error_when(TIMESTAMP, move |_| Reply::Body(stamp.clone()));
    assert!(error.contains("is not given out"), "{error}");
    let (error, _) = error_when(REKOR, |_| Reply::Body(br#"{"logIndex":"0"}"#.to_vec()));
    assert!(error.contains("is not given out"), "{error}");
    // PKIStatus 2: rejection.
    let (error, _) = error_when(TIMESTAMP, |_| Reply::Body(vec![0x30, 5, 0x30, 3, 2, 1, 2]));
    assert!(error.contains("is not given out") && error.contains("not granted"), "{error}");
}

#[test]
fn nobody_is_asked_with_an_old_token_or_with_none() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let error = sign(&signer(&fake, &token(SUBJECT, -60))).unwrap_err();
    assert!(error.contains("no identity token from the file `") && error.contains("it expired at"), "{error}");
    let error = sign(&open(&settings(&fake, "token: {file: /nowhere/token}\n"))).unwrap_err();
    assert!(error.contains("cannot use `/nowhere/token`"), "{error}");
    let error = sign(&open(&settings(&fake, "token: {environment: BEDPLATE_TOKEN}\n"))).unwrap_err();
    assert!(error.contains("the environment variable `BEDPLATE_TOKEN`: it is not set"), "{error}");
    let error = sign(&open(&settings(&fake, ""))).unwrap_err();
    assert!(error.contains("ACTIONS_ID_TOKEN_REQUEST_URL") && error.contains("/nowhere/token"), "{error}");
    assert_eq!(*fake.asked.lock().unwrap(), [""; 0]);
}

#[test]
fn a_projected_token_of_kubernetes_is_found() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let kubernetes = fake.write("projected", &token(SUBJECT, 60));
    let here = Surroundings { variable: Arc::new(|_| None), kubernetes };
    sign(&KeylessSigner::in_surroundings(&settings(&fake, ""), here, patience()).unwrap()).unwrap();
}

/// A signer on a runner with these variables; `HERE` stands for the address of the fakes.
fn on_runner(fake: &Fake, variables: &[(&'static str, &str)]) -> KeylessSigner {
    let set = |(name, value): &(&'static str, &str)| (*name, value.replace("HERE", &fake.address));
    let variables: std::collections::BTreeMap<_, _> = variables.iter().map(set).collect();
    let variable: Variable = Arc::new(move |name| variables.get(name).cloned());
    let here = Surroundings { variable, kubernetes: "/nowhere/token".into() };
    KeylessSigner::in_surroundings(&settings(fake, ""), here, patience()).unwrap()
}

#[test]
fn runners_give_a_token_for_the_audience_and_their_own_secret_stays_hidden() {
    let good = json!({"count": 1, "value": token(SUBJECT, 60)}).to_string();
    let fake = Fake::start(TEN_MINUTES, move |asked: &Asked, before| match (asked.path.as_str(), before) {
        ("/token", 0) => Reply::Status(500, asked.head.clone()),
        ("/token", 1) => {
            assert!(asked.head.starts_with("GET /token?api-version=2&audience=sigstore HTTP/1.1"), "{}", asked.head);
            assert!(asked.head.contains("authorization: bearer runner-secret"), "{}", asked.head);
            Reply::Body(good.clone().into_bytes())
        }
        ("/token", _) => Reply::Body(b"{}".to_vec()),
        _ => Reply::Honest,
    });
    let github = [
        ("ACTIONS_ID_TOKEN_REQUEST_URL", "HERE/token?api-version=2"),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "runner-secret"),
    ];
    sign(&on_runner(&fake, &github)).unwrap();
    let error = sign(&on_runner(&fake, &github)).unwrap_err();
    assert!(error.contains("GitHub's token service at `http://127.0.0.1:") && error.contains("`value`"), "{error}");
    sign(&on_runner(&fake, &[("SIGSTORE_ID_TOKEN", &token(SUBJECT, 60))])).unwrap();
    let error =
        sign(&on_runner(&fake, &[github[1], ("ACTIONS_ID_TOKEN_REQUEST_URL", "http://token.example/")])).unwrap_err();
    assert!(error.contains("is asked without TLS"), "{error}");
}

#[test]
fn classic_signatures_are_refused_with_the_reason() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let signer = signer(&fake, &token(SUBJECT, 60));
    let error = signing::sign_classic(&signer, &blob::Digest::of("x"), "images.example/python").unwrap_err();
    assert!(error.to_string().contains("classic signatures are made by keys only"), "{error}");
}

#[test]
fn a_token_is_sent_over_tls_or_to_this_machine_only() {
    let fake = Fake::start(TEN_MINUTES, |_, _| Reply::Honest);
    let open = |settings: &KeylessSettings| KeylessSigner::in_surroundings(settings, nobody(), patience());
    let mut far = settings(&fake, "");
    far.fulcio = "http://fulcio.example/".parse().unwrap();
    assert!(open(&far).unwrap_err().to_string().contains("`http://fulcio.example/` is asked without TLS"));
    far.plain_http = true;
    far.trusted_root = fake.write("root.json", "{}");
    assert!(open(&far).unwrap_err().to_string().contains("expected `trusted_root.json`"));
    assert_eq!(*fake.asked.lock().unwrap(), [""; 0]);
}
