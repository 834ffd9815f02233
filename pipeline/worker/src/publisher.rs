//! Publishes built images in our own registry: nothing has a tag that was not scanned, is not signed and attested, and was not verified from
//! outside.
//!
//! In: a built image. Out: its [`Publication`]. The order: the scan and the gate; blobs, manifests, index; signatures and statements; all of
//! it read back and judged by our own verifier; then the tags; then the ledger. Stopped after any step it can be run again and ends the same.

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use plan::{Attested, Publication, Reason};
use registry::{Place, Reader, Store};
use scan::{Moments, Overridden, Override, Verdict};
use signing::Signer;
use store::{Event, EventKind, PublishedImage};

use crate::attach::attach;
use crate::image_build::BuiltImage;
use crate::scanning::{Said, Scannable, ScannedPlatform, Scanner, admit, sayings, withdrawn};
use crate::served::is_attached;
use crate::statements::subjects;
use crate::verified::{Expected, verify_published};
use crate::{BuildTimes, Failure, Signers, blocking, publish};

/// Signs and publishes.
#[derive(Clone)]
pub struct Publisher {
    /// Our registry.
    pub store: Arc<Store>,
    /// Who signs.
    pub signers: Arc<Signers>,
    /// The canonical public name: `HOST`, or `HOST/PREFIX`.
    pub name: Arc<str>,
    /// Scans, and remembers.
    pub scanner: Scanner,
}

/// A scan of what was built.
struct Scan {
    at: Timestamp,
    platforms: Vec<ScannedPlatform>,
    verdict: Verdict,
}

impl Publisher {
    /// Publishes an image that was built for `reasons`; `published` is what its tags point to now.
    pub async fn publish(
        &self,
        built: BuiltImage,
        published: Option<Publication>,
        reasons: &[Reason],
        times: BuildTimes,
    ) -> Result<Publication, Failure> {
        let built = Arc::new(built);
        let scan = self.scan(&built, published.as_ref()).await?;
        let (store, repository) = (Arc::clone(&self.store), publish::repository(&built)?);
        let place = Place::Store(Arc::clone(&store), repository.clone());
        let work = Arc::clone(&built);
        blocking(move || publish::push(&store, &repository, &work)).await?;
        let attested = self.attest(&place, &built, &scan, reasons, times).await?;
        // Not before it is said: a rescan takes what is remembered for what is said.
        self.scanner.remember(&built.lock.name, &scan.platforms, &scan.verdict, scan.at).await?;
        self.verify(&place, &built).await?;
        let signed = Timestamp::now();
        let (store, former) = (Arc::clone(&self.store), published.clone());
        let made =
            blocking(move || publish::tag(&store, &built, attested, published.as_ref(), Timestamp::now())).await?;
        let moments = Moments {
            decided: Some(times.started),
            built: Some(times.finished),
            scanned: Some(scan.at),
            signed: Some(signed),
            tagged: made.published,
        };
        self.record(&made, former.as_ref(), &scan, &PublishedImage::of(&made, moments, reasons)).await;
        Ok(made)
    }

    /// Scans what was built, and lets the gate judge it.
    async fn scan(&self, built: &Arc<BuiltImage>, published: Option<&Publication>) -> Result<Scan, Failure> {
        let at = Timestamp::now();
        let (scanner, work) = (self.scanner.clone(), Arc::clone(built));
        blocking(move || {
            let keep = |it: &crate::BuiltPlatform| scanner.paths.keep(&it.image.descriptor.digest, &it.tree.tree);
            work.platforms.iter().try_for_each(keep)
        })
        .await?;
        let image = Scannable::built(built, &self.full_name(built.definition.repository()));
        let platforms = self.scanner.scan(image, at).await?;
        let verdict = self.scanner.judge(&built.lock.name, &platforms, published, at).await?;
        if let Err(refused) = admit(&verdict) {
            // What is said of a manifest under the tags is still what it was.
            let is_tagged = |it: &ScannedPlatform| {
                published
                    .is_some_and(|published| published.platforms.values().any(|tagged| tagged.manifest == it.manifest))
            };
            let new: Vec<ScannedPlatform> = platforms.into_iter().filter(|it| !is_tagged(it)).collect();
            self.scanner.remember(&built.lock.name, &new, &verdict, at).await?;
            return Err(refused);
        }
        Ok(Scan { at, platforms, verdict })
    }

