//! Badges: an image's grade and its count of fixable findings, as a picture of our own and for shields.
//!
//! In: [`Known`]. Out: SVG; JSON with exactly the keys that shields' endpoint badge takes. Unknown is grey and says so.

use maud::{Markup, html};
use scan::Grade;
use serde::Serialize;

use crate::findings::Known;
use crate::status_findings::letter;

/// How long others may keep a badge, in seconds.
pub(crate) const CACHE_SECONDS: u32 = 300;

/// A badge, by the keys of shields' endpoint badge (<https://shields.io/badges/endpoint-badge>), which refuses all others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Badge {
    schema_version: u8,
    label: String,
    message: String,
    color: &'static str,
    is_error: bool,
    cache_seconds: u32,
}

impl Badge {
    fn new(label: &str, message: String, color: &'static str) -> Self {
        let (schema_version, is_error, cache_seconds) = (1, false, CACHE_SECONDS);
        Self { schema_version, label: label.to_owned(), message, color, is_error, cache_seconds }
    }

    /// The grade.
    pub(crate) fn grade(known: &Known, image: &str) -> Self {
        let grade = known.graded(image).grade;
        let message =
            if grade == Grade::Unknown { "grade unknown".to_owned() } else { format!("grade {}", letter(grade)) };
        Self::new(image, message, color(grade))
    }

    /// How many findings a rebuild would take away.
    pub(crate) fn fixable(known: &Known, image: &str) -> Self {
        let current = known.images.get(image).filter(|it| it.standing.is_current());
        match current.map(|it| it.counts.fixable) {
            None => Self::new(image, "fixable unknown".to_owned(), color(Grade::Unknown)),
            Some(0) => Self::new(image, "0 fixable".to_owned(), color(Grade::A)),
            Some(count) => Self::new(image, format!("{count} fixable"), color(known.graded(image).grade)),
        }
    }

    /// The picture.
    pub(crate) fn svg(&self) -> Markup {
        let (left, right) = (width(&self.label), width(&self.message));
        let whole = left + right;
        html! {
            svg xmlns="http://www.w3.org/2000/svg" width=(whole) height="20" role="img" aria-label={ (self.label) ": " (self.message) } {
                title { (self.label) ": " (self.message) }
                rect width=(left) height="20" fill="#444" {}
                rect x=(left) width=(right) height="20" fill=(hex(self.color)) {}
                g text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" {
                    text x=(left / 2) y="14" fill="#fff" textLength=(left - 12) lengthAdjust="spacingAndGlyphs" { (self.label) }
                    text x=(left + right / 2) y="14" fill=(ink(self.color)) textLength=(right - 12) lengthAdjust="spacingAndGlyphs" { (self.message) }
                }
            }
        }
    }
}

fn color(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "brightgreen",
        Grade::B => "green",
        Grade::C => "yellow",
        Grade::D => "orange",
        Grade::F => "red",
        Grade::Unknown => "lightgrey",
    }
}

fn hex(color: &str) -> &'static str {
    match color {
        "brightgreen" => "#1c7c3c",
        "green" => "#5b7f1a",
        "yellow" => "#dfb317",
        "orange" => "#e8833a",
        "red" => "#b3261e",
        _ => "#cfcfcf",
    }
}

/// White on dark grounds, black on light ones.
fn ink(color: &str) -> &'static str {
    if matches!(color, "brightgreen" | "green" | "red") { "#fff" } else { "#111" }
}

/// Room for a text of 11 pixels, seven a character; the text is fitted into it.
fn width(text: &str) -> usize {
    text.chars().count() * 7 + 12
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, known};

    #[test]
    fn shields_gets_its_keys_and_no_other() {
        let badge = serde_json::to_value(Badge::grade(&known(NOW), "python")).unwrap();
        let expected = serde_json::json!({
            "schemaVersion": 1, "label": "python", "message": "grade B", "color": "green", "isError": false, "cacheSeconds": 300,
        });
        assert_eq!(badge, expected);
        assert_eq!(Badge::fixable(&known(NOW), "python").message, "1 fixable");
    }

    #[test]
    fn unknown_is_grey_and_never_zero() {
        for known in [known("2026-11-25T00:00:00Z"), Known::default()] {
            let (grade, fixable) = (Badge::grade(&known, "python"), Badge::fixable(&known, "python"));
            assert_eq!((grade.message.as_str(), grade.color), ("grade unknown", "lightgrey"));
            assert_eq!((fixable.message.as_str(), fixable.color), ("fixable unknown", "lightgrey"));
        }
    }

    #[test]
    fn the_picture_escapes_names() {
        let svg = Badge::grade(&Known::default(), "<b>").svg().into_string();
        assert!(svg.contains("aria-label=\"&lt;b&gt;: grade unknown\"") && !svg.contains("<b>"), "{svg}");
    }
}
