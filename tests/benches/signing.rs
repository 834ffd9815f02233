//! How fast is signing, and how fast is verifying? Beside cosign, in the same run.
//!
//! `cargo build --release && cargo bench -p tests --bench signing`. The registry is ours, in this process, over loopback, on the same cores.
//! cosign is the one that `tests/tools.sh` brought; without it its lines say `not run`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may stop, and prints")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use blob::Digest;
use jiff::Timestamp;
use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX, MEDIA_TYPE_LAYER,
    MEDIA_TYPE_MANIFEST, Repository, Tag,
};
use registry::{ListenSettings, Service, Store};
use signing::{
    COSIGN_SIGNATURE, CYCLONEDX, Document, KeyPair, OPENVEX, PROVENANCE, SPDX, Statement, Subject,
    VULNERABILITY_REPORT, sign_classic, sign_image, sign_statement, write_classic, write_referrer,
};

/// The least of so many runs counts.
const RUNS: usize = 15;
/// So many images are verified together.
const IMAGES: usize = 100;
/// The documents of all images but the first are so much smaller.
const SMALLER: usize = 10;
/// What is said about each manifest, and how many bytes a document of a middling image has.
const STATEMENTS: [(&str, usize); 5] =
    [(SPDX, 1_500_000), (CYCLONEDX, 100_000), (PROVENANCE, 60_000), (OPENVEX, 20_000), (VULNERABILITY_REPORT, 20_000)];

fn main() {
    let (release, statement) = (KeyPair::from_seed(&[1; 32]).unwrap(), KeyPair::from_seed(&[2; 32]).unwrap());
    println!("{:<66} {:>10} {:>8}", "what", "ms", "ratio");
    let subjects: [Digest; 3] = [Digest::of("index"), Digest::of("amd64"), Digest::of("arm64")];
    let signed = least(|| assert!(attested(&subjects, &release, &statement) > 0));
    row("sign and attest an index of two platforms, all statements (CPU)", signed, None);
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
    let names: Vec<String> = (0..IMAGES).map(|number| publish(&store, number, &release, &statement)).collect();
    let key = folder.path().join("release.pub");
    std::fs::write(&key, signing::Signer::public_key(&release).unwrap().to_pem()).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let address = runtime.block_on(serve(store));
    let references: Vec<String> = names.iter().map(|name| format!("{address}/{name}:1")).collect();
    verify(&references, &key, folder.path());
}

fn verify(references: &[String], key: &Path, home: &Path) {
    let ours = |references: &[String], more: &[&str]| {
        let mut command = Command::new(tests::binary());
        command.args(["verify", "--key"]).arg(key).args(more).args(references).current_dir(home);
        least(|| must(&mut command))
    };
    let one = ours(&references[..1], &[]);
    row("bedplate verify: index, two platforms, all that is said", one, None);
    let narrow = ours(&references[..1], &["--platform", "linux/amd64"]);
    row("bedplate verify --platform: index and one platform", narrow, None);
    for (name, path) in [("cosign 3", "forky/usr/bin/cosign"), ("cosign 2", "trixie/usr/bin/cosign")] {
        let Some(program) = brought(path) else {
            println!("{name} verify: not run: tests/tools.sh brings it");
            continue;
        };
        let mut command = Command::new(program);
        command.args(["verify", "--insecure-ignore-tlog=true", "--allow-http-registry", "--key"]).arg(key);
        command.arg(&references[0]).env("HOME", home);
        let cosign = least(|| must(&mut command));
        row(&format!("{name} verify: the index only"), cosign, Some(cosign.as_secs_f64() / one.as_secs_f64()));
    }
    let many = ours(references, &[]);
    row(&format!("bedplate verify: {IMAGES} images in one call"), many, None);
}

fn row(what: &str, took: Duration, ratio: Option<f64>) {
    let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
    println!("{what:<66} {:>10.1} {ratio:>8}", took.as_secs_f64() * 1e3);
}

fn least(mut work: impl FnMut()) -> Duration {
    let mut once = || {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..RUNS).map(|_| once()).min().unwrap()
}

fn must(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn brought(path: &str) -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tools");
    let folder = std::env::var_os("BEDPLATE_TOOLS").map_or(default, PathBuf::from);
    Some(folder.join(path)).filter(|path| path.is_file())
}

