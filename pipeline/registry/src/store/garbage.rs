//! What nobody needs any longer is collected, while others read and write.
//!
//! In: how long what has no tag is kept. Out: what was removed. Kept are: tagged manifests; those without a tag that were pushed,
//! pulled by digest, or lost their tag within the retention; what an index that is kept names; what speaks about something kept; and
//! the blobs of all these. A blob that no manifest names stays for a while too: its manifest may be on its way.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::{Duration, SystemTime};

use blob::{Algorithm, Digest};
use oci::{BLOBS_FOLDER, Descriptor, Repository};
use serde::Serialize;

use super::files::at;
use super::{Contents, View, uploads};
use crate::{Store, StoreError};

/// How long what may not be needed is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Manifests without a tag: since they were pushed, last pulled by digest, or lost their last tag. Default: 30 days.
    pub untagged: Duration,
    /// Blobs that no manifest names: since they were pushed, or somebody asked whether they are there. Default: a day.
    pub unnamed: Duration,
    /// Uploads that nobody goes on with. Default: a day.
    pub uploads: Duration,
}

/// Whatever is asked for, manifests stay as long as this: an index names them after they were pushed, and pulls by digest are written
/// down once an hour.
const LEAST_UNTAGGED: Duration = Duration::from_hours(2);
/// And blobs as long as this: that somebody relies on them is written down every ten minutes.
const LEAST_UNNAMED: Duration = Duration::from_mins(20);

impl Default for Retention {
    fn default() -> Self {
        let day = Duration::from_hours(24);
        Self { untagged: 30 * day, unnamed: day, uploads: day }
    }
}

/// Whether a collection removes, or only says what it would remove.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collecting {
    /// Remove.
    Remove,
    /// Look only.
    DryRun,
}

/// What a collection removed, or would remove, from one repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Collected {
    /// The repository.
    #[serde(serialize_with = "as_text")]
    pub repository: Repository,
    /// Manifests, taken off the list.
    pub manifests: Vec<Digest>,
    /// Blobs, manifests among them.
    pub blobs: Vec<Digest>,
    /// Bytes that the disk gets back: not those that another repository still has.
    pub bytes: u64,
    /// Manifests on the list that cannot be read. While there are any, nothing of the repository is removed, because nobody knows what they need.
    pub unreadable: Vec<Digest>,
}

fn as_text<S: serde::Serializer>(repository: &Repository, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(repository)
}

impl Store {
    /// Collects one repository. Others read and write meanwhile, but nobody changes its list.
    pub fn collect(
        &self,
        repository: &Repository,
        retention: &Retention,
        collecting: Collecting,
    ) -> Result<Collected, StoreError> {
        if collecting == Collecting::DryRun || !self.exists(repository) {
            return self.find_garbage(repository, retention);
        }
        let (_writing, _lock) = (self.writing()?, self.lock_index(repository)?);
        let collected = self.find_garbage(repository, retention)?;
        self.rewrite_index(repository, |index| {
            collected.manifests.iter().for_each(|digest| index.forget(digest));
            Ok(())
        })?;
        for digest in &collected.blobs {
            self.remove_file(repository, digest)?;
        }
        Ok(collected)
    }

    fn find_garbage(&self, repository: &Repository, retention: &Retention) -> Result<Collected, StoreError> {
        let mut collected = Collected {
            repository: repository.clone(),
            manifests: Vec::new(),
            blobs: Vec::new(),
            bytes: 0,
            unreadable: Vec::new(),
        };
        let Some(view) = self.view(repository)? else { return Ok(collected) };
        let contents = self.contents(repository, &view);
        collected.unreadable = contents.unreadable().iter().cloned().collect();
        if !collected.unreadable.is_empty() {
            return Ok(collected);
        }
        let (speaking, tagged) = tags(&view, &contents);
        let is_root = |digest: &Digest| {
            let untagged = retention.untagged.max(LEAST_UNTAGGED);
            tagged.contains(digest) || is_younger(&self.blob_path(repository, digest), untagged)
        };
        let kept = keep(&contents, &speaking, is_root);
        collected.manifests = listed(&contents, &kept, |digest| view.entry(digest).is_some());
        let needed = needed(&contents, &kept);
        for (digest, metadata) in self.files(repository)? {
            let is_manifest = contents.manifest(&digest).is_some();
            if !needed.contains(&digest) && (is_manifest || is_aged(&metadata, retention.unnamed.max(LEAST_UNNAMED))) {
                collected.bytes += if links(&metadata) == 1 { metadata.len() } else { 0 };
                collected.blobs.push(digest);
            }
        }
        Ok(collected)
    }

