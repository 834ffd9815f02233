//! What became of an image at a target.
//!
//! In: the summary of a copy, or why there is none. Out: a [`Sent`], which people read as a row and programs as JSON.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use oci::Tag;
use plan::Whose;
use registry::{CopySummary, Pushed};
use serde::Serialize;

use crate::TargetAddress;

/// One image at one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sent {
    /// Where it was to go.
    #[serde(serialize_with = "text")]
    pub target: TargetAddress,
    /// The image.
    pub image: String,
    /// Its name there, with the registry's.
    pub name: String,
    /// What was published.
    pub index: Digest,
    /// Its tags there.
    pub tags: BTreeSet<Tag>,
    /// How it went.
    #[serde(flatten)]
    pub result: SendResult,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum SendResult {
    /// It is there now, with all its tags; or, in a dry run, would be.
    Published {
        /// How much there was to do.
        amounts: Amounts,
    },
    /// It is not. What was sent stays there, and no tag has moved.
    #[serde(rename_all = "kebab-case")]
    Failed {
        /// Who has to do something.
        whose: Whose,
        /// What went wrong, and what to do.
        message: String,
    },
}

/// How much went over the network, and how much need not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Amounts {
    /// Blobs that were sent, and their bytes.
    pub sent: Amount,
    /// Blobs that the registry took from another of its repositories.
    pub mounted: Amount,
    /// Blobs that were there already, as far as one had to look.
    pub reused: Amount,
    /// Manifests that were sent.
    pub manifests: usize,
    /// How many of these are referrers or signatures.
    pub referrers: usize,
    /// Tags that were moved or made.
    pub tags: usize,
    /// Manifests that are named in the source and are not there: an index may be sparse.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Digest>,
    /// In a dry run: every blob that was looked at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub blobs: BTreeMap<Digest, PlannedBlob>,
}

/// Blobs and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Amount {
    /// How many.
    pub blobs: usize,
    /// The sum of their sizes.
    pub bytes: u64,
}

/// What would be done with a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PlannedBlob {
    /// Its size.
    pub bytes: u64,
    /// What would be done.
    pub how: How,
}

/// How a blob comes into a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// Over the network.
    Send,
    /// From another repository of the same registry.
    Mount,
    /// It is there.
    Present,
}

fn text<S: serde::Serializer>(target: &TargetAddress, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(target)
}

impl From<Pushed> for How {
    fn from(pushed: Pushed) -> Self {
        match pushed {
            Pushed::Sent(_) => Self::Send,
            Pushed::Mounted => Self::Mount,
            Pushed::Present => Self::Present,
        }
    }
}

impl From<&CopySummary> for Amounts {
    fn from(summary: &CopySummary) -> Self {
        let amount = |blobs, bytes| Amount { blobs, bytes };
        Self {
            sent: amount(summary.sent_blobs, summary.sent_bytes),
            mounted: amount(summary.mounted_blobs, summary.mounted_bytes),
            reused: amount(summary.reused_blobs, summary.reused_bytes),
            manifests: summary.manifests,
            referrers: summary.referrers,
            tags: summary.tags,
            missing: summary.missing.clone(),
            blobs: BTreeMap::new(),
        }
    }
}

impl std::ops::AddAssign<&Self> for Amounts {
    /// Sums all numbers; the lists stay what they are.
    fn add_assign(&mut self, other: &Self) {
        for (mine, theirs) in
            [(&mut self.sent, other.sent), (&mut self.mounted, other.mounted), (&mut self.reused, other.reused)]
        {
            mine.blobs += theirs.blobs;
            mine.bytes += theirs.bytes;
        }
        self.manifests += other.manifests;
        self.referrers += other.referrers;
        self.tags += other.tags;
    }
}

impl Amounts {
    /// The amounts of a dry run by its list of blobs: what an earlier image of the run would have brought is mounted from there.
    pub(crate) fn planned(mut self, blobs: BTreeMap<Digest, PlannedBlob>) -> Self {
        let sum = |how: How| {
            let bytes: Vec<u64> = blobs.values().filter(|blob| blob.how == how).map(|blob| blob.bytes).collect();
            Amount { blobs: bytes.len(), bytes: bytes.iter().sum() }
        };
        (self.sent, self.mounted, self.reused) = (sum(How::Send), sum(How::Mount), sum(How::Present));
        self.blobs = blobs;
        self
    }
}

impl Sent {
    /// Whether it is there, or would be.
    pub fn is_good(&self) -> bool {
        matches!(self.result, SendResult::Published { .. })
    }

    /// How much there was to do; nothing where it failed.
    pub fn amounts(&self) -> Option<&Amounts> {
        match &self.result {
            SendResult::Published { amounts } => Some(amounts),
            SendResult::Failed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_read_where_what_and_how_it_went() {
        let sent = |result| Sent {
            target: "registry.example/team".parse().unwrap(),
            image: "python".to_owned(),
            name: "registry.example/team/python".to_owned(),
            index: Digest::of("x"),
            tags: ["3.13".parse().unwrap()].into(),
            result,
        };
        let amount = Amount { blobs: 1, bytes: 2 };
        let good = sent(SendResult::Published { amounts: Amounts { sent: amount, ..Amounts::default() } });
        let value = serde_json::to_value(&good).unwrap();
        assert_eq!((&value["target"], &value["tags"][0]), (&"registry.example/team".into(), &"3.13".into()));
        assert_eq!((&value["result"], &value["amounts"]["sent"]["bytes"]), (&"published".into(), &2.into()));
        assert!(value["amounts"].get("blobs").is_none(), "{value}");
        let bad = sent(SendResult::Failed { whose: Whose::Upstream, message: "away".to_owned() });
        let value = serde_json::to_value(&bad).unwrap();
        assert_eq!((&value["result"], &value["whose"]), (&"failed".into(), &"upstream".into()));
    }

    #[test]
    fn a_dry_run_counts_what_its_list_says() {
        let blob = |bytes, how| PlannedBlob { bytes, how };
        let blobs = [("a", blob(5, How::Send)), ("b", blob(7, How::Mount)), ("c", blob(1, How::Send))];
        let blobs = blobs.map(|(name, blob)| (Digest::of(name), blob)).into();
        let amounts = Amounts::default().planned(blobs);
        assert_eq!(amounts.sent, Amount { blobs: 2, bytes: 6 });
        assert_eq!(amounts.mounted, Amount { blobs: 1, bytes: 7 });
    }
}
