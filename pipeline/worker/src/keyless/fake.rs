//! Fulcio, Rekor and a timestamp authority of the tests, on one address: they give what the real ones give, or what a test wants to see.
//!
//! In: what goes wrong, by path and by how often that path was asked for. Out: an address, and the trusted root that vouches for it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm,
};
use serde_json::{Value, json};
use signing::{KeyPair, Message, PublicKey, Signer as _};

use super::fake_der;
use super::rekor::{sha256, to_base64};

pub(super) const ISSUER: &str = "https://token.example";
pub(super) const SUBJECT: &str = "release@images.example";
pub(super) const FULCIO: &str = "/api/v2/signingCert";
pub(super) const REKOR: &str = "/api/v2/log/entries";
pub(super) const TIMESTAMP: &str = "/api/v1/timestamp";
const AUTHORITY: &str = "fake";

/// What goes back.
#[derive(Clone)]
pub(super) enum Reply {
    Status(u16, String),
    Body(Vec<u8>),
    /// What the real one answers.
    Honest,
    /// Nothing, for ever.
    Silence,
}

/// What was asked.
pub(super) struct Asked {
    pub(super) path: String,
    /// First line and headers.
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

/// The authorities, running.
pub(super) struct Fake {
    pub(super) folder: tempfile::TempDir,
    pub(super) address: String,
    pub(super) asked: Arc<Mutex<Vec<String>>>,
    pub(super) authorities: Arc<Authorities>,
}

/// Their keys.
pub(super) struct Authorities {
    issuer: Issuer<'static, rcgen::KeyPair>,
    root: Vec<u8>,
    time: KeyPair,
    time_certificate: Vec<u8>,
    log: KeyPair,
    /// How long a certificate lives.
    pub(super) life: SignedDuration,
}

struct Spki(Vec<u8>);

impl PublicKeyData for Spki {
    fn der_bytes(&self) -> &[u8] {
        // The point of a P-256 key is the end of its DER.
        &self.0[self.0.len() - 65..]
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

fn named() -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, AUTHORITY);
    name
}

impl Authorities {
    pub(super) fn new(life: SignedDuration) -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        (params.is_ca, params.distinguished_name) = (IsCa::Ca(BasicConstraints::Unconstrained), named());
        let key = rcgen::KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().to_vec();
        let issuer = Issuer::new(params, key);
        let seed =
            |number: u8| KeyPair::from_seed(&sha256(&[&root[..], &[number]].concat()).try_into().unwrap()).unwrap();
        let (time, log) = (seed(1), seed(2));
        let mut params = CertificateParams::new([]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping];
        params.serial_number = Some(SerialNumber::from(7_u64));
        let spki = Spki(time.public().der().to_vec());
        let time_certificate = params.signed_by(&spki, &issuer).unwrap().der().to_vec();
        Self { issuer, root, time, time_certificate, log, life }
    }

