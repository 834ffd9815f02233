//! The command line of `verify`.

use std::path::PathBuf;

use clap::Args;
use oci::Platform;

use crate::registry_arguments::Reach;

/// `bedplate verify`.
///
/// Whose signatures count: for images of the state folder its own keys; for others `--key` or `--policy`. Exit code 0: all are accepted; 1: one is
/// refused; 2: one could not be judged.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Images: `REGISTRY/REPOSITORY[:TAG|@DIGEST]`, `oci:FOLDER[:TAG|@DIGEST]`, or a published image such as `python:3.13`.
    #[arg(value_name = "REF|LAYOUT", required_unless_present = "containerd")]
    pub images: Vec<String>,
    /// Public key in PEM whose release signatures count (may be repeated).
    #[arg(long = "key", value_name = "FILE", conflicts_with = "policy")]
    pub keys: Vec<PathBuf>,
    /// Public key in PEM whose statements count (may be repeated): provenance and SBOM are then wanted.
    #[arg(long = "statement-key", value_name = "FILE", requires = "keys")]
    pub statement_keys: Vec<PathBuf>,
    /// Policy (YAML): whose keys or identities, which statements, how fresh, how many rebuilds.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Authorities of certificates: `trusted_root.json`. Default: `trusted-root` of the policy.
    #[arg(long, value_name = "FILE")]
    pub trusted_root: Option<PathBuf>,
    /// The name under which the image is published, where it is read from a mirror or a layout: signatures must name it.
    #[arg(long, value_name = "HOST/REPOSITORY")]
    pub name: Option<String>,
    /// Only these platforms of an index (may be repeated). Default: every manifest in it.
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub platforms: Vec<Platform>,
    /// Read every layer too, and compare each file with the SBOM.
    #[arg(long)]
    pub contents: bool,
    /// Folder with kept files of the archive, as `archive` of a state folder is: everything in the image must be vouched for by Debian's own
    /// signatures, by the keys of `archive.keyrings` of the settings or of this machine.
    #[arg(long, value_name = "DIR")]
    pub archive: Option<PathBuf>,
    /// Contact nothing but the registry that REF names, and for a layout nothing at all. It is never otherwise; to be said where it matters.
    #[arg(long)]
    pub offline: bool,
    /// Answer containerd's image verifier plug-in: `--containerd -name REF -digest DIGEST`, with the policy of `--policy`, of
    /// `$BEDPLATE_VERIFY_POLICY` or of `/etc/bedplate/verify.yaml`. A link to this program named `bedplate-verifier` needs no flag.
    #[arg(long)]
    pub containerd: bool,
    /// How registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}
