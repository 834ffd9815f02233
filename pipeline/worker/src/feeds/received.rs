//! Bytes of a feed on their way to their name: counted, bounded and hashed while they are written.
//!
//! In: pieces of a body, which may be in gzip. Out: an unnamed file with its digest, or an error as soon as there are too many bytes.

use std::io::{self, Write};
use std::path::Path;

use blob::{Algorithm, Digest, Hasher};
use flate2::write::MultiGzDecoder;

use crate::{DiskError, NewFile};

/// A whole body, on disk and not yet named.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) file: NewFile,
    pub(crate) digest: Digest,
    pub(crate) bytes: u64,
    pub(crate) last_modified: Option<String>,
    pub(crate) etag: Option<String>,
}

/// Why a piece could not be taken.
#[derive(Debug)]
pub(crate) enum SinkError {
    TooLarge,
    Encoding(io::Error),
    Disk(DiskError),
}

/// Takes a body piece by piece.
pub(crate) enum Sink {
    Plain(Box<Bounded>),
    Gzip(Box<MultiGzDecoder<Bounded>>),
}

/// A file that takes so many bytes and no more.
pub(crate) struct Bounded {
    file: NewFile,
    hasher: Hasher,
    bytes: u64,
    limit: u64,
    /// What a decoder in between would make an `io::Error` of.
    failure: Option<SinkError>,
}

impl Sink {
    /// Starts a file beside `target`.
    pub(crate) fn create(target: &Path, limit: u64, gzip: bool) -> Result<Self, DiskError> {
        let file = NewFile::create(target)?;
        let bounded = Bounded { file, hasher: Hasher::new(Algorithm::Sha256), bytes: 0, limit, failure: None };
        Ok(if gzip { Self::Gzip(Box::new(MultiGzDecoder::new(bounded))) } else { Self::Plain(Box::new(bounded)) })
    }

    /// Takes the next piece.
    pub(crate) fn take(&mut self, piece: &[u8]) -> Result<(), SinkError> {
        match self {
            Self::Plain(bounded) => bounded.take(piece),
            Self::Gzip(decoder) => {
                let written = decoder.write_all(piece).and_then(|()| decoder.flush());
                written.map_err(|error| decoder.get_mut().failure.take().unwrap_or(SinkError::Encoding(error)))
            }
        }
    }

    /// The body is complete.
    pub(crate) fn finish(self) -> Result<Received, SinkError> {
        let bounded = match self {
            Self::Plain(bounded) => *bounded,
            Self::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => decoder.finish().map_err(SinkError::Encoding)?,
                Err(error) => return Err(decoder.get_mut().failure.take().unwrap_or(SinkError::Encoding(error))),
            },
        };
        let Bounded { file, hasher, bytes, .. } = bounded;
        Ok(Received { file, digest: hasher.finish(), bytes, last_modified: None, etag: None })
    }
}

impl Bounded {
    fn take(&mut self, piece: &[u8]) -> Result<(), SinkError> {
        self.bytes += piece.len() as u64;
        if self.bytes > self.limit {
            return Err(SinkError::TooLarge);
        }
        self.hasher.update(piece);
        // Writing goes to the page cache; only `commit` waits for the disk.
        self.file.write(piece).map_err(SinkError::Disk)
    }
}

impl Write for Bounded {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match self.take(piece) {
            Ok(()) => Ok(piece.len()),
            Err(failure) => {
                self.failure = Some(failure);
                Err(io::Error::other("the file takes no more"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn receive(body: &[u8], limit: u64, is_gzip: bool) -> Result<Received, SinkError> {
        let folder = tempfile::tempdir().unwrap();
        let mut sink = Sink::create(&folder.path().join("x"), limit, is_gzip).unwrap();
        for piece in body.chunks(7) {
            sink.take(piece)?;
        }
        sink.finish()
    }

    #[test]
    fn hashes_what_the_body_says_in_whatever_encoding_it_comes() {
        let plain = b"feed ".repeat(1000);
        for (body, is_gzip) in
            [(plain.clone(), false), (gzip(&plain), true), ([gzip(b"feed "), gzip(&plain[5..])].concat(), true)]
        {
            let received = receive(&body, 5000, is_gzip).unwrap();
            assert_eq!((received.digest, received.bytes), (Digest::of(&plain), 5000));
        }
    }

    #[test]
    fn stops_at_its_bound_however_small_the_body_was() {
        let plain = vec![0; 1 << 20];
        for (body, is_gzip) in [(plain.clone(), false), (gzip(&plain), true)] {
            assert!(matches!(receive(&body, (1 << 20) - 1, is_gzip), Err(SinkError::TooLarge)));
        }
    }

    #[test]
    fn a_body_that_is_cut_or_no_gzip_is_told() {
        let body = gzip(b"a list of advisories");
        for body in [&body[..body.len() - 1], &body[..12], b"<!DOCTYPE html>"] {
            assert!(matches!(receive(body, 100, true), Err(SinkError::Encoding(_))), "{body:?}");
        }
    }
}
