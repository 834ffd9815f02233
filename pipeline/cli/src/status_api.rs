//! `/api/v1/images`: what the page shows, for programs.
//!
//! In: a [`View`]. Out: JSON with the schema `bedplate.images/v1`; keys are added in later versions, none changes.

use std::collections::BTreeMap;

use blob::Digest;
use jiff::Timestamp;
use plan::{Outcome, PublishedPlatform};
use serde::Serialize;

use crate::status::{ImageView, View};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Answer<'v> {
    schema: &'static str,
    /// Whether the images are signed: not by this version.
    signed: bool,
    /// Whether the images are scanned for known holes: not by this version.
    scanned: bool,
    evaluated: Option<Timestamp>,
    next_evaluation: Option<Timestamp>,
    error: Option<&'v str>,
    images: Vec<Image<'v>>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Image<'v> {
    #[serde(rename = "image")]
    name: &'v str,
    summary: Option<&'v str>,
    end_of_life: Option<jiff::civil::Date>,
    published: Option<Published<'v>>,
    last: Option<&'v Outcome>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Published<'v> {
    repository: &'v str,
    tags: &'v [String],
    fixed_tag: &'v str,
    version: &'v str,
    index: &'v Digest,
    platforms: &'v BTreeMap<String, PublishedPlatform>,
    created: Timestamp,
    #[serde(rename = "published")]
    at: Timestamp,
    builder: &'v str,
}

/// The answer's bytes.
pub(crate) fn images(view: &View) -> Vec<u8> {
    let error = view.error.as_ref().map(|(_, message)| message.as_str());
    let answer = Answer {
        schema: "bedplate.images/v1",
        signed: false,
        scanned: false,
        evaluated: view.evaluated,
        next_evaluation: view.next,
        error: view.unreadable.as_deref().or(error),
        images: view.images.iter().map(image).collect(),
    };
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn image(view: &ImageView) -> Image<'_> {
    let published = view.publication.as_ref().map(|one| Published {
        repository: &one.repository,
        tags: &one.tags,
        fixed_tag: &one.fixed_tag,
        version: &one.version,
        index: &one.index,
        platforms: &one.platforms,
        created: one.created,
        at: one.published,
        builder: &one.builder,
    });
    Image {
        name: &view.name,
        summary: view.definition.as_ref().map(|definition| definition.summary.as_str()),
        end_of_life: view.definition.as_ref().map(|definition| definition.end_of_life),
        published,
        last: view.outcome.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_fixtures::{failed, publication};

    #[test]
    fn says_that_nothing_is_signed_and_what_failed() {
        let image = ImageView {
            name: "python".into(),
            definition: None,
            publication: Some(publication("python")),
            outcome: Some(failed("python").outcome),
            build: None,
        };
        let view = View {
            evaluates: true,
            now: Timestamp::UNIX_EPOCH,
            evaluated: Some(Timestamp::UNIX_EPOCH),
            next: None,
            error: None,
            unreadable: None,
            images: vec![image],
        };
        let answer: serde_json::Value = serde_json::from_slice(&images(&view)).unwrap();
        assert_eq!((&answer["signed"], &answer["scanned"]), (&false.into(), &false.into()));
        assert_eq!(answer["images"][0]["last"]["whose"], "upstream");
        assert_eq!(answer["images"][0]["published"]["platforms"]["linux/amd64"]["size"], 20_600_000);
        assert_eq!(answer["evaluated"], "1970-01-01T00:00:00Z");
    }
}
