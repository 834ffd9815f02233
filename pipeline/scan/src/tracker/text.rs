//! Strings of a JSON file, borrowed from its bytes where they hold no escapes, and bounded.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A string of more bytes is an error; the longest of Debian's have some hundred.
pub(crate) const TEXT_LIMIT: usize = 16 << 10;
/// So many characters of a description are kept.
const DESCRIPTION_LIMIT: usize = 300;

/// A string.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// The first characters of a string of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Description<'a>(pub(crate) Cow<'a, str>);

/// For fields that may be left out and must not be null.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(json: D) -> Result<Option<T>, D::Error> {
    T::deserialize(json).map(Some)
}

/// Strings of at most so many bytes.
struct AnyText(usize);

impl<'de> Visitor<'de> for AnyText {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        self.bounded(text).map(Cow::Borrowed)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.bounded(text).map(|text| Cow::Owned(text.to_owned()))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(AnyText(TEXT_LIMIT)).map(Self)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Description<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_str(AnyText(usize::MAX)).map(|text| Self(shortened(text)))
    }
}

impl AnyText {
    fn bounded<'t, E: Error>(&self, text: &'t str) -> Result<&'t str, E> {
        let (found, limit) = (text.len(), self.0);
        let is_short = found <= limit;
        is_short
            .then_some(text)
            .ok_or_else(|| E::custom(format!("a string of {found} bytes, at most {limit} are expected")))
    }
}

/// Whole if it is short; otherwise its beginning and an ellipsis, which together have as many characters as are kept.
fn shortened(text: Cow<'_, str>) -> Cow<'_, str> {
    let beginning = text.as_bytes().get(..=DESCRIPTION_LIMIT);
    let end = match beginning {
        None => return text,
        Some(bytes) if bytes.is_ascii() => DESCRIPTION_LIMIT - 1,
        Some(_) if text.char_indices().nth(DESCRIPTION_LIMIT).is_none() => return text,
        Some(_) => text.char_indices().nth(DESCRIPTION_LIMIT - 1).map_or(0, |(end, _)| end),
    };
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

impl Text<'_> {
    /// As a string.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_descriptions_are_cut_between_characters_and_other_long_strings_refused() {
        let read = |text: &str| serde_json::from_str::<Description<'_>>(&format!("\"{text}\"")).unwrap().0.into_owned();
        assert_eq!(read(&"é".repeat(300)), "é".repeat(300));
        assert_eq!(read(&"é".repeat(301)), format!("{}…", "é".repeat(299)));
        assert_eq!(
            (read(&"x".repeat(300)), read(&"x".repeat(301))),
            ("x".repeat(300), format!("{}…", "x".repeat(299)))
        );
        assert_eq!(read("a\\u00e9\\n"), "aé\n");
        let long = format!("\"{}\"", "x".repeat(TEXT_LIMIT + 1));
        let error = serde_json::from_str::<Text<'_>>(&long).unwrap_err().to_string();
        assert!(error.starts_with("a string of 16385 bytes, at most 16384 are expected at line 1"), "{error}");
        assert!(serde_json::from_str::<Text<'_>>("null").is_err());
    }
}
