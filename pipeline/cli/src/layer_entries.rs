//! The entries of one layer's tar archive, with a bound on every name that it can claim.
//!
//! In: the plain bytes of a layer. Out: each entry in turn, to be read or passed over. The `tar` crate would bring
//! entry and extension together, but reads extensions of any size into memory.
//! Formats: <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md>,
//! PAX in <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html>.

use std::io::{self, Read};

use assemble::RootPath;
use tar::{Archive, Entry, EntryType, Header};

/// The longest name or PAX header; Linux takes paths of 4 KiB, attributes may have 64 KiB.
const LONGEST_EXTENSION: u64 = 1 << 20;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum EntryKind {
    /// A plain file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Symlink,
    /// Another name of a file.
    Hardlink,
    /// A device or a named pipe.
    Special,
}

/// An entry whose bytes can be read now, before the next one is.
pub(crate) struct LayerEntry<'r> {
    /// Where it is in the image.
    pub(crate) path: RootPath,
    /// What it is.
    pub(crate) kind: EntryKind,
    /// Permissions with setuid, setgid and sticky bit.
    pub(crate) mode: u32,
    /// The owner by number.
    pub(crate) owner: u64,
    /// The group by number.
    pub(crate) group: u64,
    /// How many bytes the reader gives.
    pub(crate) size: u64,
    /// Where in the archive its bytes begin.
    pub(crate) offset: u64,
    /// Where a link leads to.
    pub(crate) target: Option<String>,
    /// Its bytes.
    pub(crate) reader: &'r mut dyn Read,
}

