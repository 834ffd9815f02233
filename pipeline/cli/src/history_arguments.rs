//! The command lines of `history` and `status`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use oci::Platform;
use store::Month;

/// `bedplate history`.
///
/// Reads the ledger of the state folder, also while `bedplate up` writes to it.
#[derive(Debug, Args)]
pub(crate) struct History {
    /// The image. With `--export`, all images where none is named.
    #[arg(value_name = "IMAGE", required_unless_present_any = ["export", "summary"])]
    pub image: Option<String>,
    /// How long this vulnerability's fix took, moment by moment.
    #[arg(long, value_name = "ID")]
    pub cve: Option<String>,
    /// Only this platform.
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<Platform>,
    /// Print the ledger itself, as it may be published.
    #[arg(long, value_enum)]
    pub export: Option<ExportForm>,
    /// Sum up a month, such as `2026-11`, and sign it with the statement key: writes `lags-MONTH.json` and `lags-MONTH.sigstore.json`.
    #[arg(long, value_name = "MONTH", conflicts_with_all = ["image", "cve", "platform", "export"])]
    pub summary: Option<Month>,
    /// The folder for these two files. Default: the current one.
    #[arg(long, value_name = "FOLDER", requires = "summary", default_value = ".")]
    pub output: PathBuf,
}

/// Form of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportForm {
    /// One JSON document.
    Json,
    /// A line a row, with names first (RFC 4180).
    Csv,
}

/// `bedplate status`.
///
/// Reads the ledger of the state folder, also while `bedplate up` writes to it.
#[derive(Debug, Args)]
pub(crate) struct LedgerStatus {
    /// Images; all that were ever published if none is named.
    pub images: Vec<String>,
}
