//! Publishes built images in our own registry: nothing has a tag that is not signed and attested, and was not verified from outside.
//!
//! In: a built image. Out: its [`Publication`]. The order: blobs, manifests, index; signatures and statements; all of it read back and
//! judged by our own verifier; then the tags. Stopped after any step it can be run again and ends the same.

use std::sync::Arc;

use assemble::Catalogue;
use blob::Digest;
use jiff::Timestamp;
use plan::{Attested, Publication};
use registry::{Place, Reader, Store};
use signing::Signer;

use crate::attach::attach;
use crate::image_build::BuiltImage;
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
}

impl Publisher {
    /// Publishes an image that was built from `catalogue`; `published` is what its tags point to now.
    pub async fn publish(
        &self,
        built: BuiltImage,
        catalogue: &Arc<Catalogue>,
        published: Option<Publication>,
        times: BuildTimes,
    ) -> Result<Publication, Failure> {
        let (built, store) = (Arc::new(built), Arc::clone(&self.store));
        let repository = publish::repository(&built)?;
        let place = Place::Store(Arc::clone(&store), repository.clone());
        let work = Arc::clone(&built);
        blocking(move || publish::push(&store, &repository, &work)).await?;
        let attested = self.attest(&place, &built, catalogue, times).await?;
        self.verify(&place, &built).await?;
        let store = Arc::clone(&self.store);
        blocking(move || publish::tag(&store, &built, attested, published.as_ref(), Timestamp::now())).await
    }

    async fn attest(
        &self,
        place: &Place,
        built: &Arc<BuiltImage>,
        catalogue: &Arc<Catalogue>,
        times: BuildTimes,
    ) -> Result<Attested, Failure> {
        let name = self.full_name(built.definition.repository());
        let (work, catalogue, public) = (Arc::clone(built), Arc::clone(catalogue), name.clone());
        let subjects = blocking(move || subjects(&work, &public, &catalogue, times)).await?;
        let manifests = attach(place, &name, subjects, &self.signers).await?;
        Ok(Attested { name, signers: self.signer_names(), manifests })
    }

    /// From outside: what is read is what anybody would read.
    async fn verify(&self, place: &Place, built: &BuiltImage) -> Result<(), Failure> {
        let name = self.full_name(built.definition.repository());
        let expected = Expected { name: &name, signers: &self.signers };
        let children = built.platforms.iter().map(|platform| &platform.image.descriptor.digest);
        let all: Vec<&Digest> = children.chain([&built.descriptor.digest]).collect();
        verify_published(&Reader::open(place).await?, &expected, &all).await
    }

    /// Whether an image is signed as it would be now, and all of that is there.
    pub fn is_current(&self, published: &Publication) -> bool {
        published.attested.name == self.full_name(&published.repository)
            && published.attested.signers == self.signer_names()
            && is_attached(&self.store, published)
    }

    fn full_name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.name)
    }

    fn signer_names(&self) -> Vec<String> {
        let all = self.signers.release.iter().chain(&self.signers.statement);
        all.map(|signer| signer_name(signer.as_ref())).collect()
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