    /// All files of a repository that are named as blobs are.
    fn files(&self, repository: &Repository) -> Result<Vec<(Digest, Metadata)>, StoreError> {
        let mut found = Vec::new();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha512] {
            let folder = self.layout_path(repository).join(BLOBS_FOLDER).join(algorithm.name());
            let Ok(entries) = fs::read_dir(&folder) else { continue };
            for entry in entries {
                let entry = entry.map_err(at(&folder, "listed"))?;
                let name = entry.file_name().into_string().unwrap_or_default();
                if let (Ok(digest), Ok(metadata)) =
                    (format!("{}:{name}", algorithm.name()).parse::<Digest>(), entry.metadata())
                {
                    found.push((digest, metadata));
                }
            }
        }
        found.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(found)
    }

    /// Removes uploads that nobody goes on with, and says how many.
    pub fn sweep_uploads(&self, retention: &Retention, collecting: Collecting) -> Result<usize, StoreError> {
        let folder = self.root.join(uploads::FOLDER);
        let Ok(entries) = fs::read_dir(&folder) else { return Ok(0) };
        let mut count = 0;
        for entry in entries {
            let path = entry.map_err(at(&folder, "listed"))?.path();
            if !is_younger(&path, retention.uploads) {
                count += 1;
                if collecting == Collecting::Remove {
                    super::files::present(fs::remove_file(&path)).map_err(at(&path, "removed"))?;
                }
            }
        }
        Ok(count)
    }
}

/// What has a tag: that which speaks about a manifest by a tag made of its digest, by that digest; and the rest. A tag that speaks about
/// what is elsewhere holds what it leads to as any other does.
fn tags(view: &View, contents: &Contents) -> (Speaking, BTreeSet<Digest>) {
    let (mut speaking, mut tagged) = (Speaking::new(), BTreeSet::new());
    for (tag, found) in view.tags().filter_map(|tag| Some((tag, view.tagged(tag)?))) {
        match tag.speaks_about().filter(|subject| contents.manifest(subject).is_some()) {
            Some(subject) => speaking.entry(subject).or_default().push(found.digest.clone()),
            None => drop(tagged.insert(found.digest.clone())),
        }
    }
    (speaking, tagged)
}

/// Manifests by what they speak about.
type Speaking = BTreeMap<Digest, Vec<Digest>>;

/// Roots, what they name, and what speaks about them; and what speaks about those.
fn keep(contents: &Contents, speaking: &Speaking, is_root: impl Fn(&Digest) -> bool) -> BTreeSet<Digest> {
    let mut kept = BTreeSet::new();
    let mut open: Vec<Digest> = contents.manifests().map(|known| known.descriptor.digest.clone()).collect();
    open.retain(is_root);
    while let Some(digest) = open.pop() {
        let Some(known) = contents.manifest(&digest).filter(|_| kept.insert(digest.clone())) else { continue };
        let named = known.children.iter().chain(contents.referrers(&digest));
        open.extend(named.map(|descriptor: &Descriptor| descriptor.digest.clone()));
        open.extend(speaking.get(&digest).into_iter().flatten().cloned());
    }
    kept
}

fn listed(contents: &Contents, kept: &BTreeSet<Digest>, is_listed: impl Fn(&Digest) -> bool) -> Vec<Digest> {
    let digests = contents.manifests().map(|known| &known.descriptor.digest);
    digests.filter(|digest| !kept.contains(*digest) && is_listed(digest)).cloned().collect()
}

fn needed(contents: &Contents, kept: &BTreeSet<Digest>) -> BTreeSet<Digest> {
    let blobs = kept.iter().filter_map(|digest| contents.manifest(digest)).flat_map(|known| &known.blobs);
    blobs.map(|(digest, _)| digest).chain(kept).cloned().collect()
}

fn is_younger(path: &Path, age: Duration) -> bool {
    fs::metadata(path).is_ok_and(|metadata| !is_aged(&metadata, age))
}

/// A time in the future, as after the clock was set back, counts as young: it will become old.
fn is_aged(metadata: &Metadata, age: Duration) -> bool {
    let elapsed = metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
    elapsed.is_some_and(|elapsed| elapsed >= age)
}

fn links(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(test)]
mod tests;
