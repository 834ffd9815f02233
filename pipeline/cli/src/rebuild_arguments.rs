//! The command line of `rebuild`.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::Reach;

/// `bedplate rebuild`.
#[derive(Debug, Args)]
pub(crate) struct Rebuild {
    /// An image index: `registry.example/team/python:3.13`, `oci:FOLDER:TAG`, or `python:3.13` of the state folder.
    #[arg(value_name = "REF")]
    pub image: String,
    /// Public key, in PEM, whose provenance is followed (may be repeated). Default: the state folder's own keys.
    #[arg(long = "key", value_name = "FILE")]
    pub keys: Vec<PathBuf>,
    /// Policy file that says whose provenance is followed.
    #[arg(long, value_name = "FILE", conflicts_with = "keys")]
    pub policy: Option<PathBuf>,
    /// The name that the image is published under, HOST/REPOSITORY, where REF is a copy of it.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// Where the digest is the same: sign that with the statement key, and attach it to the image index.
    #[arg(long)]
    pub attest: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}
