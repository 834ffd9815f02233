//! Reads a package index line by line, and never holds more of it than one stanza.
//!
//! In: the plain text of a `Packages` file. Out: the kept fields of each stanza, checked; an error names its place.
//! Format: <https://wiki.debian.org/DebianRepository/Format#A.22Packages.22_Indices>.

use std::io::{self, BufRead, Read};

use crate::index_field::IndexField;

/// The longest stanza of trixie has some 60 kB.
const STANZA: usize = 1 << 20;

/// Why a file is no package index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// It cannot be read to its end.
    #[error("cannot read {file} after line {line}")]
    Read {
        /// The file.
        file: String,
        /// The last line that was read.
        line: u64,
        /// What the reader said.
        #[source]
        source: io::Error,
    },
    /// A line that is neither field, continuation nor blank.
    #[error("{file}, line {line}: `{text}` in the stanza of `{package}` is no field: expected `Name: value` in UTF-8")]
    BadLine {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// The package, as far as it is known.
        package: String,
        /// The start of the line.
        text: String,
    },
    /// A stanza that is too long to be one.
    #[error("{file}, line {line}: the stanza of `{package}` is longer than {limit} bytes")]
    StanzaTooLong {
        /// The file.
        file: String,
        /// The line at which the limit was reached.
        line: u64,
        /// The package, as far as it is known.
        package: String,
        /// The limit.
        limit: usize,
    },
    /// A field that every package has.
    #[error("{file}, line {line}: the stanza of `{package}` that ends here has no field `{field}`")]
    MissingField {
        /// The file.
        file: String,
        /// The last line of the stanza.
        line: u64,
        /// The package, as far as it is known.
        package: String,
        /// The field.
        field: &'static str,
    },
    /// A value of the wrong form.
    #[error("{file}, line {line}: the field `{field}` of `{package}` is `{value}`: {problem}")]
    BadValue {
        /// The file.
        file: String,
        /// The line of the field.
        line: u64,
        /// The package, as far as it is known.
        package: String,
        /// The field.
        field: &'static str,
        /// The start of its value.
        value: String,
        /// What was expected.
        problem: String,
    },
    /// More text than an index can have.
    #[error("{file} is too large: expected at most {limit} bytes of the fields that are kept")]
    TooLarge {
        /// The file.
        file: String,
        /// The limit.
        limit: usize,
    },
}

/// The kept fields of one stanza; buffers are used again for the next one.
#[derive(Debug, Default)]
pub(crate) struct Stanza {
    values: [String; IndexField::COUNT],
    lines: [u64; IndexField::COUNT],
}

impl Stanza {
    /// The value, empty where the field is absent.
    pub(crate) fn get(&self, field: IndexField) -> &str {
        &self.values[field as usize]
    }

    fn has(&self, field: IndexField) -> bool {
        self.lines[field as usize] > 0
    }

    fn clear(&mut self) {
        self.values.iter_mut().for_each(String::clear);
        self.lines = [0; IndexField::COUNT];
    }
}

/// Goes through a file stanza by stanza.
pub(crate) struct IndexReader<R> {
    reader: R,
    file: String,
    buffer: Vec<u8>,
    stanza: Stanza,
    line: u64,
    /// Bytes of the stanza so far, and the field that a continuation line belongs to.
    used: usize,
    open: Option<IndexField>,
}

impl<R: BufRead> IndexReader<R> {
    pub(crate) fn new(reader: R, file: &str) -> Self {
        let (buffer, stanza) = (Vec::new(), Stanza::default());
        Self { reader, file: file.to_owned(), buffer, stanza, line: 0, used: 0, open: None }
    }

    /// The next stanza, complete and checked.
    pub(crate) fn next(&mut self) -> Result<Option<&Stanza>, IndexError> {
        self.stanza.clear();
        (self.used, self.open) = (0, None);
        while self.read_line()? {
            if !self.buffer.trim_ascii().is_empty() {
                self.take_line()?;
            } else if self.used > 0 {
                break;
            }
        }
        if self.used == 0 {
            return Ok(None);
        }
        self.check()?;
        Ok(Some(&self.stanza))
    }

    /// Reads a line into the buffer, no more than the stanza may still have.
    fn read_line(&mut self) -> Result<bool, IndexError> {
        self.buffer.clear();
        let mut limited = (&mut self.reader).take((STANZA - self.used + 1) as u64);
        let count = limited.read_until(b'\n', &mut self.buffer);
        let count = count.map_err(|source| IndexError::Read { file: self.file.clone(), line: self.line, source })?;
        self.line += u64::from(count > 0);
        if self.used + count > STANZA {
            let (file, package) = (self.file.clone(), self.package());
            return Err(IndexError::StanzaTooLong { file, line: self.line, package, limit: STANZA });
        }
        Ok(count > 0)
    }

    fn take_line(&mut self) -> Result<(), IndexError> {
        self.used += self.buffer.len();
        if self.buffer.starts_with(b" ") || self.buffer.starts_with(b"\t") {
            return self.take_continuation();
        }
        let colon = self.buffer.iter().position(|byte| *byte == b':').filter(|colon| *colon > 0);
        let colon = colon.ok_or_else(|| self.bad_line())?;
        self.open = IndexField::find(&self.buffer[..colon]);
        let Some(field) = self.open else { return Ok(()) };
        if self.stanza.has(field) {
            return Err(self.bad_value(field, "expected each field once".to_owned()));
        }
        self.stanza.lines[field as usize] = self.line;
        self.append(field, colon + 1)
    }

