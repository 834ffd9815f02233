//! The database file: opened, brought up to date, refused where it cannot be used.
//!
//! In: a path. Out: [`Ledger`], one connection that writes and a few that read. SQLite keeps a write-ahead log and syncs every
//! commit, so what was committed survives a kill and a power cut, and what was not leaves no trace.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Sqlite, Transaction};

use crate::StoreError;

/// The schema, in steps.
static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Connections that read at the same time.
const READERS: u32 = 4;

/// So long a connection waits for another process's write.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the factory remembers. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Ledger {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
}

impl Ledger {
    /// Where the ledger of a state folder is.
    pub fn path_of(state: &Path) -> PathBuf {
        state.join("ledger.sqlite")
    }

    /// Opens the ledger for writing, makes it if it is not there, and brings its schema up to date. Only one process may do
    /// so at a time: the holder of the state folder.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |error: sqlx::Error| StoreError::of(path, "open the file", &error);
        let options = options(path).create_if_missing(true).journal_mode(SqliteJournalMode::Wal);
        let options = options.synchronous(SqliteSynchronous::Full);
        let writer = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(failed)?;
        if let Some(found) = schema(path, &writer).await? {
            refuse_newer(path, found)?;
        }
        MIGRATIONS.run(&writer).await.map_err(|error| migration(path, &error))?;
        Self::with_readers(path, writer).await
    }

    /// Opens the ledger for reading only, whoever writes to it.
    pub async fn open_read_only(path: &Path) -> Result<Self, StoreError> {
        if !path.exists() {
            return Err(StoreError::Missing { path: path.to_owned() });
        }
        let failed = |error: sqlx::Error| StoreError::of(path, "open the file", &error);
        let options = options(path).read_only(true);
        let readers = SqlitePoolOptions::new().max_connections(READERS).connect_with(options).await.map_err(failed)?;
        let found = schema(path, &readers).await?.unwrap_or(0);
        refuse_newer(path, found)?;
        if found < known() {
            return Err(StoreError::Older { path: path.to_owned(), found, known: known() });
        }
        Ok(Self { path: path.to_owned(), writer: readers.clone(), readers })
    }

    async fn with_readers(path: &Path, writer: SqlitePool) -> Result<Self, StoreError> {
        let failed = |error: sqlx::Error| StoreError::of(path, "open the file", &error);
        let pool = SqlitePoolOptions::new().max_connections(READERS);
        let readers = pool.connect_with(options(path).read_only(true)).await.map_err(failed)?;
        Ok(Self { path: path.to_owned(), writer, readers })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes all connections; what was committed is in the file.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// What reads.
    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.readers
    }

    /// Begins to write: what is not committed never happened.
    pub(crate) async fn begin(&self, operation: &'static str) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer.begin().await.map_err(self.failed(operation))
    }

    /// Ends a write.
    pub(crate) async fn commit(
        &self,
        transaction: Transaction<'static, Sqlite>,
        operation: &'static str,
    ) -> Result<(), StoreError> {
        transaction.commit().await.map_err(self.failed(operation))
    }

    /// What an error of the database means while `operation` was done.
    pub(crate) fn failed(&self, operation: &'static str) -> impl Fn(sqlx::Error) -> StoreError + Copy + '_ {
        move |error| StoreError::of(&self.path, operation, &error)
    }
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new().filename(path).foreign_keys(true).busy_timeout(PATIENCE)
}

/// The newest schema that is known here.
fn known() -> i64 {
    MIGRATIONS.iter().map(|step| step.version).max().unwrap_or(0)
}

/// The schema that a file has; none for a new file.
async fn schema(path: &Path, pool: &SqlitePool) -> Result<Option<i64>, StoreError> {
    let failed = |error: sqlx::Error| StoreError::of(path, "read the schema", &error);
    let tables = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'";
    let tables: i64 = sqlx::query_scalar(tables).fetch_one(pool).await.map_err(failed)?;
    if tables == 0 {
        return Ok(None);
    }
    sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations").fetch_one(pool).await.map_err(failed)
}

fn refuse_newer(path: &Path, found: i64) -> Result<(), StoreError> {
    let known = known();
    if found > known { Err(StoreError::Newer { path: path.to_owned(), found, known }) } else { Ok(()) }
}

