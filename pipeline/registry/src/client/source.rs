//! Where the bytes of a blob are taken from when it is sent: as often as needed, from any offset.
//!
//! In: bytes or a file. Out: streams of a part of it, in pieces that memory holds.

use std::io::{self, SeekFrom};
use std::path::PathBuf;

use axum::body::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::ClientFault;

/// How much is read at once.
const PIECE: u64 = 256 * 1024;

/// Told how far a transfer has come, in bytes from the blob's start. A transfer that lost something says a smaller number than before.
pub type Progress<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// The bytes of a blob.
#[derive(Debug, Clone)]
pub enum BlobSource {
    /// Bytes in memory.
    Bytes(Bytes),
    /// A file, which must not change.
    File(PathBuf),
}

impl BlobSource {
    /// What stands for it in messages.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Bytes(_) => "what is in memory".to_owned(),
            Self::File(path) => format!("`{}`", path.display()),
        }
    }

    /// How many bytes there are.
    pub(crate) async fn size(&self) -> Result<u64, ClientFault> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.len() as u64),
            Self::File(path) => {
                let metadata = tokio::fs::metadata(path).await;
                metadata.map(|metadata| metadata.len()).map_err(|reason| self.fault(reason))
            }
        }
    }

    /// What cannot be read, and why.
    pub(crate) fn fault(&self, reason: io::Error) -> ClientFault {
        ClientFault::Local { what: self.name(), action: "read", reason }
    }

    /// The bytes from an offset on, exactly so many: a source that ends before gives an error.
    pub(crate) fn part(&self, from: u64, length: u64) -> impl Stream<Item = io::Result<Bytes>> + Send + use<> {
        let start = Reader { source: self.clone(), file: None, at: from, left: length };
        try_unfold(start, |mut reader| async move {
            let piece = reader.next().await?;
            Ok(piece.map(|piece| (piece, reader)))
        })
    }
}

/// Reads a part piece by piece.
struct Reader {
    source: BlobSource,
    file: Option<File>,
    at: u64,
    left: u64,
}

impl Reader {
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if self.left == 0 {
            return Ok(None);
        }
        let most = self.left.min(PIECE);
        let piece = match &self.source {
            BlobSource::Bytes(bytes) => slice(bytes, self.at, most),
            BlobSource::File(path) => {
                if self.file.is_none() {
                    let mut file = File::open(path).await?;
                    file.seek(SeekFrom::Start(self.at)).await?;
                    self.file = Some(file);
                }
                read(self.file.as_mut(), most).await?
            }
        };
        if piece.is_empty() {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it became shorter while it was read"));
        }
        self.at += piece.len() as u64;
        self.left -= piece.len() as u64;
        Ok(Some(piece))
    }
}

fn slice(bytes: &Bytes, at: u64, most: u64) -> Bytes {
    let position = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    bytes.slice(position(at)..position(at + most))
}

async fn read(file: Option<&mut File>, most: u64) -> io::Result<Bytes> {
    let mut buffer = Vec::new();
    if let Some(file) = file {
        file.take(most).read_to_end(&mut buffer).await?;
    }
    Ok(buffer.into())
}

#[cfg(test)]
mod tests {
    use futures_util::TryStreamExt;

    use super::*;

    async fn all(source: &BlobSource, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let pieces: Vec<Bytes> = source.part(from, length).try_collect().await?;
        Ok(pieces.concat())
    }

    #[tokio::test]
    async fn every_part_can_be_read_again_from_memory_and_from_a_file() {
        let bytes: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        for source in [BlobSource::Bytes(bytes.clone().into()), BlobSource::File(file.path().to_owned())] {
            assert_eq!(source.size().await.unwrap(), 800_000);
            for (from, length) in [(0, 800_000), (5, 700_001), (799_999, 1), (3, 0)] {
                let expected = &bytes[usize::try_from(from).unwrap()..][..usize::try_from(length).unwrap()];
                assert_eq!(all(&source, from, length).await.unwrap(), expected);
            }
            assert_eq!(all(&source, 799_999, 2).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        }
    }
}
