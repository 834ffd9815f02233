//! The manifests of a copy: what the target lacks, and how it gets it.
//!
//! In: a graph. Out: a plan; and the manifests in the target, each after what it names, with the lists of who speaks about whom.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::{Descriptor, Tag};

use super::graph::{Graph, Node, Role};
use super::together::together;
use super::{CopyError, CopyEvent, CopySummary, Job};
use crate::client::error::During;
use crate::client::reader::End;
use crate::client::remote::Condition;
use crate::{Named, Remote};

/// A blob that a manifest needs which the target lacks.
#[derive(Debug)]
pub(super) struct Needed {
    pub(super) blob: Descriptor,
    pub(super) named_by: Digest,
    /// Whether the manifest is damaged without it.
    pub(super) required: bool,
}

/// What there is to do.
#[derive(Debug)]
pub(super) struct Plan {
    graph: Graph,
    /// The manifests that the target has, and lists where they speak about another.
    present: BTreeSet<Digest>,
    /// Blobs to bring, each once.
    pub(super) blobs: Vec<Needed>,
    /// Tags of signatures to move.
    pub(super) signature_tags: Vec<(Tag, Descriptor)>,
    /// Tags that were asked for, to move.
    pub(super) tags: Vec<(Tag, Descriptor)>,
}

impl Plan {
    /// The bytes of a manifest of the plan.
    pub(super) fn node(&self, digest: &Digest) -> Option<&Node> {
        self.graph.nodes.get(digest)
    }

    fn lacks(&self, node: &Node) -> bool {
        !self.present.contains(node.digest())
    }
}

impl Job<'_> {
    /// Looks at the target.
    pub(super) async fn plan(&self, graph: Graph) -> Result<Plan, CopyError> {
        let present = self.present(&graph).await?;
        self.remember(graph.nodes.values().filter(|node| present.contains(node.digest())));
        let blobs = needed(graph.nodes.values().filter(|node| !present.contains(node.digest())));
        let signature_tags = self.to_move(&graph.signature_tags).await?;
        let tags = self.to_move(&graph.tags).await?;
        let plan = Plan { graph, present, blobs, signature_tags, tags };
        self.reporter.event(CopyEvent::Planned {
            blobs: plan.blobs.len(),
            bytes: plan.blobs.iter().map(|needed| needed.blob.size).sum(),
            manifests: plan.graph.nodes.len() - plan.present.len(),
            tags: plan.signature_tags.len() + plan.tags.len(),
        });
        Ok(plan)
    }

    /// Where a manifest is its blobs are too: other repositories of that registry can take them from there.
    fn remember<'a>(&self, nodes: impl Iterator<Item = &'a Node>) {
        if let End::Remote(target) = &self.target.end {
            for blob in nodes.flat_map(|node| &node.blobs) {
                target.registry.remember(&blob.digest, &target.wire);
            }
        }
    }

    /// The manifests that the target has. One that speaks about another counts only if the target also says so when asked.
    async fn present(&self, graph: &Graph) -> Result<BTreeSet<Digest>, CopyError> {
        let there = graph.nodes.keys().map(|digest| async move {
            Ok::<_, CopyError>(self.target.has_manifest(digest).await?.then(|| digest.clone()))
        });
        let there = together(there, self.parallel()).await?;
        let mut there: BTreeSet<Digest> = there.into_iter().flatten().collect();
        let present = graph.nodes.values().filter(|node| there.contains(node.digest()));
        let subjects: BTreeSet<&Digest> = present.filter_map(subject).collect();
        let lists = subjects.into_iter().map(|subject| self.target.referrers(subject));
        let lists = together(lists, self.parallel()).await?;
        let listed: BTreeSet<Digest> = lists.into_iter().flatten().map(|entry| entry.digest).collect();
        there.retain(|digest| {
            graph.nodes.get(digest).is_none_or(|node| subject(node).is_none() || listed.contains(digest))
        });
        Ok(there)
    }

    /// Writes what the target lacks, round by round.
    pub(super) async fn write_manifests(&self, plan: &Plan, summary: &mut CopySummary) -> Result<(), CopyError> {
        summary.reused_manifests = plan.present.len();
        for round in plan.graph.rounds() {
            let lacking: Vec<&Node> = round.into_iter().filter(|node| plan.lacks(node)).collect();
            summary.manifests += lacking.len();
            summary.referrers += lacking.iter().filter(|node| node.role != Role::Image).count();
            if self.options.dry_run {
                continue;
            }
            let written = lacking.into_iter().map(|node| self.write(node));
            let unlisted = together(written, self.parallel()).await?;
            self.list(unlisted.into_iter().flatten()).await?;
        }
        Ok(())
    }

    /// Writes one manifest. Where the target is a registry that lists no referrers, gives the entry that has to be listed.
    async fn write(&self, node: &Node) -> Result<Option<(Digest, Descriptor)>, CopyError> {
        let unlisted = match &self.target.end {
            End::Local(target) => {
                target.put_manifest(&node.manifest).await?;
                None
            }
            End::Remote(target) => Box::pin(put(target, node)).await?,
        };
        let (digest, size) = (node.digest().clone(), node.manifest.descriptor.size);
        self.reporter.event(CopyEvent::ManifestWritten { digest, size });
        Ok(unlisted)
    }

    /// Lists referrers under fallback tags: all of one subject at once.
    async fn list(&self, unlisted: impl Iterator<Item = (Digest, Descriptor)>) -> Result<(), CopyError> {
        let End::Remote(target) = &self.target.end else { return Ok(()) };
        let mut lists: BTreeMap<Digest, Vec<Descriptor>> = BTreeMap::new();
        unlisted.for_each(|(subject, entry)| lists.entry(subject).or_default().push(entry));
        let listed = lists.iter().map(|(subject, entries)| target.list_referrers(subject, entries));
        together(listed, self.parallel()).await?;
        Ok(())
    }
}

async fn put(target: &Remote, node: &Node) -> Result<Option<(Digest, Descriptor)>, CopyError> {
    let (descriptor, bytes) = (&node.manifest.descriptor, &node.manifest.bytes);
    let what = Named::Digest(descriptor.digest.clone());
    let put = target.put_manifest(bytes, &descriptor.media_type, &what, &Condition::None).await;
    let put = put.during(|| format!("write the manifest `{what}` to `{target}`"))?;
    Ok(node.referrer.clone().filter(|_| !put.listed))
}

fn subject(node: &Node) -> Option<&Digest> {
    node.referrer.as_ref().map(|(subject, _)| subject)
}

/// The blobs of manifests, each once; required if one of them requires it.
fn needed<'a>(nodes: impl Iterator<Item = &'a Node>) -> Vec<Needed> {
    let mut blobs: BTreeMap<Digest, Needed> = BTreeMap::new();
    for node in nodes {
        for blob in &node.blobs {
            let required = node.required.contains(&blob.digest);
            let (named_by, blob) = (node.digest().clone(), blob.clone());
            let entry = blobs.entry(blob.digest.clone()).or_insert(Needed { blob, named_by, required });
            entry.required |= required;
        }
    }
    blobs.into_values().collect()
}
