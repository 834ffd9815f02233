//! The ledger proper: how long each fix took, and whose turn it is with what is open.

use std::collections::BTreeMap;

use jiff::Timestamp;
use scan::{FixRecord, FixState, Turn};
use sqlx::{Sqlite, Transaction};

use crate::value::{json, maybe_millis, millis, of_json, time};
use crate::{Ledger, StoreError};

const RECORD: &str = "record fixes";
const READ: &str = "read the fixes";

/// Which rows of the ledger are wanted; none means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FixFilter {
    /// Of this image.
    pub image: Option<String>,
    /// Of this platform.
    pub platform: Option<String>,
    /// Of this vulnerability.
    pub id: Option<String>,
    /// Of this source.
    pub source: Option<String>,
    /// In this state.
    pub state: Option<FixState>,
}

/// What keeps an image from being published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hindrance {
    /// Whose turn it is, with the reason.
    pub turn: Turn,
    /// Since when.
    pub since: Timestamp,
}

impl Ledger {
    /// Writes rows of the ledger, all or none. For each image, platform, source and vulnerability among them these are all the rows that there are.
    pub async fn record_fixes(&self, records: &[FixRecord]) -> Result<(), StoreError> {
        let mut transaction = self.begin(RECORD).await?;
        let mut last = None;
        let mut sorted: Vec<&FixRecord> = records.iter().collect();
        sorted.sort_by_key(|it| (&it.image, &it.platform, &it.source, &it.id, it.occurrence));
        for record in sorted {
            let key = (&record.image, &record.platform, &record.source, &record.id);
            if last.replace(key) != Some(key) {
                self.forget(&mut transaction, record).await?;
            }
            self.write_fix(&mut transaction, record).await?;
        }
        self.commit(transaction, RECORD).await
    }

    /// Takes out rows that what is known now does not give any more, all or none.
    pub async fn withdraw_fixes(&self, records: &[FixRecord]) -> Result<(), StoreError> {
        let mut transaction = self.begin(RECORD).await?;
        for record in records {
            self.forget_one(&mut transaction, record).await?;
        }
        self.commit(transaction, RECORD).await
    }

