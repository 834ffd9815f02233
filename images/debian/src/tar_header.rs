//! What the headers of a tar archive say about the next entry, with their extensions for long names and attributes.
//!
//! In: raw tar entries. Out: a checked description. The `tar` crate would do it, but reads extensions of any size into memory.
//! Format: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>, PAX in <https://man7.org/linux/man-pages/man5/tar.5.html>.

use std::io::{self, Read};

use tar::{Entry, EntryType, Header, PaxExtensions};

use crate::DebError;
use crate::data_entry::{DataEntry, EntryKind, clean_path};

/// The longest name or PAX header; Linux takes paths of 4 KiB.
const LIMIT: u64 = 1 << 20;

/// An entry without its reader.
pub(crate) struct Description {
    pub(crate) path: Vec<u8>,
    kind: EntryKind,
    mode: u32,
    /// User, group, time.
    owner: [u64; 3],
    pub(crate) size: u64,
    has_xattrs: bool,
}

impl Description {
    pub(crate) fn with(self, reader: &mut dyn Read) -> DataEntry<'_> {
        let Self { path, kind, mode, owner: [uid, gid, mtime], size, has_xattrs } = self;
        DataEntry { path, kind, mode, uid, gid, mtime, size, has_xattrs, reader }
    }
}

/// What the extension headers before an entry said about it.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    uid: Option<u64>,
    gid: Option<u64>,
    has_xattrs: bool,
    is_sparse: bool,
}

