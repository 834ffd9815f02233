//! A built image outside our registry: as an OCI layout folder, or as one file that `docker load` takes.
//!
//! In: a built image and a path. Out: an OCI layout (<https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md>);
//! the file is a tar of such a layout with Docker's `manifest.json` beside it, so that Docker, podman and skopeo read it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use assemble::{Attributes, END, EntryBody, RootPath, moving_tags, padding, write_header};
use blob::Digest;
use oci::{BLOBS_FOLDER, INDEX_FILE, LAYOUT_FILE, LayoutIndex, Tag, blob_path, layout_file};
use serde::Serialize;

use crate::image_build::{BuiltImage, BuiltPlatform};
use crate::{DiskError, Failure, NewFile, Whose, write_atomically};

/// Adds an image to the OCI layout in `folder`, which is made if need be: under its name (`python`), and under its
/// name with each tag (`python-3.13`).
pub fn write_layout(folder: &Path, built: &BuiltImage) -> Result<(), Failure> {
    let place = |digest: &Digest| folder.join(blob_path(digest));
    for (layer, path) in built.platforms.iter().flat_map(|platform| &platform.layers) {
        copy(path, &place(&layer.digest), layer.size)?;
    }
    for document in documents(built) {
        write_atomically(&place(&Digest::of(document)), document)?;
    }
    write_atomically(&folder.join(LAYOUT_FILE), &layout_file())?;
    let path = folder.join(INDEX_FILE);
    let mut index = match fs::read(&path) {
        Ok(bytes) => LayoutIndex::parse(&bytes).map_err(policy)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => LayoutIndex::default(),
        Err(error) => return Err(DiskError::new("read", &path, error).into()),
    };
    for name in names(built)? {
        index.set(&name, &built.descriptor);
    }
    Ok(write_atomically(&path, &index.to_bytes())?)
}

/// Writes an image of one platform as a file for `docker load`.
pub fn write_archive(path: &Path, built: &BuiltImage) -> Result<(), Failure> {
    let [platform] = built.platforms.as_slice() else {
        let names: Vec<String> = built.platforms.iter().map(|platform| platform.platform.to_string()).collect();
        let choice = names.join(", ");
        return Err(policy(format!(
            "a file for `docker load` holds one platform: choose one with --platform ({choice})"
        )));
    };
    let mut file = NewFile::create(path)?;
    let mut output = io::BufWriter::new(file.as_file());
    let failed = |error| DiskError::new("write", path, error);
    add_all(&mut output, built, platform)?;
    output.write_all(&END).and_then(|()| output.flush()).map_err(failed)?;
    drop(output);
    Ok(file.commit()?)
}

fn policy(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
    Failure::new(Whose::Policy, error)
}

fn documents(built: &BuiltImage) -> impl Iterator<Item = &[u8]> {
    let parts = built.platforms.iter().flat_map(|it| [it.image.config.as_slice(), it.image.manifest.as_slice()]);
    parts.chain([built.index.as_slice()])
}

fn names(built: &BuiltImage) -> Result<Vec<Tag>, Failure> {
    let name = &built.lock.name;
    let tags = moving_tags(&built.definition, &built.version).map_err(policy)?;
    let all = [name.clone()].into_iter().chain(tags.iter().map(|tag| format!("{name}-{tag}")));
    all.map(|text| text.parse().map_err(|error: oci::NameError| policy(error))).collect()
}

fn copy(from: &Path, to: &Path, size: u64) -> Result<(), DiskError> {
    if to.metadata().is_ok_and(|metadata| metadata.len() == size) {
        return Ok(());
    }
    let mut source = File::open(from).map_err(|error| DiskError::new("open", from, error))?;
    let mut file = NewFile::create(to)?;
    io::copy(&mut source, file.as_file()).map_err(|error| DiskError::new("write", to, error))?;
    file.commit()
}

/// Docker's own list of what an archive holds.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ArchiveEntry {
    config: String,
    repo_tags: Vec<String>,
    layers: Vec<String>,
}

fn add_all(output: &mut impl Write, built: &BuiltImage, platform: &BuiltPlatform) -> Result<(), Failure> {
    let tags = moving_tags(&built.definition, &built.version).map_err(policy)?;
    let entry = ArchiveEntry {
        config: blob_path(&Digest::of(&platform.image.config)),
        repo_tags: tags.iter().map(|tag| format!("{}:{tag}", built.definition.repository())).collect(),
        layers: platform.layers.iter().map(|(layer, _)| blob_path(&layer.digest)).collect(),
    };
    let mut index = LayoutIndex::default();
    names(built)?.iter().for_each(|name| index.set(name, &built.descriptor));
    let manifest = serde_json::to_vec(&[entry]).map_err(policy)?;
    for folder in [BLOBS_FOLDER.to_owned(), format!("{BLOBS_FOLDER}/sha256")] {
        header(output, &folder, EntryBody::Directory)?;
    }
    add(output, LAYOUT_FILE, &layout_file())?;
    add(output, INDEX_FILE, &index.to_bytes())?;
    add(output, "manifest.json", &manifest)?;
    for document in documents(built) {
        add(output, &blob_path(&Digest::of(document)), document)?;
    }
    for (layer, path) in &platform.layers {
        add_file(output, &blob_path(&layer.digest), layer.size, path)?;
    }
    Ok(())
}

fn header(output: &mut impl Write, name: &str, body: EntryBody<'_>) -> Result<(), Failure> {
    let mode = if body == EntryBody::Directory { 0o755 } else { 0o644 };
    let path = RootPath::parse(&format!("/{name}")).map_err(policy)?;
    write_header(output, &path, body, Attributes { mode, owner: 0, group: 0, mtime: 0 }).map_err(policy)
}

fn add(output: &mut impl Write, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let size = bytes.len() as u64;
    header(output, name, EntryBody::File(size))?;
    output.write_all(bytes).and_then(|()| output.write_all(padding(size))).map_err(policy)
}

fn add_file(output: &mut impl Write, name: &str, size: u64, path: &PathBuf) -> Result<(), Failure> {
    let mut source = File::open(path).map_err(|error| DiskError::new("open", path, error))?;
    header(output, name, EntryBody::File(size))?;
    io::copy(&mut source, output).and_then(|_| output.write_all(padding(size))).map_err(policy)
}
