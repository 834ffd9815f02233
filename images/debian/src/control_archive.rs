//! The control half of a package: its control file, maintainer scripts and lists, all small and all in memory.
//!
//! In: the decompressed `control.tar`. Out: its files by name, bounded in number and size.
//! Format: <https://man7.org/linux/man-pages/man5/deb.5.html>, <https://www.debian.org/doc/debian-policy/ch-binary.html>.

use std::collections::BTreeMap;
use std::io::{self, Read};

use jiff::Timestamp;

use crate::data_entry::EntryKind;
use crate::{DataArchive, DebError, Limits, Paragraph, Triggers, Version};

/// What a control archive may hold. The largest of trixie holds some 6 MiB, nearly all of it `md5sums`.
const LIMITS: Limits = Limits { entries: 1_000, file_size: 8 << 20, total: 16 << 20 };

/// What a package says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlArchive {
    /// The text of the control file: one paragraph, checked.
    pub paragraph: String,
    /// Every other file by name: `preinst`, `postinst`, `prerm`, `postrm`, `config`, `triggers`, `conffiles`, `md5sums`, …
    pub scripts: BTreeMap<String, Vec<u8>>,
    /// The newest time of the members of the package: when it was built.
    pub timestamp: Timestamp,
}

impl ControlArchive {
    /// The control file's fields.
    pub fn fields(&self) -> Result<Paragraph<'_>, DebError> {
        Ok(Paragraph::parse(&self.paragraph)?)
    }

    /// A field that must be there.
    pub fn field(&self, name: &'static str) -> Result<&str, DebError> {
        self.fields()?.get(name).ok_or(DebError::MissingField(name))
    }

    /// The package's own version.
    pub fn version(&self) -> Result<Version, DebError> {
        Ok(self.field("Version")?.parse()?)
    }

    /// The triggers file; empty where there is none.
    pub fn triggers(&self) -> Result<Triggers, DebError> {
        let bytes = self.scripts.get("triggers").map_or(&[][..], Vec::as_slice);
        Ok(Triggers::parse(&String::from_utf8_lossy(bytes))?)
    }
}

/// Reads a decompressed control archive; `member` names it in errors. The timestamp is left for the caller to set.
pub(crate) fn read_control<'a>(plain: impl Read + Send + 'a, member: &str) -> Result<ControlArchive, DebError> {
    let mut files = BTreeMap::new();
    DataArchive::new(Box::new(plain), member.to_owned()).with_limits(LIMITS).for_each(|mut entry| {
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        let bad = |problem| DebError::BadEntry { member: member.to_owned(), path: path.clone(), problem };
        match entry.kind {
            EntryKind::Directory if path.is_empty() => return Ok(()),
            EntryKind::File if !path.contains('/') => {}
            _ => return Err(bad("is no plain file at the top: expected only those in a control archive")),
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(|source| unreadable(member, &path, source))?;
        if files.insert(path.clone(), bytes).is_some() {
            Err(bad("is there twice: expected each file once"))
        } else {
            Ok(())
        }
    })?;
    let control = files.remove("control").and_then(|bytes| String::from_utf8(bytes).ok());
    let paragraph = control.ok_or_else(|| DebError::NoControl { member: member.to_owned() })?;
    let control = ControlArchive { paragraph, scripts: files, timestamp: Timestamp::UNIX_EPOCH };
    control.fields()?;
    Ok(control)
}

fn unreadable(member: &str, path: &str, source: io::Error) -> DebError {
    DebError::Read { member: format!("{member}/{path}"), source }
}

#[cfg(test)]
mod tests {
    use tar::EntryType;

    use super::*;
    use crate::Compression;
    use crate::deb_fixture::{compress, control, header, tar, tar_of};

    fn read(bytes: &[u8]) -> Result<ControlArchive, DebError> {
        read_control(bytes, "control.tar")
    }

    fn refusal(entries: &[(&str, &[u8])]) -> String {
        read(&tar(entries)).unwrap_err().to_string()
    }

    #[test]
    fn gives_the_control_file_apart_from_the_others() {
        let control = read(&control()).unwrap();
        assert_eq!(control.scripts.keys().collect::<Vec<_>>(), ["postinst", "triggers"]);
        assert_eq!(control.version().unwrap().to_string(), "1.2-3");
        assert_eq!(control.triggers().unwrap().activate, ["x"]);
        assert!(matches!(control.field("Depends"), Err(DebError::MissingField("Depends"))));
    }

    #[test]
    fn refuses_what_is_no_control_archive() {
        assert_eq!(refusal(&[("./postinst", b"x")]), "`control.tar` has no file `control` in UTF-8");
        assert_eq!(refusal(&[("./control", b"\xff")]), "`control.tar` has no file `control` in UTF-8");
        assert_eq!(refusal(&[("./control", b"nonsense")]), "the control file of the package is wrong");
        assert!(refusal(&[("./a/b", b"")]).starts_with("the entry `a/b` of `control.tar` is no plain file at the top"));
        assert!(refusal(&[("./a/", b"")]).starts_with("the entry `a` of `control.tar` is no plain file at the top"));
        assert!(refusal(&[("./a", b""), ("a", b"")]).starts_with("the entry `a` of `control.tar` is there twice"));
        assert_eq!(
            refusal(&[("../control", b"")]),
            "the entry `../control` of `control.tar` leaves the root: expected a path without `..`"
        );
    }

    #[test]
    fn refuses_a_small_file_that_grows() {
        let zeros = vec![0; 32 << 20];
        let grown = |bytes: &[u8]| {
            let small = compress(Compression::Xz, bytes);
            assert!(small.len() < 16 << 10);
            read_control(Compression::Xz.reader(&small[..]).unwrap(), "control.tar.xz").unwrap_err().to_string()
        };
        let expected = "`control.tar.xz/control` is larger than 8388608 bytes: expected less of a package";
        assert_eq!(grown(&tar(&[("./control", &zeros)])), expected);
        let many: Vec<(&str, &[u8])> = ["a", "b", "c"].map(|name| (name, &zeros[..7 << 20])).to_vec();
        assert_eq!(grown(&tar(&many)), "`control.tar.xz` is larger than 16777216 bytes: expected less of a package");
        let followed = [control(), zeros.clone()].concat();
        assert!(grown(&followed).contains("is followed by more than 1 MiB"), "{}", grown(&followed));
        let name = tar_of(&[(header("x", EntryType::GNULongName, zeros.len()), &zeros)]);
        assert!(grown(&name).contains("is a name or extension of more than 1 MiB"), "{}", grown(&name));
    }
}
