//! Signing without a key, by the real servers: cosign verifies what we signed, and we verify what cosign signed; nobody is asked then.
//!
//! In: a private Sigstore on loopback and a registry. Out: verdicts of both sides, and their words where they refuse.

mod factory;
mod issuer;
mod sigstore;

use std::fs;

use serde_json::{Value, json};
use signing::{Artifact, Bundle, Evidence, FoundBundle, Policy, TrustedRoot, Verification, verify};
use tests::{Content, Hash, RegistryClient};
use worker::{KeylessSettings, KeylessSigner};

use crate::registry::{Registry, Sample, Tool, text};
use sigstore::Sigstore;

const COSIGN_3: &str = "forky/usr/bin/cosign";
const SUBJECT: &str = "release@images.example";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A private Sigstore, a registry with an image, and cosign.
struct Bench {
    sigstore: Sigstore,
    registry: Registry,
    sample: Sample,
    cosign: Tool,
}

impl Bench {
    fn new() -> Option<Self> {
        let cosign = Tool::newer(COSIGN_3)?;
        let sigstore = Sigstore::start(&cosign)?;
        let (registry, sample) = (Registry::start(), Sample::build());
        sample.push(&registry, "python", "3");
        Some(Self { sigstore, registry, sample, cosign })
    }

    fn image(&self) -> String {
        self.registry.name(&format!("python@{}", self.sample.index()))
    }

    /// Our signer; the token is `token`'s, whatever the settings expect.
    fn signer(&self, token: &str) -> KeylessSigner {
        let Sigstore { fulcio, rekor, timestamp, issuer, .. } = &self.sigstore;
        let settings: KeylessSettings = serde_json::from_value(json!({
            "fulcio": fulcio, "rekor": rekor, "timestamp": timestamp, "trusted-root": self.sigstore.path("trusted_root.json"),
            "identity": {"issuer": issuer.url(), "subject": SUBJECT}, "token": {"file": self.sigstore.token_file(token)},
        }))
        .unwrap();
        KeylessSigner::new(&settings).unwrap()
    }

    /// What our signer makes of the image.
    fn sign(&self) -> Bundle {
        let digest = self.sample.index().parse().unwrap();
        signing::sign_image(&self.signer(SUBJECT), &digest, &self.registry.name("python")).unwrap()
    }

    /// Attaches a bundle to the image.
    fn attach(&self, bundle: &[u8]) {
        let of = |kind: &str, bytes: &[u8]| Content::new(kind, bytes, Hash::Sha256);
        let index = self.sample.contents().get(self.sample.index()).to_vec();
        let (layer, config) = (of(BUNDLE, bundle), of("application/vnd.oci.empty.v1+json", b"{}"));
        let subject = of("application/vnd.oci.image.index.v1+json", &index);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": BUNDLE,
            "config": config.descriptor(), "layers": [layer.descriptor()], "subject": subject.descriptor(),
            "annotations": {
                "dev.sigstore.bundle.content": "dsse-envelope",
                "dev.sigstore.bundle.predicateType": "https://sigstore.dev/cosign/sign/v1",
                "org.opencontainers.image.created": "2026-12-01T00:00:00Z",
            },
        });
        let manifest = Content::json("application/vnd.oci.image.manifest.v1+json", &manifest, Hash::Sha256);
        let client = RegistryClient::new(self.registry.address());
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            client.push_blob("python", &layer).await;
            client.push_blob("python", &config).await;
            client.put_manifest("python", &manifest.digest, &manifest).await.is(201);
        });
    }

    /// The bundle that cosign made of the image.
    fn signed_by_cosign(&self) -> Vec<u8> {
        let (token, config) = (self.sigstore.issuer.token(SUBJECT), text(&self.sigstore.path("signing_config.json")));
        let sign = ["sign", "--yes", "--identity-token", &token, "--signing-config", &config, "--allow-http-registry"];
        self.cosign.run(&[&sign[..], &["--trusted-root", &self.root(), &self.image()]].concat());
        let reader = self.registry.reader();
        let listed = reader.referrers("python", self.sample.index());
        let manifest = reader.json("python", listed[0]["digest"].as_str().unwrap());
        reader.blob("python", manifest["layers"][0]["digest"].as_str().unwrap())
    }

    fn root(&self) -> String {
        text(&self.sigstore.path("trusted_root.json"))
    }

    /// How cosign is asked whether somebody signed the image; what is expected of logs and timestamps comes from the trusted root.
    fn question(&self, root: &str, subject: &str, issuer: &str) -> Vec<String> {
        let flags = [
            "verify",
            "--insecure-ignore-sct",
            "--use-signed-timestamps",
            "--allow-http-registry",
            "--trusted-root",
            root,
        ];
        let who = ["--certificate-identity", subject, "--certificate-oidc-issuer", issuer];
        flags.iter().chain(&who).map(|it| (*it).to_owned()).chain([self.image()]).collect()
    }

    /// Our own verdict.
    fn judge(&self, bundle: &[u8], root: &str, subject: &str, issuer: &str) -> Verification {
        let policy: Policy = serde_json::from_value(json!({
            "identities": {"ci": {"issuer": issuer, "subject": subject}}, "images": [{"repositories": ["**"]}],
        }))
        .unwrap();
        let artifact = Artifact {
            digest: self.sample.index().parse().unwrap(),
            name: Some(self.registry.name("python")),
            tag: None,
        };
        let found = FoundBundle { referrer: artifact.digest.clone(), bytes: bundle.to_vec() };
        let evidence = Evidence { bundles: vec![found], ..Evidence::default() };
        let root = TrustedRoot::parse(&fs::read_to_string(root).unwrap()).unwrap();
        verify(&artifact, &evidence, &policy, Some(&root), jiff::Timestamp::now())
    }

    /// Another instance's trusted root: that of the vectors.
    fn foreign_root(&self) -> String {
        let path = self.sigstore.path("foreign.json");
        fs::write(&path, include_str!("../../../../signing/tests/vectors/keyless-trusted-root.json")).unwrap();
        text(&path)
    }
}

