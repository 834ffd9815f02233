//! How the members of a package and the indexes are compressed, with the same bytes at each run.
//!
//! Format: <https://manpages.debian.org/trixie/dpkg-dev/deb.5.en.html>.

use std::io::Write;

/// The compressions that Debian's packages and indexes use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DebCompression {
    /// Plain bytes.
    None,
    /// gzip, without name and time.
    Gzip,
    /// xz, as nearly all of Debian's packages.
    Xz,
    /// zstd, as Ubuntu's packages.
    Zstd,
}

impl DebCompression {
    /// What is added to a file's name: `.xz`, or nothing for plain bytes.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => ".gz",
            Self::Xz => ".xz",
            Self::Zstd => ".zst",
        }
    }

    /// Compresses `bytes`.
    pub fn compress(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::None => bytes.to_vec(),
            Self::Gzip => gzip(bytes),
            Self::Xz => xz(bytes),
            Self::Zstd => zstd::encode_all(bytes, 1).expect("memory can always be compressed"),
        }
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut writer = flate2::GzBuilder::new().mtime(0).write(Vec::new(), flate2::Compression::fast());
    writer.write_all(bytes).and_then(|()| writer.finish()).expect("memory can always be written")
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut writer = liblzma::write::XzEncoder::new(Vec::new(), 0);
    writer.write_all(bytes).and_then(|()| writer.finish()).expect("memory can always be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_same_bytes_twice_and_each_in_its_own_format() {
        let magic: [(DebCompression, &[u8]); 3] = [
            (DebCompression::Gzip, &[0x1f, 0x8b]),
            (DebCompression::Xz, &[0xfd, b'7', b'z']),
            (DebCompression::Zstd, &[0x28, 0xb5, 0x2f, 0xfd]),
        ];
        for (compression, start) in magic {
            let bytes = compression.compress(b"hello");
            assert!(bytes.starts_with(start), "{compression:?}");
            assert_eq!(bytes, compression.compress(b"hello"));
        }
        assert_eq!(DebCompression::None.compress(b"hello"), b"hello");
    }
}
