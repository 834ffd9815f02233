//! What the archive had, and since when.
//!
//! In: each accepted `InRelease` with the sources of its suite. Out: rows of `in_releases` and `source_versions`. The first
//! file of a suite says what was there before anybody watched; what a later one brings has its `Date`.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, Transaction};

use crate::history::{Change, Known, Observed, changes};
use crate::value::{count, maybe_time, millis, time};
use crate::{Ledger, StoreError};

/// One accepted `InRelease`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuiteObservation {
    /// The suite.
    pub suite: String,
    /// Digest of the file as it came.
    pub digest: Digest,
    /// Its field `Date`.
    pub date: Timestamp,
    /// When we first saw it.
    pub received: Timestamp,
}

/// Rows that one statement takes: far below what SQLite (32,766) and PostgreSQL (65,535) allow of parameters.
const ROWS: usize = 400;

const RECORD: &str = "record an InRelease";

type Row = (String, String, Option<i64>, Option<i64>, i64, Option<i64>);

impl Ledger {
    /// Remembers an accepted `InRelease` with every (source, version) of its suite. Only differences are written; the same file
    /// again changes nothing; an older one that comes late only makes times earlier or their bounds tighter.
    pub async fn observed(&self, seen: &SuiteObservation, sources: &[(String, String)]) -> Result<(), StoreError> {
        let mut transaction = self.begin(RECORD).await?;
        let dates = self.dates(&mut transaction, &seen.suite).await?;
        if dates.iter().any(|(digest, _)| *digest == seen.digest.to_string()) {
            return Ok(());
        }
        let dates: BTreeSet<i64> = dates.into_iter().map(|(_, date)| date).collect();
        let known = self.known(&mut transaction, &seen.suite).await?;
        let sources: BTreeSet<(&str, &str)> =
            sources.iter().map(|(source, version)| (source.as_str(), version.as_str())).collect();
        let number = count(sources.len());
        let observed = Observed { date: millis(seen.date), received: millis(seen.received), sources };
        let changes = changes(&known, &dates, &observed);
        self.keep(&mut transaction, seen, number).await?;
        for some in changes.chunks(ROWS) {
            self.write(&mut transaction, seen, some).await?;
        }
        self.commit(transaction, RECORD).await
    }

    async fn dates(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        suite: &str,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let query = sqlx::query_as("SELECT digest, made_at FROM in_releases WHERE suite = $1 AND sources IS NOT NULL")
            .bind(suite);
        query.fetch_all(&mut **transaction).await.map_err(self.failed(RECORD))
    }

    async fn known(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        suite: &str,
    ) -> Result<BTreeMap<(String, String), Known>, StoreError> {
        let query =
            "SELECT source, version, first_at, after_at, observed_at, last_at FROM source_versions WHERE suite = $1";
        let rows: Vec<Row> =
            sqlx::query_as(query).bind(suite).fetch_all(&mut **transaction).await.map_err(self.failed(RECORD))?;
        let known = |(source, version, first, after, observed, last): Row| {
            ((source, version), Known { first, after, observed, last })
        };
        Ok(rows.into_iter().map(known).collect())
    }

    /// Writes the file's row; `sources` is how many it vouches for.
    async fn keep(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        seen: &SuiteObservation,
        sources: i64,
    ) -> Result<(), StoreError> {
        let query = "INSERT INTO in_releases (suite, digest, made_at, received_at, sources) VALUES ($1, $2, $3, $4, $5) \
                     ON CONFLICT (suite, digest) DO UPDATE SET sources = excluded.sources";
        let query = sqlx::query(query).bind(&seen.suite).bind(seen.digest.to_string());
        let query = query.bind(millis(seen.date)).bind(millis(seen.received)).bind(sources);
        query.execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    async fn write(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        seen: &SuiteObservation,
        changes: &[Change],
    ) -> Result<(), StoreError> {
        let digest = seen.digest.to_string();
        let columns = "suite, source, version, first_at, after_at, first_digest, observed_at, last_at";
        let mut query = QueryBuilder::<Sqlite>::new(format!("INSERT INTO source_versions ({columns}) "));
        query.push_values(changes, |mut row, Change { source, version, value, is_first }| {
            row.push_bind(&seen.suite).push_bind(source).push_bind(version);
            row.push_bind(value.first).push_bind(value.after).push_bind(if *is_first { digest.as_str() } else { "" });
            row.push_bind(value.observed).push_bind(value.last);
        });
        query.push(
            " ON CONFLICT (suite, source, version) DO UPDATE SET first_digest = CASE WHEN excluded.first_digest = '' \
             THEN source_versions.first_digest ELSE excluded.first_digest END, first_at = excluded.first_at, \
             after_at = excluded.after_at, observed_at = excluded.observed_at, last_at = excluded.last_at",
        );
        query.build().execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    /// Every `InRelease` of a suite that is remembered, the oldest first.
    pub async fn observations(&self, suite: &str) -> Result<Vec<SuiteObservation>, StoreError> {
        let query = "SELECT digest, made_at, received_at FROM in_releases WHERE suite = $1 ORDER BY made_at, digest";
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(query)
            .bind(suite)
            .fetch_all(self.readers())
            .await
            .map_err(self.failed("read the suites"))?;
        let observation = |(digest, date, received): (String, i64, i64)| {
            let digest = crate::value::parsed("digest", &digest)?;
            Ok(SuiteObservation { suite: suite.to_owned(), digest, date: time(date)?, received: time(received)? })
        };
        rows.into_iter().map(observation).collect()
    }

    /// The `Date` of the newest `InRelease` of a suite that is remembered.
    pub async fn newest_observation(&self, suite: &str) -> Result<Option<Timestamp>, StoreError> {
        let query = sqlx::query_scalar("SELECT MAX(made_at) FROM in_releases WHERE suite = $1").bind(suite);
        let date: Option<i64> = query.fetch_one(self.readers()).await.map_err(self.failed("read the suites"))?;
        maybe_time(date)
    }
}
