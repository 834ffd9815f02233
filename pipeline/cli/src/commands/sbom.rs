//! `bedplate sbom`: what is in an image, as its publisher signed it.

use std::path::Path;

use anyhow::{Context as _, bail};
use blob::Digest;
use oci::{ImageIndex, Platform};
use registry::{Client, Named, Place, Reader, StoredManifest};
use worker::gather_evidence;

use crate::arguments::{Arguments, Format, Sbom};
use crate::commands::copy;
use crate::context::{Context, runtime};
use crate::image_subject::{self, Subject};
use crate::output;
use crate::sbom_choice;
use crate::sbom_table;

/// Characters of a licence in a table for people.
const LONGEST_LICENCE: usize = 80;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Sbom) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let client = Client::new(copy::settings(&command.reach))?;
    let Subject { place, named, .. } = image_subject::find(&command.image, None, &context, &client)?;
    let document = runtime()?.block_on(find(&place, &named, command))?;
    match (&command.output, arguments.format) {
        (Some(path), _) => write(path, &document)?,
        (None, Format::Table) => output::print_text(&sbom_table::table(&document, LONGEST_LICENCE)?.to_text())?,
        (None, Format::Md) => output::print_text(&sbom_table::table(&document, usize::MAX)?.to_markdown())?,
        (None, _) => output::print_text(&(document + "\n"))?,
    }
    Ok(0)
}

async fn find(place: &Place, named: &Named, command: &Sbom) -> anyhow::Result<String> {
    let reader = Reader::open(place).await?;
    let manifest = reader.manifest(named).await?;
    let manifest = manifest.with_context(|| format!("`{}` has no `{named}`", command.image))?;
    let digest = choose(&manifest, command)?;
    let evidence = gather_evidence(&reader, &digest).await?;
    sbom_choice::document(&evidence, &digest, command.kind)
}

/// The manifest of the platform, or the index itself where that is wanted or there are no platforms.
fn choose(manifest: &StoredManifest, command: &Sbom) -> anyhow::Result<Digest> {
    let whole = || Ok(manifest.descriptor.digest.clone());
    let Ok(index) = ImageIndex::parse(&manifest.bytes) else { return whole() };
    if command.index {
        return whole();
    }
    let images: Vec<(&Platform, &Digest)> =
        index.manifests.iter().filter_map(|it| Some((it.platform.as_ref()?, &it.digest))).collect();
    let wanted = command.platform.clone().unwrap_or_else(machine);
    let fits = |platform: &Platform| {
        let exactly = *platform == wanted;
        exactly || wanted.variant.is_none() && platform.os == wanted.os && platform.architecture == wanted.architecture
    };
    match (images.iter().find(|(platform, _)| fits(platform)), images.as_slice()) {
        (Some((_, digest)), _) => Ok((*digest).clone()),
        (None, [(_, digest)]) if command.platform.is_none() => Ok((*digest).clone()),
        (None, images) => {
            let known: Vec<String> = images.iter().map(|(platform, _)| platform.to_string()).collect();
            bail!("`{}` has no image for {wanted}: there are {}", command.image, known.join(", "))
        }
    }
}

/// This machine's platform, in Go's words.
fn machine() -> Platform {
    Platform::linux(match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    })
}

fn write(path: &Path, document: &str) -> anyhow::Result<()> {
    worker::write_atomically(path, document.as_bytes()).with_context(|| format!("cannot write `{}`", path.display()))
}
