//! Writes entries as a GNU tar archive without asking whether they are sensible.
//!
//! Takes entries and the time of those that have none, gives the bytes. Long names are written as GNU tar does, with an
//! entry of type `L` or `K` before.
//!
//! Format: <https://www.gnu.org/software/tar/manual/html_node/Standard.html>.

use tar::{Builder, EntryType, Header};

use super::RawEntry;

/// Where a GNU header keeps the map of a sparse member, and its real size.
const SPARSE_MAP: usize = 386;
const SPARSE_REAL_SIZE: usize = 483;

pub(crate) fn tarball<'a>(entries: impl IntoIterator<Item = &'a RawEntry>, timestamp: u64) -> Vec<u8> {
    let mut builder = Builder::new(Vec::new());
    for entry in entries {
        append_names(&mut builder, entry);
        let header = header(entry, timestamp);
        builder.append(&header, entry.content.as_slice()).expect(WRITABLE);
    }
    builder.into_inner().expect(WRITABLE)
}

const WRITABLE: &str = "memory can always be written";

/// What goes before an entry: PAX records, and names that are too long for the header.
fn append_names(builder: &mut Builder<Vec<u8>>, entry: &RawEntry) {
    let extensions = entry.extensions.iter().map(|(key, value)| (key.as_str(), value.as_slice()));
    builder.append_pax_extensions(extensions).expect(WRITABLE);
    if entry.target.len() > 100 {
        append_long_name(builder, &entry.target, b'K');
    }
    if entry.path.len() > 100 {
        append_long_name(builder, &entry.path, b'L');
    }
}

fn append_long_name(builder: &mut Builder<Vec<u8>>, name: &[u8], type_flag: u8) {
    let content = [name, b"\0"].concat();
    let long = RawEntry { content, mode: 0o644, ..RawEntry::of_type("././@LongLink", type_flag) };
    builder.append(&header(&long, 0), long.content.as_slice()).expect(WRITABLE);
}

fn header(entry: &RawEntry, timestamp: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::new(entry.type_flag));
    header.set_mode(entry.mode);
    header.set_uid(entry.owner.0);
    header.set_gid(entry.owner.1);
    header.set_mtime(entry.timestamp.unwrap_or(timestamp));
    header.set_size(entry.claimed_size.unwrap_or(entry.content.len() as u64));
    if let Some(gnu) = header.as_gnu_mut() {
        copy(&mut gnu.name, &entry.path);
        copy(&mut gnu.linkname, &entry.target);
        if entry.owner.0 == 0 {
            copy(&mut gnu.uname, b"root");
        }
        if entry.owner.1 == 0 {
            copy(&mut gnu.gname, b"root");
        }
    }
    if let Some(real_size) = entry.real_size {
        set_sparse(&mut header, entry.content.len() as u64, real_size);
    }
    header.set_cksum();
    header
}

/// One piece of data at the start, then a hole up to the real size.
fn set_sparse(header: &mut Header, stored: u64, real_size: u64) {
    let bytes = header.as_mut_bytes();
    let mut put = |at: usize, value: u64| copy(&mut bytes[at..at + 12], format!("{value:011o}").as_bytes());
    put(SPARSE_MAP, 0);
    put(SPARSE_MAP + 12, stored);
    put(SPARSE_MAP + 24, real_size);
    put(SPARSE_MAP + 36, 0);
    put(SPARSE_REAL_SIZE, real_size);
}

fn copy(field: &mut [u8], value: &[u8]) {
    let length = field.len().min(value.len());
    field[..length].copy_from_slice(&value[..length]);
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn paths(bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut archive = tar::Archive::new(bytes);
        archive.entries().unwrap().map(|entry| entry.unwrap().path_bytes().into_owned()).collect()
    }

    #[test]
    fn writes_hostile_and_long_paths_as_they_are() {
        let long = format!("./usr/share/{}", "x".repeat(150));
        let wanted: [&[u8]; 4] = [b"../../etc/passwd", b"/etc/shadow", b"./bad\xff", long.as_bytes()];
        let entries: Vec<_> = wanted.iter().map(|path| RawEntry::file(path, "x")).collect();
        assert_eq!(paths(&tarball(&entries, 0)), wanted);
    }

    #[test]
    fn keeps_long_targets_modes_owners_and_times() {
        let target = "t".repeat(120);
        let entry = RawEntry::symlink("./link", &target).mode(0o4755).owner(7, 8);
        let bytes = tarball([&entry], 42);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let read = archive.entries().unwrap().next().unwrap().unwrap();
        assert_eq!(read.link_name_bytes().unwrap().as_ref(), target.as_bytes());
        let header = read.header();
        assert_eq!(
            (header.mode().unwrap(), header.uid().unwrap(), header.gid().unwrap(), header.mtime().unwrap()),
            (0o4755, 7, 8, 42)
        );
    }

    #[test]
    fn writes_a_sparse_member_that_unfolds_to_its_real_size() {
        let bytes = tarball([&RawEntry::sparse("./big", [1u8; 512], 4096)], 0);
        let mut archive = tar::Archive::new(bytes.as_slice());
        let mut content = Vec::new();
        archive.entries().unwrap().next().unwrap().unwrap().read_to_end(&mut content).unwrap();
        assert_eq!((content.len(), content[511], content[512]), (4096, 1, 0));
    }
}
