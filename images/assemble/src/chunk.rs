//! A stream of plain bytes becomes a row of gzip members of fixed size.
//!
//! A gzip file may hold many members (RFC 1952, 2.2), and every client inflates them as one stream. Members of at
//! most [`MEMBER_SIZE`] plain bytes bound the memory, can be made on all cores, and their bytes do not depend on
//! the number of threads. libdeflate 6 makes them smaller than zlib 6 in a third of its time; its version is part
//! of the builder's identity (Cargo pins it), since another version means other digests.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use libdeflater::{CompressionLvl, Compressor, Decompressor};
use rayon::Scope;
use serde::{Deserialize, Serialize};

/// Plain bytes in a member; only the last one of a stream has fewer.
pub(crate) const MEMBER_SIZE: usize = 4 << 20;

/// Name, version and level of the compressor, for cache keys and provenance.
pub const COMPRESSOR: &str = "libdeflate 1.26 level 6, members of 4 MiB";

const LEVEL: i32 = 6;

/// Members being compressed at one time for one stream, beyond which the reader lends a hand: bounds the memory.
const IN_FLIGHT: usize = 3;

/// One gzip member of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Bytes of the member.
    pub compressed: u64,
    /// Bytes that it inflates to.
    pub plain: u64,
}

/// Compresses one member.
pub fn compress(plain: &[u8]) -> io::Result<Vec<u8>> {
    let level = CompressionLvl::new(LEVEL).map_err(|error| io::Error::other(format!("{error:?}")))?;
    let mut compressor = Compressor::new(level);
    let mut member = vec![0; compressor.gzip_compress_bound(plain.len())];
    let size = compressor
        .gzip_compress(plain, &mut member)
        .map_err(|error| io::Error::other(format!("libdeflate: {error}")))?;
    member.truncate(size);
    member.shrink_to_fit();
    Ok(member)
}

/// Inflates one member.
pub(crate) fn inflate(member: &[u8], plain_size: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(plain_size).ok().filter(|size| *size <= MEMBER_SIZE);
    let mut plain = vec![0; size.ok_or_else(|| bad("member is larger than 4 MiB"))?];
    let got = Decompressor::new().gzip_decompress(member, &mut plain).map_err(|error| bad(&error.to_string()))?;
    if got == plain.len() { Ok(plain) } else { Err(bad("member is shorter than recorded")) }
}

fn bad(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("damaged gzip member: {reason}"))
}

/// Where finished members meet: written in order, whatever order they are finished in.
struct Queue<W> {
    output: W,
    waiting: BTreeMap<usize, (Vec<u8>, u64)>,
    members: Vec<Member>,
    error: Option<io::Error>,
}

impl<W: Write> Queue<W> {
    fn add(&mut self, number: usize, member: io::Result<Vec<u8>>, plain: u64) {
        match member {
            Ok(bytes) => drop(self.waiting.insert(number, (bytes, plain))),
            Err(error) => self.error = self.error.take().or(Some(error)),
        }
        while let Some((bytes, plain)) = self.waiting.remove(&self.members.len()) {
            if let Err(error) = self.output.write_all(&bytes) {
                self.error = self.error.take().or(Some(error));
            }
            self.members.push(Member { compressed: bytes.len() as u64, plain });
        }
    }
}

/// Takes plain bytes, gives members to `output`.
pub(crate) struct MemberWriter<'q, 'scope, W> {
    scope: &'q Scope<'scope>,
    queue: &'scope Mutex<Queue<W>>,
    buffer: Vec<u8>,
    next: usize,
}

/// Runs `fill` with a writer whose bytes become members in `output`; returns what `fill` does, and the members.
pub(crate) fn write_members<W, T, E>(
    output: W,
    fill: impl FnOnce(&mut MemberWriter<'_, '_, W>) -> Result<T, E> + Send,
) -> Result<(T, Vec<Member>), E>
where
    W: Write + Send,
    T: Send,
    E: From<io::Error> + Send,
{
    let queue = Mutex::new(Queue { output, waiting: BTreeMap::new(), members: Vec::new(), error: None });
    let filled = rayon::scope(|scope| -> Result<T, E> {
        let mut writer = MemberWriter { scope, queue: &queue, buffer: Vec::with_capacity(MEMBER_SIZE), next: 0 };
        let value = fill(&mut writer)?;
        writer.end_member();
        Ok(value)
    })?;
    let queue = queue.into_inner().unwrap_or_else(PoisonError::into_inner);
    match queue.error {
        Some(error) => Err(error.into()),
        None => Ok((filled, queue.members)),
    }
}

impl<W: Write + Send> MemberWriter<'_, '_, W> {
    fn end_member(&mut self) {
        if self.buffer.is_empty() {
            return;
        }
        let plain = std::mem::replace(&mut self.buffer, Vec::with_capacity(MEMBER_SIZE));
        let (number, queue) = (self.next, self.queue);
        self.next += 1;
        let work = move || {
            let member = compress(&plain);
            lock(queue).add(number, member, plain.len() as u64);
        };
        let finished = lock(queue).members.len();
        if number.saturating_sub(finished) < IN_FLIGHT { self.scope.spawn(move |_| work()) } else { work() }
    }
}

fn lock<W>(queue: &Mutex<Queue<W>>) -> std::sync::MutexGuard<'_, Queue<W>> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<W: Write + Send> Write for MemberWriter<'_, '_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = bytes.len().min(MEMBER_SIZE - self.buffer.len());
        self.buffer.extend_from_slice(&bytes[..count]);
        if self.buffer.len() == MEMBER_SIZE {
            self.end_member();
        }
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(plain: &[u8], threads: usize) -> (Vec<u8>, Vec<Member>) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut output = Vec::new();
        let members = pool.install(|| {
            write_members(&mut output, |writer| writer.write_all(plain)).map(|((), members)| members).unwrap()
        });
        (output, members)
    }

    #[test]
    fn gives_the_same_bytes_with_any_number_of_threads() {
        let plain: Vec<u8> =
            (0..MEMBER_SIZE * 7 + 5).map(|i| (i % 251).to_le_bytes()[0] ^ (i / 4099).to_le_bytes()[0]).collect();
        let one = members(&plain, 1);
        assert_eq!(one, members(&plain, 3));
        assert_eq!(one.1.len(), 8);
        assert_eq!(one.1[7].plain, 5);
    }

    #[test]
    fn inflates_to_what_went_in() {
        let plain = vec![7; MEMBER_SIZE + 100];
        let (bytes, members) = members(&plain, 2);
        let first = usize::try_from(members[0].compressed).unwrap();
        assert_eq!(inflate(&bytes[..first], members[0].plain).unwrap(), plain[..MEMBER_SIZE]);
        assert_eq!(inflate(&bytes[first..], 100).unwrap(), plain[..100]);
        assert!(inflate(&bytes[first..], 99).is_err());
        assert!(inflate(&bytes[..first - 1], members[0].plain).is_err());
    }

    #[test]
    fn reports_an_output_that_fails() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::StorageFull))
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let error = write_members(Full, |writer| writer.write_all(b"x")).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
