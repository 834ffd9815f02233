//! The command line of `bedplate keys`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use worker::KeyRole;

/// `bedplate keys`.
#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// List the keys that sign, and those that signed formerly and are still believed.
    List,
    /// Make a new key beside the old one; both sign until the old one is retired.
    Rotate(KeysRotate),
    /// Take a key's private half away for ever; what it signed is still believed.
    Retire(KeysRetire),
    /// Print or write what other tools need to verify our images.
    Export(KeysExport),
    /// Write the private keys of the state folder into one file, sealed with a password.
    Backup(KeysBackup),
    /// Put the keys of a backup back; nothing is written over.
    Restore(KeysRestore),
}

/// `bedplate keys rotate`.
#[derive(Debug, Args)]
pub(crate) struct KeysRotate {
    /// `release` signs images, `statement` what is said about them. Default: both.
    #[arg(value_name = "release|statement")]
    pub role: Option<KeyRole>,
}

/// `bedplate keys retire`.
#[derive(Debug, Args)]
pub(crate) struct KeysRetire {
    /// The id of the key, or its first digits.
    pub id: String,
}

/// `bedplate keys export`.
#[derive(Debug, Args)]
pub(crate) struct KeysExport {
    /// Who reads it.
    #[arg(long = "for", value_enum, value_name = "READER")]
    pub audience: Audience,
    /// Write to this file, or to a folder where the reader needs several.
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// Whose files are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Audience {
    /// cosign.pub.
    Cosign,
    /// podman, skopeo, buildah, CRI-O: policy.json, and a file of registries.d.
    Containers,
    /// A ClusterPolicy.
    Kyverno,
    /// A ClusterImagePolicy of Sigstore's policy-controller.
    PolicyController,
    /// The image verifier of containerd: configuration, program, policy.
    Containerd,
    /// The policy of `bedplate verify --policy`.
    Bedplate,
    /// trusted_root.json, which cosign reads to verify offline.
    TrustedRoot,
}

/// `bedplate keys backup`.
#[derive(Debug, Args)]
pub(crate) struct KeysBackup {
    /// The file; it must not be there yet.
    #[arg(long, short, value_name = "FILE")]
    pub output: PathBuf,
    /// File with the password. Default: BEDPLATE_KEY_PASSWORD or COSIGN_PASSWORD of the environment.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// `bedplate keys restore`.
#[derive(Debug, Args)]
pub(crate) struct KeysRestore {
    /// The backup.
    pub backup: PathBuf,
    /// File with the password. Default: BEDPLATE_KEY_PASSWORD or COSIGN_PASSWORD of the environment.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}
