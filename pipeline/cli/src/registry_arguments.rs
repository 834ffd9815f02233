//! The command line of what is about registries: `serve`, `publish`, `copy`, `site` and `gc`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use worker::TargetAddress;

/// `bedplate publish`.
#[derive(Debug, Args)]
pub(crate) struct Publish {
    /// Images of the catalogue; all that are published if none is named.
    pub images: Vec<String>,
    /// Where to (may be repeated). Default: `publish` of the settings.
    #[arg(long = "to", value_name = "REGISTRY[/PREFIX]")]
    pub to: Vec<TargetAddress>,
    /// Say what would be sent, blob by blob. Sends nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How the registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// `bedplate copy`.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// From where: `REGISTRY/REPOSITORY[:TAG|@DIGEST]`, `oci:FOLDER[:TAG|@DIGEST]`, or a published image such as `python:3.13`.
    #[arg(value_name = "SRC")]
    pub from: String,
    /// To where, written the same way. Without a tag the tag stays the same.
    #[arg(value_name = "DST")]
    pub to: String,
    /// Copy every tag of the repository.
    #[arg(long)]
    pub all_tags: bool,
    /// Leave out what speaks about the image: referrers, and tags such as `sha256-….sig`.
    #[arg(long)]
    pub no_referrers: bool,
    /// Say what would be sent, blob by blob. Sends nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// How the registries are reached.
    #[command(flatten)]
    pub reach: Reach,
}

/// How registries are reached.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Reach {
    /// Folder with docker's config.json, or that file, for credentials. Default: docker's own.
    #[arg(long, value_name = "PATH")]
    pub docker_config: Option<PathBuf>,
    /// PEM file with a certificate authority that counts beside the system's (may be repeated).
    #[arg(long = "certificate-authority", value_name = "FILE")]
    pub certificate_authorities: Vec<PathBuf>,
    /// Registry to be spoken to without TLS (may be repeated); one on this machine always may be.
    #[arg(long, value_name = "HOST[:PORT]")]
    pub plain_http: Vec<String>,
}

/// `bedplate serve`.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Address of registry and status page. Default: `listen` of the settings, else 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// `bedplate site`.
#[derive(Debug, Subcommand)]
pub(crate) enum Site {
    /// Write what is published as a tree of files that any web server or object store can serve for pulling.
    Export(SiteExport),
}

/// `bedplate site export`.
#[derive(Debug, Args)]
pub(crate) struct SiteExport {
    /// Images; everything in the registry if none is named.
    pub images: Vec<String>,
    /// The folder: new, empty, or written by an earlier export, of which what is not wanted any more goes.
    /// Names in it have colons: write to a file system of Linux, and upload from there.
    #[arg(long, short, value_name = "FOLDER")]
    pub output: PathBuf,
}

/// `bedplate gc`.
#[derive(Debug, Args)]
pub(crate) struct Gc {
    /// Only say what would be removed.
    #[arg(long)]
    pub dry_run: bool,
    /// Keep untagged manifests that were pushed, pulled by digest, or lost their tag within this time, and cached
    /// files that are younger. Default: `retention` of the settings, else 30d.
    #[arg(long, value_name = "AGE", value_parser = crate::age::parse)]
    pub older_than: Option<Duration>,
}
