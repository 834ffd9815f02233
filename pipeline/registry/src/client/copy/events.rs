//! What a copy tells while it runs, and at its end.
//!
//! In: nothing. Out: events for whoever draws bars, and a summary for whoever reads it afterwards.

use blob::Digest;
use oci::Tag;

use crate::Pushed;

/// Something that happened in a copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyEvent {
    /// All manifests are known; so much of them the target lacks. Blobs may turn out to be there.
    Planned {
        /// How many blobs.
        blobs: usize,
        /// How many bytes they have.
        bytes: u64,
        /// How many manifests.
        manifests: usize,
        /// How many tags point to something else in the target, or are not there.
        tags: usize,
    },
    /// A blob's turn has come.
    BlobStarted {
        /// Which.
        digest: Digest,
        /// How many bytes it has.
        size: u64,
    },
    /// So many bytes of a blob came from the source's registry.
    BlobRead {
        /// Which.
        digest: Digest,
        /// Bytes from the start.
        bytes: u64,
    },
    /// So many bytes of a blob went to the target's registry.
    BlobSent {
        /// Which.
        digest: Digest,
        /// Bytes from the start; fewer than before where some were lost.
        bytes: u64,
    },
    /// The target has a blob, or, in a dry run, would have.
    BlobFinished {
        /// Which.
        digest: Digest,
        /// How it came there.
        outcome: Pushed,
    },
    /// A manifest was written.
    ManifestWritten {
        /// Which.
        digest: Digest,
        /// How many bytes it has.
        size: u64,
    },
    /// A tag points to a manifest.
    TagMoved {
        /// The tag.
        tag: Tag,
        /// What it points to.
        digest: Digest,
    },
    /// The source names a manifest that it does not have.
    Missing {
        /// Which.
        digest: Digest,
        /// Where it is named.
        named_by: Digest,
    },
}

/// Is told what happens in a copy. It is called from whatever task is at work, and must return at once.
pub trait CopyReporter: Send + Sync {
    /// Something happened.
    fn event(&self, event: CopyEvent);
}

/// Nobody is told.
impl CopyReporter for () {
    fn event(&self, _: CopyEvent) {}
}

/// What a copy did; in a dry run, what it would have done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CopySummary {
    /// Blobs that were sent.
    pub sent_blobs: usize,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Blobs that the target had. Blobs of manifests that it had are not counted: nobody looked.
    pub reused_blobs: usize,
    /// Their bytes.
    pub reused_bytes: u64,
    /// Blobs that the target took from one of its other repositories.
    pub mounted_blobs: usize,
    /// Their bytes.
    pub mounted_bytes: u64,
    /// Manifests that were written, referrers and signatures among them.
    pub manifests: usize,
    /// Manifests that the target had.
    pub reused_manifests: usize,
    /// Manifests among all these that speak about another one, or are a signature under a tag of its own.
    pub referrers: usize,
    /// Tags that were moved or made, those of signatures among them.
    pub tags: usize,
    /// Manifests that are named in the source and are not there.
    pub missing: Vec<Digest>,
}

impl CopySummary {
    /// Counts a blob.
    pub(super) fn count(&mut self, outcome: Pushed, size: u64) {
        let (blobs, bytes) = match outcome {
            Pushed::Sent(_) => (&mut self.sent_blobs, &mut self.sent_bytes),
            Pushed::Present => (&mut self.reused_blobs, &mut self.reused_bytes),
            Pushed::Mounted => (&mut self.mounted_blobs, &mut self.mounted_bytes),
        };
        *blobs += 1;
        *bytes += size;
    }
}
