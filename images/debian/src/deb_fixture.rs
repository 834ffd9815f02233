//! Small packages for the tests of this room, put together in memory.
//!
//! In: names and bytes. Out: tar archives, compressed or not, and a control archive.
//! Format: <https://man7.org/linux/man-pages/man5/deb.5.html>.

use std::io::Write;

use tar::{Builder, EntryType, Header};

use crate::Compression;

/// A header with this type; the path may be one that no honest archive has.
pub(crate) fn header(path: &str, kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_mode(if kind == EntryType::Directory { 0o755 } else { 0o644 });
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(1_700_000_000);
    header.set_size(size as u64);
    header.set_cksum();
    header
}

/// An archive of these headers, each followed by its bytes.
pub(crate) fn tar_of(entries: &[(Header, &[u8])]) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for (header, bytes) in entries {
        builder.append(header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// An archive of plain files, and of directories where the path ends in a slash.
pub(crate) fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let kind = |path: &str| if path.ends_with('/') { EntryType::Directory } else { EntryType::Regular };
    let entries: Vec<_> = entries.iter().map(|(path, bytes)| (header(path, kind(path), bytes.len()), *bytes)).collect();
    tar_of(&entries)
}

/// A control archive of the package `tiny`.
pub(crate) fn control() -> Vec<u8> {
    let text = b"Package: tiny\nVersion: 1.2-3\nArchitecture: all\n";
    tar(&[("./", b""), ("./control", text), ("./postinst", b"#!/bin/sh\n"), ("./triggers", b"activate x\n")])
}

/// The bytes as a file of this compression.
pub(crate) fn compress(compression: Compression, bytes: &[u8]) -> Vec<u8> {
    match compression {
        Compression::None => bytes.to_vec(),
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(bytes).unwrap();
            encoder.finish().unwrap()
        }
        Compression::Zstd => zstd::encode_all(bytes, 1).unwrap(),
    }
}