    async fn forget(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        record: &FixRecord,
    ) -> Result<(), StoreError> {
        let query = "DELETE FROM fixes WHERE image = $1 AND platform = $2 AND source = $3 AND vulnerability = $4";
        let query = sqlx::query(query).bind(&record.image).bind(&record.platform).bind(&record.source).bind(&record.id);
        query.execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    /// Takes out one row.
    pub(crate) async fn forget_one(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        record: &FixRecord,
    ) -> Result<(), StoreError> {
        let query = "DELETE FROM fixes WHERE image = $1 AND platform = $2 AND source = $3 AND vulnerability = $4 AND occurrence = $5";
        let query = sqlx::query(query).bind(&record.image).bind(&record.platform).bind(&record.source).bind(&record.id);
        let query = query.bind(i64::from(record.occurrence));
        query.execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    /// Writes one row.
    pub(crate) async fn write_fix(
        &self,
        transaction: &mut Transaction<'static, Sqlite>,
        record: &FixRecord,
    ) -> Result<(), StoreError> {
        let query = "INSERT INTO fixes (image, platform, source, vulnerability, occurrence, state, archive_at, tagged_at, lag_seconds, \
                     record_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let query = sqlx::query(query).bind(&record.image).bind(&record.platform).bind(&record.source).bind(&record.id);
        let query = query.bind(i64::from(record.occurrence)).bind(record.state.to_string());
        let query = query.bind(maybe_millis(record.archive_at)).bind(maybe_millis(record.tagged_at));
        let query = query.bind(record.lag_seconds).bind(json(record)?);
        query.execute(&mut **transaction).await.map(drop).map_err(self.failed(RECORD))
    }

    /// The rows that fit, by image, platform, source, vulnerability and occurrence. Whose turn an open one is is what is known at this moment.
    pub async fn fixes(&self, filter: &FixFilter) -> Result<Vec<FixRecord>, StoreError> {
        let query = "SELECT record_json FROM fixes WHERE image = COALESCE($1, image) AND platform = COALESCE($2, platform) \
                     AND vulnerability = COALESCE($3, vulnerability) AND source = COALESCE($4, source) AND state = COALESCE($5, state) \
                     ORDER BY image, platform, source, vulnerability, occurrence";
        let query = sqlx::query_scalar(query).bind(&filter.image).bind(&filter.platform).bind(&filter.id);
        let query = query.bind(&filter.source).bind(filter.state.map(|state| state.to_string()));
        let rows: Vec<String> = query.fetch_all(self.readers()).await.map_err(self.failed(READ))?;
        let hindrances = self.hindrances().await?;
        let record = |text: String| {
            let mut record: FixRecord = of_json("row of the ledger", &text)?;
            if record.state == FixState::Open && record.turn != Some(Turn::Debian) {
                record.turn = Some(hindrances.get(&record.image).map_or(Turn::Ours, |it| it.turn.clone()));
            }
            Ok(record)
        };
        rows.into_iter().map(record).collect()
    }

    /// What is open: first what has waited longest in the archive, last what the archive does not have.
    pub async fn open_fixes(&self) -> Result<Vec<FixRecord>, StoreError> {
        let mut open = self.fixes(&FixFilter { state: Some(FixState::Open), ..FixFilter::default() }).await?;
        open.sort_by_key(|it| (it.archive_version.is_none(), it.archive_at));
        Ok(open)
    }

    /// Remembers what keeps an image from being published ([`Turn::Blocked`] or [`Turn::Upstream`]); any other turn, or none, says that nothing does.
    /// The same reason again keeps its time.
    pub async fn set_turn(&self, image: &str, turn: Option<&Turn>, at: Timestamp) -> Result<(), StoreError> {
        let (whose, reason) = match turn {
            Some(Turn::Blocked { reason }) => ("blocked", reason),
            Some(Turn::Upstream { reason }) => ("upstream", reason),
            Some(Turn::Ours | Turn::Debian) | None => return self.clear_turn(image).await,
        };
        let query = "INSERT INTO hindrances (image, whose, reason, since) VALUES ($1, $2, $3, $4) ON CONFLICT (image) DO UPDATE SET \
                     since = CASE WHEN hindrances.reason = excluded.reason THEN hindrances.since ELSE excluded.since END, \
                     whose = excluded.whose, reason = excluded.reason";
        let mut transaction = self.begin(RECORD).await?;
        let query = sqlx::query(query).bind(image).bind(whose).bind(reason).bind(millis(at));
        query.execute(&mut *transaction).await.map_err(self.failed(RECORD))?;
        self.commit(transaction, RECORD).await
    }

    async fn clear_turn(&self, image: &str) -> Result<(), StoreError> {
        let mut transaction = self.begin(RECORD).await?;
        let query = sqlx::query("DELETE FROM hindrances WHERE image = $1").bind(image);
        query.execute(&mut *transaction).await.map_err(self.failed(RECORD))?;
        self.commit(transaction, RECORD).await
    }

    /// What keeps images from being published, by image.
    pub async fn hindrances(&self) -> Result<BTreeMap<String, Hindrance>, StoreError> {
        let query = sqlx::query_as("SELECT image, whose, reason, since FROM hindrances");
        let rows: Vec<(String, String, String, i64)> =
            query.fetch_all(self.readers()).await.map_err(self.failed(READ))?;
        let hindrance = |(image, whose, reason, since): (String, String, String, i64)| {
            let turn = if whose == "upstream" { Turn::Upstream { reason } } else { Turn::Blocked { reason } };
            Ok((image, Hindrance { turn, since: time(since)? }))
        };
        rows.into_iter().map(hindrance).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, fix, ledger};

    #[tokio::test]
    async fn rows_are_replaced_by_what_is_known_now() {
        let (_folder, ledger) = ledger().await;
        let second = FixRecord { occurrence: 2, ..fix("base", "CVE-1", 3, Some(4)) };
        ledger.record_fixes(&[second, fix("base", "CVE-1", 1, Some(2)), fix("base", "CVE-2", 1, None)]).await.unwrap();
        let filter = FixFilter { id: Some("CVE-1".into()), ..FixFilter::default() };
        assert_eq!(ledger.fixes(&filter).await.unwrap().len(), 2);
        let first = fix("base", "CVE-1", 1, Some(2));
        ledger.record_fixes(std::slice::from_ref(&first)).await.unwrap();
        assert_eq!(ledger.fixes(&filter).await.unwrap(), [first]);
        let other = FixFilter { image: Some("x".into()), ..FixFilter::default() };
        assert_eq!((ledger.fixes(&other).await.unwrap().len(), ledger.open_fixes().await.unwrap().len()), (0, 1));
    }

    #[tokio::test]
    async fn whose_turn_it_is_is_what_is_known_now() {
        let (_folder, ledger) = ledger().await;
        let debian = FixRecord {
            turn: Some(Turn::Debian),
            archive_version: None,
            archive_at: None,
            ..fix("base", "CVE-1", 1, None)
        };
        ledger.record_fixes(&[debian, fix("base", "CVE-2", 2, None), fix("base", "CVE-3", 1, None)]).await.unwrap();
        let turns = async || -> Vec<(String, Option<Turn>)> {
            ledger.open_fixes().await.unwrap().into_iter().map(|it| (it.id, it.turn)).collect()
        };
        let with = |turn: Turn| {
            [("CVE-3", turn.clone()), ("CVE-2", turn), ("CVE-1", Turn::Debian)]
                .map(|(id, turn)| (id.to_owned(), Some(turn)))
        };
        assert_eq!(turns().await, with(Turn::Ours));
        let blocked = Turn::Blocked { reason: "2 fixable findings more".into() };
        for day in [3, 4] {
            ledger.set_turn("base", Some(&blocked), at(day, 0)).await.unwrap();
        }
        assert_eq!(turns().await, with(blocked));
        assert_eq!(ledger.hindrances().await.unwrap()["base"].since, at(3, 0));
        ledger.set_turn("base", None, at(5, 0)).await.unwrap();
        assert_eq!(turns().await, with(Turn::Ours));
    }
}