/// A document of so many bytes, as JSON.
fn document(bytes: usize) -> Document {
    Document::new(&format!(r#"{{"text":"{}"}}"#, "x".repeat(bytes))).unwrap()
}

/// Bundle and classic signature of each subject, and a bundle of each statement about it.
fn attested(subjects: &[Digest], release: &KeyPair, statement: &KeyPair) -> usize {
    let one = |digest: &Digest| {
        let signature = sign_image(release, digest, "images.example/python").unwrap().to_bytes().len();
        let classic = sign_classic(release, digest, "images.example/python").unwrap().1.len();
        let said = STATEMENTS.iter().map(|(kind, bytes)| said(digest, kind, *bytes, statement).len());
        signature + classic + said.sum::<usize>()
    };
    subjects.iter().map(one).sum()
}

fn said(digest: &Digest, kind: &str, bytes: usize, signer: &KeyPair) -> Vec<u8> {
    let subject = vec![Subject::named("images.example/python", digest)];
    let statement = Statement::of_document(kind, subject, document(bytes));
    sign_statement(signer, statement.to_bytes()).unwrap().to_bytes()
}

/// An image with everything beside it. What it is called.
fn publish(store: &Store, number: usize, release: &KeyPair, statement: &KeyPair) -> String {
    let name = format!("image-{number}");
    let repository: Repository = name.parse().unwrap();
    let children = ["linux/amd64", "linux/arm64"].map(|platform| manifest(store, &repository, platform, number));
    let index =
        store.put_manifest(&repository, &ImageIndex::new(children.to_vec()).to_bytes(), MEDIA_TYPE_INDEX).unwrap();
    store.put_bytes(&repository, oci::EMPTY_JSON).unwrap();
    for subject in std::iter::once(&index).chain(&children) {
        let smaller = if number == 0 { 1 } else { SMALLER };
        attach(store, &repository, subject, [release, statement], smaller);
    }
    store.tag(&repository, &"1".parse().unwrap(), &index).unwrap();
    name
}

fn manifest(store: &Store, repository: &Repository, platform: &str, number: usize) -> Descriptor {
    let layer = format!("{platform} {number}");
    let config = ImageConfig::new(platform.parse().unwrap(), vec![Digest::of(&layer)]).to_bytes();
    for bytes in [layer.as_bytes(), &config] {
        store.put_bytes(repository, bytes).unwrap();
    }
    let layers = vec![Descriptor::of(MEDIA_TYPE_LAYER, layer.as_bytes())];
    let manifest = ImageManifest::new(Descriptor::of(MEDIA_TYPE_CONFIG, &config), layers).to_bytes();
    let put = store.put_manifest(repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
    put.with_platform(platform.parse().unwrap())
}

fn attach(
    store: &Store,
    repository: &Repository,
    subject: &Descriptor,
    [release, statement]: [&KeyPair; 2],
    smaller: usize,
) {
    // Without a name in it: the registry's port is not known yet, and cosign writes none either.
    let bare = Statement::new(vec![Subject::of(&subject.digest)], signing::CosignSignature {});
    refer(store, repository, subject, COSIGN_SIGNATURE, &sign_statement(release, bare.to_bytes()).unwrap().to_bytes());
    for (kind, bytes) in STATEMENTS {
        let said = Statement::of_document(kind, vec![Subject::of(&subject.digest)], document(bytes / smaller));
        refer(store, repository, subject, kind, &sign_statement(statement, said.to_bytes()).unwrap().to_bytes());
    }
    let (signature, payload) = sign_classic(release, &subject.digest, "images.example/python").unwrap();
    let artifact = write_classic(&[signature]);
    for bytes in [&payload, &artifact.config] {
        store.put_bytes(repository, bytes).unwrap();
    }
    let put = store.put_manifest(repository, &artifact.manifest.to_bytes(), MEDIA_TYPE_MANIFEST).unwrap();
    store.tag(repository, &Tag::attached(&subject.digest, "sig").unwrap(), &put).unwrap();
}

fn refer(store: &Store, repository: &Repository, subject: &Descriptor, kind: &str, bundle: &[u8]) {
    store.put_bytes(repository, bundle).unwrap();
    let manifest = write_referrer(bundle, kind, subject.clone(), Timestamp::UNIX_EPOCH).to_bytes();
    store.put_manifest(repository, &manifest, MEDIA_TYPE_MANIFEST).unwrap();
}

async fn serve(store: Arc<Store>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(tests::serve_registry(listener, Service::new(store), ListenSettings::default()));
    address
}
