//! The command line of what is about registries: `serve`, `site` and `gc`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

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
