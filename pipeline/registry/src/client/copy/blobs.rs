//! The blobs of a copy: each once, only where its manifest lacks it, by the cheapest way there is.
//!
//! In: a plan. Out: every blob of it in the target: it was there, it was mounted or linked, or it was sent.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use blob::Digest;
use oci::{Descriptor, Repository};
use tempfile::NamedTempFile;

use super::manifests::{Needed, Plan};
use super::together::together;
use super::{CopyError, CopyEvent, CopySummary, Job};
use crate::client::auth::Need;
use crate::client::error::During;
use crate::client::reader::{End, Local, embedded};
use crate::store::files;
use crate::{BlobSource, ClientError, ClientFault, Pushed, Remote};

/// A blob that is not larger is kept in memory on its way.
const SMALL: u64 = 1024 * 1024;

impl Job<'_> {
    /// Brings all blobs that the plan needs.
    pub(super) async fn send_blobs(&self, plan: &Plan, summary: &mut CopySummary) -> Result<(), CopyError> {
        let sent = plan.blobs.iter().map(|needed| async move {
            let (digest, size) = (needed.blob.digest.clone(), needed.blob.size);
            self.reporter.event(CopyEvent::BlobStarted { digest: digest.clone(), size });
            let outcome =
                if self.options.dry_run { self.foresee(needed).await? } else { Box::pin(self.bring(needed)).await? };
            if let Some(outcome) = outcome {
                self.reporter.event(CopyEvent::BlobFinished { digest, outcome });
            }
            Ok::<_, CopyError>((outcome, size))
        });
        let sent = together(sent, self.parallel()).await?;
        for (outcome, size) in sent {
            if let Some(outcome) = outcome {
                summary.count(outcome, size);
            }
        }
        Ok(())
    }

    /// What would be done.
    async fn foresee(&self, needed: &Needed) -> Result<Option<Pushed>, CopyError> {
        if self.target_has(&needed.blob).await? {
            return Ok(Some(Pushed::Present));
        }
        let is_near = self.shares_registry()
            || matches!(&self.target.end, End::Remote(target) if target.registry.remembered(&needed.blob.digest).is_some());
        Ok(Some(if is_near { Pushed::Mounted } else { Pushed::Sent(needed.blob.size) }))
    }

    async fn target_has(&self, blob: &Descriptor) -> Result<bool, CopyError> {
        match &self.target.end {
            End::Remote(remote) => has(remote, blob, &remote.writing()).await,
            End::Local(local) => Ok(local.blob_path(blob).await?.is_some()),
        }
    }

    /// Whether both ends are in one registry, or in one store.
    fn shares_registry(&self) -> bool {
        match (&self.source.end, &self.target.end) {
            (End::Remote(source), End::Remote(target)) => source.shares_registry(target),
            (End::Local(source), End::Local(target)) => Arc::ptr_eq(&source.store, &target.store),
            _ => false,
        }
    }

    /// Nothing where the blob may be left out, and is not in the source.
    async fn bring(&self, needed: &Needed) -> Result<Option<Pushed>, CopyError> {
        match &self.target.end {
            End::Local(target) => self.bring_to_disk(target, needed).await,
            End::Remote(target) => self.bring_to_registry(target, needed).await,
        }
    }

    async fn bring_to_disk(&self, target: &Local, needed: &Needed) -> Result<Option<Pushed>, CopyError> {
        let blob = &needed.blob;
        if let Some(there) = target.reuse(blob).await? {
            return Ok(Some(there));
        }
        if let Some(bytes) = embedded(blob) {
            target.put_bytes(blob, bytes.into()).await?;
            return Ok(Some(Pushed::Sent(blob.size)));
        }
        if !self.can_give(needed).await? {
            return self.left_out(needed);
        }
        match &self.source.end {
            End::Local(source) => {
                target.put_file(blob, source.store.blob_path(&source.repository, &blob.digest)).await?;
            }
            End::Remote(source) => self.download(source, target, blob).await?,
        }
        Ok(Some(Pushed::Sent(blob.size)))
    }

    /// A blob comes into a file beside its place, and gets its name when every byte was seen.
    async fn download(&self, source: &Remote, target: &Local, blob: &Descriptor) -> Result<(), CopyError> {
        // Held until the file has its name: else somebody may take it for one that a crash left.
        let (_writing, file) = target.run(|store, _| Ok((store.writing()?, files::temporary_in(&store.root)?))).await?;
        let writer = file.as_file().try_clone().map_err(files::at(file.path(), "written"))?;
        let mut writer = tokio::fs::File::from_std(writer);
        source.pull_blob(blob, &mut writer, &self.reading(&blob.digest)).await?;
        target.put_file(blob, file.path().to_owned()).await
    }

    /// The bytes are fetched when it turns out that they are needed.
    async fn bring_to_registry(&self, target: &Remote, needed: &Needed) -> Result<Option<Pushed>, CopyError> {
        let blob = &needed.blob;
        if !self.can_give(needed).await? {
            return self.left_out(needed);
        }
        let neighbour = match &self.source.end {
            End::Remote(source) if source.shares_registry(target) => Some(source.repository().clone()),
            _ => None,
        };
        let keeper = Mutex::new(None);
        let fetch = async {
            let (source, file) = self.fetch(blob).await?;
            *keeper.lock().unwrap_or_else(PoisonError::into_inner) = file;
            Ok(source)
        };
        let progress = |bytes| self.reporter.event(CopyEvent::BlobSent { digest: blob.digest.clone(), bytes });
        let neighbours: Vec<Repository> = neighbour.into_iter().collect();
        let pushed = Box::pin(target.push_fetched(blob, fetch, &neighbours, &progress)).await?;
        Ok(Some(pushed))
    }

    /// Whether the source has the blob; one that must be there is not asked about, but taken.
    async fn can_give(&self, needed: &Needed) -> Result<bool, CopyError> {
        let blob = &needed.blob;
        if embedded(blob).is_some() {
            return Ok(true);
        }
        match &self.source.end {
            End::Local(source) => Ok(source.blob_path(blob).await?.is_some()),
            End::Remote(_) if needed.required => Ok(true),
            End::Remote(source) => has(source, blob, &source.reading()).await,
        }
    }

    /// The bytes, and the file that keeps them as long as they are needed.
    async fn fetch(&self, blob: &Descriptor) -> Result<(BlobSource, Option<NamedTempFile>), ClientError> {
        if let Some(bytes) = embedded(blob) {
            return Ok((BlobSource::Bytes(bytes.into()), None));
        }
        let source = match &self.source.end {
            End::Remote(source) => source,
            End::Local(source) => {
                return Ok((BlobSource::File(source.store.blob_path(&source.repository, &blob.digest)), None));
            }
        };
        if blob.size <= SMALL {
            let mut bytes = Vec::new();
            source.pull_blob(blob, &mut bytes, &self.reading(&blob.digest)).await?;
            return Ok((BlobSource::Bytes(bytes.into()), None));
        }
        let (file, mut writer) = self.scratch_file().during(|| format!("keep the blob `{}`", blob.digest))?;
        source.pull_blob(blob, &mut writer, &self.reading(&blob.digest)).await?;
        Ok((BlobSource::File(file.path().to_owned()), Some(file)))
    }

    fn scratch_file(&self) -> Result<(NamedTempFile, tokio::fs::File), ClientFault> {
        let folder = self.options.scratch.clone().unwrap_or_else(std::env::temp_dir);
        let fault = |reason: io::Error| ClientFault::Local {
            what: format!("`{}`", folder.display()),
            action: "written to",
            reason,
        };
        let file = NamedTempFile::new_in(&folder).map_err(fault)?;
        let writer = file.as_file().try_clone().map_err(fault)?;
        Ok((file, tokio::fs::File::from_std(writer)))
    }

    fn reading(&self, digest: &Digest) -> impl Fn(u64) + Send + Sync {
        let digest = digest.clone();
        move |bytes| self.reporter.event(CopyEvent::BlobRead { digest: digest.clone(), bytes })
    }

    fn left_out(&self, needed: &Needed) -> Result<Option<Pushed>, CopyError> {
        if !needed.required {
            return Ok(None);
        }
        let (manifest, blob) = (needed.named_by.clone(), needed.blob.digest.clone());
        Err(CopyError::NoBlob { place: self.source.name(), manifest, blob })
    }
}

async fn has(remote: &Remote, blob: &Descriptor, need: &Need) -> Result<bool, CopyError> {
    let found = remote.has_blob(blob, need).await;
    Ok(found.during(|| format!("look for the blob `{}` of `{remote}`", blob.digest))?)
}
