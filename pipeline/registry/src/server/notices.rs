//! What clients are told beside the bytes: that an image was superseded, or is past its end of life.
//!
//! In: a repository and the digest of a manifest. Out: the header `Warning`, which tools show to people.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#warnings>.

use std::fmt;
use std::sync::Arc;

use axum::http::HeaderValue;
use blob::Digest;
use oci::Repository;

/// "Miscellaneous persistent warning", the only code that the specification allows; `-` says that nobody is named as its source.
const PREFIX: &str = "299 - ";
/// Longer ones clients may drop.
const LONGEST: usize = 200;

type Say = dyn Fn(&Repository, &Digest) -> Option<String> + Send + Sync;

/// Says about a manifest what people should know, if anything.
#[derive(Clone)]
pub struct Notices(Arc<Say>);

impl Notices {
    /// Asks this function for every manifest that is pulled: it has to be quick.
    pub fn new(say: impl Fn(&Repository, &Digest) -> Option<String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(say))
    }

    /// The header's value.
    pub(crate) fn about(&self, repository: &Repository, digest: &Digest) -> Option<HeaderValue> {
        let text = self.0(repository, digest)?;
        let text: String = text.chars().map(|one| if is_plain(one) { one } else { '?' }).take(LONGEST).collect();
        HeaderValue::try_from(format!("{PREFIX}\"{text}\"")).ok()
    }
}

impl fmt::Debug for Notices {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Notices")
    }
}

/// What may stand between quotation marks without being escaped.
fn is_plain(character: char) -> bool {
    (character == ' ' || character.is_ascii_graphic()) && !matches!(character, '"' | '\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_cannot_break_the_header() {
        let notices = Notices::new(|_, _| Some("a \"b\"\r\nSet-Cookie: x\u{fc}".to_owned()));
        let value = notices.about(&"a".parse().unwrap(), &Digest::of("")).unwrap();
        assert_eq!(value, r#"299 - "a ?b???Set-Cookie: x?""#);
        assert!(Notices::new(|_, _| None).about(&"a".parse().unwrap(), &Digest::of("")).is_none());
    }
}
