//! Copies images with everything that belongs to them, between registries, image layouts and the store: not a byte becomes another one.
//!
//! In: where from, where to, and which tags. Out: the same manifests under the same digests, all platforms, everything that speaks about
//! them, and signatures under tags of their own; the tags themselves last. Nothing is sent that is there. After an interruption the
//! same call ends the same.

mod blobs;
mod error;
mod events;
mod graph;
mod manifests;
mod tags;
mod together;
mod walk;

use std::path::PathBuf;

pub use error::CopyError;
pub use events::{CopyEvent, CopyReporter, CopySummary};
use manifests::Plan;
use oci::Tag;

use super::Named;
use super::reader::{Place, Reader};

/// What is copied beside the images, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOptions {
    /// Find out what would be sent, and send nothing.
    pub dry_run: bool,
    /// What speaks about the images and their platforms, and what speaks about that.
    pub with_referrers: bool,
    /// What is tagged `sha256-<hex>.sig`, `.att` or `.sbom` for a digest that is copied.
    pub with_signature_tags: bool,
    /// The folder for blobs on their way between two registries; by default the system's for temporary files.
    pub scratch: Option<PathBuf>,
}

impl Default for CopyOptions {
    fn default() -> Self {
        Self { dry_run: false, with_referrers: true, with_signature_tags: true, scratch: None }
    }
}

/// Copies what `tags` names: each source tag or digest, and the tags that point to it in the target; there may be none.
/// `reporter` is told what happens while it happens.
pub async fn copy(
    source: &Place,
    target: &Place,
    tags: &[(Named, Vec<Tag>)],
    options: &CopyOptions,
    reporter: &dyn CopyReporter,
) -> Result<CopySummary, CopyError> {
    copy_untagged(source, target, tags, options, reporter).await?.move_tags().await
}

/// The same but for the tags that were asked for, which have not moved yet: so what is in the target can be looked at before anybody
/// else does.
pub async fn copy_untagged<'a>(
    source: &Place,
    target: &Place,
    tags: &[(Named, Vec<Tag>)],
    options: &'a CopyOptions,
    reporter: &'a dyn CopyReporter,
) -> Result<Untagged<'a>, CopyError> {
    let source = Reader::open(source).await?;
    let target = Reader::of_target(target, options.dry_run).await?;
    let graph = walk::walk(&source, tags, options, reporter).await?;
    let job = Job { source, target, options, reporter };
    let mut summary = CopySummary { missing: graph.missing.clone(), ..CopySummary::default() };
    let plan = job.plan(graph).await?;
    job.send_blobs(&plan, &mut summary).await?;
    job.write_manifests(&plan, &mut summary).await?;
    job.move_tags(&plan, &plan.signature_tags, &mut summary).await?;
    Ok(Untagged { job, plan, summary })
}

/// A copy of which everything is in the target but the tags that were asked for.
pub struct Untagged<'a> {
    job: Job<'a>,
    plan: Plan,
    summary: CopySummary,
}

impl Untagged<'_> {
    /// Moves the tags.
    pub async fn move_tags(mut self) -> Result<CopySummary, CopyError> {
        self.job.move_tags(&self.plan, &self.plan.tags, &mut self.summary).await?;
        Ok(self.summary)
    }
}

/// One copy under way.
struct Job<'a> {
    source: Reader,
    target: Reader,
    options: &'a CopyOptions,
    reporter: &'a dyn CopyReporter,
}

impl Job<'_> {
    /// How many things are done at a time.
    fn parallel(&self) -> usize {
        self.source.parallel().max(self.target.parallel())
    }
}
