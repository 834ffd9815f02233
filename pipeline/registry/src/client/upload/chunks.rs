//! Sends a blob piece by piece. What the registry has is never sent again: after trouble it is asked how far it has come.
//!
//! In: an open session. Out: whether the blob is there, or whether another session, or another way, is needed.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-a-blob-in-chunks>.

use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE};
use reqwest::{Method, StatusCode};

use super::session::offset_of;
use super::whole::is_over;
use super::{Outcome, Upload};
use crate::client::ClientFault;
use crate::client::http::{Answer, Ask, Content};

/// What became of one request of the session.
enum Step {
    /// The registry has so many bytes.
    At(u64),
    /// The blob is there.
    Done,
    /// Something that another attempt may get over.
    Trouble(ClientFault),
    /// The registry takes no chunks.
    NoChunks,
}

/// What is left after trouble.
enum Recovered {
    /// The registry has so many bytes.
    At(u64),
    /// The blob is there.
    Done,
    /// The session is over.
    Gone,
}

impl Upload<'_> {
    pub(super) async fn send_chunks(&mut self) -> Result<Outcome, ClientFault> {
        let mut offset = 0;
        loop {
            let step =
                if offset < self.descriptor.size { self.send_chunk(offset).await? } else { self.close().await? };
            match step {
                Step::At(next) => offset = self.advance(next),
                Step::Done => return Ok(Outcome::Done),
                Step::NoChunks => return Ok(Outcome::NoChunks),
                Step::Trouble(fault) => match self.recover(fault, offset).await? {
                    Recovered::At(next) => offset = next,
                    Recovered::Done => return Ok(Outcome::Done),
                    Recovered::Gone => return Ok(Outcome::Gone),
                },
            }
        }
    }

    /// Only what the registry never had before counts as progress: else one that forgets would be tried for ever.
    fn advance(&mut self, offset: u64) -> u64 {
        if offset > self.reached {
            self.reached = offset;
            self.retry.progressed();
        }
        offset
    }

    async fn send_chunk(&mut self, offset: u64) -> Result<Step, ClientFault> {
        let length = self.chunk().min(self.descriptor.size - offset);
        let content = Content::Part { source: self.source, from: offset, length, progress: self.progress };
        let ask = Ask::new(Method::PATCH, self.location.clone())
            .with(CONTENT_TYPE, "application/octet-stream")
            .with(CONTENT_RANGE, format!("{offset}-{}", offset + length - 1))
            .carrying(content);
        let answer = match self.remote.registry.exchange(&ask, &self.remote.writing()).await {
            Ok(answer) => answer,
            Err(fault) if fault.is_transient() => return Ok(Step::Trouble(fault)),
            Err(fault) => return Err(fault),
        };
        if answer.status().is_success() {
            return self.taken(answer, offset, offset + length).await;
        }
        if is_over(answer.status()) {
            return Ok(Step::Trouble(answer.refusal().await));
        }
        if offset == 0 && refuses_chunks(answer.status()) {
            answer.finish().await;
            return Ok(Step::NoChunks);
        }
        Err(answer.refusal().await)
    }

    /// A registry may take less than it was sent: the next chunk begins where it stopped.
    async fn taken(&mut self, answer: Answer, from: u64, sent: u64) -> Result<Step, ClientFault> {
        let offset = offset_of(&answer).unwrap_or(sent);
        if offset > sent {
            return Err(answer.unexpected(format!("says it has {offset} bytes"), "no more than were sent"));
        }
        if offset <= from {
            return Ok(Step::Trouble(answer.unexpected(format!("took no byte after {from}"), "the chunk to be taken")));
        }
        self.go_on_at(&answer)?;
        answer.finish().await;
        Ok(Step::At(offset))
    }

    async fn close(&mut self) -> Result<Step, ClientFault> {
        let ask = Ask::new(Method::PUT, self.last_location());
        match self.remote.registry.exchange(&ask, &self.remote.writing()).await {
            Ok(answer) if answer.status().is_success() => self.is_done(answer).await.map(|_| Step::Done),
            Ok(answer) if is_over(answer.status()) => Ok(Step::Trouble(answer.refusal().await)),
            Ok(answer) => Err(self.explained(answer.refusal().await)),
            Err(fault) if fault.is_transient() => Ok(Step::Trouble(fault)),
            Err(fault) => Err(fault),
        }
    }

    /// After trouble: waits, and finds out what the registry has.
    async fn recover(&mut self, fault: ClientFault, offset: u64) -> Result<Recovered, ClientFault> {
        let out_of_order = fault.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE);
        tracing::debug!(offset, "an upload goes on after: {fault}");
        self.retry.again(fault).await?;
        if offset == self.descriptor.size && self.is_there().await? {
            return Ok(Recovered::Done);
        }
        match self.find_offset().await? {
            // What it says it wants it has just refused.
            Some(same) if out_of_order && same == offset => Ok(Recovered::Gone),
            Some(found) => Ok(Recovered::At(found)),
            None => Ok(Recovered::Gone),
        }
    }
}

/// Whether the status says that the registry does not know chunks, rather than that something is wrong with this one.
fn refuses_chunks(status: StatusCode) -> bool {
    matches!(status.as_u16(), 400 | 405 | 411 | 415 | 501)
}
