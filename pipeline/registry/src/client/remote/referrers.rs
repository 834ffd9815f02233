//! Who speaks about a manifest, by the registry's own list, or by the fallback tag where it has none.
//!
//! In: a subject's digest. Out: descriptors, each once. No filter is asked for: lists that others keep are often wrong about types.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers>.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use blob::Digest;
use oci::{Descriptor, ImageIndex, MEDIA_TYPE_INDEX};
use serde::Deserialize;

use super::Remote;
use super::pages::Page;
use crate::client::error::During;
use crate::client::http::{Answer, shown};
use crate::client::{ClientError, ClientFault};

/// More than that are not kept in memory.
const MOST_REFERRERS: usize = 100_000;

/// What of a manifest matters for lists of referrers, whatever its media type.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Peek {
    artifact_type: Option<String>,
    config: Option<Configuration>,
    subject: Option<Descriptor>,
    annotations: Option<BTreeMap<String, String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Configuration {
    media_type: Option<String>,
}

impl Peek {
    /// Looks into a manifest; one that cannot be read speaks about nothing.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// The subject, and the entry that stands for the manifest in the list of its referrers.
    pub(crate) fn referrer(self, descriptor: &Descriptor) -> Option<(Descriptor, Descriptor)> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let by_configuration = filled(self.config.and_then(|config| config.media_type));
        let plain = Descriptor::new(descriptor.media_type.clone(), descriptor.digest.clone(), descriptor.size);
        let entry = Descriptor {
            artifact_type: filled(self.artifact_type).or(by_configuration),
            annotations: self.annotations.unwrap_or_default(),
            ..plain
        };
        self.subject.map(|subject| (subject, entry))
    }
}

impl Remote {
    /// What speaks about a digest. Where the list is the fallback tag's, types and annotations are what others wrote there.
    pub async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, ClientError> {
        self.find_referrers(subject).await.during(|| format!("list the referrers of `{subject}` in `{self}`"))
    }

    pub(crate) async fn find_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, ClientFault> {
        let found = match self.listed_referrers(subject).await? {
            Some(listed) => listed,
            None => self.fallback_referrers(subject).await?,
        };
        let mut seen = BTreeSet::new();
        Ok(found.into_iter().filter(|descriptor| seen.insert(descriptor.digest.clone())).collect())
    }

    /// The registry's own list; `None` where it keeps none.
    pub(crate) async fn listed_referrers(&self, subject: &Digest) -> Result<Option<Vec<Descriptor>>, ClientFault> {
        let lists_none = &self.registry.lists_no_referrers;
        if lists_none.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let first = self.url(&format!("referrers/{subject}")).await?;
        let shown = shown(&first);
        let unexpected =
            |found: &str, expected| ClientFault::Unexpected { url: shown.clone(), found: found.to_owned(), expected };
        let mut pages = self.pages(first, MEDIA_TYPE_INDEX);
        let mut referrers = Vec::new();
        while let Some(page) = pages.next().await? {
            let (media_type, bytes) = match page {
                Page::Part { media_type, bytes } => (media_type, bytes),
                Page::Other(answer) if is_no_list(&answer) => {
                    // A repository that is not there says nothing about others.
                    let is_general = !answer.refusal().await.has_code("NAME_UNKNOWN");
                    lists_none.fetch_or(is_general, Ordering::Relaxed);
                    return Ok(None);
                }
                Page::Other(answer) => return Err(answer.refusal().await),
            };
            match ImageIndex::parse(&bytes) {
                Ok(index) => referrers.extend(index.manifests),
                // Some answer every address with a page for people.
                Err(_) if !media_type.ends_with("json") => return Ok(None),
                Err(_) => return Err(unexpected("answered something that cannot be read", "an image index")),
            }
            if referrers.len() > MOST_REFERRERS {
                return Err(unexpected("gave more than a hundred thousand referrers", "a list that ends"));
            }
        }
        Ok(Some(referrers))
    }
}

/// Whether the registry says that it has no such list: 404, by the specification, or that it knows no such request.
fn is_no_list(answer: &Answer) -> bool {
    matches!(answer.status().as_u16(), 404 | 405 | 501)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Option<Descriptor> {
        let descriptor = Descriptor::of(MEDIA_TYPE_INDEX, text.as_bytes());
        Peek::of(text.as_bytes()).referrer(&descriptor).map(|(_, entry)| entry)
    }

    #[test]
    fn the_entry_has_the_type_and_the_annotations_that_the_specification_asks_for() {
        let subject = serde_json::to_string(&Descriptor::of(MEDIA_TYPE_INDEX, b"x")).unwrap();
        for (fields, expected) in [
            (r#""artifactType":"a","config":{"mediaType":"c"}"#, Some("a")),
            (r#""artifactType":"","config":{"mediaType":"c"}"#, Some("c")),
            (r#""config":{"mediaType":"c"}"#, Some("c")),
            (r#""manifests":[]"#, None),
        ] {
            let entry = entry(&format!(r#"{{"subject":{subject},"annotations":{{"k":"v"}},{fields}}}"#)).unwrap();
            assert_eq!((entry.artifact_type.as_deref(), entry.annotations["k"].as_str()), (expected, "v"));
        }
    }

    #[test]
    fn what_has_no_subject_or_cannot_be_read_speaks_about_nothing() {
        for text in ["{}", "", "[]", r#"{"subject":null}"#, r#"{"subject":{"digest":"x"}}"#] {
            assert_eq!(entry(text), None, "{text}");
        }
    }
}
