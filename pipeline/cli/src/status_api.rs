//! `/api/v1/images`: what the page shows, for programs.
//!
//! In: a [`View`]. Out: JSON with the schema `bedplate.images/v1`; keys are added in later versions, none changes.

use std::collections::BTreeMap;

use blob::Digest;
use jiff::Timestamp;
use plan::{Outcome, PublishedPlatform};
use scan::Standing;
use serde::Serialize;

use crate::status::{ImageView, Undelivered, View};
use crate::status_findings_api::Summary;

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Answer<'v> {
    schema: &'static str,
    /// Whether all that is published is signed.
    signed: bool,
    /// Whether all that is published was scanned for known vulnerabilities.
    scanned: bool,
    /// How the vulnerability data stand at this moment.
    data: Standing,
    evaluated: Option<Timestamp>,
    next_evaluation: Option<Timestamp>,
    error: Option<&'v str>,
    images: Vec<Image<'v>>,
    /// What could not be published to other registries.
    undelivered: &'v [Undelivered],
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Image<'v> {
    #[serde(rename = "image")]
    name: &'v str,
    summary: Option<&'v str>,
    end_of_life: Option<jiff::civil::Date>,
    published: Option<Published<'v>>,
    /// What its vulnerabilities come to.
    findings: Option<Summary<'v>>,
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
    let mut published = view.images.iter().filter_map(|image| image.publication.as_ref());
    let is_scanned = |name: &String| view.known.images.get(name).is_some_and(|it| it.reports.len() == it.platforms);
    let answer = Answer {
        schema: "bedplate.images/v1",
        signed: published.clone().all(|it| !it.attested.manifests.is_empty()),
        scanned: published.all(|it| is_scanned(&it.image)),
        data: view.known.data.standing,
        evaluated: view.evaluated,
        next_evaluation: view.next,
        error: view.unreadable.as_deref().or(error),
        images: view.images.iter().map(|it| image(view, it)).collect(),
        undelivered: &view.undelivered,
    };
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn image<'v>(whole: &'v View, view: &'v ImageView) -> Image<'v> {
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
        findings: view.publication.as_ref().map(|_| Summary::of(&whole.known, &view.name)),
        published,
        last: view.outcome.as_ref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Known;
    use crate::findings::fixtures::{NOW, known};
    use crate::status_fixtures::{failed, view};

    fn answer(known: Known) -> serde_json::Value {
        let mut view = view(known);
        view.images[0].outcome = Some(failed("python").outcome);
        serde_json::from_slice(&images(&view)).unwrap()
    }

    #[test]
    fn says_what_is_signed_scanned_and_failed() {
        let answer = answer(known(NOW));
        assert_eq!((&answer["signed"], &answer["scanned"]), (&true.into(), &true.into()));
        assert_eq!(answer["images"][0]["last"]["whose"], "upstream");
        assert_eq!(answer["images"][0]["published"]["platforms"]["linux/amd64"]["size"], 20_600_000);
        assert_eq!(answer["evaluated"], "2026-11-23T14:05:00Z");
        let findings = &answer["images"][0]["findings"];
        assert_eq!((&findings["grade"], &findings["counts"]["fixable"]), (&"B".into(), &1.into()));
        assert_eq!(answer["data"]["standing"], "current");
    }

    #[test]
    fn unknown_is_not_scanned_and_has_no_counts() {
        let answer = answer(Known::default());
        let findings = &answer["images"][0]["findings"];
        assert_eq!((&answer["scanned"], &answer["data"]["standing"]), (&false.into(), &"absent".into()));
        assert_eq!((&findings["grade"], &findings["counts"]), (&"unknown".into(), &serde_json::Value::Null));
    }
}
