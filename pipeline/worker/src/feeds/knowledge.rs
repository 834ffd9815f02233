//! Loads everything that is known, and keeps it until something changes.
//!
//! In: what the folder of feeds keeps. Out: [`Knowledge`] in memory, shared. Bytes that turn out to be damaged are as if they were not there:
//! their feed says so and is fetched again; without the tracker nothing is known, which every report tells.

use std::sync::Arc;

use blob::Digest;
use jiff::Timestamp;
use plan::Whose;
use scan::{Advisories, FeedContent, FeedKind, FeedUse, Knowledge};

use super::folder::FeedFolder;
use super::reading::inflate;
use super::source::FeedSource;
use super::state::{FeedProblem, FeedState};
use crate::DiskError;
use crate::failure::chain;

/// What was loaded last.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    knowledge: Option<Arc<Knowledge>>,
}

impl Memory {
    /// What is known now: the value that was given before, unless a feed has changed since.
    pub(crate) fn knowledge(
        &mut self,
        folder: &FeedFolder,
        sources: &[FeedSource],
    ) -> Result<Arc<Knowledge>, DiskError> {
        let states: Vec<FeedState> = sources.iter().map(|source| folder.state(source)).collect();
        let all: Vec<FeedUse> = states.iter().filter_map(FeedState::used).collect();
        if let Some(known) = self.knowledge.as_ref().filter(|known| known.feeds == all) {
            return Ok(Arc::clone(known));
        }
        let mut knowledge = Knowledge::default();
        for (source, state) in sources.iter().zip(states) {
            let Some(feed) = state.used() else { continue };
            match load(folder, source, &feed.digest)? {
                Ok(content) => {
                    content.join(&mut knowledge);
                    knowledge.feeds.push(feed);
                }
                Err(message) => forget(folder, state, message, &feed.digest),
            }
        }
        let knowledge = Arc::new(knowledge);
        self.knowledge = Some(Arc::clone(&knowledge));
        Ok(knowledge)
    }
}

/// One feed; what is wrong with its bytes is told in words.
fn load(folder: &FeedFolder, source: &FeedSource, digest: &Digest) -> Result<Result<FeedContent, String>, DiskError> {
    if source.kind == FeedKind::Tracker {
        return Ok(advisories(folder, source, digest)?.map(|rows| FeedContent::Advisories(Box::new(rows))));
    }
    let Some(plain) = plain(folder, source, digest)? else { return Ok(Err(damaged(folder, digest))) };
    let read = |plain: Vec<u8>| FeedContent::read(source.kind, source.release_version(), &plain);
    Ok(plain.and_then(|plain| read(plain).map_err(|error| chain(&error))))
}

/// The tracker's rows: from their index, else from the bytes, and then the index is made again.
pub(crate) fn advisories(
    folder: &FeedFolder,
    source: &FeedSource,
    digest: &Digest,
) -> Result<Result<Advisories, String>, DiskError> {
    if let Some(Ok(advisories)) = folder.read_index(digest).map(Advisories::from_index) {
        return Ok(Ok(advisories));
    }
    let Some(plain) = plain(folder, source, digest)? else { return Ok(Err(damaged(folder, digest))) };
    let read = plain.and_then(|plain| Advisories::read_tracker(&plain).map_err(|error| chain(&error)));
    // Whoever may only read the folder does without an index.
    let _ = read.as_ref().map(|advisories| folder.keep_index(digest, &advisories.to_index()));
    Ok(read)
}

fn plain(
    folder: &FeedFolder,
    source: &FeedSource,
    digest: &Digest,
) -> Result<Option<Result<Vec<u8>, String>>, DiskError> {
    let bytes = folder.read(digest)?;
    Ok(bytes.map(|bytes| inflate(source, bytes).map_err(|error| chain(&error))))
}

fn damaged(folder: &FeedFolder, digest: &Digest) -> String {
    format!("`{}` is damaged or gone: it is fetched again", folder.path(digest).display())
}

/// Drops bytes that cannot be used. A folder that cannot be written stays as it is: the next reader finds the same.
fn forget(folder: &FeedFolder, state: FeedState, message: String, digest: &Digest) {
    folder.discard(digest);
    let problem = FeedProblem { name: state.name.clone(), message, whose: Whose::Policy, at: Timestamp::now() };
    let _ = folder.put(&FeedState { kept: None, problem: Some(problem), ..state });
}