    async fn attest(
        &self,
        place: &Place,
        built: &Arc<BuiltImage>,
        scan: &Scan,
        reasons: &[Reason],
        times: BuildTimes,
    ) -> Result<Attested, Failure> {
        let name = self.full_name(built.definition.repository());
        let (work, catalogue, public) = (Arc::clone(built), Arc::clone(&self.scanner.catalogue), name.clone());
        let why = reasons.to_vec();
        let mut subjects = blocking(move || subjects(&work, &public, &catalogue, times, &why)).await?;
        let said = Said {
            name: &name,
            index: &built.descriptor.digest,
            scanned: &scan.platforms,
            verdict: &scan.verdict,
            created: built.platforms.iter().map(|it| it.image.created).max().unwrap_or_default(),
        };
        let mut sayings = sayings(&said)?;
        for subject in &mut subjects {
            subject.statements.extend(sayings.remove(&subject.descriptor.digest).unwrap_or_default());
            subject.withdrawn = withdrawn(&subject.statements);
        }
        let manifests = attach(place, &name, subjects, &self.signers).await?;
        let standing = scan.platforms.first().map(|it| it.report.standing);
        Ok(Attested { name, signers: self.signer_names(), manifests, scan: standing })
    }

    /// Tells the ledger. The tags have moved: what cannot be written now is told, and written before the next wave.
    async fn record(&self, made: &Publication, former: Option<&Publication>, scan: &Scan, published: &PublishedImage) {
        if let Err(failure) = self.record_all(made, former, published).await {
            tracing::error!(image = made.image, "the ledger does not know of a publication yet: {}", failure.chain());
        }
        for overridden in &scan.verdict.overridden {
            let event = override_used(&made.image, overridden, scan.at);
            tracing::warn!("{}", event.line);
            if let Err(error) = self.scanner.ledger.record_event(&event).await {
                tracing::error!(image = made.image, "the ledger does not know of an override: {error}");
            }
        }
    }

    /// What was published before goes first: the ledger may have been lost since, and its lags begin there.
    async fn record_all(
        &self,
        made: &Publication,
        former: Option<&Publication>,
        published: &PublishedImage,
    ) -> Result<(), Failure> {
        if let Some(former) = former {
            self.recall(former).await?;
        }
        self.scanner.ledger.published(published).await?;
        self.scanner.account(made, None).await
    }

    /// From outside: what is read is what anybody would read.
    async fn verify(&self, place: &Place, built: &BuiltImage) -> Result<(), Failure> {
        let name = self.full_name(built.definition.repository());
        let expected = Expected { name: &name, signers: &self.signers };
        let children = built.platforms.iter().map(|platform| &platform.image.descriptor.digest);
        let all: Vec<&Digest> = children.chain([&built.descriptor.digest]).collect();
        verify_published(&Reader::open(place).await?, &expected, &all).await
    }

    /// What is not said of an image as it would be now: it is not signed by the present keys, or was not scanned.
    pub fn unsaid(&self, published: &Publication) -> Option<Reason> {
        let signed = published.attested.name == self.full_name(&published.repository)
            && published.attested.signers == self.signer_names()
            && is_attached(&self.store, published);
        match (signed, published.attested.scan) {
            (false, _) => Some(Reason::NotSigned),
            (true, None) => Some(Reason::NotScanned),
            (true, Some(_)) => None,
        }
    }

    fn full_name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.name)
    }

    fn signer_names(&self) -> Vec<String> {
        let all = self.signers.release.iter().chain(&self.signers.statement);
        all.map(|signer| signer_name(signer.as_ref())).collect()
    }
}

/// Somebody's word let an image through.
fn override_used(image: &str, overridden: &Overridden, at: Timestamp) -> Event {
    let Overridden { reason, by: Override { name, reason: why, expires, .. } } = overridden;
    Event {
        at,
        image: Some(image.to_owned()),
        platform: None,
        kind: EventKind::OverrideUsed,
        line: format!("{image} published by an override of {name} until {expires} ({why}): {reason}"),
        detail: serde_json::to_value(overridden).ok(),
    }
}

/// What tells a signer from others.
fn signer_name(signer: &dyn Signer) -> String {
    match (signer.public_key(), signer.identity()) {
        (Some(key), _) => key.id().to_string(),
        (None, Some(identity)) => identity.to_string(),
        (None, None) => format!("{signer:?}"),
    }
}
