//! The plain bytes of a feed.
//!
//! In: bytes as they came, plain, in gzip or in zstd. Out: what they hold, bounded. The first bytes tell the compression; names and headers
//! may lie.

use std::io::Read;

use debian::Compression;

use super::error::FeedsError;
use super::source::FeedSource;

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The plain bytes of a feed, at most as many as it may have.
pub(crate) fn inflate(source: &FeedSource, bytes: Vec<u8>) -> Result<Vec<u8>, FeedsError> {
    let compression = match &bytes {
        bytes if bytes.starts_with(GZIP) => Compression::Gzip,
        bytes if bytes.starts_with(ZSTD) => Compression::Zstd,
        _ => return Ok(bytes),
    };
    let (limit, address) = (source.limit(), source.address());
    let mut plain = Vec::new();
    let reader = compression.reader(bytes.as_slice());
    let inflated = reader.and_then(|reader| reader.take(limit + 1).read_to_end(&mut plain));
    match inflated {
        Err(cause) => Err(FeedsError::Damaged { address, source: cause }),
        Ok(_) if plain.len() as u64 > limit => Err(FeedsError::TooLarge { address, limit }),
        Ok(_) => Ok(plain),
    }
}
