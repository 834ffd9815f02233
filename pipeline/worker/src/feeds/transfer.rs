//! Brings a feed from its place onto the disk, unless it is still what it was.
//!
//! In: a [`FeedSource`], and what is kept of it. Out: the new bytes in a file without a name, or that nothing changed. A server is asked
//! with `If-None-Match` and `If-Modified-Since`; one that knows neither sends everything, and then the digest tells.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Response, StatusCode, Url};

use super::error::FeedsError;
use super::received::{Received, Sink, SinkError};
use super::source::{FeedSource, Place};
use super::state::{KeptFeed, http_date};
use crate::client::{asked_delay, interrupted, unsent};
use crate::client_error::shown;
use crate::{Client, ClientError, DiskError, blocking};

/// What is read of a file at one time.
const PIECE: usize = 256 << 10;

/// What a place has.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// Bytes, which may be those of before.
    Body(Received),
    /// The server says that it has nothing new, and perhaps as of when.
    Same { last_modified: Option<String> },
}

/// Fetches a feed into a file beside `target`.
pub(crate) async fn fetch(
    client: &Client,
    source: &FeedSource,
    former: Option<&KeptFeed>,
    target: &Path,
) -> Result<Fetched, FeedsError> {
    match &source.place {
        Place::Url(url) => Ok(client.receive(url, former, target, source.limit()).await?),
        Place::Files(_) => {
            let (source, target) = (source.clone(), target.to_owned());
            blocking(move || read_file(&source, &target)).await.map(Fetched::Body)
        }
    }
}

impl Client {
    /// Fetches at most `limit` bytes, trying again what may pass.
    async fn receive(
        &self,
        url: &Url,
        former: Option<&KeptFeed>,
        target: &Path,
        limit: u64,
    ) -> Result<Fetched, ClientError> {
        let mut attempt = 1;
        loop {
            match self.receive_once(url, former, target, limit).await {
                Ok(received) => return Ok(received),
                Err(error) => self.wait_or_give_up(url, &mut attempt, error).await?,
            }
        }
    }

    async fn receive_once(
        &self,
        url: &Url,
        former: Option<&KeptFeed>,
        target: &Path,
        limit: u64,
    ) -> Result<Fetched, ClientError> {
        let mut request = self.request(url).header(header::ACCEPT_ENCODING, "gzip");
        for (name, value) in conditions(former) {
            request = request.header(name, value);
        }
        let mut response = request.send().await.map_err(|error| unsent(url, error))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if former.is_some() => {
                return Ok(Fetched::Same { last_modified: value(response.headers(), header::LAST_MODIFIED) });
            }
            status => return Err(ClientError::from_status(url, status, asked_delay(&response))),
        }
        let failed = |error| sorted(url, limit, error);
        let mut sink = Sink::create(target, limit, is_gzip(url, &response)?)?;
        while let Some(piece) = response.chunk().await.map_err(|error| interrupted(url, error))? {
            sink.take(&piece).map_err(failed)?;
        }
        let received = sink.finish().map_err(failed)?;
        let text = |name| value(response.headers(), name);
        let (last_modified, etag) = (text(header::LAST_MODIFIED), text(header::ETAG));
        Ok(Fetched::Body(Received { last_modified, etag, ..received }))
    }
}

/// The headers that ask for nothing but news.
fn conditions(former: Option<&KeptFeed>) -> impl Iterator<Item = (HeaderName, &String)> {
    let tag = former.and_then(|kept| kept.etag.as_ref()).map(|tag| (header::IF_NONE_MATCH, tag));
    let time = former.and_then(|kept| kept.last_modified.as_ref()).map(|time| (header::IF_MODIFIED_SINCE, time));
    tag.into_iter().chain(time)
}

fn value(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// Whether the body is encoded on its way; a file that is itself compressed is not.
fn is_gzip(url: &Url, response: &Response) -> Result<bool, ClientError> {
    match value(response.headers(), header::CONTENT_ENCODING).as_deref() {
        None | Some("" | "identity") => Ok(false),
        Some("gzip" | "x-gzip") => Ok(true),
        Some(other) => {
            let other: String = other.chars().take(40).collect();
            Err(ClientError::Encoding {
                url: shown(url),
                reason: format!("it is in `{other}`, only gzip was asked for"),
            })
        }
    }
}

fn sorted(url: &Url, limit: u64, error: SinkError) -> ClientError {
    match error {
        SinkError::TooLarge => ClientError::TooLarge { url: shown(url), limit },
        SinkError::Encoding(error) => ClientError::Encoding { url: shown(url), reason: error.to_string() },
        SinkError::Disk(error) => ClientError::Disk(error),
    }
}

/// Copies the first file that is there.
fn read_file(source: &FeedSource, target: &Path) -> Result<Received, FeedsError> {
    let Place::Files(paths) = &source.place else { return Err(FeedsError::NoFile { paths: Vec::new() }) };
    let Some(path) = paths.iter().find(|path| path.exists()) else {
        return Err(FeedsError::NoFile { paths: paths.clone() });
    };
    let failed = |error| DiskError::new("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let modified = file.metadata().and_then(|metadata| metadata.modified()).map_err(failed)?;
    let mut sink = Sink::create(target, source.limit(), false)?;
    let mut piece = vec![0; PIECE];
    let taken = |error| match error {
        SinkError::TooLarge => FeedsError::TooLarge { address: source.address(), limit: source.limit() },
        SinkError::Encoding(cause) => FeedsError::Damaged { address: source.address(), source: cause },
        SinkError::Disk(error) => FeedsError::Disk(error),
    };
    loop {
        match file.read(&mut piece).map_err(failed)? {
            0 => break,
            count => sink.take(&piece[..count]).map_err(taken)?,
        }
    }
    let received = sink.finish().map_err(taken)?;
    let modified = Timestamp::try_from(modified).ok().and_then(http_date);
    Ok(Received { last_modified: modified, ..received })
}
