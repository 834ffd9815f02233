//! When the archive had which version: out of `source_versions`.

use std::collections::BTreeMap;

use debian::Version;
use scan::{ArchiveMoment, ArchiveVersion, ArchiveVersions};

use crate::value::{maybe_time, parsed, time};
use crate::{Ledger, StoreError};

const READ: &str = "read the archive's versions";

type Row = (String, Option<i64>, Option<i64>, i64, Option<i64>);

/// One version with what tells whether it is still there.
struct Moment {
    moment: ArchiveMoment,
    is_there: bool,
}

impl Ledger {
    /// Every version of every source that these suites have had. A version that went is kept while the suites have one at or above
    /// it, so that the first appearance of a fix is not lost; a version that was taken back is not.
    pub async fn archive_versions(&self, suites: &[&str]) -> Result<ArchiveVersions, StoreError> {
        let mut sources: BTreeMap<String, Vec<Moment>> = BTreeMap::new();
        let query = "SELECT source, version, first_at, last_at FROM source_versions WHERE suite = $1";
        for suite in suites {
            let query = sqlx::query_as(query).bind(*suite);
            let rows: Vec<(String, String, Option<i64>, Option<i64>)> =
                query.fetch_all(self.readers()).await.map_err(self.failed(READ))?;
            for (source, version, first, last) in rows {
                let version: Version = parsed("source version", &version)?;
                let since = maybe_time(first)?;
                let moment = ArchiveMoment { version, suite: (*suite).to_owned(), since, after: None, observed: None };
                sources.entry(source).or_default().push(Moment { moment, is_there: last.is_none() });
            }
        }
        let mut archive = ArchiveVersions::default();
        for (source, moments) in sources {
            for ArchiveMoment { version, suite, since, .. } in standing(moments) {
                archive.add(&source, ArchiveVersion { version, suite, since });
            }
        }
        Ok(archive)
    }

    /// The same for one source, with everything that is known of each version: what lags are computed from.
    pub async fn archive_moments(&self, suites: &[&str], source: &str) -> Result<Vec<ArchiveMoment>, StoreError> {
        let mut moments = Vec::new();
        let query = "SELECT version, first_at, after_at, observed_at, last_at FROM source_versions WHERE suite = $1 AND source = $2";
        for suite in suites {
            let query = sqlx::query_as(query).bind(*suite).bind(source);
            let rows: Vec<Row> = query.fetch_all(self.readers()).await.map_err(self.failed(READ))?;
            for (version, first, after, observed, last) in rows {
                let moment = ArchiveMoment {
                    version: parsed("source version", &version)?,
                    suite: (*suite).to_owned(),
                    since: maybe_time(first)?,
                    after: maybe_time(after)?,
                    observed: Some(time(observed)?),
                };
                moments.push(Moment { moment, is_there: last.is_none() });
            }
        }
        Ok(standing(moments))
    }
}

/// Those at or below the highest version that is still there, sorted.
fn standing(moments: Vec<Moment>) -> Vec<ArchiveMoment> {
    let highest = moments.iter().filter(|it| it.is_there).map(|it| it.moment.version.clone()).max();
    let keep =
        moments.into_iter().map(|it| it.moment).filter(|it| highest.as_ref().is_some_and(|top| it.version <= *top));
    let mut keep: Vec<_> = keep.collect();
    keep.sort_by(|one, other| (&one.version, &one.suite).cmp(&(&other.version, &other.suite)));
    keep
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, ledger, seen, sources};

    #[tokio::test]
    async fn the_first_time_of_a_fix_outlives_its_version_but_not_its_withdrawal() {
        let (_folder, ledger) = ledger().await;
        for (day, list) in [(1, ["a=1-1"]), (2, ["a=1-2"]), (3, ["a=1-3"])] {
            ledger.observed(&seen("trixie-security", day), &sources(&list)).await.unwrap();
        }
        let fix = |archive: &ArchiveVersions| archive.fix("a", &"1-2".parse().unwrap());
        let archive = ledger.archive_versions(&["trixie", "trixie-security"]).await.unwrap();
        assert_eq!(fix(&archive).unwrap().since, Some(at(2, 12)));
        let moments = ledger.archive_moments(&["trixie-security"], "a").await.unwrap();
        assert_eq!((moments[1].after, moments[1].observed), (Some(at(1, 12)), Some(at(2, 13))));
        ledger.observed(&seen("trixie-security", 4), &sources(&["a=1-1"])).await.unwrap();
        assert_eq!(fix(&ledger.archive_versions(&["trixie-security"]).await.unwrap()), None);
        assert_eq!(ledger.newest_observation("trixie-security").await.unwrap(), Some(at(4, 12)));
        assert_eq!(ledger.observations("trixie-security").await.unwrap()[1], seen("trixie-security", 2));
    }

    #[tokio::test]
    async fn forty_thousand_sources_are_written_once_and_then_only_what_differs() {
        let (_folder, ledger) = ledger().await;
        let mut many: Vec<(String, String)> = (0..40_000).map(|number| (format!("s{number}"), "1-1".into())).collect();
        ledger.observed(&seen("sid", 1), &many).await.unwrap();
        many[7].1 = "1-2".into();
        ledger.observed(&seen("sid", 2), &many).await.unwrap();
        ledger.observed(&seen("sid", 2), &[]).await.unwrap();
        let rows: Vec<(i64,)> = sqlx::query_as("SELECT COUNT(*) FROM source_versions GROUP BY first_at ORDER BY 1")
            .fetch_all(ledger.readers())
            .await
            .unwrap();
        assert_eq!(rows, [(1,), (40_000,)]);
    }
}
