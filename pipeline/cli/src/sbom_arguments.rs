//! The command line of `sbom`.

use std::fmt;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use oci::Platform;

use crate::registry_arguments::Reach;

/// `bedplate sbom`.
///
/// Prints what somebody signed, and does not ask whether that signer is believed: `bedplate verify` does. With `--format json` it is the document
/// itself, as it was signed.
#[derive(Debug, Args)]
pub(crate) struct Sbom {
    /// Image: `REGISTRY/REPOSITORY[:TAG|@DIGEST]`, `oci:FOLDER[:TAG|@DIGEST]`, or a published image such as `python:3.13`.
    #[arg(value_name = "REF|LAYOUT")]
    pub image: String,
    /// Form of the document.
    #[arg(long = "type", value_enum, default_value_t = SbomKind::Spdx)]
    pub kind: SbomKind,
    /// Platform of an image index. Default: this machine's.
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<Platform>,
    /// The document about the whole image index: all platforms, no files.
    #[arg(long, conflicts_with = "platform")]
    pub index: bool,
    /// Write the document to this file instead.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
    /// How registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// Form of an SBOM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SbomKind {
    /// SPDX 2.3.
    Spdx,
    /// CycloneDX 1.6.
    Cyclonedx,
}

impl fmt::Display for SbomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Spdx => "spdx",
            Self::Cyclonedx => "cyclonedx",
        })
    }
}
