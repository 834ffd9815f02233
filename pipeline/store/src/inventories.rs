//! What is installed in which image, and which images under tags have a source.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use scan::InstalledPackage;
use sqlx::{QueryBuilder, Sqlite, Transaction};

use crate::publication::PublishedPlatform;
use crate::value::parsed;
use crate::{Ledger, StoreError};

const RECORD: &str = "record an inventory";
const ASK: &str = "find the images that have a source";

/// Pairs that one statement takes.
const PAIRS: usize = 400;

/// An image under tags that has some of the sources asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedImage {
    /// The image.
    pub image: String,
    /// Its platform.
    pub platform: String,
    /// Digest of its manifest.
    pub manifest: Digest,
    /// Those of the sources that it has.
    pub sources: BTreeSet<String>,
}

/// Numbers of packages that this write knows already: platforms of one index share many.
#[derive(Default)]
pub(crate) struct Numbers {
    packages: BTreeMap<InstalledPackage, i64>,
}

impl Numbers {
    /// Writes an inventory, unless it is there, and gives the number of its manifest.
    pub(crate) async fn inventory(
        &mut self,
        ledger: &Ledger,
        transaction: &mut Transaction<'static, Sqlite>,
        platform: &PublishedPlatform,
    ) -> Result<i64, StoreError> {
        let manifest = ledger.manifest(transaction, &platform.manifest).await?;
        let query = "INSERT INTO inventories (manifest, package) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        for package in &platform.packages {
            let number = self.package(ledger, transaction, package).await?;
            let query = sqlx::query(query).bind(manifest).bind(number);
            query.execute(&mut **transaction).await.map_err(ledger.failed(RECORD))?;
        }
        Ok(manifest)
    }

    async fn package(
        &mut self,
        ledger: &Ledger,
        transaction: &mut Transaction<'static, Sqlite>,
        package: &InstalledPackage,
    ) -> Result<i64, StoreError> {
        if let Some(number) = self.packages.get(package) {
            return Ok(*number);
        }
        let InstalledPackage { name, version, architecture, source, source_version } = package;
        let query = "INSERT INTO packages (id, source, source_version, name, version, architecture) \
                     SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, $5 FROM packages WHERE true ON CONFLICT DO NOTHING";
        let query = sqlx::query(query).bind(source).bind(source_version).bind(name).bind(version).bind(architecture);
        query.execute(&mut **transaction).await.map_err(ledger.failed(RECORD))?;
        let query = "SELECT id FROM packages WHERE source = $1 AND source_version = $2 AND name = $3 AND version = $4 AND architecture = $5";
        let query = sqlx::query_scalar(query).bind(source).bind(source_version).bind(name).bind(version);
        let number = query.bind(architecture).fetch_one(&mut **transaction).await.map_err(ledger.failed(RECORD))?;
        self.packages.insert(package.clone(), number);
        Ok(number)
    }
}

impl Ledger {
    /// The number of a manifest, given now if it has none.
    pub(crate) async fn manifest(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        digest: &Digest,
    ) -> Result<i64, StoreError> {
        let digest = digest.to_string();
        let query = "INSERT INTO manifests (id, digest) SELECT COALESCE(MAX(id), 0) + 1, $1 FROM manifests WHERE true ON CONFLICT DO NOTHING";
        sqlx::query(query).bind(&digest).execute(&mut **transaction).await.map_err(self.failed(RECORD))?;
        let query = sqlx::query_scalar("SELECT id FROM manifests WHERE digest = $1").bind(&digest);
        query.fetch_one(&mut **transaction).await.map_err(self.failed(RECORD))
    }

    /// The images under tags that have any of these (source, codename of a release): what is to be scanned again when their rows changed.
    /// By image and platform.
    pub async fn inventories_with(&self, changed: &[(String, String)]) -> Result<Vec<AffectedImage>, StoreError> {
        let mut found: BTreeMap<(String, String), (String, BTreeSet<String>)> = BTreeMap::new();
        for some in changed.chunks(PAIRS) {
            let mut query = QueryBuilder::<Sqlite>::new("WITH wanted (source, codename) AS (");
            query.push_values(some, |mut row, (source, codename)| {
                row.push_bind(source).push_bind(codename);
            });
            query.push(
                ") SELECT t.image, t.platform, m.digest, s.source FROM wanted w \
                 JOIN tagged_sources s ON s.source = w.source AND s.codename = w.codename \
                 JOIN tagged_images t ON t.image = s.image AND t.platform = s.platform JOIN manifests m ON m.id = t.manifest",
            );
            let rows: Vec<(String, String, String, String)> =
                query.build_query_as().fetch_all(self.readers()).await.map_err(self.failed(ASK))?;
            for (image, platform, digest, source) in rows {
                found.entry((image, platform)).or_insert((digest, BTreeSet::new())).1.insert(source);
            }
        }
        let affected = |((image, platform), (digest, sources)): ((String, String), (String, BTreeSet<String>))| {
            Ok(AffectedImage { image, platform, manifest: parsed("digest", &digest)?, sources })
        };
        found.into_iter().map(affected).collect()
    }

    /// What is installed in an image, by the digest of its manifest; nothing where it is not known.
    pub async fn inventory(&self, manifest: &Digest) -> Result<Vec<InstalledPackage>, StoreError> {
        let query = "SELECT p.name, p.version, p.architecture, p.source, p.source_version FROM manifests m \
                     JOIN inventories i ON i.manifest = m.id JOIN packages p ON p.id = i.package WHERE m.digest = $1 \
                     ORDER BY p.name, p.version, p.architecture";
        let query = sqlx::query_as(query).bind(manifest.to_string());
        let rows: Vec<(String, String, String, String, String)> =
            query.fetch_all(self.readers()).await.map_err(self.failed("read an inventory"))?;
        let package = |(name, version, architecture, source, source_version)| InstalledPackage {
            name,
            version,
            architecture,
            source,
            source_version,
        };
        Ok(rows.into_iter().map(package).collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{ledger, published};

    #[tokio::test]
    async fn changed_rows_find_their_images_by_an_index() {
        let (_folder, ledger) = ledger().await;
        ledger.published(&published("base", 1, &["a=1", "b=1"])).await.unwrap();
        let plan = "EXPLAIN QUERY PLAN WITH wanted (source, codename) AS (VALUES ('a', 'trixie')) SELECT t.image FROM wanted w \
                    JOIN tagged_sources s ON s.source = w.source AND s.codename = w.codename \
                    JOIN tagged_images t ON t.image = s.image AND t.platform = s.platform JOIN manifests m ON m.id = t.manifest";
        let steps: Vec<(i64, i64, i64, String)> = sqlx::query_as(plan).fetch_all(ledger.readers()).await.unwrap();
        let scans: Vec<_> = steps.iter().filter(|it| it.3.starts_with("SCAN") && it.3 != "SCAN w").collect();
        assert!(scans.iter().all(|it| it.3.contains("CONSTANT ROW")), "{steps:?}");
        let many: Vec<_> = (0..1_000).map(|number| (format!("s{number}"), "trixie".to_owned())).collect();
        assert!(ledger.inventories_with(&many).await.unwrap().is_empty());
        assert!(ledger.inventories_with(&[]).await.unwrap().is_empty());
    }
}
