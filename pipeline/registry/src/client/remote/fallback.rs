//! The fallback tag: an index of referrers that clients keep where the registry does not.
//!
//! In: a subject, and entries to be there or not to be there. Out: the index under the subject's tag with exactly that changed; what others
//! wrote stays as it is, to the byte. Two writers lose nothing: writing is conditional where the registry can do that, and what was
//! written is read back when whoever read before must have written too.
//! Specification: <https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema>.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use blob::Digest;
use oci::{Descriptor, DocumentError, ImageIndex, MEDIA_TYPE_INDEX, Tag};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::manifests::Condition;
use super::{Named, Remote};
use crate::client::error::During;
use crate::client::{ClientError, ClientFault};

/// So often the index is written before others are given the word.
const MOST_ROUNDS: u32 = 12;
/// So often under the condition that nobody else wrote.
const MOST_CONDITIONAL: u32 = 8;
/// The bounds of the wait before what was written is read back.
const SHORTEST_WAIT: Duration = Duration::from_millis(50);
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// An index whose entries are kept as they were read.
#[derive(Debug)]
struct KeptIndex {
    fields: BTreeMap<String, Box<RawValue>>,
    entries: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct HasDigest {
    digest: Option<String>,
}

impl KeptIndex {
    fn empty() -> Self {
        // An index of ours is one.
        Self::parse(&ImageIndex::new(Vec::new()).to_bytes())
            .unwrap_or_else(|_| Self { fields: BTreeMap::new(), entries: Vec::new() })
    }

    fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut fields: BTreeMap<String, Box<RawValue>> = serde_json::from_slice(bytes)?;
        let entries: Option<Vec<Box<RawValue>>> = match fields.remove("manifests") {
            Some(entries) => serde_json::from_str(entries.get())?,
            None => None,
        };
        Ok(Self { fields, entries: entries.unwrap_or_default() })
    }

    fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut fields = self.fields.clone();
        fields.insert("manifests".to_owned(), to_raw_value(&self.entries)?);
        serde_json::to_vec(&fields)
    }

    fn has(&self, digest: &Digest) -> bool {
        self.entries.iter().any(|entry| names(entry, digest))
    }

    /// Adds what is missing; whether anything was.
    fn add(&mut self, entries: &[Descriptor]) -> bool {
        let before = self.entries.len();
        for entry in entries {
            if !self.has(&entry.digest) {
                self.entries.extend(to_raw_value(entry));
            }
        }
        self.entries.len() > before
    }

    /// Takes an entry away; whether it was there.
    fn remove(&mut self, digest: &Digest) -> bool {
        let before = self.entries.len();
        self.entries.retain(|entry| !names(entry, digest));
        self.entries.len() < before
    }
}

fn names(entry: &RawValue, digest: &Digest) -> bool {
    let read: Result<HasDigest, _> = serde_json::from_str(entry.get());
    read.is_ok_and(|entry| entry.digest.is_some_and(|text| text == digest.to_string()))
}

impl Remote {
    /// The entries of the fallback tag; none where it is absent, or something else than an index.
    pub(crate) async fn fallback_referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, ClientFault> {
        let found = self.read_manifest(&Named::Tag(Tag::of_referrers(subject))).await?;
        let index = found.and_then(|(manifest, _)| ImageIndex::parse(&manifest.bytes).ok());
        Ok(index.map(|index| index.manifests).unwrap_or_default())
    }

    /// Puts entries into the fallback tag's index, where they are not there.
    pub(crate) async fn list_referrers(&self, subject: &Digest, entries: &[Descriptor]) -> Result<(), ClientError> {
        let changed = self.change_fallback(subject, |index| index.add(entries)).await;
        changed.during(|| format!("list the referrers of `{subject}` under its fallback tag in `{self}`"))
    }

    /// Takes an entry out of the fallback tag's index, where the registry keeps no list itself.
    pub(crate) async fn unlist_referrer(&self, subject: &Digest, referrer: &Digest) -> Result<(), ClientError> {
        let unlisted = async {
            match self.listed_referrers(subject).await? {
                Some(_) => Ok(()),
                None => self.change_fallback(subject, |index| index.remove(referrer)).await,
            }
        };
        unlisted.await.during(|| format!("take `{referrer}` out of the fallback tag of `{subject}` in `{self}`"))
    }

