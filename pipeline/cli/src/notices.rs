//! What clients are told when they pull: that an image was superseded, or that it is past its end of life.
//!
//! In: publications, the catalogue, the tags that never move, and a date. Out: a sentence for a digest, or none. It is made anew
//! now and then, because asking is done at every pull and has to be quick.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use assemble::{Catalogue, fixed_tag_variant};
use blob::Digest;
use debian::Architecture;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use oci::{Repository, Tag};
use plan::Publication;
use registry::{Notices, Store};
use worker::Publications;

/// So often the sentences are made anew.
const INTERVAL: Duration = Duration::from_secs(10);

/// Sentences by repository and digest.
type Table = BTreeMap<(Repository, Digest), String>;

/// What the sentences are made of.
pub(crate) struct Sources {
    pub(crate) store: Arc<Store>,
    pub(crate) publications: Publications,
    pub(crate) catalogue: Arc<Catalogue>,
}

/// Sentences that are kept up to date as long as the runtime lives. Must be called inside of it.
pub(crate) fn keep(sources: Sources) -> Notices {
    let table: Arc<RwLock<Table>> = Arc::default();
    let shown = Arc::clone(&table);
    tokio::spawn(renew(Arc::new(sources), table));
    Notices::new(move |repository, digest| {
        let table = shown.read().unwrap_or_else(PoisonError::into_inner);
        table.get(&(repository.clone(), digest.clone())).cloned()
    })
}

async fn renew(sources: Arc<Sources>, table: Arc<RwLock<Table>>) {
    loop {
        let sources = Arc::clone(&sources);
        if let Ok(new) = tokio::task::spawn_blocking(move || sources.table(today())).await {
            *table.write().unwrap_or_else(PoisonError::into_inner) = new;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn today() -> Date {
    Zoned::new(Timestamp::now(), TimeZone::UTC).date()
}

impl Sources {
    /// What cannot be read has no sentence: the pull goes on, and the log of who reads it in earnest says why.
    fn table(&self, today: Date) -> Table {
        let published = self.publications.all().unwrap_or_default();
        let mut table = Table::new();
        for publication in &published {
            let Ok(repository) = publication.repository.parse::<Repository>() else { continue };
            self.tell_superseded(&repository, publication, &published, &mut table);
            if let Some(sentence) = self.end_of_life(publication, today) {
                let digests = publication.platforms.values().map(|platform| &platform.manifest);
                table.extend(
                    digests
                        .chain([&publication.index])
                        .map(|digest| ((repository.clone(), digest.clone()), sentence.clone())),
                );
            }
        }
        table
    }

    /// Every tag of the image that never moves and points to something older.
    fn tell_superseded(&self, repository: &Repository, new: &Publication, all: &[Publication], table: &mut Table) {
        let current = |digest: &Digest| all.iter().any(|other| other.index == *digest);
        for tag in self.store.tags(repository).unwrap_or_default() {
            if fixed_tag_variant(tag.as_str()).is_none_or(|variant| variant != variant_of(new)) {
                continue;
            }
            if let Ok(Some(old)) = self.store.resolve(repository, &tag)
                && !current(&old.digest)
            {
                table.insert((repository.clone(), old.digest), superseded(repository, &tag, new));
            }
        }
    }

    fn end_of_life(&self, publication: &Publication, today: Date) -> Option<String> {
        let chain = self.catalogue.expanded_chain(&publication.image, Architecture::Amd64).ok()?;
        let end = chain.last()?.end_of_life;
        let name = format!("{}:{}", publication.repository, publication.tags.first()?);
        (end < today).then(|| format!("{name} is past its end of life since {end}: it gets no more fixes"))
    }
}

fn superseded(repository: &Repository, tag: &Tag, new: &Publication) -> String {
    let moving = new.tags.first().map_or("latest", String::as_str);
    format!("{repository}:{tag} was superseded by {}: pull {repository}:{moving}", new.fixed_tag)
}

fn variant_of(publication: &Publication) -> &str {
    publication.image.strip_prefix(&publication.repository).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use oci::{ImageIndex, MEDIA_TYPE_INDEX};

    use super::*;
    use crate::status_fixtures::{catalogue, publication};

    #[test]
    fn what_was_superseded_or_is_too_old_is_told_and_what_is_current_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Store::open(folder.path().join("registry")).unwrap());
        let repository: Repository = "python".parse().unwrap();
        let [old, new] = ["old", "new"].map(|text| {
            let mut index = ImageIndex::new(Vec::new());
            index.annotations.insert("text".to_owned(), text.to_owned());
            store.put_manifest(&repository, &index.to_bytes(), MEDIA_TYPE_INDEX).unwrap()
        });
        let mut published = publication("python");
        published.index = new.digest.clone();
        published.fixed_tag = "3.13.6-20261124T000000Z".into();
        for (tag, descriptor) in
            [("3.13.5-20261123T000000Z", &old), (published.fixed_tag.as_str(), &new), ("3.13", &new)]
        {
            store.tag(&repository, &tag.parse().unwrap(), descriptor).unwrap();
        }
        let publications = Publications::of_state(folder.path()).unwrap();
        publications.put(&published).unwrap();
        let sources = Sources { store, publications, catalogue: Arc::new(catalogue()) };
        let table = sources.table(jiff::civil::date(2026, 1, 1));
        let told = |digest: &Digest| table.get(&(repository.clone(), digest.clone())).cloned();
        let expected = "python:3.13.5-20261123T000000Z was superseded by 3.13.6-20261124T000000Z: pull python:";
        assert!(told(&old.digest).unwrap().starts_with(expected), "{table:?}");
        assert_eq!(told(&new.digest), None);
        let later = sources.table(jiff::civil::date(2126, 1, 1));
        assert!(later[&(repository.clone(), new.digest)].contains("is past its end of life since"));
    }
}
