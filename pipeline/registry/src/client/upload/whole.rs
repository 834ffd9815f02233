//! Sends a blob in one request.
//!
//! In: an open session. Out: whether the blob is there. After a failure nothing of it is: another session begins anew.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#post-then-put>.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};

use super::{Outcome, Upload};
use crate::client::ClientFault;
use crate::client::http::{Answer, Ask, Content};
use crate::client::remote::digest_of;

impl Upload<'_> {
    pub(super) async fn send_whole(&mut self) -> Result<Outcome, ClientFault> {
        let length = self.descriptor.size;
        let content = Content::Part { source: self.source, from: 0, length, progress: self.progress };
        let ask = Ask::new(Method::PUT, self.last_location())
            .with(CONTENT_TYPE, "application/octet-stream")
            .carrying(if length == 0 { Content::None } else { content });
        let fault = match self.remote.registry.exchange(&ask, &self.remote.writing()).await {
            Ok(answer) if answer.status().is_success() => return self.is_done(answer).await,
            Ok(answer) if is_over(answer.status()) => answer.refusal().await,
            Ok(answer) => return Err(self.explained(answer.refusal().await)),
            Err(fault) if fault.is_transient() => fault,
            Err(fault) => return Err(fault),
        };
        self.retry.again(fault).await?;
        Ok(if self.is_there().await? { Outcome::Done } else { Outcome::Gone })
    }

    /// The registry says that it has the blob; a registry that says so of another digest is not believed.
    pub(super) async fn is_done(&self, answer: Answer) -> Result<Outcome, ClientFault> {
        let wanted = &self.descriptor.digest;
        if let Some(got) = digest_of(&answer).filter(|got| got.algorithm() == wanted.algorithm() && got != wanted) {
            return Err(answer.unexpected(format!("stored `{got}`"), "the digest that was sent"));
        }
        answer.finish().await;
        (self.progress)(self.descriptor.size);
        Ok(Outcome::Done)
    }
}

/// Whether the session is over, or cannot take these bytes: another one may.
pub(super) fn is_over(status: StatusCode) -> bool {
    matches!(status, StatusCode::NOT_FOUND | StatusCode::GONE | StatusCode::RANGE_NOT_SATISFIABLE)
}
