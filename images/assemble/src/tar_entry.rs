//! Tar headers of a layer: everything that could differ from machine to machine is fixed.
//!
//! In: path, kind, mode, owners, time. Out: header blocks in GNU format (long names as `L` and `K` records), to be
//! followed by the content and [`padding`]. Names of owners are empty, so that only numbers count.
//! Format: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>.

use std::io::{self, Write};

use tar::{EntryType, Header};

use crate::path::RootPath;

/// Size of a tar block.
const BLOCK: usize = 512;

/// What closes an archive: two empty blocks.
pub const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What a tar entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryBody<'a> {
    /// A folder.
    Directory,
    /// A regular file of this many bytes.
    File(u64),
    /// A symbolic link and what it says.
    Symlink(&'a str),
    /// Another name of a file that stands earlier in the layer.
    Hardlink(&'a RootPath),
}

/// Mode, owners and time of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits.
    pub mode: u32,
    /// Owner's number.
    pub owner: u32,
    /// Group's number.
    pub group: u32,
    /// Modification time in seconds since 1970.
    pub mtime: u64,
}

/// Writes the header blocks of one entry.
pub fn write_header(
    output: &mut impl Write,
    path: &RootPath,
    body: EntryBody<'_>,
    attributes: Attributes,
) -> io::Result<()> {
    let mut name = path.member_name().to_owned();
    if body == EntryBody::Directory {
        name.push('/');
    }
    let mut header = Header::new_gnu();
    header.set_mode(attributes.mode);
    header.set_uid(attributes.owner.into());
    header.set_gid(attributes.group.into());
    header.set_mtime(attributes.mtime);
    header.set_size(0);
    match body {
        EntryBody::Directory => header.set_entry_type(EntryType::Directory),
        EntryBody::File(size) => {
            header.set_entry_type(EntryType::Regular);
            header.set_size(size);
        }
        EntryBody::Symlink(target) => set_link(output, &mut header, EntryType::Symlink, target)?,
        EntryBody::Hardlink(target) => set_link(output, &mut header, EntryType::Link, target.member_name())?,
    }
    set_name(output, &mut header, &name)?;
    header.set_cksum();
    output.write_all(header.as_bytes())
}

fn set_name(output: &mut impl Write, header: &mut Header, name: &str) -> io::Result<()> {
    let field = &mut header.as_old_mut().name;
    if name.len() > field.len() {
        write_long(output, EntryType::GNULongName, name)?;
    }
    fill(field, name);
    Ok(())
}

fn set_link(output: &mut impl Write, header: &mut Header, kind: EntryType, target: &str) -> io::Result<()> {
    header.set_entry_type(kind);
    let field = &mut header.as_old_mut().linkname;
    if target.len() > field.len() {
        write_long(output, EntryType::GNULongLink, target)?;
    }
    fill(field, target);
    Ok(())
}

fn fill(field: &mut [u8], text: &str) {
    let count = text.len().min(field.len());
    field[..count].copy_from_slice(&text.as_bytes()[..count]);
}

/// The record that carries a name of more than 100 bytes, closed by a NUL.
fn write_long(output: &mut impl Write, kind: EntryType, text: &str) -> io::Result<()> {
    let size = text.len() as u64 + 1;
    let mut header = Header::new_gnu();
    fill(&mut header.as_old_mut().name, "././@LongLink");
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(kind);
    header.set_cksum();
    output.write_all(header.as_bytes())?;
    output.write_all(text.as_bytes())?;
    output.write_all(&[0])?;
    output.write_all(padding(size))
}

/// The zero bytes that fill a content of this size up to a whole block.
pub fn padding(size: u64) -> &'static [u8] {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    if over == 0 { &[] } else { &END[..BLOCK - over] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Attributes = Attributes { mode: 0o4755, owner: 65_532, group: 3_000_000, mtime: 1_700_000_000 };

    fn read_back(path: &str, body: EntryBody<'_>) -> (String, Option<String>, u64, u32) {
        let mut bytes = Vec::new();
        write_header(&mut bytes, &RootPath::parse(path).unwrap(), body, PLAIN).unwrap();
        bytes.extend_from_slice(&END);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entry = archive.entries().unwrap().next().unwrap().unwrap();
        let link = entry.link_name().unwrap().map(|link| link.to_str().unwrap().to_owned());
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        (name, link, entry.header().gid().unwrap(), entry.header().mode().unwrap())
    }

    #[test]
    fn is_read_back_by_a_tar_reader() {
        assert_eq!(read_back("/usr/bin", EntryBody::Directory), ("usr/bin/".into(), None, 3_000_000, 0o4755));
        let link = read_back("/usr/bin/x", EntryBody::Symlink("../y"));
        assert_eq!(link.1.as_deref(), Some("../y"));
    }

    #[test]
    fn carries_long_names_and_links() {
        let long = format!("/{}/{}", "a".repeat(120), "Főtanúsítvány");
        let target = RootPath::parse(&long).unwrap();
        let entry = read_back(&long, EntryBody::Hardlink(&target));
        assert_eq!(entry.0, long[1..]);
        assert_eq!(entry.1.as_deref(), Some(&long[1..]));
    }

    #[test]
    fn pads_to_whole_blocks() {
        assert_eq!((padding(0).len(), padding(1).len(), padding(512).len()), (0, 511, 0));
    }
}