    /// Adds to the field before; a list of packages may be broken over lines.
    fn take_continuation(&mut self) -> Result<(), IndexError> {
        match self.open {
            Some(field) => {
                self.stanza.values[field as usize].push(' ');
                self.append(field, 0)
            }
            None if self.used == self.buffer.len() => Err(self.bad_line()),
            None => Ok(()),
        }
    }

    fn append(&mut self, field: IndexField, from: usize) -> Result<(), IndexError> {
        let text = std::str::from_utf8(&self.buffer[from..]).map_err(|_| self.bad_line())?;
        self.stanza.values[field as usize].push_str(text.trim_ascii());
        Ok(())
    }

    fn check(&self) -> Result<(), IndexError> {
        for field in IndexField::EVERY {
            if self.stanza.has(field) {
                field.check(self.stanza.get(field)).map_err(|problem| self.bad_value(field, problem))?;
            } else if field.is_required() {
                let (file, package) = (self.file.clone(), self.package());
                return Err(IndexError::MissingField { file, line: self.line, package, field: field.name() });
            }
        }
        Ok(())
    }

    fn package(&self) -> String {
        let name = self.stanza.get(IndexField::Package);
        if name.is_empty() { "an unnamed package".to_owned() } else { cut(name.as_bytes()) }
    }

    fn bad_line(&self) -> IndexError {
        let (file, package, text) = (self.file.clone(), self.package(), cut(&self.buffer));
        IndexError::BadLine { file, line: self.line, package, text }
    }

    fn bad_value(&self, field: IndexField, problem: String) -> IndexError {
        let (file, package) = (self.file.clone(), self.package());
        let (line, value) = (self.stanza.lines[field as usize], cut(self.stanza.get(field).as_bytes()));
        IndexError::BadValue { file, line, package, field: field.name(), value, problem }
    }
}

fn cut(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(80)]).trim_ascii_end().to_owned()
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, repeat};

    use super::*;
    use crate::PackageIndex;
    use crate::package_index::tests::{replaced, stanza};

    fn refusal(text: impl AsRef<[u8]>) -> String {
        PackageIndex::read(text.as_ref(), "Packages").unwrap_err().to_string()
    }

    #[test]
    fn names_package_line_and_field_of_what_is_wrong() {
        let good = stanza("good", "1");
        let lines = good.lines().count();
        let line = |offset: usize| lines + 1 + offset;
        let bad = stanza("tiny", "1.2-");
        let expected = format!(
            "Packages, line {}: the field `Version` of `tiny` is `1.2-`: expected a revision after the last hyphen",
            line(2)
        );
        assert_eq!(refusal(format!("{good}\n{bad}")), expected);
        let missing = replaced("tiny", "SHA256", "SHA1");
        let expected =
            format!("Packages, line {}: the stanza of `tiny` that ends here has no field `SHA256`", line(lines));
        assert_eq!(refusal(format!("{good}\n{missing}")), expected);
        let twice = format!("{}Version: 2\n", stanza("tiny", "1"));
        assert!(refusal(twice).ends_with("the field `Version` of `tiny` is `1`: expected each field once"));
        let escape = replaced("tiny", "Filename: pool", "Filename: ../pool");
        assert!(
            refusal(escape).contains("the field `Filename` of `tiny` is `../pool/t/tiny.deb`: expected a path below")
        );
    }

    #[test]
    fn names_a_line_that_is_no_field() {
        let start = "Packages, line 2: `nonsense` in the stanza of `tiny` is no field";
        assert!(refusal("Package: tiny\nnonsense\n").starts_with(start));
        assert!(
            refusal(" indented\n").starts_with("Packages, line 1: ` indented` in the stanza of `an unnamed package`")
        );
        assert!(refusal(b"Package: tiny\nDepends: \xff\n").starts_with("Packages, line 2: `Depends: \u{fffd}`"));
    }

    #[test]
    fn refuses_a_stanza_that_never_ends_without_keeping_it() {
        let start = &b"Package: tiny\nDescription: "[..];
        let endless = BufReader::new(start.chain(repeat(b'x')));
        let error = PackageIndex::read(endless, "Packages").unwrap_err().to_string();
        assert_eq!(error, "Packages, line 2: the stanza of `tiny` is longer than 1048576 bytes");
        let lines = format!("Package: tiny\nDepends: a\n{}", " b,\n".repeat(10 << 20 >> 2));
        assert!(refusal(lines).ends_with(": the stanza of `tiny` is longer than 1048576 bytes"));
    }

    #[test]
    fn says_after_which_line_the_file_broke_off() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::UnexpectedEof.into())
            }
        }
        let text = "Package: a\nVersion: 1\n";
        let error = PackageIndex::read(BufReader::new(text.as_bytes().chain(Broken)), "Packages.xz").unwrap_err();
        assert_eq!(error.to_string(), "cannot read Packages.xz after line 2");
    }
}
