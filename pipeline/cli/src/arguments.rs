//! The command line: every flag, where it is documented, parsed into plain values.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand, ValueEnum};
use oci::Platform;

pub(crate) use crate::history_arguments::{ExportForm, History, LedgerStatus};
pub(crate) use crate::keys_arguments::{Audience, Keys, KeysBackup, KeysExport, KeysRestore};
pub(crate) use crate::registry_arguments::{Copy, Gc, Publish, Reach, Serve, Site, SiteExport};
pub(crate) use crate::sbom_arguments::{Sbom, SbomKind};
pub(crate) use crate::scan_arguments::{Explain, Scan};
pub(crate) use crate::verify_arguments::Verify;

/// Minimal base images from Debian packages.
#[derive(Debug, Parser)]
#[command(name = "bedplate", version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Settings file (YAML). Default: bedplate.yaml in the current folder, if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// State folder. Default: `state` of the settings, else ./bedplate-state.
    #[arg(long, global = true, value_name = "DIR")]
    pub state: Option<PathBuf>,
    /// Form of the result on standard output.
    #[arg(long, global = true, value_parser = usual_forms(), default_value = "table")]
    pub format: Format,
    /// Progress on standard error.
    #[arg(long, global = true, value_enum, default_value_t = Progress::Auto)]
    pub progress: Progress,
    /// Say more in the log; twice for everything.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs: the value that the state folder keeps.
    Json,
    /// For a pull request or a page.
    Md,
    /// SARIF 2.1.0, for code scanning; of `scan` only.
    Sarif,
    /// A CycloneDX vulnerability disclosure report; of `scan` only.
    Cyclonedx,
    /// An OpenVEX document; of `scan` only.
    Openvex,
}

/// The forms that every command has. `scan` has a flag of its own of the same name with more of them.
fn usual_forms() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(["table", "json", "md"]).map(|form| match form.as_str() {
        "json" => Format::Json,
        "md" => Format::Md,
        _ => Format::Table,
    })
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// Bars in a terminal, lines elsewhere.
    Auto,
    /// One line a step.
    Plain,
    /// Nothing.
    None,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the factory: observe the archive, build, publish, serve.
    Up(Up),
    /// Serve the registry and the status page of a state folder, and build nothing.
    Serve(Serve),
    /// Resolve images against the archive and print or write their locks.
    Lock(Lock),
    /// Show what would be built, and why. Changes nothing.
    Plan(Plan),
    /// Build images into an OCI layout or a docker archive.
    Build(Build),
    /// Build an image again from its provenance, and compare.
    Rebuild(crate::rebuild_arguments::Rebuild),
    /// Compare two images or locks.
    Diff(Diff),
    /// Publish images to other registries.
    Publish(Publish),
    /// Copy images between registries and layouts, with everything that speaks about them.
    Copy(Copy),
    /// Sign images, wherever they are, with the release key or identity of the settings.
    Sign(crate::sign_arguments::Sign),
    /// Check who signed images, what is said about them, and that it holds.
    Verify(Verify),
    /// Print what is in an image, as its publisher signed it.
    Sbom(Sbom),
    /// Find the known vulnerabilities of images, root file systems, SBOMs and lists of packages.
    Scan(Scan),
    /// Say all that is known about one vulnerability, and why a report says what it says.
    Explain(Explain),
    /// Show what was published of an image and why, or how long a fix took.
    History(History),
    /// Show every image at a glance: its grade, what is open, and whose turn it is.
    Status(LedgerStatus),
    /// Write the registry as files for a plain web server.
    #[command(subcommand)]
    Site(Site),
    /// Look at the keys that sign, replace them, back them up, and hand out what others verify with.
    #[command(subcommand)]
    Keys(Keys),
    /// Look at the catalogue.
    #[command(subcommand)]
    Catalog(Catalog),
    /// Throw away what nobody needs any longer.
    Gc(Gc),
    /// Check what bedplate needs on this machine.
    Doctor(Doctor),
    /// Print a completion script for a shell.
    Completions(Completions),
}

/// Which images and platforms a command is about.
#[derive(Debug, Clone, Args)]
pub(crate) struct Narrow {
    /// Only these images (may be repeated).
    #[arg(long = "image", value_name = "NAME")]
    pub images: Vec<String>,
    /// Only these platforms, such as linux/amd64 (may be repeated).
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub platforms: Vec<Platform>,
}

/// `bedplate up`.
#[derive(Debug, Args)]
pub(crate) struct Up {
    /// Which images.
    #[command(flatten)]
    pub narrow: Narrow,
    /// Stop after the first wave.
    #[arg(long)]
    pub once: bool,
    /// Address of registry and status page. Default: `listen` of the settings, else 127.0.0.1:8080.
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
}

/// `bedplate lock`.
#[derive(Debug, Args)]
pub(crate) struct Lock {
    /// Images; all of the catalogue if none is named.
    pub images: Vec<String>,
    /// Only these platforms (may be repeated).
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub platforms: Vec<Platform>,
    /// Write to this file (one image) or folder (several).
    #[arg(long, short, value_name = "PATH")]
    pub output: Option<PathBuf>,
}

/// `bedplate plan`.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// Images; all of the catalogue if none is named.
    pub images: Vec<String>,
    /// Only these platforms (may be repeated).
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub platforms: Vec<Platform>,
    /// Exit with 1 if anything would be built.
    #[arg(long)]
    pub exit_code: bool,
}

/// `bedplate build`.
#[derive(Debug, Args)]
pub(crate) struct Build {
    /// Images to build.
    #[arg(required = true)]
    pub images: Vec<String>,
    /// Only these platforms (may be repeated).
    #[arg(long = "platform", value_name = "PLATFORM")]
    pub platforms: Vec<Platform>,
    /// An OCI layout folder, or a file ending in .tar that `docker load` takes (one image, one platform).
    #[arg(long, short, value_name = "PATH")]
    pub output: PathBuf,
    /// Build exactly what this lock says instead of asking the archive.
    #[arg(long, value_name = "FILE")]
    pub locked: Option<PathBuf>,
}

/// `bedplate diff`.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// A lock file, an OCI layout (`PATH` or `PATH:TAG`), or a published image (`python:3.13`).
    pub from: String,
    /// The same, to compare with.
    pub to: String,
    /// Exit with 1 if there are differences.
    #[arg(long)]
    pub exit_code: bool,
}

/// `bedplate catalog`.
#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// Read the whole catalogue and say what is wrong with it.
    Check,
    /// List the images of the catalogue.
    List,
    /// Record that a person has read a package's maintainer scripts.
    Review(Review),
}

/// `bedplate catalog review`.
#[derive(Debug, Args)]
pub(crate) struct Review {
    /// The package.
    pub package: String,
    /// The digest that the build named.
    #[arg(long)]
    pub digest: blob::Digest,
    /// What the scripts do, and which effect does it instead.
    #[arg(long)]
    pub note: String,
}

/// `bedplate doctor`.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Read every stored blob and check its digest.
    #[arg(long)]
    pub deep: bool,
}

/// `bedplate completions`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    pub shell: clap_complete::Shell,
}
