//! The command line of `scan` and `explain`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use oci::Platform;

use crate::arguments::Format;
use crate::registry_arguments::Reach;
use crate::scan_kind::Kind;

/// What stands below the flags in the help of `scan`.
const SCAN_HELP: &str = "\
A TARGET is an image (`registry.example/team/python:3.13`, `oci:FOLDER[:TAG|@DIGEST]`, a published image such as `python:3.13`), a tar file with
images, the folder of a root file system, an SBOM (SPDX 2 or CycloneDX in JSON), dpkg's `status` or a folder `status.d`, a lock, or `-` for any
file of these on standard input. The schemes of other scanners (`registry:`, `oci-archive:`, `docker-archive:`, `dir:`, `sbom:`) are taken too.

Exit code 0: done; 1: something stands against a target, by --fail-on; 2: wrong use, or a target or named data cannot be read.

What cannot be known is unknown, and never clean: without data, with stale ones, without a release, or with layers that are not there, the report
says so, and `--fail-on unknown` makes it an answer.";

/// What stands below the flags in the help of `explain`.
const EXPLAIN_HELP: &str =
    "Exit code 0: it is known; 1: the data at hand do not know it; 2: wrong use, or something cannot be read.";

/// `bedplate scan`.
#[derive(Debug, Args)]
#[command(after_help = SCAN_HELP)]
pub(crate) struct Scan {
    /// What to scan.
    #[arg(value_name = "TARGET", required = true)]
    pub targets: Vec<String>,
    /// Form of the result.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Write the result to this file instead.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// What ends with exit code 1 (may be repeated, or several with commas).
    #[arg(long, value_name = "WHAT", value_enum, value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// Look only at what the archive has fixed, here and for --fail-on.
    #[arg(long)]
    pub fixable_only: bool,
    /// OpenVEX document whose statements count (may be repeated); of several about the same the newest counts.
    #[arg(long = "vex", value_name = "FILE")]
    pub vex: Vec<PathBuf>,
    /// What is read, and how.
    #[command(flatten)]
    pub reading: Reading,
    /// Where the data come from.
    #[command(flatten)]
    pub data: Data,
    /// How registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// `bedplate explain`.
#[derive(Debug, Args)]
#[command(after_help = EXPLAIN_HELP)]
pub(crate) struct Explain {
    /// `CVE-…`, or a `TEMP-…` or `DSA-…` of Debian's.
    #[arg(value_name = "CVE")]
    pub id: String,
    /// What it is asked about, as for `scan`. Default: nothing, and every release is shown.
    #[arg(value_name = "TARGET")]
    pub target: Option<String>,
    /// What is read, and how.
    #[command(flatten)]
    pub reading: Reading,
    /// Where the data come from.
    #[command(flatten)]
    pub data: Data,
    /// How registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// What is read of a target.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Reading {
    /// Kind of every TARGET. Default: found out from what is there.
    #[arg(long = "type", value_name = "KIND", value_enum)]
    pub kind: Option<Kind>,
    /// Only these platforms of an image (may be repeated). Default: all that it has, with a report each.
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub platforms: Vec<Platform>,
    /// Debian's release, where the target does not say it: a codename such as `trixie`.
    #[arg(long, value_name = "CODENAME")]
    pub release: Option<String>,
}

/// Where the data come from.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Data {
    /// Use what the state folder keeps, however old, and ask nobody for data.
    #[arg(long)]
    pub offline: bool,
    /// Folder with the data under their usual names (`tracker.json`, `dsa-list`, `dla-list`, `support-13`, `kev.json`, `epss.csv`, `osv.jsonl`;
    /// plain, `.gz` or `.zst`) instead of the state folder's.
    #[arg(long, value_name = "FOLDER", conflicts_with = "tracker")]
    pub feeds: Option<PathBuf>,
    /// Debian's security tracker as one JSON file (plain, gzip or zstd) instead of the state folder's data; its age is the file's.
    #[arg(long, value_name = "FILE")]
    pub tracker: Option<PathBuf>,
    /// Debian's list of security advisories, `data/DSA/list` or `data/DLA/list` (may be repeated).
    #[arg(long, value_name = "FILE", requires = "tracker")]
    pub dsa: Vec<PathBuf>,
    /// CISA's catalogue of exploited vulnerabilities.
    #[arg(long, value_name = "FILE", requires = "tracker")]
    pub kev: Option<PathBuf>,
    /// FIRST's scores of how likely exploitation is.
    #[arg(long, value_name = "FILE", requires = "tracker")]
    pub epss: Option<PathBuf>,
    /// Records in the OSV format, for CVSS.
    #[arg(long, value_name = "FILE", requires = "tracker")]
    pub osv: Option<PathBuf>,
}

/// What stands against a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum FailOn {
    /// Any vulnerability, whatever Debian says of it; not what is unimportant, under investigation or not there.
    Any,
    /// One that the archive has fixed: a rebuild is due.
    Fixable,
    /// One that is known to be exploited.
    Kev,
    /// One with a CVSS score of 9.0 or more.
    Critical,
    /// One with a CVSS score of 7.0 or more, or Debian's urgency `high`.
    High,
    /// The answer is not known: data are missing or stale, or not all packages could be read.
    Unknown,
}
