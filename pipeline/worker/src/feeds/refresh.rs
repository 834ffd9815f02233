//! Reads one feed again: fetches it, checks it whole, and only then lets it take the place of the former one.
//!
//! In: a [`FeedSource`] and the time. Out: its new [`FeedState`], written down. What is refused leaves what was kept as it was.

use std::sync::Arc;

use jiff::Timestamp;
use scan::{FeedContent, read_feed};

use super::error::FeedsError;
use super::folder::FeedFolder;
use super::reading::inflate;
use super::received::Received;
use super::source::FeedSource;
use super::state::{FeedProblem, FeedState, KeptFeed, parse_http_date};
use super::transfer::{Fetched, fetch};
use super::{FeedNews, FeedSettings};
use crate::failure::chain;
use crate::{Client, Event, blocking};

/// Everything that reading a feed needs.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) folder: FeedFolder,
    pub(crate) client: Client,
    pub(crate) settings: FeedSettings,
}

impl Reader {
    /// Reads a feed again, and says what is new.
    pub(crate) async fn refresh(self: &Arc<Self>, source: &FeedSource, now: Timestamp) -> FeedNews {
        let former = self.folder.state(source);
        if self.may_wait(source, &former, now) {
            return FeedNews::default();
        }
        let mut state = FeedState { checked: Some(now), problem: None, ..former.clone() };
        match self.read(source, &former, now).await {
            Ok(kept) => state.kept = kept,
            Err(error) => state = self.failed(former.clone(), &error, now),
        }
        self.remember(former, state, now).await
    }

    /// A feed that changes once a day was read a moment ago.
    fn may_wait(&self, source: &FeedSource, former: &FeedState, now: Timestamp) -> bool {
        let well = former.problem.is_none() && former.former().is_some() && source.is_slow();
        let age = former.checked.map(|checked| now.duration_since(checked));
        well && age.is_some_and(|age| !age.is_negative() && age.unsigned_abs() < self.settings.interval)
    }

    async fn read(
        self: &Arc<Self>,
        source: &FeedSource,
        state: &FeedState,
        now: Timestamp,
    ) -> Result<Option<KeptFeed>, FeedsError> {
        let allowed = self.settings.timeout;
        let target = self.folder.path(&blob::Digest::of(&source.name));
        let fetched = tokio::time::timeout(allowed, fetch(&self.client, source, state.former(), &target)).await;
        let slow = |_| FeedsError::Slow { address: source.address(), allowed };
        let received = match fetched.map_err(slow)?? {
            Fetched::Body(received) => received,
            Fetched::Same { last_modified } => {
                return Ok(state.kept.clone().map(|kept| kept.confirmed(last_modified)));
            }
        };
        let (reader, source, former) = (Arc::clone(self), source.clone(), state.former().cloned());
        blocking(move || reader.take(&source, former.as_ref(), received, now)).await.map(Some)
    }

    /// Checks what came. The same bytes as before need no check.
    fn take(
        &self,
        source: &FeedSource,
        former: Option<&KeptFeed>,
        received: Received,
        now: Timestamp,
    ) -> Result<KeptFeed, FeedsError> {
        self.refuse_older(source, former, &received)?;
        let Received { mut file, digest, bytes, last_modified, etag } = received;
        if let Some(former) = former.filter(|former| former.digest == digest) {
            return Ok(KeptFeed { last_modified, etag, ..former.clone() });
        }
        let address = source.address();
        let plain = inflate(source, file.read_back()?)?;
        let former = former.map(|former| &former.shape);
        let (content, shape) =
            read_feed(source.kind, source.release_version(), &plain, former).map_err(|error| FeedsError::Shape {
                address: address.clone(),
                source: Box::new(error),
                record: self.folder.record(&source.name),
            })?;
        self.folder.keep(file, &digest)?;
        if let FeedContent::Advisories(advisories) = &content {
            self.folder.keep_index(&digest, &advisories.to_index())?;
        }
        Ok(KeptFeed { digest, bytes, fetched: now, address, last_modified, etag, shape })
    }

    /// Going back in time is what a broken mirror does, and an attacker.
    fn refuse_older(
        &self,
        source: &FeedSource,
        former: Option<&KeptFeed>,
        received: &Received,
    ) -> Result<(), FeedsError> {
        let Some(former) = former.filter(|former| former.digest != received.digest) else { return Ok(()) };
        let date = |text: Option<&str>| parse_http_date(text?);
        match (date(received.last_modified.as_deref()), date(former.last_modified.as_deref())) {
            (Some(got), Some(kept)) if got < kept => Err(FeedsError::Older {
                address: source.address(),
                got: got.to_string(),
                kept: kept.to_string(),
                record: self.folder.record(&source.name),
            }),
            _ => Ok(()),
        }
    }

    fn failed(&self, former: FeedState, error: &FeedsError, now: Timestamp) -> FeedState {
        let problem = FeedProblem { name: former.name.clone(), message: chain(error), whose: error.whose(), at: now };
        self.client.reporter()(Event::FeedFailed { problem: problem.clone() });
        FeedState { problem: Some(problem), ..former }
    }

    /// Writes the state down; what cannot be written is a problem too, and nothing new then.
    async fn remember(self: &Arc<Self>, former: FeedState, state: FeedState, now: Timestamp) -> FeedNews {
        let digest = |state: &FeedState| state.kept.as_ref().map(|kept| (kept.digest.clone(), kept.bytes));
        let new = digest(&state).filter(|new| Some(new) != digest(&former).as_ref());
        let mut problems: Vec<_> = state.problem.clone().into_iter().collect();
        let (reader, name) = (Arc::clone(self), state.name.clone());
        if let Err(error) = blocking(move || reader.folder.put(&state)).await {
            problems.extend(self.failed(former, &error.into(), now).problem);
            return FeedNews { changed: Vec::new(), problems };
        }
        if let Some((_, bytes)) = new {
            self.client.reporter()(Event::FeedRead { name: name.clone(), bytes });
        }
        FeedNews { changed: new.map(|_| name).into_iter().collect(), problems }
    }
}
