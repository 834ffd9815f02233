//! What can go wrong with the ledger, and what to do about it.

use std::path::{Path, PathBuf};

/// Why the ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No file yet.
    #[error("there is no ledger at `{}` yet: `bedplate up` makes one with its first wave", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// The file is no database, or its pages do not fit together.
    #[error(
        "the ledger `{}` is damaged ({problem}): put a backup in its place, or rename it away together with its `-wal` and `-shm`; \
         `bedplate up` then makes a new one and fills in suites and publications from what the state folder keeps, lags that only \
         the old one knew stay unknown",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What the database says.
        problem: String,
    },
    /// A later version of bedplate made it.
    #[error(
        "the ledger `{}` has schema {found}, this bedplate knows schema {known}: use the bedplate that wrote it, or a newer one",
        path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema that it has.
        found: i64,
        /// The newest schema that is known here.
        known: i64,
    },
    /// An earlier version of bedplate made it, and it was opened for reading only.
    #[error(
        "the ledger `{}` has schema {found}, this bedplate reads schema {known}: run `bedplate up --once`, which brings it up to date",
        path.display()
    )]
    Older {
        /// The file.
        path: PathBuf,
        /// The schema that it has.
        found: i64,
        /// The schema that is wanted.
        known: i64,
    },
    /// A schema that nobody made.
    #[error("cannot bring the ledger `{}` up to date: {problem}", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// What the migration says.
        problem: String,
    },
    /// A request that failed.
    #[error("cannot {operation} in the ledger `{}`: {problem}", path.display())]
    Failed {
        /// What was to be done.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// What the database says.
        problem: String,
    },
    /// A value that nobody should have written.
    #[error("the ledger's {what} is `{value}`, which is none: expected what bedplate wrote; put a backup in its place")]
    BadValue {
        /// Which value.
        what: &'static str,
        /// What stands there, cut short.
        value: String,
    },
}

/// SQLite's primary result codes for a damaged file: `SQLITE_CORRUPT` and `SQLITE_NOTADB` (<https://sqlite.org/rescode.html>).
const DAMAGED: [i64; 2] = [11, 26];

impl StoreError {
    /// What `error` means while `operation` was done with the file at `path`.
    pub(crate) fn of(path: &Path, operation: &'static str, error: &sqlx::Error) -> Self {
        let error_code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
        let code = error_code.and_then(|code| code.parse::<i64>().ok());
        let (path, problem) = (path.to_owned(), error.to_string());
        // The low byte is the primary code.
        match code.map(|code| code & 0xff) {
            Some(code) if DAMAGED.contains(&code) => Self::Damaged { path, problem },
            _ => Self::Failed { operation, path, problem },
        }
    }

    /// A value that is none.
    pub(crate) fn bad(what: &'static str, value: &(impl ToString + ?Sized)) -> Self {
        Self::BadValue { what, value: value.to_string().chars().take(80).collect() }
    }
}