/// Why an archive is no layer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EntryError {
    /// It cannot be read to its end.
    #[error("its archive cannot be read: {0}")]
    Read(#[from] io::Error),
    /// One entry is wrong.
    #[error("its entry `{path}` {problem}")]
    Bad {
        /// The name as it stands there.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What the extension headers before an entry say about it.
#[derive(Debug, Default)]
struct Extensions {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    size: Option<u64>,
    owner: Option<u64>,
    group: Option<u64>,
}

/// Gives every entry to `visit`, in order; the root itself is left out.
pub(crate) fn for_each<E: From<EntryError>>(
    archive: &mut Archive<impl Read>,
    mut visit: impl FnMut(LayerEntry<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut extensions = Extensions::default();
    for entry in archive.entries().map_err(EntryError::from)?.raw(true) {
        let mut entry = entry.map_err(EntryError::from)?;
        if extensions.take(&mut entry)? {
            continue;
        }
        let described = describe(entry.header(), std::mem::take(&mut extensions), entry.size());
        let (path, kind, [owner, group], mode, target) = described.map_err(|problem| bad(entry.header(), problem))?;
        if !path.is_root() {
            let (size, offset) = (entry.size(), entry.raw_file_position());
            visit(LayerEntry { path, kind, mode, owner, group, size, offset, target, reader: &mut entry })?;
        }
    }
    Ok(())
}

impl Extensions {
    /// Takes the entry if it is an extension of the next one, and says so.
    fn take(&mut self, entry: &mut Entry<'_, impl Read>) -> Result<bool, EntryError> {
        match entry.header().entry_type() {
            EntryType::GNULongName => self.path = Some(until_nul(read_extension(entry)?)),
            EntryType::GNULongLink => self.link = Some(until_nul(read_extension(entry)?)),
            EntryType::XHeader => {
                let bytes = read_extension(entry)?;
                self.take_records(&bytes).map_err(|problem| bad(entry.header(), problem.to_owned()))?;
            }
            EntryType::XGlobalHeader => drop(read_extension(entry)?),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Records are `LENGTH KEY=VALUE\n`; a value may hold any byte, so the length counts.
    fn take_records(&mut self, mut bytes: &[u8]) -> Result<(), &'static str> {
        const MALFORMED: &str = "is a malformed PAX header: expected records `LENGTH KEY=VALUE`";
        while !bytes.is_empty() {
            let digits = bytes.iter().position(|byte| *byte == b' ').ok_or(MALFORMED)?;
            let length = number(&bytes[..digits]).and_then(|length| usize::try_from(length).ok());
            let length = length.filter(|length| *length > digits + 1 && *length <= bytes.len()).ok_or(MALFORMED)?;
            let record = bytes[digits + 1..length].strip_suffix(b"\n").ok_or(MALFORMED)?;
            let middle = record.iter().position(|byte| *byte == b'=').ok_or(MALFORMED)?;
            self.take_record(&record[..middle], &record[middle + 1..])?;
            bytes = &bytes[length..];
        }
        Ok(())
    }

    fn take_record(&mut self, key: &[u8], value: &[u8]) -> Result<(), &'static str> {
        let parsed = || number(value).ok_or("is a PAX header with a value that is no number");
        match key {
            b"path" => self.path = Some(value.to_vec()),
            b"linkpath" => self.link = Some(value.to_vec()),
            b"size" => self.size = Some(parsed()?),
            b"uid" => self.owner = Some(parsed()?),
            b"gid" => self.group = Some(parsed()?),
            key if key.starts_with(b"GNU.sparse.") => return Err("is sparse: expected whole files in a layer"),
            _ => {}
        }
        Ok(())
    }
}

type Described = (RootPath, EntryKind, [u64; 2], u32, Option<String>);

/// Brings header and extensions together.
fn describe(header: &Header, extensions: Extensions, size: u64) -> Result<Described, String> {
    let broken = |error: io::Error| format!("has a broken header: {error}");
    let name = extensions.path.unwrap_or_else(|| header.path_bytes().into_owned());
    let kind = kind(header.entry_type())?;
    if extensions.size.is_some_and(|claimed| claimed != size) {
        return Err("has two sizes: expected tar and PAX header to agree".into());
    }
    let link = extensions.link.or_else(|| header.link_name_bytes().map(std::borrow::Cow::into_owned));
    let target = match kind {
        EntryKind::Symlink => Some(text(&link.ok_or("is a link without a target")?)),
        EntryKind::Hardlink => Some(path(&link.ok_or("is a link without a target")?)?.to_string()),
        _ => None,
    };
    let owner = extensions.owner.map_or_else(|| header.uid(), Ok).map_err(broken)?;
    let group = extensions.group.map_or_else(|| header.gid(), Ok).map_err(broken)?;
    let mode = header.mode().map_err(broken)? & 0o7777;
    Ok((path(&name)?, kind, [owner, group], mode, target))
}

fn kind(found: EntryType) -> Result<EntryKind, String> {
    Ok(match found {
        EntryType::Regular | EntryType::Continuous => EntryKind::File,
        EntryType::Directory => EntryKind::Directory,
        EntryType::Symlink => EntryKind::Symlink,
        EntryType::Link => EntryKind::Hardlink,
        EntryType::Char | EntryType::Block | EntryType::Fifo => EntryKind::Special,
        EntryType::GNUSparse => return Err("is sparse: expected whole files in a layer".into()),
        other => return Err(format!("has the unknown type {}", other.as_byte().escape_ascii())),
    })
}

/// Some builders write absolute names; a name that leaves the root is refused.
fn path(name: &[u8]) -> Result<RootPath, String> {
    let relative = &name[name.iter().take_while(|byte| **byte == b'/').count()..];
    RootPath::of_member(text(relative).as_bytes()).map_err(|error| format!("has no usable name: {error}"))
}

/// What is not UTF-8 is escaped, so that two such names stay two.
fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.escape_ascii().to_string(), ToOwned::to_owned)
}

fn read_extension(entry: &mut Entry<'_, impl Read>) -> Result<Vec<u8>, EntryError> {
    if entry.size() > LONGEST_EXTENSION {
        return Err(bad(entry.header(), "is a name or PAX header of more than 1 MiB".into()));
    }
    let mut bytes = Vec::new();
    entry.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn bad(header: &Header, problem: String) -> EntryError {
    EntryError::Bad { path: header.path_bytes().escape_ascii().to_string(), problem }
}

fn number(bytes: &[u8]) -> Option<u64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn until_nul(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer_fixtures::{Layer, raw_entry};

    fn read(bytes: &[u8]) -> Result<Vec<String>, EntryError> {
        let mut lines = Vec::new();
        for_each(&mut Archive::new(bytes), |entry| {
            lines.push(format!("{:?} {} {:o} {}:{}", entry.kind, entry.path, entry.mode, entry.owner, entry.group));
            Ok::<(), EntryError>(())
        })?;
        Ok(lines)
    }

    #[test]
    fn reads_long_names_and_binary_attributes() {
        let long = "n".repeat(300);
        let attributes = b"30 SCHILY.xattr.security=\n\x00\x01=\n21 path=/opt/renamed\n";
        let mut layer = Layer::default();
        layer.file(&format!("opt/{long}"), b"x");
        let mut bytes = layer.bytes();
        bytes.truncate(bytes.len() - 1024);
        bytes.extend(raw_entry(b'x', "pax", attributes));
        bytes.extend(raw_entry(b'0', "short", b"y"));
        assert_eq!(
            read(&bytes).unwrap(),
            [format!("File /opt/{long} 644 0:0"), "File /opt/renamed 644 0:0".to_owned()]
        );
    }

    #[test]
    fn refuses_what_leaves_the_root_or_claims_too_much() {
        let error = |bytes: Vec<u8>| read(&bytes).unwrap_err().to_string();
        assert!(error(raw_entry(b'0', "../etc/passwd", b"")).contains("leaves the root"));
        assert!(error(raw_entry(b'L', "name", &vec![b'a'; 2 << 20])).contains("more than 1 MiB"));
        assert!(error(raw_entry(b'x', "pax", b"99 path=x\n")).contains("malformed PAX header"));
        assert!(error(raw_entry(b'x', "pax", b"0 \n")).contains("malformed PAX header"));
        assert!(error(raw_entry(b'x', "pax", b"22 GNU.sparse.major=1\n")).contains("is sparse"));
        assert!(error(raw_entry(b'S', "sparse", b"")).contains("is sparse"));
        assert!(error(raw_entry(b'Z', "strange", b"")).contains("unknown type Z"));
    }
}
