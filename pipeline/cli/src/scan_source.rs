//! Reads what a word of `scan` names: an image, an archive of images, a folder, an SBOM, a list of packages.
//!
//! In: the word, and what else the command line says. Out: [`Target`]s, several where an image has several platforms.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use assemble::ImageLock;
use registry::{Client, Place, Reader};
use scan::Inventory;

use crate::context::Context;
use crate::image_subject::{self, Subject};
use crate::root_folder::RootFolder;
use crate::saved_image;
use crate::scan_arguments::Reading;
use crate::scan_blobs::Blobs;
use crate::scan_image;
use crate::scan_input::Input;
use crate::scan_inventory::{self, OS_RELEASE, RootFiles};
use crate::scan_kind::{self, Kind};
use crate::scan_target::Target;
use crate::tar_files::TarFiles;

/// How targets are read.
pub(crate) struct Sources<'a> {
    /// Settings and state folder.
    pub(crate) context: &'a Context,
    /// How registries are reached.
    pub(crate) client: &'a Client,
    /// What the command line says about all targets.
    pub(crate) reading: &'a Reading,
}

impl Sources<'_> {
    /// Reads one target.
    pub(crate) async fn read(&self, word: &str) -> anyhow::Result<Vec<Target>> {
        let release = self.reading.release.as_deref();
        let targets = self.find(word).await?.into_iter();
        Ok(targets.map(|target| target.of_release(release)).collect())
    }

    async fn find(&self, word: &str) -> anyhow::Result<Vec<Target>> {
        let said = if self.reading.kind.is_some() { None } else { scan_kind::scheme(word) };
        let kind = self.reading.kind.or(said.as_ref().map(|(kind, _)| *kind));
        let word = said.as_ref().map_or(word, |(_, rest)| rest);
        let path = Path::new(word);
        match kind {
            _ if word == "-" => self.input(Input::stdin()?, kind).await,
            Some(Kind::Image) => self.image(word).await,
            Some(Kind::Root) => Ok(vec![folder(path)?]),
            Some(Kind::StatusD) => Ok(vec![records(path)?]),
            Some(kind) => self.input(Input::open(path)?, Some(kind)).await,
            None if path.is_file() => self.input(Input::open(path)?, None).await,
            None if path.is_dir() && is_meant(word) => self.folder(word).await,
            None => self.image(word).await,
        }
    }

    async fn folder(&self, word: &str) -> anyhow::Result<Vec<Target>> {
        match scan_kind::of_folder(Path::new(word)) {
            Some(Kind::Image) => self.image(&format!("oci:{word}")).await,
            Some(Kind::StatusD) => Ok(vec![records(Path::new(word))?]),
            Some(_) => Ok(vec![folder(Path::new(word))?]),
            None => bail!(
                "`{word}` is a folder, and nothing in it can be scanned: expected an OCI image layout (`oci-layout`), a root file system \
                 (`var/lib/dpkg`, `etc/os-release`) or a folder `status.d`; `--type` says which it is"
            ),
        }
    }

    async fn image(&self, word: &str) -> anyhow::Result<Vec<Target>> {
        if word.starts_with(['.', '/']) && !Path::new(word).exists() && !is_layout_with_name(word) {
            bail!("`{word}` does not exist: expected an image, an archive, a folder, an SBOM or a list of packages");
        }
        let Subject { place, named, name } = image_subject::find(word, None, self.context, self.client)?;
        let is_own = matches!(place, Place::Store(..));
        let blobs = Blobs::Place(Reader::open(&place).await?);
        let found = blobs.named(&named).await?;
        let name = name.as_deref().unwrap_or(word);
        let targets = scan_image::read_all(&blobs, found, &self.reading.platforms, name).await?;
        Ok(targets.into_iter().map(|target| Target { is_own, ..target }).collect())
    }

    /// A file, or standard input.
    async fn input(&self, input: Input, kind: Option<Kind>) -> anyhow::Result<Vec<Target>> {
        let name = input.name.clone();
        match kind {
            Some(Kind::Archive) => saved_image::read(TarFiles::open(input)?, &self.reading.platforms).await,
            None if input.is_archive => saved_image::read(TarFiles::open(input)?, &self.reading.platforms).await,
            _ => {
                ensure!(
                    !input.is_archive,
                    "`{name}` is a tar archive: expected a text; `--type archive` reads images out of it"
                );
                text(&name, &input.into_text()?, kind)
            }
        }
    }
}

