//! What was published: every image index that ever was under an image's tags, and what is under them.

use sqlx::{Sqlite, Transaction};

use crate::events::{Event, EventKind};
use crate::findings::FindingChanges;
use crate::inventories::Numbers;
use crate::publication::{PublishedImage, PublishedPlatform};
use crate::value::{json, maybe_millis, millis, of_json};
use crate::{Ledger, StoreError};

const RECORD: &str = "record a publication";

/// One write of a publication.
struct Write<'w> {
    ledger: &'w Ledger,
    transaction: Transaction<'static, Sqlite>,
    published: &'w PublishedImage,
}

impl Ledger {
    /// Remembers that an image's tags moved to an index, with what is installed in it. Reports that were stored for its manifests become
    /// the image's findings: what appeared and what went by that is returned. Again the same changes nothing; the index that the tags stand
    /// on already only gets its tags anew; a publication older than what is under the tags only adds to the history.
    pub async fn published(&self, published: &PublishedImage) -> Result<FindingChanges, StoreError> {
        let transaction = self.begin(RECORD).await?;
        let mut write = Write { ledger: self, transaction, published };
        let changes = write.record().await?;
        self.commit(write.transaction, RECORD).await?;
        Ok(changes)
    }
}

impl Write<'_> {
    async fn record(&mut self) -> Result<FindingChanges, StoreError> {
        if let Some(id) = self.standing().await? {
            self.retag(id).await?;
            return Ok(FindingChanges::default());
        }
        let id = self.insert().await?;
        let mut numbers = Numbers::default();
        let mut manifests = Vec::new();
        for platform in &self.published.platforms {
            let manifest = numbers.inventory(self.ledger, &mut self.transaction, platform).await?;
            let query = "INSERT INTO publication_images (publication, platform, manifest) VALUES ($1, $2, $3)";
            let query = sqlx::query(query).bind(id).bind(&platform.platform).bind(manifest);
            query.execute(&mut *self.transaction).await.map_err(self.ledger.failed(RECORD))?;
            manifests.push((platform, manifest));
        }
        if self.is_newest(id).await? {
            self.put_under_tags(id, &manifests).await
        } else {
            Ok(FindingChanges::default())
        }
    }

    /// The publication just before this moment, if it is the same index: nothing moved.
    async fn standing(&mut self) -> Result<Option<i64>, StoreError> {
        let query = "SELECT id, index_digest FROM publications WHERE image = $1 AND tagged_at <= $2 ORDER BY tagged_at DESC, id DESC LIMIT 1";
        let query = sqlx::query_as(query).bind(&self.published.image).bind(millis(self.published.moments.tagged));
        let row: Option<(i64, String)> =
            query.fetch_optional(&mut *self.transaction).await.map_err(self.ledger.failed(RECORD))?;
        Ok(row.filter(|(_, index)| *index == self.published.index.to_string()).map(|(id, _)| id))
    }

    async fn retag(&mut self, id: i64) -> Result<(), StoreError> {
        let query = "SELECT tags_json FROM publications WHERE id = $1";
        let tags: String = sqlx::query_scalar(query)
            .bind(id)
            .fetch_one(&mut *self.transaction)
            .await
            .map_err(self.ledger.failed(RECORD))?;
        let mut tags: Vec<String> = of_json("tags", &tags)?;
        tags.extend(self.published.tags.clone());
        tags.sort();
        tags.dedup();
        let query = sqlx::query("UPDATE publications SET tags_json = $1 WHERE id = $2").bind(json(&tags)?).bind(id);
        query.execute(&mut *self.transaction).await.map(drop).map_err(self.ledger.failed(RECORD))
    }

    async fn insert(&mut self) -> Result<i64, StoreError> {
        let failed = self.ledger.failed(RECORD);
        let query = "SELECT COALESCE(MAX(id), 0) + 1 FROM publications";
        let id: i64 = sqlx::query_scalar(query).fetch_one(&mut *self.transaction).await.map_err(failed)?;
        let query = "INSERT INTO publications (id, image, index_digest, codename, tags_json, reasons_json, decided_at, built_at, \
                     scanned_at, signed_at, tagged_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let (published, moments) = (self.published, &self.published.moments);
        let query = sqlx::query(query).bind(id).bind(&published.image).bind(published.index.to_string());
        let query = query.bind(&published.codename).bind(json(&published.tags)?).bind(json(&published.reasons)?);
        let query = query.bind(maybe_millis(moments.decided)).bind(maybe_millis(moments.built));
        let query = query.bind(maybe_millis(moments.scanned)).bind(maybe_millis(moments.signed));
        query.bind(millis(moments.tagged)).execute(&mut *self.transaction).await.map_err(failed)?;
        Ok(id)
    }

    async fn is_newest(&mut self, id: i64) -> Result<bool, StoreError> {
        let query = "SELECT id FROM publications WHERE image = $1 ORDER BY tagged_at DESC, id DESC LIMIT 1";
        let query = sqlx::query_scalar(query).bind(&self.published.image);
        let newest: i64 = query.fetch_one(&mut *self.transaction).await.map_err(self.ledger.failed(RECORD))?;
        Ok(newest == id)
    }

    async fn put_under_tags(
        &mut self,
        id: i64,
        manifests: &[(&PublishedPlatform, i64)],
    ) -> Result<FindingChanges, StoreError> {
        let failed = self.ledger.failed(RECORD);
        for query in ["DELETE FROM tagged_images WHERE image = $1", "DELETE FROM tagged_sources WHERE image = $1"] {
            let query = sqlx::query(query).bind(&self.published.image);
            query.execute(&mut *self.transaction).await.map_err(failed)?;
        }
        let mut changes = FindingChanges::default();
        for (platform, manifest) in manifests {
            let query = "INSERT INTO tagged_images (image, platform, publication, manifest) VALUES ($1, $2, $3, $4)";
            let query = sqlx::query(query).bind(&self.published.image).bind(&platform.platform).bind(id).bind(manifest);
            query.execute(&mut *self.transaction).await.map_err(failed)?;
            let query = "INSERT INTO tagged_sources (source, codename, image, platform) SELECT DISTINCT p.source, $1, $2, $3 \
                         FROM inventories i JOIN packages p ON p.id = i.package WHERE i.manifest = $4";
            let query = sqlx::query(query).bind(&self.published.codename).bind(&self.published.image);
            let query = query.bind(&platform.platform).bind(manifest);
            query.execute(&mut *self.transaction).await.map_err(failed)?;
            self.drop_reports(&platform.platform, *manifest).await?;
            let moved = self.published.moments.tagged;
            let image = (self.published.image.as_str(), platform.platform.as_str());
            changes.extend(self.ledger.findings_move(&mut self.transaction, image, *manifest, moved).await?);
        }
        let event = self.event();
        self.ledger.write_event(&mut self.transaction, &event).await?;
        Ok(changes)
    }

    /// Reports of what the tags have left: whoever needs one finds it beside the image.
    async fn drop_reports(&mut self, platform: &str, manifest: i64) -> Result<(), StoreError> {
        let query = "UPDATE scans SET report_json = NULL WHERE image = $1 AND platform = $2 AND manifest <> $3 AND report_json IS NOT NULL";
        let query = sqlx::query(query).bind(&self.published.image).bind(platform).bind(manifest);
        query.execute(&mut *self.transaction).await.map(drop).map_err(self.ledger.failed(RECORD))
    }

    fn event(&self) -> Event {
        let lines: Vec<&str> = self.published.reasons.iter().map(|reason| reason.line.as_str()).collect();
        let why = if lines.is_empty() { String::new() } else { format!(": {}", lines.join("; ")) };
        Event {
            at: self.published.moments.tagged,
            image: Some(self.published.image.clone()),
            platform: None,
            kind: EventKind::Published,
            line: format!("{} published{why}", self.published.image),
            detail: Some(serde_json::json!({ "index": self.published.index, "tags": self.published.tags })),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{ledger, manifest, published};

    #[tokio::test]
    async fn the_images_that_have_a_source_are_those_under_tags() {
        let (_folder, ledger) = ledger().await;
        ledger.published(&published("base", 1, &["a=1", "b=1"])).await.unwrap();
        ledger.published(&published("base", 2, &["b=1", "c=1"])).await.unwrap();
        ledger.published(&published("python", 2, &["a=1", "c=2"])).await.unwrap();
        let pair = |source: &str, codename: &str| (source.to_owned(), codename.to_owned());
        let wanted = [pair("a", "trixie"), pair("c", "trixie"), pair("b", "bookworm"), pair("z", "trixie")];
        let found = ledger.inventories_with(&wanted).await.unwrap();
        let found: Vec<_> = found.iter().map(|it| (it.image.as_str(), &it.manifest, it.sources.len())).collect();
        let (base, python) = (manifest("base", &["b=1", "c=1"]), manifest("python", &["a=1", "c=2"]));
        assert_eq!(found, [("base", &base, 1), ("python", &python, 2)]);
        let installed = ledger.inventory(&python).await.unwrap();
        assert_eq!(installed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["liba", "libc"]);
    }

    #[tokio::test]
    async fn an_older_publication_only_adds_to_the_history_and_the_same_again_adds_nothing() {
        let (_folder, ledger) = ledger().await;
        ledger.published(&published("base", 5, &["a=2"])).await.unwrap();
        ledger.published(&published("base", 3, &["a=1"])).await.unwrap();
        ledger.published(&published("base", 5, &["a=2"])).await.unwrap();
        let mut again = published("base", 7, &["a=2"]);
        again.tags = vec!["2".into()];
        ledger.published(&again).await.unwrap();
        let found = ledger.inventories_with(&[("a".into(), "trixie".into())]).await.unwrap();
        assert_eq!(found[0].manifest, manifest("base", &["a=2"]));
        let count = "SELECT COUNT(*) FROM publications";
        assert_eq!(sqlx::query_scalar::<_, i64>(count).fetch_one(ledger.readers()).await.unwrap(), 2);
    }
}
