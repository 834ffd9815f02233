//! Whether a blob is there.
//!
//! In: a digest. Out: its size in bytes, or none.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#checking-if-content-exists-in-the-registry>.

use blob::Digest;
use oci::Descriptor;
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Method, StatusCode};

use super::Remote;
use crate::client::auth::Need;
use crate::client::error::During;
use crate::client::http::Answer;
use crate::client::{ClientError, ClientFault};

impl Remote {
    /// How many bytes a blob has; `None` where it is not there, or the registry does not say.
    pub async fn blob_size(&self, digest: &Digest) -> Result<Option<u64>, ClientError> {
        let found = self.size_of_blob(digest, &self.reading()).await;
        found.during(|| format!("look for the blob `{digest}` of `{self}`"))
    }

    async fn size_of_blob(&self, digest: &Digest, need: &Need) -> Result<Option<u64>, ClientFault> {
        let found = self.head_blob(digest, need).await?;
        Ok(found.as_ref().and_then(length))
    }

    /// Whether the blob is there, and of the right size where the registry tells the size.
    pub(crate) async fn has_blob(&self, descriptor: &Descriptor, need: &Need) -> Result<bool, ClientFault> {
        let found = self.head_blob(&descriptor.digest, need).await?;
        Ok(found.is_some_and(|answer| length(&answer).is_none_or(|length| length == descriptor.size)))
    }

    async fn head_blob(&self, digest: &Digest, need: &Need) -> Result<Option<Answer>, ClientFault> {
        let ask = self.about(Method::HEAD, &format!("blobs/{digest}")).await?;
        let answer = self.ask(&ask, need).await?;
        match answer.status() {
            StatusCode::OK => Ok(Some(answer)),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => Ok(None),
            _ => Err(answer.refusal().await),
        }
    }
}

fn length(answer: &Answer) -> Option<u64> {
    answer.header(CONTENT_LENGTH.as_str())?.parse().ok()
}
