//! The compressions of the archive, by file name extension, as bounded streaming readers.
//!
//! In: a reader of compressed bytes. Out: a reader of plain bytes that fails on damage, truncation and excessive memory.
//! Formats: <https://tukaani.org/xz/format.html>, <https://www.rfc-editor.org/rfc/rfc8878>, <https://www.rfc-editor.org/rfc/rfc1952>.

use std::io::{self, BufReader, Read};

use liblzma::bufread::XzDecoder;
use liblzma::stream::{CONCATENATED, MtStreamBuilder, Stream};

/// What a decoder of xz may use at most. `xz -9` needs 65 MiB, so this leaves room and still bounds a hostile dictionary.
const XZ_MEMORY: u64 = 256 << 20;

/// The largest window of zstd, as a power of two: what `zstd -19` and dpkg write (128 MiB is the format's usual limit).
const ZSTD_WINDOW: u32 = 27;

const BUFFER: usize = 64 << 10;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, one or several members.
    Gzip,
    /// xz, one or several streams.
    Xz,
    /// Zstandard, one or several frames.
    Zstd,
}

/// An extension that no compression here has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has an unknown compression: expected no extension, .gz, .xz or .zst")]
pub struct CompressionError(String);

impl Compression {
    /// From what follows the last dot: `""`, `gz`, `xz`, `zst`.
    pub fn from_extension(extension: &str) -> Result<Self, CompressionError> {
        match extension {
            "" => Ok(Self::None),
            "gz" => Ok(Self::Gzip),
            "xz" => Ok(Self::Xz),
            "zst" => Ok(Self::Zstd),
            other => Err(CompressionError(other.chars().take(80).collect())),
        }
    }

    /// The extension without its dot; empty for none.
    pub fn extension(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Gzip => "gz",
            Self::Xz => "xz",
            Self::Zstd => "zst",
        }
    }

    /// Decompresses with one thread.
    pub fn reader<'a>(self, inner: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        self.reader_with(1, inner)
    }

    /// Decompresses; an xz stream of several blocks is spread over `threads` threads. Other forms use one.
    pub fn reader_with<'a>(self, threads: u32, inner: impl Read + Send + 'a) -> io::Result<Box<dyn Read + Send + 'a>> {
        let inner = BufReader::with_capacity(BUFFER, inner);
        Ok(match self {
            Self::None => Box::new(inner),
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(inner)),
            Self::Xz if threads < 2 => Box::new(XzDecoder::new_stream(inner, single_threaded()?)),
            Self::Xz => {
                Box::new(ParallelXz { decoder: Some(XzDecoder::new_stream(inner, parallel(threads)?)), threads })
            }
            Self::Zstd => Box::new(zstd_reader(inner)?),
        })
    }
}

fn single_threaded() -> io::Result<Stream> {
    Stream::new_stream_decoder(XZ_MEMORY, CONCATENATED).map_err(Into::into)
}

fn parallel(threads: u32) -> io::Result<Stream> {
    let mut builder = MtStreamBuilder::new();
    builder.threads(threads).memlimit_threading(XZ_MEMORY).memlimit_stop(XZ_MEMORY);
    builder.decoder().map_err(Into::into)
}

fn zstd_reader<R: io::BufRead>(inner: R) -> io::Result<zstd::Decoder<'static, R>> {
    let mut decoder = zstd::Decoder::with_buffer(inner)?;
    decoder.window_log_max(ZSTD_WINDOW)?;
    Ok(decoder)
}

/// liblzma's parallel decoder reads one stream; this goes on with the next until the input ends.
struct ParallelXz<R> {
    decoder: Option<XzDecoder<BufReader<R>>>,
    threads: u32,
}

impl<R: Read> Read for ParallelXz<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let Some(decoder) = &mut self.decoder else { return Ok(0) };
            let count = decoder.read(buffer)?;
            if count > 0 || buffer.is_empty() || !self.next_stream()? {
                return Ok(count);
            }
        }
    }
}

impl<R: Read> ParallelXz<R> {
    fn next_stream(&mut self) -> io::Result<bool> {
        let Some(decoder) = self.decoder.take() else { return Ok(false) };
        let mut inner = decoder.into_inner();
        if io::BufRead::fill_buf(&mut inner)?.is_empty() {
            return Ok(false);
        }
        self.decoder = Some(XzDecoder::new_stream(inner, parallel(self.threads)?));
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deb_fixture::compress;

    fn samples() -> [(Compression, Vec<u8>); 3] {
        let text = b"bedplate ".repeat(1000);
        [Compression::Gzip, Compression::Xz, Compression::Zstd]
            .map(|compression| (compression, compress(compression, &text)))
    }

    fn read(compression: Compression, threads: u32, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut plain = Vec::new();
        compression.reader_with(threads, bytes)?.read_to_end(&mut plain)?;
        Ok(plain)
    }

    #[test]
    fn reads_every_form_with_one_and_with_two_threads() {
        for (compression, bytes) in samples() {
            for threads in [1, 2] {
                assert_eq!(read(compression, threads, &bytes).unwrap(), b"bedplate ".repeat(1000));
            }
        }
        assert_eq!(read(Compression::None, 1, b"plain").unwrap(), b"plain");
    }

    #[test]
    fn reads_several_streams_one_after_the_other() {
        for (compression, bytes) in samples() {
            for threads in [1, 2] {
                let plain = read(compression, threads, &[&bytes[..], &bytes[..]].concat()).unwrap();
                assert_eq!(plain.len(), 18_000, "{compression:?} {threads}");
            }
        }
    }

    #[test]
    fn refuses_truncation_and_damage() {
        for (compression, bytes) in samples() {
            for threads in [1, 2] {
                assert!(read(compression, threads, &bytes[..bytes.len() - 3]).is_err(), "{compression:?} cut");
                let mut damaged = bytes.clone();
                damaged[bytes.len() / 2] ^= 0x10;
                assert!(read(compression, threads, &damaged).is_err() || compression == Compression::Zstd);
                assert!(read(compression, threads, &[&bytes[..], b"junk"].concat()).is_err(), "{compression:?} junk");
            }
        }
    }

    #[test]
    fn refuses_a_dictionary_beyond_the_memory_limit() {
        let mut large = compress(Compression::Xz, b"x");
        // The byte that names the dictionary's size, in the header of the first block: 2^30.
        assert_eq!(&large[14..16], &[0x21, 0x01]);
        large[16] = 36;
        let sum = crc32(&large[12..20]);
        large[20..24].copy_from_slice(&sum.to_le_bytes());
        assert!(read(Compression::Xz, 1, &large).unwrap_err().to_string().contains("memory limit"));
        assert!(read(Compression::Xz, 2, &large).is_err());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        crc.sum()
    }

    #[test]
    fn knows_its_extensions() {
        for (compression, _) in samples() {
            assert_eq!(Compression::from_extension(compression.extension()), Ok(compression));
        }
        let error = Compression::from_extension("bz2").unwrap_err().to_string();
        assert_eq!(error, "`bz2` has an unknown compression: expected no extension, .gz, .xz or .zst");
    }
}
