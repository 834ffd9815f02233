//! Layers and image layouts made up for the tests of `diff` and `doctor`.
//!
//! In: files by name. Out: tar archives, hostile ones too, and layouts with them.

use std::io::Write;
use std::path::Path;

use oci::{
    Descriptor, ImageConfig, ImageIndex, ImageManifest, LayoutIndex, MEDIA_TYPE_CONFIG, MEDIA_TYPE_INDEX,
    MEDIA_TYPE_LAYER_GZIP, MEDIA_TYPE_MANIFEST, Platform, blob_path, layout_file,
};
use tar::{Builder, EntryType, Header};

/// A layer in the making.
pub(crate) struct Layer(Builder<Vec<u8>>);

impl Default for Layer {
    fn default() -> Self {
        Self(Builder::new(Vec::new()))
    }
}

impl Layer {
    /// Adds a file with mode 0644.
    pub(crate) fn file(&mut self, path: &str, content: &[u8]) -> &mut Self {
        self.entry(path, EntryType::Regular, 0o644, content)
    }

    /// Adds a folder with mode 0755.
    pub(crate) fn folder(&mut self, path: &str) -> &mut Self {
        self.entry(path, EntryType::Directory, 0o755, b"")
    }

    /// Adds a link.
    pub(crate) fn link(&mut self, kind: EntryType, path: &str, target: &str) -> &mut Self {
        let mut header = header(kind, 0o777, 0);
        self.0.append_link(&mut header, path, target).unwrap();
        self
    }

    /// Adds any entry.
    pub(crate) fn entry(&mut self, path: &str, kind: EntryType, mode: u32, content: &[u8]) -> &mut Self {
        let mut header = header(kind, mode, content.len() as u64);
        self.0.append_data(&mut header, path, content).unwrap();
        self
    }

    /// The archive.
    pub(crate) fn bytes(&mut self) -> Vec<u8> {
        std::mem::replace(&mut self.0, Builder::new(Vec::new())).into_inner().unwrap()
    }
}

fn header(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header
}

/// One entry with a name that no builder would write.
pub(crate) fn raw_entry(kind: u8, name: &str, content: &[u8]) -> Vec<u8> {
    let mut header = header(EntryType::new(kind), 0o644, content.len() as u64);
    header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// Compresses in several gzip members, as our layers are.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let member = |part: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(part).unwrap();
        encoder.finish().unwrap()
    };
    bytes.chunks(700).flat_map(member).collect()
}

/// A dpkg record.
pub(crate) fn record(package: &str, version: &str) -> Vec<u8> {
    format!("Package: {package}\nVersion: {version}\nArchitecture: amd64\nDescription: x\n more\n").into_bytes()
}

/// Writes a layout with one image for each platform, all of these layers, tagged `one`. Gives the index's descriptor.
pub(crate) fn write_layout(
    folder: &Path,
    platforms: &[&str],
    layers: &[Vec<u8>],
    change: impl Fn(&mut ImageConfig),
) -> Descriptor {
    let mut manifests = Vec::new();
    for name in platforms {
        let platform: Platform = name.parse().unwrap();
        let diff_ids = layers.iter().map(blob::Digest::of).collect();
        let mut config = ImageConfig::new(platform.clone(), diff_ids);
        change(&mut config);
        let config = put(folder, MEDIA_TYPE_CONFIG, &config.to_bytes());
        let layers = layers.iter().map(|layer| put(folder, MEDIA_TYPE_LAYER_GZIP, &gzip(layer))).collect();
        let manifest = ImageManifest::new(config, layers).to_bytes();
        manifests.push(put(folder, MEDIA_TYPE_MANIFEST, &manifest).with_platform(platform));
    }
    let index = put(folder, MEDIA_TYPE_INDEX, &ImageIndex::new(manifests).to_bytes());
    let mut list = LayoutIndex::default();
    list.set(&"one".parse().unwrap(), &index);
    std::fs::write(folder.join("index.json"), list.to_bytes()).unwrap();
    std::fs::write(folder.join("oci-layout"), layout_file()).unwrap();
    index
}

fn put(folder: &Path, media_type: &str, bytes: &[u8]) -> Descriptor {
    let descriptor = Descriptor::of(media_type, bytes);
    let path = folder.join(blob_path(&descriptor.digest));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
    descriptor
}