    /// Reads, changes and writes until what is read needs no change.
    async fn change_fallback(
        &self,
        subject: &Digest,
        change: impl Fn(&mut KeptIndex) -> bool,
    ) -> Result<(), ClientFault> {
        let tag = Tag::of_referrers(subject);
        let lock = self.registry.lock(&format!("{}:{tag}", self.wire));
        let _only_writer_here = lock.lock().await;
        for round in 1..=MOST_ROUNDS {
            let begun = Instant::now();
            let (mut index, mut condition) = self.read_fallback(&tag).await?;
            if round > MOST_CONDITIONAL {
                // A proxy that changes tags of entities lets no condition hold.
                condition = Condition::None;
            }
            if !change(&mut index) {
                return Ok(());
            }
            self.write_fallback(&tag, &index, &condition).await?;
            tokio::time::sleep(settling(begun.elapsed(), round)).await;
        }
        Err(ClientFault::Contended { tag: tag.to_string(), rounds: MOST_ROUNDS })
    }

    async fn read_fallback(&self, tag: &Tag) -> Result<(KeptIndex, Condition), ClientFault> {
        let Some((manifest, etag)) = self.read_manifest(&Named::Tag(tag.clone())).await? else {
            return Ok((KeptIndex::empty(), Condition::Absent));
        };
        let document = |reason| ClientFault::NoList { tag: tag.to_string(), reason };
        if manifest.descriptor.media_type != MEDIA_TYPE_INDEX {
            return Err(document(DocumentError::Unexpected {
                document: "list of referrers",
                key: "mediaType",
                found: manifest.descriptor.media_type,
                expected: MEDIA_TYPE_INDEX,
            }));
        }
        let index = KeptIndex::parse(&manifest.bytes)
            .map_err(|reason| document(DocumentError::Malformed { document: "list of referrers", reason }))?;
        // A weak one says nothing about bytes.
        let strong = etag.filter(|etag| etag.starts_with('"'));
        Ok((index, strong.map_or(Condition::None, Condition::Is)))
    }

    /// Writes the index; where somebody else wrote in between, nothing happens, and the next round sees what.
    async fn write_fallback(&self, tag: &Tag, index: &KeptIndex, condition: &Condition) -> Result<(), ClientFault> {
        let bytes = index.to_bytes().map_err(|reason| ClientFault::NoList {
            tag: tag.to_string(),
            reason: DocumentError::Malformed { document: "list of referrers", reason },
        })?;
        match self.put_manifest(&bytes.into(), MEDIA_TYPE_INDEX, &Named::Tag(tag.clone()), condition).await {
            Err(fault) if fault.status() == Some(StatusCode::PRECONDITION_FAILED) => Ok(()),
            written => written.map(drop),
        }
    }
}

/// Whoever read before our writing has written by then, if it is as fast as we are; and two who collide do not collide again.
fn settling(round_took: Duration, round: u32) -> Duration {
    let longest = (round_took * 2).max(SHORTEST_WAIT * round).min(LONGEST_WAIT);
    longest.mul_f64(0.75 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_stays_to_the_byte() {
        let foreign = r#"{"digest" : "sha256:x", "b":1, "a":[ 2 ], "size": 3.0}"#;
        let text = format!(r#"{{"schemaVersion":2,"manifests":[ {foreign} ],"x-own":{{"z":1,"a":2}}}}"#);
        let mut index = KeptIndex::parse(text.as_bytes()).unwrap();
        let ours = Descriptor::of("a", b"ours");
        assert!(index.add(std::slice::from_ref(&ours)) && !index.add(std::slice::from_ref(&ours)));
        let written = String::from_utf8(index.to_bytes().unwrap()).unwrap();
        let ours_text = serde_json::to_string(&ours).unwrap();
        assert_eq!(
            written,
            format!(r#"{{"manifests":[{foreign},{ours_text}],"schemaVersion":2,"x-own":{{"z":1,"a":2}}}}"#)
        );
        assert!(index.remove(&ours.digest) && !index.remove(&ours.digest));
        assert_eq!(index.entries.len(), 1);
    }

    #[test]
    fn a_new_index_is_one_that_registries_take() {
        let mut index = KeptIndex::empty();
        index.add(&[Descriptor::of("a", b"ours")]);
        let index = ImageIndex::parse(&index.to_bytes().unwrap()).unwrap();
        assert_eq!(index.media_type.as_deref(), Some(MEDIA_TYPE_INDEX));
        assert_eq!(index.manifests.len(), 1);
        assert!(KeptIndex::parse(br#"{"manifests":null}"#).unwrap().entries.is_empty());
        assert!(KeptIndex::parse(b"[]").is_err());
    }
}
