//! Asks a registry exactly what a test says, and keeps all that it answers.
//!
//! In: method, path, headers and body. Out: an [`Answer`], whose methods stop the test with the whole exchange where it is
//! not as expected. It follows no redirect, repeats nothing and believes nothing.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Body, Client, Method, Url, redirect};
use serde_json::Value;

use crate::Content;

/// The codes that the specification has for refusals.
const CODES: [&str; 14] = [
    "BLOB_UNKNOWN",
    "BLOB_UPLOAD_INVALID",
    "BLOB_UPLOAD_UNKNOWN",
    "DIGEST_INVALID",
    "MANIFEST_BLOB_UNKNOWN",
    "MANIFEST_INVALID",
    "MANIFEST_UNKNOWN",
    "NAME_INVALID",
    "NAME_UNKNOWN",
    "SIZE_INVALID",
    "UNAUTHORIZED",
    "DENIED",
    "UNSUPPORTED",
    "TOOMANYREQUESTS",
];

/// No answer may take longer.
const PATIENCE: Duration = Duration::from_mins(1);

/// A client for one registry.
#[derive(Debug, Clone)]
pub struct RegistryClient {
    base: Url,
    http: Client,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    asked: Url,
    line: String,
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub bytes: Vec<u8>,
}

impl RegistryClient {
    /// For the registry that listens there: `127.0.0.1:5000`.
    pub fn new(address: &str) -> Self {
        let http = Client::builder().no_proxy().redirect(redirect::Policy::none()).timeout(PATIENCE);
        let base = format!("http://{address}/").parse().expect("an address with a port");
        Self { base, http: http.build().expect("a client") }
    }

    /// The registry's address: `127.0.0.1:5000`.
    pub fn address(&self) -> String {
        self.base.authority().to_owned()
    }

    /// One request; the error is that of the connection.
    pub async fn try_ask(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Result<Answer, reqwest::Error> {
        let asked = self.base.join(path).expect("a path that is one");
        let request = self.http.request(Method::try_from(method).expect("a method"), asked.clone()).body(body);
        let answer =
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value)).send().await?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await?.to_vec();
        let answer = Answer { asked, line: format!("{method} {path}"), status, headers, bytes };
        answer.is_as_specified(method);
        Ok(answer)
    }

    /// One request that must be answered.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let answer = self.try_ask(method, path, headers, body).await;
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// `GET` without headers.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    /// `HEAD` without headers.
    pub async fn head(&self, path: &str) -> Answer {
        self.ask("HEAD", path, &[], "").await
    }

    /// `DELETE` without headers.
    pub async fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], "").await
    }

    /// Begins an upload: the path to go on with.
    pub async fn begin(&self, repository: &str) -> String {
        self.ask("POST", &format!("/v2/{repository}/blobs/uploads/"), &[], "").await.is(202).location()
    }

    /// Pushes a blob by `POST` and `PUT`.
    pub async fn try_push_blob(&self, repository: &str, blob: &Content) -> Result<Answer, reqwest::Error> {
        let path = format!("/v2/{repository}/blobs/uploads/");
        let begun = self.try_ask("POST", &path, &[], "").await?;
        if begun.status != 202 {
            return Ok(begun);
        }
        let path = closing_path(&begun.location(), &blob.digest);
        self.try_ask("PUT", &path, &[("content-type", "application/octet-stream")], blob.bytes.clone()).await
    }

    /// Pushes a blob by `POST` and `PUT`, which must succeed.
    pub async fn push_blob(&self, repository: &str, blob: &Content) {
        self.try_push_blob(repository, blob).await.expect("an answer").is(201);
    }

    /// Puts a manifest under a tag or its digest.
    pub async fn try_put_manifest(
        &self,
        repository: &str,
        reference: &str,
        manifest: &Content,
    ) -> Result<Answer, reqwest::Error> {
        let path = format!("/v2/{repository}/manifests/{reference}");
        self.try_ask("PUT", &path, &[("content-type", manifest.media_type.as_str())], manifest.bytes.clone()).await
    }

    /// Puts a manifest under a tag or its digest, and gives the answer.
    pub async fn put_manifest(&self, repository: &str, reference: &str, manifest: &Content) -> Answer {
        self.try_put_manifest(repository, reference, manifest).await.expect("an answer")
    }
}

/// The path that closes an upload: what the registry gave, and the digest of the whole.
pub fn closing_path(location: &str, digest: &str) -> String {
    format!("{location}{}digest={digest}", if location.contains('?') { '&' } else { '?' })
}

#[expect(clippy::return_self_not_must_use, reason = "an answer that was as expected need not be looked at again")]
impl Answer {
    /// Stops the test unless the status is this one.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Stops the test unless the status is this one and the body has the specification's form with this code.
    #[track_caller]
    pub fn is_refusal(self, status: u16, code: &str) -> Self {
        assert_eq!(self.status, status, "expected {code}: {self}");
        assert_eq!(self.header("content-type"), "application/json", "{self}");
        let first = &self.json()["errors"][0];
        assert_eq!(first["code"], code, "{self}");
        assert!(first["message"].is_string(), "{self}");
        self
    }

    /// A refusal has one of the specification's codes, whatever it is about.
    fn is_as_specified(&self, method: &str) {
        if (400..500).contains(&self.status) && method != "HEAD" {
            let code = self.json()["errors"][0]["code"].clone();
            assert!(code.as_str().is_some_and(|code| CODES.contains(&code)), "{self}");
        }
    }

    /// A header's value; stops the test where it is not there.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name).unwrap_or_else(|| panic!("no header `{name}`: {self}"));
        value.to_str().expect("a header of plain text")
    }

    /// All values of a header that is a list, however it is split.
    pub fn list(&self, name: &str) -> Vec<String> {
        let lines = self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        lines.flat_map(|line| line.split(',')).map(|one| one.trim().to_owned()).collect()
    }

    /// Where `Location` leads, as a path of the same registry.
    #[track_caller]
    pub fn location(&self) -> String {
        let url = self.asked.join(self.header("location")).expect("a location");
        assert_eq!(url.authority(), self.asked.authority(), "{self}");
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    }

    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|error| panic!("{error}: {self}"))
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let start = &self.bytes[..self.bytes.len().min(500)];
        let text = String::from_utf8_lossy(start);
        write!(formatter, "{} → {}\n{:#?}\n{text}", self.line, self.status, self.headers)
    }
}