fn borrowed(arguments: &[String]) -> Vec<&str> {
    arguments.iter().map(String::as_str).collect()
}

#[track_caller]
fn refused(verification: &Verification, words: &str) {
    let text = verification.finding.to_string();
    assert!(!verification.accepted && text.contains(words), "expected `{words}`:\n{text}");
}

#[test]
#[ignore = "needs a private Sigstore and cosign 3: tests/tools.sh sigstore brings them"]
fn cosign_3_verifies_offline_what_we_signed_without_a_key() {
    let Some(mut bench) = Bench::new() else { return };
    let bundle = bench.sign().to_bytes();
    bench.attach(&bundle);
    keep(&bundle, &bench);
    let (root, foreign, issuer) = (bench.root(), bench.foreign_root(), bench.sigstore.issuer.url().to_owned());
    bench.sigstore.stop();
    let said = bench.cosign.run(&borrowed(&bench.question(&root, SUBJECT, &issuer)));
    assert!(said.contains(bench.sample.index()), "{said}");
    let fail =
        |root: &str, subject: &str, issuer: &str| bench.cosign.fail(&borrowed(&bench.question(root, subject, issuer)));
    assert!(fail(&root, "eve@images.example", &issuer).contains(SUBJECT), "it names whom it found");
    fail(&root, SUBJECT, "https://token.example");
    fail(&foreign, SUBJECT, &issuer);
    let verification = bench.judge(&bundle, &root, SUBJECT, &issuer);
    assert!(verification.accepted, "{}", verification.finding);
}

#[test]
#[ignore = "needs a private Sigstore and cosign 3: tests/tools.sh sigstore brings them"]
fn we_verify_offline_what_cosign_3_signed_without_a_key() {
    let Some(mut bench) = Bench::new() else { return };
    let bundle = bench.signed_by_cosign();
    let (root, foreign, issuer) = (bench.root(), bench.foreign_root(), bench.sigstore.issuer.url().to_owned());
    bench.sigstore.stop();
    let verification = bench.judge(&bundle, &root, SUBJECT, &issuer);
    assert!(verification.accepted, "{}", verification.finding);
    assert_eq!(verification.proofs[0].times.len(), 1);
    let who = format!("it is signed by `{SUBJECT}`, for whom `{issuer}` vouches: no identity of the policy fits");
    refused(&bench.judge(&bundle, &root, "eve@images.example", &issuer), &who);
    refused(&bench.judge(&bundle, &root, SUBJECT, "https://token.example"), &who);
    refused(&bench.judge(&bundle, &foreign, SUBJECT, &issuer), "its certificate or its time is not good");
    let mut untimed: Value = serde_json::from_slice(&bundle).unwrap();
    untimed["verificationMaterial"].as_object_mut().unwrap().remove("timestampVerificationData").unwrap();
    refused(&bench.judge(untimed.to_string().as_bytes(), &root, SUBJECT, &issuer), "timestamp");
}

#[test]
#[ignore = "needs a private Sigstore and cosign 3: tests/tools.sh sigstore brings them"]
fn fulcio_refuses_a_token_of_another_key_and_we_refuse_a_certificate_of_somebody_else() {
    let Some(bench) = Bench::new() else { return };
    let digest = bench.sample.index().parse().unwrap();
    let sign =
        |signer: &KeylessSigner| signing::sign_image(signer, &digest, "images.example/python").unwrap_err().to_string();
    let error = sign(&bench.signer("eve@images.example"));
    assert!(error.contains("a certificate for `eve@images.example`"), "{error}");
    let signer = bench.signer(SUBJECT);
    let token = fs::read_to_string(bench.sigstore.path("token")).unwrap();
    let end = token.rfind('.').unwrap();
    fs::write(bench.sigstore.path("token"), format!("{}.{}", &token[..end], "A".repeat(token.len() - end - 1)))
        .unwrap();
    let error = sign(&signer);
    assert!(
        error.contains("Fulcio at `http://127.0.0.1:") && error.contains("refused a certificate with status 4"),
        "{error}"
    );
    assert!(!error.contains(&token[..40]), "{error}");
}

/// Where the environment names a folder, keeps the bundle and its trusted root: so the vectors of the room `signing` were made.
fn keep(bundle: &[u8], bench: &Bench) {
    let Some(folder) = std::env::var_os("BEDPLATE_KEEP_VECTORS").map(std::path::PathBuf::from) else { return };
    fs::write(folder.join("bundle.json"), bundle).unwrap();
    fs::copy(bench.root(), folder.join("trusted-root.json")).unwrap();
    fs::write(folder.join("about"), format!("{} {}", bench.sigstore.issuer.url(), bench.image())).unwrap();
}
