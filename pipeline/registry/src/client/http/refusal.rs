//! A refusal: a status, the registry's own words, and what to do about it.
//!
//! In: an answer that is no success, with a body that may be anything. Out: a [`Refusal`], bounded and in one line.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes>.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value;

use super::super::error::one_line;
use super::address::shown;
use super::retry::parse_retry_after;

/// More than that is not read of a refusal's body.
pub(crate) const LARGEST_REFUSAL: u64 = 64 * 1024;
/// More than that nobody reads.
const MOST_ENTRIES: usize = 4;
const LONGEST_TEXT: usize = 240;

/// A request that was refused.
#[derive(Debug)]
pub struct Refusal {
    /// What was asked for.
    pub method: Method,
    /// The address, without query.
    pub url: String,
    /// The status.
    pub status: StatusCode,
    /// What the registry says about it.
    pub entries: Vec<RefusalEntry>,
    /// What to do, where that depends on more than the status.
    pub(crate) hint: Option<String>,
    /// How long the registry asks to be left alone.
    pub(crate) wait: Option<Duration>,
}

/// One error of the specification's list, as a registry gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalEntry {
    /// The code, such as `DENIED`; empty where the registry gives none.
    pub code: String,
    /// The sentence; may be empty.
    pub message: String,
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// Reads what came with the status.
    pub(crate) fn new(method: &Method, url: &Url, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        let asked = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let wait = asked.and_then(|value| parse_retry_after(value, jiff::Timestamp::now()));
        Self { method: method.clone(), url: shown(url), status, entries: entries(body), hint: None, wait }
    }

    /// Whether the registry gives this code.
    pub(crate) fn has_code(&self, code: &str) -> bool {
        self.entries.iter().any(|entry| entry.code == code)
    }
}

/// The errors of the specification's body; what token servers say in theirs; or else the text, if it is for people.
fn entries(body: &[u8]) -> Vec<RefusalEntry> {
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return words(body).into_iter().collect() };
    if let Some(errors) = value.get("errors").and_then(Value::as_array) {
        return errors.iter().take(MOST_ENTRIES).map(|error| entry(error, "code", &["message"])).collect();
    }
    let one = entry(&value, "error", &["error_description", "details", "message"]);
    Some(one).filter(|one| !one.code.is_empty() || !one.message.is_empty()).into_iter().collect()
}

/// A text, if it is for people.
fn words(body: &[u8]) -> Option<RefusalEntry> {
    let message = one_line(&String::from_utf8_lossy(body), LONGEST_TEXT);
    let for_people = !message.is_empty() && !message.starts_with('<');
    for_people.then_some(RefusalEntry { code: String::new(), message })
}

fn entry(value: &Value, code: &str, messages: &[&str]) -> RefusalEntry {
    let text = |key: &str| value.get(key).and_then(Value::as_str).map(|text| one_line(text, LONGEST_TEXT));
    let message = messages.iter().find_map(|key| text(key)).unwrap_or_default();
    RefusalEntry { code: text(code).unwrap_or_default(), message }
}

/// What to do about a status that says it all.
fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 | 403 => "check the credentials, and what they allow",
        404 => "check the name of the repository, and whether the credentials may see it",
        405 | 501 => "the registry does not offer this",
        413 => "the registry, or a proxy before it, takes no body of this size: raise its limit",
        429 => "the registry limits how often it is asked: wait, or log in for a higher limit",
        500.. => "the registry failed, and its log says why: try again later",
        _ => "the registry does not take this as it is: its words say why, and its log says more",
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{} {}` was answered by {}", self.method, self.url, self.status)?;
        for entry in &self.entries {
            match (entry.code.as_str(), entry.message.as_str()) {
                ("", message) => write!(f, ", {message}")?,
                (code, "") => write!(f, ", {code}")?,
                (code, message) => write!(f, ", {code}: {message}")?,
            }
        }
        write!(f, "; {}", self.hint.as_deref().unwrap_or_else(|| advice(self.status)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(status: u16, body: &str) -> String {
        let url = Url::parse("https://registry.example/v2/a/manifests/1?token=secret").unwrap();
        let status = StatusCode::from_u16(status).unwrap();
        Refusal::new(&Method::PUT, &url, status, &HeaderMap::new(), body.as_bytes()).to_string()
    }

    #[test]
    fn the_registrys_own_words_are_shown() {
        let body = r#"{"errors":[{"code":"MANIFEST_INVALID","message":"no\nlayer","detail":{}},{"code":"DENIED"}]}"#;
        let expected = "`PUT https://registry.example/v2/a/manifests/1?…` was answered by 400 Bad Request, \
            MANIFEST_INVALID: no layer, DENIED; the registry does not take this as it is: its words say why, and its log says more";
        assert_eq!(text(400, body), expected);
        assert!(text(401, r#"{"details":"incorrect username or password"}"#).contains(", incorrect username"));
        assert!(text(400, r#"{"error":"invalid_grant","error_description":"old"}"#).contains(", invalid_grant: old;"));
    }

    #[test]
    fn bodies_that_are_no_errors_are_shown_as_far_as_they_are_for_people() {
        assert!(text(502, "upstream\x07 gone").contains("502 Bad Gateway, upstream gone; the registry failed"));
        for nothing in ["", "<html>no</html>", "{}", "[]", "null", r#"{"errors":{}}"#, r#"{"errors":[]}"#] {
            assert!(text(404, nothing).contains("404 Not Found; check the name"), "{nothing}");
        }
    }

    #[test]
    fn a_long_body_makes_no_long_message() {
        let many = format!(r#"{{"errors":[{}]}}"#, vec![r#"{"code":"X"}"#; 1000].join(","));
        assert!(text(400, &many).len() < 300);
        assert!(text(400, &"x".repeat(10_000)).len() < 500);
    }
}
