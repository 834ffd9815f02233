//! The data member of a package, and at its end the rest of the file.
//!
//! In: an ar reader that stands in the member. Out: the member's bytes; its end is reported only after the end of the file was
//! reached and checked, so a reader underneath that checks a digest sees every byte.
//! Format: <https://man7.org/linux/man-pages/man5/deb.5.html>.

use std::io::{self, Read};

use crate::DebError;
use crate::ar::Ar;

/// Reads one member and demands that only members with a name in `_` (signatures) follow.
pub(crate) struct LastMember<R> {
    ar: Ar<R>,
    name: String,
}

impl<R> LastMember<R> {
    pub(crate) fn new(ar: Ar<R>, name: &str) -> Self {
        Self { ar, name: name.to_owned() }
    }
}

impl<R: Read> Read for LastMember<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.ar.read(buffer)?;
        if count > 0 || buffer.is_empty() {
            return Ok(count);
        }
        while let Some(member) = self.ar.next().map_err(into_io)? {
            if !member.name.starts_with('_') {
                let text = format!("expected nothing after `{}`, found `{}`", self.name, member.name);
                return Err(io::Error::new(io::ErrorKind::InvalidData, text));
            }
        }
        Ok(0)
    }
}

/// What the reader said, if it was the reader: the member is named by whoever reads this.
fn into_io(error: DebError) -> io::Error {
    match error {
        DebError::Read { source, .. } => source,
        other => io::Error::new(io::ErrorKind::InvalidData, other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ar::tests::archive;

    fn read(members: &[(&str, &[u8])]) -> io::Result<String> {
        let bytes = archive(members);
        let mut ar = Ar::open(&bytes[..]).unwrap();
        ar.next().unwrap().unwrap();
        io::read_to_string(LastMember::new(ar, members[0].0))
    }

    #[test]
    fn passes_over_signatures_and_refuses_everything_else() {
        assert_eq!(read(&[("data", b"abc"), ("_gpgorigin", b"x")]).unwrap(), "abc");
        let error = read(&[("data", b"abc"), ("_x", b""), ("y", b"")]).unwrap_err().to_string();
        assert_eq!(error, "expected nothing after `data`, found `y`");
    }

    #[test]
    fn refuses_bytes_after_the_end_that_are_no_member() {
        let bytes = [archive(&[("data", b"abcd")]), b"junk".to_vec()].concat();
        let mut ar = Ar::open(&bytes[..]).unwrap();
        ar.next().unwrap().unwrap();
        let error = io::read_to_string(LastMember::new(ar, "data")).unwrap_err().to_string();
        assert!(error.contains("the ar header of the member after data is wrong: it is cut off"), "{error}");
    }
}
