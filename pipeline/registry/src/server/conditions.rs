//! Whether the client already has what it asks for.
//!
//! In: a digest and the request's headers. Out: an entity tag, and whether it is among those that the client names.
//! Specification: <https://www.rfc-editor.org/rfc/rfc9110#section-13>.

use axum::http::HeaderMap;
use axum::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH, IF_RANGE};
use blob::Digest;

use crate::store::Condition;

/// The digest as an entity tag.
pub(crate) fn entity_tag(digest: &Digest) -> String {
    format!("\"{digest}\"")
}

/// Whether the client has these bytes: then 304 is the answer.
pub(crate) fn is_known(headers: &HeaderMap, digest: &Digest) -> bool {
    let tag = entity_tag(digest);
    let names =
        |text: &str| text.split(',').map(str::trim).any(|one| one == "*" || one.trim_start_matches("W/") == tag);
    values(headers, &IF_NONE_MATCH).any(names)
}

/// Whether a range may be answered: only if the client's other bytes are of this same blob.
pub(crate) fn is_range_wanted(headers: &HeaderMap, digest: &Digest) -> bool {
    let tag = entity_tag(digest);
    values(headers, &IF_RANGE).all(|text| text.trim() == tag)
}

/// What a writer wants to be true of the tag that it moves. A text that is no entity tag of ours matches nothing.
pub(crate) fn condition(headers: &HeaderMap) -> Condition {
    if values(headers, &IF_NONE_MATCH).any(|text| text.trim() == "*") {
        return Condition::Absent;
    }
    let mut wanted = values(headers, &IF_MATCH).flat_map(|text| text.split(',')).map(str::trim).peekable();
    if wanted.peek().is_none() || wanted.peek() == Some(&"*") {
        return Condition::None;
    }
    Condition::OneOf(wanted.filter_map(|text| text.trim_matches('"').parse().ok()).collect())
}

fn values<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::try_from(value).unwrap())])
    }

    #[test]
    fn one_of_several_tags_is_enough() {
        let (digest, other) = (Digest::of("a"), Digest::of("b"));
        for (text, expected) in [
            (format!("\"{digest}\""), true),
            (format!("\"{other}\", W/\"{digest}\""), true),
            ("*".to_owned(), true),
            (format!("\"{other}\""), false),
            (digest.to_string(), false),
        ] {
            assert_eq!(is_known(&headers(IF_NONE_MATCH, &text), &digest), expected, "{text}");
        }
        assert!(!is_known(&HeaderMap::new(), &digest));
    }

    #[test]
    fn a_writer_says_what_it_expects_to_find() {
        let digest = Digest::of("a");
        assert_eq!(condition(&HeaderMap::new()), Condition::None);
        assert_eq!(condition(&headers(IF_NONE_MATCH, "*")), Condition::Absent);
        assert_eq!(condition(&headers(IF_MATCH, &format!("\"x\", \"{digest}\""))), Condition::OneOf(vec![digest]));
        assert_eq!(condition(&headers(IF_MATCH, "\"x\"")), Condition::OneOf(Vec::new()));
    }

    #[test]
    fn a_range_of_another_blob_is_not_wanted() {
        let digest = Digest::of("a");
        assert!(is_range_wanted(&HeaderMap::new(), &digest));
        assert!(is_range_wanted(&headers(IF_RANGE, &entity_tag(&digest)), &digest));
        assert!(!is_range_wanted(&headers(IF_RANGE, "\"other\""), &digest));
    }
}
