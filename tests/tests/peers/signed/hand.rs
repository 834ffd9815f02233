//! Signatures made by hand: openssl signs, and the documents are written as the specifications have them. No code of the product is used.
//!
//! In: an image, a key, what is to be said. Out: a classic signature under its tag, or a bundle as a referrer.
//! Formats: <https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md>,
//! <https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md>,
//! <https://github.com/secure-systems-lab/dsse/blob/master/protocol.md>.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tests::{Content, Hash, RegistryClient};
use tokio::runtime::Runtime;

use crate::registry::text;
use crate::registry::tools::must;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const STATEMENT: &str = "application/vnd.in-toto+json";
/// What a bundle says that is a signature.
pub(super) const SIGNATURE: &str = "https://sigstore.dev/cosign/sign/v1";

/// Keys of openssl, and a registry to push to.
pub(super) struct Hand {
    folder: tempfile::TempDir,
    address: String,
    client: RegistryClient,
    runtime: Runtime,
}

impl Hand {
    /// With the keys `good` and `evil`.
    pub(super) fn new(address: &str) -> Self {
        let (folder, client) = (tempfile::tempdir().unwrap(), RegistryClient::new(address));
        let hand = Self { folder, address: address.to_owned(), client, runtime: Runtime::new().unwrap() };
        for name in ["good", "evil"] {
            let (key, public) = (hand.path(&format!("{name}.key")), hand.path(&format!("{name}.pub")));
            let make = ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", &key];
            must(Command::new("openssl").args(make).stderr(std::process::Stdio::null()));
            must(Command::new("openssl").args(["pkey", "-in", &key, "-pubout", "-out", &public]));
        }
        hand
    }

    /// The file of a public key.
    pub(super) fn public(&self, key: &str) -> PathBuf {
        self.folder.path().join(format!("{key}.pub"))
    }

    /// Pushes an image without signatures; equal texts give equal images.
    pub(super) fn image(&self, repository: &str, tag: &str, noted: &str) -> Content {
        let layer = Content::new("application/vnd.oci.image.layer.v1.tar", vec![0; 1024], Hash::Sha256);
        let config = json!({
            "architecture": "amd64", "os": "linux", "author": noted,
            "rootfs": {"type": "layers", "diff_ids": [layer.digest]}, "config": {},
        });
        let config = Content::json(CONFIG, &config, Hash::Sha256);
        let image = Content::image(&config, std::slice::from_ref(&layer));
        self.push(repository, tag, &[config, layer], &image);
        image
    }

    /// Puts a classic signature of `signed` where that of `image` is looked for.
    pub(super) fn classic(&self, repository: &str, key: &str, image: &Content, signed: &str) {
        let payload = json!({
            "critical": {
                "identity": {"docker-reference": format!("{}/{repository}", self.address)},
                "image": {"docker-manifest-digest": signed}, "type": "cosign container image signature",
            },
            "optional": null,
        });
        let payload = Content::json("application/vnd.dev.cosign.simplesigning.v1+json", &payload, Hash::Sha256);
        let config = json!({
            "architecture": "", "os": "", "config": {}, "rootfs": {"type": "layers", "diff_ids": [payload.digest]},
        });
        let config = Content::json(CONFIG, &config, Hash::Sha256);
        let mut layer = payload.descriptor();
        layer["annotations"] = json!({ "dev.cosignproject.cosign/signature": self.sign(key, &payload.bytes) });
        let manifest =
            json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config.descriptor(), "layers": [layer]});
        let manifest = Content::json(MANIFEST, &manifest, Hash::Sha256);
        self.push(repository, &format!("{}.sig", image.digest.replace(':', "-")), &[config, payload], &manifest);
    }

    /// Attaches a bundle to `image` that says a thing of this type about `subject`.
    pub(super) fn bundle(&self, repository: &str, key: &str, image: &Content, subject: &str, predicate_type: &str) {
        let bundle = Content::json(BUNDLE, &self.bundle_json(key, subject, predicate_type), Hash::Sha256);
        let empty = Content::new("application/vnd.oci.empty.v1+json", "{}", Hash::Sha256);
        let manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": empty.descriptor(),
            "layers": [bundle.descriptor()], "subject": image.descriptor(),
            "annotations": {
                "dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicate_type,
                "org.opencontainers.image.created": "2026-12-01T00:00:00Z",
            },
        });
        let manifest = Content::json(MANIFEST, &manifest, Hash::Sha256);
        self.push(repository, &manifest.digest, &[empty, bundle], &manifest);
    }

    /// The bundle itself.
    pub(super) fn bundle_json(&self, key: &str, subject: &str, predicate_type: &str) -> Value {
        let hex = subject.trim_start_matches("sha256:");
        let statement = json!({
            "_type": "https://in-toto.io/Statement/v1", "subject": [{"digest": {"sha256": hex}}],
            "predicateType": predicate_type, "predicate": {"spdxVersion": "SPDX-2.3"},
        });
        let payload = statement.to_string();
        let signed = format!("DSSEv1 {} {STATEMENT} {} {payload}", STATEMENT.len(), payload.len());
        let signature = self.sign(key, signed.as_bytes());
        json!({
            "mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": self.hint(key)}},
            "dsseEnvelope": {
                "payload": STANDARD.encode(payload), "payloadType": STATEMENT, "signatures": [{"sig": signature}],
            },
        })
    }

    /// What cosign writes as a hint: the hash of the public key, in base64.
    fn hint(&self, key: &str) -> String {
        let public = fs::read_to_string(self.public(key)).unwrap();
        let lines: String = public.lines().filter(|line| !line.starts_with("-----")).collect();
        let digest = Hash::Sha256.digest(&STANDARD.decode(lines).unwrap());
        let pairs = digest.trim_start_matches("sha256:").as_bytes().chunks(2);
        let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap());
        STANDARD.encode(bytes.collect::<Vec<u8>>())
    }

    /// A signature by openssl, in base64.
    fn sign(&self, key: &str, bytes: &[u8]) -> String {
        let [message, signature] = ["message", "signature"].map(|name| self.path(name));
        fs::write(&message, bytes).unwrap();
        let key = self.path(&format!("{key}.key"));
        must(Command::new("openssl").args(["dgst", "-sha256", "-sign", &key, "-out", &signature, &message]));
        STANDARD.encode(fs::read(signature).unwrap())
    }

    fn push(&self, repository: &str, reference: &str, blobs: &[Content], manifest: &Content) {
        self.runtime.block_on(async {
            for blob in blobs {
                self.client.push_blob(repository, blob).await;
            }
            self.client.put_manifest(repository, reference, manifest).await.is(201);
        });
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.path().join(name))
    }
}