    /// `trusted_root.json`.
    pub(super) fn trusted_root(&self, logged: bool) -> String {
        let authority = |chain: &[&[u8]]| {
            let chain: Vec<_> = chain.iter().map(|der| json!({"rawBytes": to_base64(der)})).collect();
            json!([{
                "subject": {"organization": "fake", "commonName": "fake"}, "uri": "https://fulcio.example",
                "certChain": {"certificates": chain}, "validFor": {"start": "2020-01-01T00:00:00Z"},
            }])
        };
        let key = json!({
            "rawBytes": to_base64(self.log.public().der()), "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": "2020-01-01T00:00:00Z"},
        });
        let log = json!([{
            "baseUrl": "https://rekor.example", "hashAlgorithm": "SHA2_256", "publicKey": key,
            "logId": {"keyId": to_base64(&sha256(self.log.public().der()))},
        }]);
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": if logged { log } else { json!([]) }, "ctlogs": [],
            "certificateAuthorities": authority(&[&self.root]),
            "timestampAuthorities": authority(&[&self.time_certificate, &self.root]),
        })
        .to_string()
    }

    /// A certificate for a key; the answer of Fulcio.
    pub(super) fn certify(&self, key: &PublicKey, subject: &str, now: Timestamp) -> Vec<u8> {
        let mut params = CertificateParams::new([]).unwrap();
        params.distinguished_name = DistinguishedName::new();
        params.subject_alt_names = vec![SanType::Rfc822Name(Ia5String::try_from(subject).unwrap())];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::CodeSigning];
        let vouches = fake_der::tlv(0x0c, &[ISSUER.as_bytes()]);
        params.custom_extensions = vec![CustomExtension::from_oid_content(&[1, 3, 6, 1, 4, 1, 57264, 1, 8], vouches)];
        let moment = |time: Timestamp| std::time::SystemTime::from(time).into();
        (params.not_before, params.not_after) = (moment(now), moment(now + self.life));
        let certificate = params.signed_by(&Spki(key.der().to_vec()), &self.issuer).unwrap();
        let chain = json!({"chain": {"certificates": [pem_of(certificate.der()), pem_of(&self.root)]}});
        json!({"signedCertificateDetachedSct": chain}).to_string().into_bytes()
    }

    /// What Fulcio does with a request.
    fn fulcio(&self, body: &[u8]) -> Vec<u8> {
        let request: Value = serde_json::from_slice(body).unwrap();
        let asked = &request["publicKeyRequest"];
        let key = PublicKey::from_pem(asked["publicKey"]["content"].as_str().unwrap().as_bytes()).unwrap();
        let token = request["credentials"]["oidcIdentityToken"].as_str().unwrap();
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        let subject = claims["email"].as_str().unwrap();
        let proof = STANDARD.decode(asked["proofOfPossession"].as_str().unwrap()).unwrap();
        assert!(key.verifies(subject.as_bytes(), &proof), "the proof of possession is over the name");
        self.certify(&key, subject, Timestamp::now())
    }

    /// What Rekor does: a log with one entry.
    fn rekor(&self, body: &[u8]) -> Vec<u8> {
        let request: Value = serde_json::from_slice(body).unwrap();
        let asked = &request["hashedRekordRequestV002"];
        let data = json!({"algorithm": "SHA2_256", "digest": asked["digest"]});
        let record = json!({"data": data, "signature": asked["signature"]});
        let body =
            json!({"apiVersion": "0.0.2", "kind": "hashedrekord", "spec": {"hashedRekordV002": record}}).to_string();
        let root = sha256(&[&[0], body.as_bytes()].concat());
        let note = format!("rekor.example\n1\n{}\n", to_base64(&root));
        let signature = self.log.sign(&Message::Bytes(note.as_bytes())).unwrap().bytes;
        let id = sha256(self.log.public().der());
        let checkpoint = format!("{note}\n— rekor.example {}\n", to_base64(&[&id[..4], &signature].concat()));
        let proof = json!({
            "logIndex": "0", "rootHash": to_base64(&root), "treeSize": "1", "hashes": [], "checkpoint": {"envelope": checkpoint},
        });
        let entry = json!({
            "logIndex": "0", "logId": {"keyId": to_base64(&id)}, "kindVersion": {"kind": "hashedrekord", "version": "0.0.2"},
            "integratedTime": "0", "inclusionPromise": null, "inclusionProof": proof, "canonicalizedBody": to_base64(body.as_bytes()),
        });
        serde_json::to_vec_pretty(&entry).unwrap()
    }

    /// A timestamp over these bytes.
    pub(super) fn stamp(&self, digest: &[u8]) -> Vec<u8> {
        fake_der::timestamp(digest, Timestamp::now(), &self.time, AUTHORITY, 7)
    }

    fn honest(&self, asked: &Asked) -> Reply {
        match asked.path.as_str() {
            FULCIO => Reply::Body(self.fulcio(&asked.body)),
            REKOR => Reply::Body(self.rekor(&asked.body)),
            TIMESTAMP => Reply::Body(self.stamp(&asked.body[24..56])),
            _ => Reply::Status(404, String::new()),
        }
    }
}

fn pem_of(der: &[u8]) -> String {
    pem::encode(&pem::Pem::new("CERTIFICATE", der))
}

impl Fake {
    /// Starts them; `reply` says what they answer to a path that was asked for so many times before.
    pub(super) fn start(life: SignedDuration, reply: impl Fn(&Asked, usize) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, authorities) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Authorities::new(life)));
        let (seen, honest) = (Arc::clone(&asked), Arc::clone(&authorities));
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let asked = read(&mut stream);
                let before = count(&seen.lock().unwrap(), &asked.path);
                seen.lock().unwrap().push(asked.path.clone());
                match reply(&asked, before) {
                    Reply::Honest => send(&mut stream, honest.honest(&asked)),
                    Reply::Silence => silent.push(stream),
                    other => send(&mut stream, other),
                }
            }
        });
        Self { folder: tempfile::tempdir().unwrap(), address, asked, authorities }
    }

    /// How often a path was asked for.
    pub(super) fn asked(&self, path: &str) -> usize {
        count(&self.asked.lock().unwrap(), path)
    }

    /// A file in its folder.
    pub(super) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// A token for somebody, good for so many seconds.
pub(super) fn token(email: &str, seconds: i64) -> String {
    let claims = json!({"iss": ISSUER, "sub": "7", "email": email, "aud": "sigstore", "exp": Timestamp::now().as_second() + seconds});
    format!("eyJhbGciOiJub25lIn0.{}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()), "s3cr3t".repeat(20))
}

fn count(paths: &[String], path: &str) -> usize {
    paths.iter().filter(|one| *one == path).count()
}

fn read(stream: &mut TcpStream) -> Asked {
    let mut reader = BufReader::new(stream);
    let (mut first, mut headers, mut length, mut line) = (String::new(), String::new(), 0, String::new());
    reader.read_line(&mut first).unwrap();
    while reader.read_line(&mut line).unwrap() > 2 {
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        headers.push_str(&lower);
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let head = first.clone() + &headers;
    let path = first.split(' ').nth(1).unwrap_or_default();
    Asked { path: path.split('?').next().unwrap_or_default().to_owned(), head, body }
}

fn send(stream: &mut TcpStream, reply: Reply) {
    let (status, body) = match reply {
        Reply::Status(status, text) => (status, text.into_bytes()),
        Reply::Body(body) => (200, body),
        Reply::Honest | Reply::Silence => return,
    };
    let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    // A client that has seen enough goes away.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body));
}