fn migration(path: &Path, error: &MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            StoreError::of(path, "bring the schema up to date", error)
        }
        error => StoreError::Migration { path: path.to_owned(), problem: error.to_string() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{ledger, seen, sources};

    fn refused(result: Result<Ledger, StoreError>) -> String {
        result.err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_is_said_to_readers() {
        let path = Path::new("nowhere/ledger.sqlite");
        let wanted = "there is no ledger at `nowhere/ledger.sqlite` yet: `bedplate up` makes one with its first wave";
        assert_eq!(refused(Ledger::open_read_only(path).await), wanted);
    }

    #[tokio::test]
    async fn a_damaged_file_is_named_with_what_to_do() {
        let (folder, ledger) = ledger().await;
        let many: Vec<_> = (0..5000).map(|number| (format!("source{number}"), "1".to_owned())).collect();
        ledger.observed(&seen("trixie", 1), &many).await.unwrap();
        ledger.close().await;
        let path = ledger.path();
        let mut bytes = std::fs::read(path).unwrap();
        // Every page but the first few is overwritten.
        bytes[65_536..].fill(0x5a);
        std::fs::write(path, bytes).unwrap();
        let error = match Ledger::open(path).await {
            Ok(ledger) => ledger.observed(&seen("trixie", 2), &many).await.unwrap_err(),
            Err(error) => error,
        };
        assert!(error.to_string().contains("is damaged") && error.to_string().contains("rename it away"), "{error}");
        let garbage = folder.path().join("garbage");
        std::fs::write(&garbage, "no database at all, but long enough to look at".repeat(40)).unwrap();
        assert!(refused(Ledger::open(&garbage).await).contains("is damaged"));
        assert!(refused(Ledger::open_read_only(&garbage).await).contains("is damaged"));
    }

    #[tokio::test]
    async fn a_newer_schema_is_refused_and_an_older_one_is_no_readers_business() {
        let (_folder, ledger) = ledger().await;
        let path = ledger.path().to_owned();
        let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (99, 'x', 1, x'00', 0)";
        sqlx::query(newer).execute(&ledger.writer).await.unwrap();
        ledger.close().await;
        let wanted = format!(
            "the ledger `{}` has schema 99, this bedplate knows schema 1: use the bedplate that wrote it, or a newer one",
            path.display()
        );
        assert_eq!(refused(Ledger::open(&path).await), wanted);
        assert_eq!(refused(Ledger::open_read_only(&path).await), wanted);
        let empty = path.with_file_name("empty.sqlite");
        std::fs::write(&empty, "").unwrap();
        assert!(refused(Ledger::open_read_only(&empty).await).contains("run `bedplate up --once`"));
    }

    #[tokio::test]
    async fn a_kill_in_the_middle_of_a_write_leaves_what_was_committed() {
        let (folder, ledger) = ledger().await;
        ledger.observed(&seen("trixie", 1), &sources(&["a=1"])).await.unwrap();
        let mut transaction = ledger.begin("test").await.unwrap();
        sqlx::query("DELETE FROM source_versions").execute(&mut *transaction).await.unwrap();
        // What a kill leaves behind: the files as they are at this moment.
        let killed = folder.path().join("killed.sqlite");
        for end in ["", "-wal"] {
            let from = format!("{}{end}", ledger.path().display());
            std::fs::copy(from, format!("{}{end}", killed.display())).unwrap();
        }
        drop(transaction);
        for path in [killed.as_path(), ledger.path()] {
            let reader = Ledger::open_read_only(path).await.unwrap();
            assert_eq!(reader.archive_versions(&["trixie"]).await.unwrap().of("a").len(), 1);
        }
        let again = Ledger::open(&killed).await.unwrap();
        again.observed(&seen("trixie", 2), &sources(&["a=1", "b=1"])).await.unwrap();
        assert_eq!(again.archive_versions(&["trixie"]).await.unwrap().of("b").len(), 1);
    }

    #[tokio::test]
    async fn readers_read_while_somebody_writes() {
        let (_folder, ledger) = ledger().await;
        let reader = Ledger::open_read_only(ledger.path()).await.unwrap();
        let transaction = ledger.begin("test").await.unwrap();
        assert!(reader.observations("trixie").await.unwrap().is_empty());
        drop(transaction);
        ledger.observed(&seen("trixie", 1), &sources(&["a=1"])).await.unwrap();
        assert!(!reader.observations("trixie").await.unwrap().is_empty());
    }
}
