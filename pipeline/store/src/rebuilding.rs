//! Filling a new ledger from what the state folder still has, so that losing the file is survivable.
//!
//! In: the records of accepted `InRelease` files, and publications. Out: rows of suites and publications. What only the old file knew (since when
//! the archive has a version, when a step happened, which findings came and went) stays unknown.

use crate::publication::PublishedImage;
use crate::{Ledger, StoreError, SuiteObservation};

const FILL: &str = "fill in suites";

impl Ledger {
    /// Whether nothing was ever recorded.
    pub async fn is_empty(&self) -> Result<bool, StoreError> {
        let query = "SELECT (SELECT COUNT(*) FROM in_releases) + (SELECT COUNT(*) FROM publications)";
        let rows: i64 = sqlx::query_scalar(query).fetch_one(self.readers()).await.map_err(self.failed(FILL))?;
        Ok(rows == 0)
    }

    /// Fills in what is not there yet. A file that is known by its record only says nothing about versions: the next one whose indexes are read
    /// counts as the first.
    pub async fn fill_in(
        &self,
        in_releases: &[SuiteObservation],
        publications: &[PublishedImage],
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin(FILL).await?;
        for seen in in_releases {
            self.keep(&mut transaction, seen, None).await?;
        }
        self.commit(transaction, FILL).await?;
        for published in publications {
            self.published(published).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::fixtures::{at, ledger, published, seen, sources};

    #[tokio::test]
    async fn a_lost_ledger_is_filled_from_records_and_guesses_no_times() {
        let (_folder, ledger) = ledger().await;
        assert!(ledger.is_empty().await.unwrap());
        let records = [seen("trixie", 1), seen("trixie", 2)];
        let mut base = published("base", 2, &["a=1-1"]);
        base.moments.built = None;
        for _ in 0..2 {
            ledger.fill_in(&records, std::slice::from_ref(&base)).await.unwrap();
        }
        assert_eq!(ledger.observations("trixie").await.unwrap(), records);
        let publications = ledger.publications("base").await.unwrap();
        assert_eq!((publications.len(), publications[0].moments.built), (1, None));
        for day in [2, 3] {
            let list = if day == 2 { ["a=1-1"] } else { ["a=1-2"] };
            ledger.observed(&seen("trixie", day), &sources(&list)).await.unwrap();
        }
        let moments = ledger.archive_moments(&["trixie"], "a").await.unwrap();
        assert_eq!(moments.iter().map(|it| it.since).collect::<Vec<_>>(), [None, Some(at(3, 12))]);
    }
}
