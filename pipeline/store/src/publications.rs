//! The history of publications, as it is asked for.

use std::collections::BTreeMap;

use blob::Digest;
use debian::Version;
use scan::{Moments, PublishedVersion};

use crate::publication::PublicationRecord;
use crate::value::{maybe_time, of_json, parsed, time};
use crate::{Ledger, StoreError};

const READ: &str = "read the publications";

/// One row of the table.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    image: String,
    index_digest: String,
    codename: String,
    tags_json: String,
    reasons_json: String,
    decided_at: Option<i64>,
    built_at: Option<i64>,
    scanned_at: Option<i64>,
    signed_at: Option<i64>,
    tagged_at: i64,
}

impl Ledger {
    /// The images that were ever published, by name.
    pub async fn images(&self) -> Result<Vec<String>, StoreError> {
        let query = sqlx::query_scalar("SELECT DISTINCT image FROM publications ORDER BY image");
        query.fetch_all(self.readers()).await.map_err(self.failed(READ))
    }

    /// The platforms of what is under an image's tags, by name.
    pub async fn platforms(&self, image: &str) -> Result<Vec<String>, StoreError> {
        let query = "SELECT platform FROM tagged_images WHERE image = $1 ORDER BY platform";
        sqlx::query_scalar(query).bind(image).fetch_all(self.readers()).await.map_err(self.failed(READ))
    }

    /// Every publication of an image, the newest first.
    pub async fn publications(&self, image: &str) -> Result<Vec<PublicationRecord>, StoreError> {
        let mut platforms: BTreeMap<i64, Vec<(String, Digest)>> = BTreeMap::new();
        let query = "SELECT p.id, i.platform, m.digest FROM publications p JOIN publication_images i ON i.publication = p.id \
                     JOIN manifests m ON m.id = i.manifest WHERE p.image = $1 ORDER BY i.platform";
        let rows: Vec<(i64, String, String)> =
            sqlx::query_as(query).bind(image).fetch_all(self.readers()).await.map_err(self.failed(READ))?;
        for (id, platform, digest) in rows {
            platforms.entry(id).or_default().push((platform, parsed("digest", &digest)?));
        }
        let record = |row: Row| {
            let platforms = platforms.remove(&row.id).unwrap_or_default();
            record(row, platforms)
        };
        self.rows(image).await?.into_iter().rev().map(record).collect()
    }

    /// What an image's tags held of each source over time: what lags are computed from. With `source`, of that one only.
    pub async fn source_histories(
        &self,
        image: &str,
        platform: &str,
        source: Option<&str>,
    ) -> Result<BTreeMap<String, Vec<PublishedVersion>>, StoreError> {
        let query = "SELECT DISTINCT i.publication, p.source, p.source_version FROM publications u \
                     JOIN publication_images i ON i.publication = u.id AND i.platform = $2 \
                     JOIN inventories v ON v.manifest = i.manifest JOIN packages p ON p.id = v.package \
                     WHERE u.image = $1 AND p.source = COALESCE($3, p.source)";
        let query = sqlx::query_as(query).bind(image).bind(platform).bind(source);
        let rows: Vec<(i64, String, String)> = query.fetch_all(self.readers()).await.map_err(self.failed(READ))?;
        let mut held: BTreeMap<String, BTreeMap<i64, Version>> = BTreeMap::new();
        for (publication, source, version) in rows {
            let version: Version = parsed("source version", &version)?;
            let versions = held.entry(source).or_default();
            let lowest = versions.remove(&publication).map_or(version.clone(), |other| other.min(version));
            versions.insert(publication, lowest);
        }
        let publications = self.rows(image).await?;
        let history = |(source, mut versions): (String, BTreeMap<i64, Version>)| {
            let published = |row: &Row| {
                let index = parsed("digest", &row.index_digest)?;
                Ok(PublishedVersion { index, moments: moments(row)?, version: versions.remove(&row.id) })
            };
            Ok((source, publications.iter().map(published).collect::<Result<Vec<_>, StoreError>>()?))
        };
        held.into_iter().map(history).collect()
    }

    /// The oldest first.
    async fn rows(&self, image: &str) -> Result<Vec<Row>, StoreError> {
        let query = "SELECT id, image, index_digest, codename, tags_json, reasons_json, decided_at, built_at, scanned_at, signed_at, \
                     tagged_at FROM publications WHERE image = $1 ORDER BY tagged_at, id";
        sqlx::query_as(query).bind(image).fetch_all(self.readers()).await.map_err(self.failed(READ))
    }
}

fn moments(row: &Row) -> Result<Moments, StoreError> {
    Ok(Moments {
        decided: maybe_time(row.decided_at)?,
        built: maybe_time(row.built_at)?,
        scanned: maybe_time(row.scanned_at)?,
        signed: maybe_time(row.signed_at)?,
        tagged: time(row.tagged_at)?,
    })
}

fn record(row: Row, platforms: Vec<(String, Digest)>) -> Result<PublicationRecord, StoreError> {
    Ok(PublicationRecord {
        index: parsed("digest", &row.index_digest)?,
        tags: of_json("list of tags", &row.tags_json)?,
        reasons: of_json("list of reasons", &row.reasons_json)?,
        moments: moments(&row)?,
        image: row.image,
        codename: row.codename,
        platforms,
    })
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{at, ledger, published};

    #[tokio::test]
    async fn publications_are_told_newest_first_and_sources_oldest_first() {
        let (_folder, ledger) = ledger().await;
        for (day, list) in [(4, ["a=1", "b=1"]), (6, ["a=2", "c=1"]), (5, ["a=1", "b=2"])] {
            ledger.published(&published("base", day, &list)).await.unwrap();
        }
        let history = ledger.publications("base").await.unwrap();
        assert_eq!(history.iter().map(|it| it.moments.tagged).collect::<Vec<_>>(), [at(6, 12), at(5, 12), at(4, 12)]);
        assert_eq!((history[0].reasons[0].line.as_str(), history[0].platforms.len()), ("day 6", 1));
        let sources = ledger.source_histories("base", "linux/amd64", None).await.unwrap();
        let versions = |source: &str| {
            let texts = sources[source].iter().map(|it| it.version.as_ref().map_or("-".into(), ToString::to_string));
            texts.collect::<Vec<_>>().join(" ")
        };
        assert_eq!((versions("a"), versions("b"), versions("c")), ("1 1 2".into(), "1 2 -".into(), "- - 1".into()));
        assert_eq!(ledger.source_histories("base", "linux/amd64", Some("b")).await.unwrap().len(), 1);
        assert_eq!(ledger.source_histories("base", "linux/arm64", None).await.unwrap().len(), 0);
        assert_eq!(ledger.images().await.unwrap(), ["base"]);
    }
}
