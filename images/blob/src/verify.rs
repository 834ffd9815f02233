//! A reader that knows what it should read: size and digest are checked while the bytes stream.
//!
//! Nothing is known to be good before the end was reached: [`VerifyingReader::finish`] gives the verdict,
//! and a reader that runs into too many bytes, or into the end with the wrong digest, fails by itself.

use std::io::{self, Read};

use crate::{Digest, Hasher};

/// Why bytes are not the ones that were asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// More or fewer bytes than announced.
    #[error("expected {expected} bytes, got {got}")]
    WrongSize {
        /// Bytes announced.
        expected: u64,
        /// Bytes seen so far; for a stream that is too long, the first count over the limit.
        got: u64,
    },
    /// The right number of bytes, but other ones.
    #[error("expected {expected}, got {got}")]
    WrongDigest {
        /// The digest asked for.
        expected: Digest,
        /// The digest of what came.
        got: Digest,
    },
}

/// Counts and hashes what passes, and compares at the end. The push form of [`VerifyingReader`].
#[derive(Debug, Clone)]
pub struct Verdict {
    expected: Digest,
    size: u64,
    seen: u64,
    hasher: Hasher,
}

impl Verdict {
    /// Expects exactly `size` bytes with this digest.
    pub fn new(expected: Digest, size: u64) -> Self {
        let hasher = Hasher::new(expected.algorithm());
        Self { expected, size, seen: 0, hasher }
    }

    /// Takes the next bytes; fails as soon as there are too many.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), VerifyError> {
        self.seen += bytes.len() as u64;
        if self.seen > self.size {
            return Err(VerifyError::WrongSize { expected: self.size, got: self.seen });
        }
        self.hasher.update(bytes);
        Ok(())
    }

    /// Says whether all bytes came and were the right ones.
    pub fn finish(self) -> Result<(), VerifyError> {
        if self.seen != self.size {
            return Err(VerifyError::WrongSize { expected: self.size, got: self.seen });
        }
        let got = self.hasher.finish();
        if got == self.expected { Ok(()) } else { Err(VerifyError::WrongDigest { expected: self.expected, got }) }
    }
}

/// Passes bytes on and checks them on the way.
#[derive(Debug)]
pub struct VerifyingReader<R> {
    inner: R,
    verdict: Option<Verdict>,
}

impl<R: Read> VerifyingReader<R> {
    /// Expects exactly `size` bytes with this digest from `inner`.
    pub fn new(inner: R, expected: Digest, size: u64) -> Self {
        Self { inner, verdict: Some(Verdict::new(expected, size)) }
    }

    /// Reads what is left, so that the verdict covers every byte. An error of kind `InvalidData` holds a [`VerifyError`].
    pub fn finish(mut self) -> io::Result<()> {
        io::copy(&mut self, &mut io::sink()).map(drop)
    }
}

impl<R: Read> Read for VerifyingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let checked = match &mut self.verdict {
            Some(verdict) if count > 0 => verdict.update(&buffer[..count]),
            _ if count > 0 || buffer.is_empty() => Ok(()),
            verdict => verdict.take().map_or(Ok(()), Verdict::finish),
        };
        checked.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], size: u64) -> io::Result<()> {
        VerifyingReader::new(bytes, Digest::of(b"hello"), size).finish()
    }

    #[test]
    fn passes_the_right_bytes() {
        let mut text = String::new();
        let mut reader = VerifyingReader::new(&b"hello"[..], Digest::of("hello"), 5);
        reader.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        reader.finish().unwrap();
    }

    #[test]
    fn refuses_other_bytes_too_few_and_too_many() {
        assert!(read(b"hellO", 5).unwrap_err().to_string().starts_with("expected sha256:2cf24d"));
        assert_eq!(read(b"hell", 5).unwrap_err().to_string(), "expected 5 bytes, got 4");
        assert_eq!(read(b"hello!", 5).unwrap_err().to_string(), "expected 5 bytes, got 6");
    }
}