impl Extensions {
    /// Takes the entry if it is an extension of the next one, and says so.
    pub(crate) fn take(&mut self, entry: &mut Entry<'_, impl Read>, member: &str) -> Result<bool, DebError> {
        match entry.header().entry_type() {
            EntryType::GNULongName => self.path = Some(until_nul(read_small(entry, member)?)),
            EntryType::GNULongLink => self.link = Some(until_nul(read_small(entry, member)?)),
            EntryType::XHeader => {
                self.take_pax(&read_small(entry, member)?).map_err(|problem| bad(member, b"PAX header", problem))?;
            }
            // Defaults for the whole archive: dpkg ignores them, too.
            EntryType::XGlobalHeader => drop(read_small(entry, member)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn take_pax(&mut self, bytes: &[u8]) -> Result<(), &'static str> {
        for record in PaxExtensions::new(bytes) {
            let record = record.map_err(|_| "is malformed: expected `LENGTH KEY=VALUE` records")?;
            let key = record.key().map_err(|_| "has a key that is not UTF-8")?;
            let number = || record.value().ok().and_then(|value| value.parse().ok());
            match key {
                "path" => self.path = Some(record.value_bytes().to_vec()),
                "linkpath" => self.link = Some(record.value_bytes().to_vec()),
                "size" => self.size = Some(number().ok_or("has a size that is no number")?),
                "uid" => self.uid = Some(number().ok_or("has a user that is no number")?),
                "gid" => self.gid = Some(number().ok_or("has a group that is no number")?),
                key if key.starts_with("GNU.sparse.") => self.is_sparse = true,
                key if key.contains(".xattr.") || key.contains(".acl.") => self.has_xattrs = true,
                _ => {}
            }
        }
        Ok(())
    }
}

fn read_small(entry: &mut Entry<'_, impl Read>, member: &str) -> Result<Vec<u8>, DebError> {
    let path = entry.header().path_bytes().into_owned();
    if entry.size() > LIMIT {
        return Err(bad(member, &path, "is a name or extension of more than 1 MiB"));
    }
    let mut bytes = Vec::new();
    let unreadable = |source: io::Error| DebError::Read { member: member.to_owned(), source };
    entry.read_to_end(&mut bytes).map_err(unreadable)?;
    Ok(bytes)
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    bytes
}

/// Brings header and extensions together.
pub(crate) fn describe(
    entry: &Entry<'_, impl Read>,
    extensions: &Extensions,
    member: &str,
) -> Result<Description, DebError> {
    let header = entry.header();
    let raw = extensions.path.clone().unwrap_or_else(|| header.path_bytes().into_owned());
    let broken = |source| DebError::Read { member: format!("{member}/{}", raw.escape_ascii()), source };
    let mode = header.mode().map_err(broken)? & 0o7777;
    let uid = extensions.uid.map_or_else(|| header.uid(), Ok).map_err(broken)?;
    let gid = extensions.gid.map_or_else(|| header.gid(), Ok).map_err(broken)?;
    let mtime = header.mtime().map_err(broken)?;
    let size = entry.size();
    let checked = clean_path(&raw).and_then(|path| Ok((path, kind(header, extensions, size)?)));
    let (path, kind) = checked.map_err(|problem| bad(member, &raw, problem))?;
    Ok(Description { path, kind, mode, owner: [uid, gid, mtime], size, has_xattrs: extensions.has_xattrs })
}

fn kind(header: &Header, extensions: &Extensions, size: u64) -> Result<EntryKind, &'static str> {
    if extensions.is_sparse || header.entry_type() == EntryType::GNUSparse {
        return Err("is sparse: expected plain files in a package");
    }
    if extensions.size.is_some_and(|claimed| claimed != size) {
        return Err("has two sizes: expected PAX and tar header to agree");
    }
    let link = || extensions.link.clone().or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
    let kind = match header.entry_type() {
        EntryType::Regular | EntryType::Continuous => return Ok(EntryKind::File),
        EntryType::Directory => EntryKind::Directory,
        EntryType::Symlink => EntryKind::Symlink(link().ok_or("is a link without a target")?),
        EntryType::Link => EntryKind::Hardlink(clean_path(&link().ok_or("is a link without a target")?)?),
        EntryType::Char => EntryKind::CharDevice,
        EntryType::Block => EntryKind::BlockDevice,
        EntryType::Fifo => EntryKind::Fifo,
        other => EntryKind::Other(other.as_byte()),
    };
    if size == 0 { Ok(kind) } else { Err("has bytes of its own: expected them of plain files only") }
}

fn bad(member: &str, path: &[u8], problem: &'static str) -> DebError {
    DebError::BadEntry { member: member.to_owned(), path: path.escape_ascii().to_string(), problem }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::DataArchive;
    use crate::deb_fixture::{header, tar_of};

    /// Path, target, owner, attributes of the only entry that follows these extensions.
    fn after(extensions: &[(EntryType, &[u8])], last: &Header) -> Result<(String, EntryKind, u64, bool), DebError> {
        let entries: Vec<_> =
            extensions.iter().map(|(kind, bytes)| (header("././@", *kind, bytes.len()), *bytes)).collect();
        let bytes = tar_of(&[entries, vec![(last.clone(), &b""[..])]].concat());
        let mut found = None;
        DataArchive::new(Box::new(Cursor::new(bytes)), "data.tar".into()).for_each(|entry| {
            found = Some((String::from_utf8_lossy(&entry.path).into_owned(), entry.kind, entry.uid, entry.has_xattrs));
            Ok::<(), DebError>(())
        })?;
        Ok(found.unwrap())
    }

    fn pax(records: &[(&str, &str)]) -> Vec<u8> {
        let record = |(key, value): &(&str, &str)| {
            let rest = format!(" {key}={value}\n");
            let length = (1..1000).find(|length: &usize| length.to_string().len() + rest.len() == *length).unwrap();
            format!("{length}{rest}").into_bytes()
        };
        records.iter().flat_map(record).collect()
    }

    #[test]
    fn takes_long_names_of_both_forms() {
        let long = "d/".repeat(200) + "x";
        let gnu = [(EntryType::GNULongName, long.as_bytes()), (EntryType::GNULongLink, b"/target\0")];
        let link = header("short", EntryType::Symlink, 0);
        let expected = (long.clone(), EntryKind::Symlink(b"/target".to_vec()), 0, false);
        assert_eq!(after(&gnu, &link).unwrap(), expected);
        let records = pax(&[("path", &long), ("linkpath", "/target")]);
        assert_eq!(after(&[(EntryType::XHeader, &records)], &link).unwrap(), expected);
    }

    #[test]
    fn takes_owners_and_attributes_of_pax_and_passes_over_global_ones() {
        let (local, global) =
            (pax(&[("uid", "3000000"), ("SCHILY.xattr.security.capability", "x")]), pax(&[("path", "evil")]));
        let extensions = [(EntryType::XGlobalHeader, &global[..]), (EntryType::XHeader, &local[..])];
        let got = after(&extensions, &header("x", EntryType::Regular, 0)).unwrap();
        assert_eq!(got, ("x".into(), EntryKind::File, 3_000_000, true));
    }

    #[test]
    fn refuses_extensions_that_are_wrong_or_hide_a_sparse_file() {
        let cases = [
            (pax(&[("GNU.sparse.major", "1")]), "the entry `x` of `data.tar` is sparse"),
            (pax(&[("size", "7")]), "the entry `x` of `data.tar` has two sizes"),
            (pax(&[("uid", "root")]), "the entry `PAX header` of `data.tar` has a user that is no number"),
            (b"nonsense\n".to_vec(), "the entry `PAX header` of `data.tar` is malformed"),
            (pax(&[("path", "../../x")]), "the entry `../../x` of `data.tar` leaves the root"),
        ];
        for (bytes, expected) in cases {
            let error = after(&[(EntryType::XHeader, &bytes)], &header("x", EntryType::Regular, 0)).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        }
    }
}
