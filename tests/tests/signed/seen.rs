//! Looks at a store from outside, as whoever pulls does: each image tag must lead to something that the public keys verify.
//!
//! In: a state folder. Out: every image tag with its digest, and how often each of our signers said each thing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use blob::Digest;
use jiff::Timestamp;
use oci::{ManifestDocument, Repository, Tag};
use registry::{Place, Reader, Store};
use signing::{Artifact, Form, Policy};
use tokio::task::JoinHandle;
use worker::{Signers, SigningSettings, gather_evidence};

use crate::machine::HOST;

/// What a state folder's own keys are believed about.
pub(crate) fn policy(state: &Path) -> Policy {
    Signers::open(&SigningSettings::default(), state).unwrap().policy(HOST)
}

/// What our keys say about one manifest: how often each type is said, by form and signer.
pub(crate) type Said = BTreeMap<(String, String), usize>;

/// Every image tag, and what is said about the index that it leads to and about each platform. It fails where anything is not verified.
pub(crate) async fn look(store: &Arc<Store>, policy: &Policy) -> BTreeMap<String, Vec<(Digest, Said)>> {
    let mut seen = BTreeMap::new();
    for repository in store.repositories().unwrap() {
        for tag in store.tags(&repository).unwrap() {
            if let Some(found) = image(store, &repository, &tag) {
                let mut said = Vec::new();
                for digest in found {
                    let counted = judged(store, &repository, &digest, policy).await;
                    said.push((digest, counted));
                }
                seen.insert(format!("{repository}:{tag}"), said);
            }
        }
    }
    seen
}

/// The index that a tag leads to, and its platforms; nothing where the tag is a signature's.
fn image(store: &Store, repository: &Repository, tag: &Tag) -> Option<Vec<Digest>> {
    if tag.as_str().starts_with("sha256-") {
        return None;
    }
    let index = store.resolve(repository, tag).unwrap()?;
    let stored = store.manifest(repository, &index.digest).unwrap().unwrap();
    let document = ManifestDocument::parse(&index.media_type, &stored.bytes).unwrap();
    let children = document.manifests().iter().map(|child| child.digest.clone());
    Some([index.digest.clone()].into_iter().chain(children).collect())
}

async fn judged(store: &Arc<Store>, repository: &Repository, digest: &Digest, policy: &Policy) -> Said {
    let place = Place::Store(Arc::clone(store), repository.clone());
    let evidence = gather_evidence(&Reader::open(&place).await.unwrap(), digest).await.unwrap();
    let artifact = Artifact { digest: digest.clone(), name: Some(format!("{HOST}/{repository}")), tag: None };
    let verification = signing::verify(&artifact, &evidence, policy, None, Timestamp::now());
    assert!(verification.accepted, "{}", verification.finding);
    let mut said = Said::new();
    for proof in verification.proofs {
        let form = if proof.form == Form::Classic { "classic" } else { "bundle" };
        *said.entry((format!("{form} {}", proof.predicate_type), proof.signer)).or_default() += 1;
    }
    said
}

/// Somebody who looks all the time.
pub(crate) struct Watcher {
    stop: Arc<AtomicBool>,
    task: JoinHandle<usize>,
}

impl Watcher {
    pub(crate) fn start(state: &Path, policy: Policy) -> Self {
        let (folder, stop) = (state.join("registry"), Arc::new(AtomicBool::new(false)));
        let until = Arc::clone(&stop);
        let task = tokio::spawn(async move {
            let mut looks = 0;
            while !until.load(Ordering::SeqCst) {
                // The folder may not be there yet: whoever looks makes nothing.
                if folder.is_dir() {
                    looks += look(&Arc::new(Store::open(&folder).unwrap()), &policy).await.len();
                }
                tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            }
            looks
        });
        Self { stop, task }
    }

    /// How many tags were verified; it fails where one could not be.
    pub(crate) async fn stop(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}