/// A folder without a slash in its name that is nothing to be scanned is none: an image of ours may be called so.
fn is_meant(word: &str) -> bool {
    word.contains('/') || word.starts_with('.') || scan_kind::of_folder(Path::new(word)).is_some()
}

fn is_layout_with_name(word: &str) -> bool {
    word.match_indices([':', '@']).any(|(at, _)| Path::new(&word[..at]).is_dir())
}

fn folder(path: &Path) -> anyhow::Result<Target> {
    let name = path.display().to_string();
    ensure!(path.is_dir(), "`{name}` is no folder: expected the folder of a root file system");
    let target = scan_inventory::of_root(&RootFolder::new(path));
    Ok(target.with_context(|| format!("`{name}` cannot be scanned"))?.named(name))
}

fn records(path: &Path) -> anyhow::Result<Target> {
    let name = path.display().to_string();
    ensure!(path.is_dir(), "`{name}` is no folder: expected one with records of packages, as `/var/lib/dpkg/status.d`");
    let files = RootFolder::new(path).records("/")?;
    ensure!(!files.is_empty(), "`{name}` holds no record: expected one a package");
    Ok(scan_inventory::of_records(files, os_release_beside(path)?).named(name))
}

/// The `os-release` of the root file system that `…/var/lib/dpkg/NAME` lies in.
fn os_release_beside(path: &Path) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = absolute.parent().filter(|folder| folder.ends_with("var/lib/dpkg"));
    let Some(root) = folder.and_then(|folder| folder.ancestors().nth(3)) else { return Ok(None) };
    let root = RootFolder::new(root);
    for path in OS_RELEASE {
        if let Some(found) = root.file(path)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn text(name: &str, text: &str, kind: Option<Kind>) -> anyhow::Result<Vec<Target>> {
    let kind = match kind {
        Some(kind) if kind != Kind::Text => kind,
        _ => scan_kind::of_text(text).map_err(|problem| {
            anyhow::anyhow!(
                "`{name}` {problem}; expected SPDX or CycloneDX in JSON, dpkg's status, a lock, or an archive of images"
            )
        })?,
    };
    let one = match kind {
        Kind::Spdx => scan_inventory::of_spdx(name, text)?,
        Kind::Cyclonedx => scan_inventory::of_cyclonedx(name, text)?,
        Kind::Lock => return lock(name, text),
        _ => {
            ensure!(
                text.contains("Package:"),
                "`{name}` is no list of dpkg's: expected records that begin with `Package:`"
            );
            let beside = os_release_beside(Path::new(name))?;
            scan_inventory::of_records(vec![(name.to_owned(), text.as_bytes().to_vec())], beside)
        }
    };
    Ok(vec![one.named(name)])
}

fn lock(name: &str, text: &str) -> anyhow::Result<Vec<Target>> {
    let lock = ImageLock::parse(text).with_context(|| format!("`{name}` is no lock, as `bedplate lock` writes it"))?;
    let targets = lock.platforms.iter().map(|(platform, layers)| {
        let inventory = Inventory { packages: plan::installed(layers), ..Inventory::default() };
        let mut target = Target::of(inventory).named(name).of_release(Some(&lock.release));
        target.subject.platform = Some(platform.clone());
        target
    });
    Ok(targets.collect())
}

#[cfg(test)]
mod tests;
