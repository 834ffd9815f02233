//! The outer container of a `.deb`: named members one after the other, each preceded by its size.
//!
//! In: a reader of the whole file. Out: member by member, a bounded reader that never gives less than was announced.
//! Format: <https://man7.org/linux/man-pages/man5/deb.5.html>.

use std::io::{self, Read};

use crate::DebError;

const MAGIC: &[u8] = b"!<arch>\n";
const HEADER: usize = 60;

/// The header of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    /// Its name without the filling blanks and slash.
    pub(crate) name: String,
    /// Seconds since 1970.
    pub(crate) mtime: i64,
    /// Its length.
    pub(crate) size: u64,
}

/// Reads members in order.
#[derive(Debug)]
pub(crate) struct Ar<R> {
    reader: R,
    /// What is unread of the member, and whether a filling byte follows it.
    left: u64,
    odd: bool,
    name: String,
}

impl<R: Read> Ar<R> {
    pub(crate) fn open(mut reader: R) -> Result<Self, DebError> {
        let mut magic = [0; MAGIC.len()];
        let count =
            fill(&mut reader, &mut magic).map_err(|source| DebError::Read { member: "ar header".into(), source })?;
        if &magic[..count] != MAGIC {
            return Err(DebError::NotADeb { reason: "expected an ar archive that starts with `!<arch>`".into() });
        }
        Ok(Self { reader, left: 0, odd: false, name: String::new() })
    }

    /// Skips what is left of the member before, and gives the next one; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Member>, DebError> {
        self.skip().map_err(|source| DebError::Read { member: self.name.clone(), source })?;
        let mut header = [0; HEADER];
        match fill(&mut self.reader, &mut header) {
            Ok(0) => return Ok(None),
            Ok(HEADER) => {}
            Ok(_) => return Err(self.bad_header("it is cut off")),
            Err(source) => return Err(DebError::Read { member: self.after(), source }),
        }
        let member = parse_header(&header).map_err(|problem| self.bad_header(problem))?;
        (self.left, self.odd) = (member.size, member.size % 2 == 1);
        self.name.clone_from(&member.name);
        Ok(Some(member))
    }

    /// The whole member, if it is no larger than `limit`.
    pub(crate) fn read_small(&mut self, member: &Member, limit: u64) -> Result<Vec<u8>, DebError> {
        if member.size > limit {
            return Err(DebError::TooLarge { member: member.name.clone(), limit });
        }
        let mut bytes = Vec::new();
        let result = self.read_to_end(&mut bytes);
        result.map_err(|source| DebError::Read { member: member.name.clone(), source })?;
        Ok(bytes)
    }

    fn skip(&mut self) -> io::Result<()> {
        io::copy(self, &mut io::sink())?;
        // A missing filling byte at the very end of the file is forgiven, as other readers do.
        if std::mem::take(&mut self.odd) { fill(&mut self.reader, &mut [0]).map(drop) } else { Ok(()) }
    }

    fn after(&self) -> String {
        if self.name.is_empty() { "first member".to_owned() } else { format!("member after {}", self.name) }
    }

    fn bad_header(&self, problem: &str) -> DebError {
        DebError::NotADeb { reason: format!("the ar header of the {} is wrong: {problem}", self.after()) }
    }
}

/// The bytes of the current member. The end of the file before the end of the member is an error.
impl<R: Read> Read for Ar<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let count = self.reader.read(&mut buffer[..wanted])?;
        if count == 0 {
            let text = format!("the file ends {} bytes before the end of the member", self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, text));
        }
        self.left -= count as u64;
        Ok(count)
    }
}

/// Fills the buffer as far as the input goes.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

fn parse_header(header: &[u8; HEADER]) -> Result<Member, &'static str> {
    if &header[58..] != b"`\n" {
        return Err("expected it to end in a backtick and a line break");
    }
    let text = |from: usize, to: usize| std::str::from_utf8(&header[from..to]).map(str::trim_ascii_end);
    let name = text(0, 16).map_err(|_| "expected a name in ASCII")?;
    let name = name.strip_suffix('/').unwrap_or(name);
    let number = |from, to| text(from, to).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let size = number(48, 58).and_then(|text| text.parse().ok()).ok_or("expected a decimal size")?;
    let mtime = number(16, 28).and_then(|text| text.parse().ok()).ok_or("expected a decimal time")?;
    let good = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if good { Ok(Member { name: name.to_owned(), mtime, size }) } else { Err("expected a name in ASCII") }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// An ar archive of these members.
    pub(crate) fn archive(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        for (name, content) in members {
            bytes
                .extend(format!("{name:<16}{:<12}0     0     100644  {:<10}`\n", 1_700_000_000, content.len()).bytes());
            bytes.extend_from_slice(content);
            bytes.extend(std::iter::repeat_n(b'\n', content.len() % 2));
        }
        bytes
    }

    fn names(bytes: &[u8]) -> Result<Vec<String>, DebError> {
        let mut ar = Ar::open(bytes)?;
        let mut names = Vec::new();
        while let Some(member) = ar.next()? {
            names.push(member.name);
        }
        Ok(names)
    }

    #[test]
    fn reads_members_in_order_whether_read_or_skipped() {
        let bytes = archive(&[("one", b"abc"), ("two/", b"defg"), ("three", b"")]);
        assert_eq!(names(&bytes).unwrap(), ["one", "two", "three"]);
        let mut ar = Ar::open(&bytes[..]).unwrap();
        let member = ar.next().unwrap().unwrap();
        assert_eq!((member.size, member.mtime), (3, 1_700_000_000));
        assert_eq!(ar.read_small(&member, 3).unwrap(), b"abc");
        let member = ar.next().unwrap().unwrap();
        assert_eq!(
            ar.read_small(&member, 3).unwrap_err().to_string(),
            "`two` is larger than 3 bytes: expected less of a package"
        );
    }

    #[test]
    fn names_the_member_that_is_cut_off() {
        let bytes = archive(&[("one", b"abc"), ("two", b"defg")]);
        let error = names(&bytes[..bytes.len() - 1]).unwrap_err();
        assert_eq!(error.to_string(), "cannot read `two` of the package");
        let error = names(&bytes[..bytes.len() - 10]).unwrap_err();
        assert!(error.to_string().contains("the ar header of the member after one is wrong: it is cut off"), "{error}");
    }

    #[test]
    fn refuses_what_is_no_archive() {
        for bytes in [&b""[..], b"!<ar", b"!<thin>\nabc"] {
            assert!(matches!(Ar::open(bytes), Err(DebError::NotADeb { .. })));
        }
        let mut bytes = archive(&[("one", b"abc")]);
        bytes[8 + 48] = b'-';
        assert!(names(&bytes).unwrap_err().to_string().ends_with("expected a decimal size"));
    }

    proptest! {
        #[test]
        fn never_panics(mut bytes in Just(archive(&[("one", b"abc"), ("two", b"defg")])), at in 0usize..130, value: u8, cut in 0usize..140) {
            let index = at % bytes.len();
            bytes[index] = value;
            bytes.truncate(cut);
            let _ = names(&bytes);
        }
    }
}
