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
                self.take_pax(&read_small(entry, member)?).map_err(|problem| bad(member, b"PAX header", problem))?
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
    extensions: Extensions,
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
    let checked = clean_path(&raw).and_then(|path| Ok((path, kind(header, &extensions, size)?)));
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
