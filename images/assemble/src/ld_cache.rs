//! `/etc/ld.so.cache` as `ldconfig` writes it, from what is known of the tree's libraries.
//!
//! In: the tree. Out: a cache in the `glibc-ld.so.cache1.1` format (glibc: sysdeps/generic/dl-cache.h): a header of
//! 48 bytes, entries of 24 bytes in descending order of their names, then the strings. The loader needs no cache
//! for its default folders; `ctypes.util.find_library` and `ldconfig -p` do.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use debian::Architecture;

use crate::path::RootPath;
use crate::tree::Tree;

const MAGIC: &[u8; 20] = b"glibc-ld.so.cache1.1";
const HEADER: usize = 48;
const ENTRY: usize = 24;

/// `flags` byte of the header: entries are little endian.
const LITTLE_ENDIAN: u8 = 2;

/// The cache of all libraries in the loader's default folders.
pub(crate) fn write(tree: &Tree, architecture: Architecture) -> Vec<u8> {
    let libraries = libraries(tree, architecture);
    let flags = flags(architecture);
    let mut strings = Vec::new();
    let mut entries = Vec::new();
    let base = HEADER + ENTRY * libraries.len();
    for (name, path) in &libraries {
        let value = base + strings.len();
        // The key is the end of the path where the file has the library's own name.
        strings.extend(path.as_bytes());
        strings.push(0);
        let key = if path.ends_with(&format!("/{name}")) {
            value + path.len() - name.len()
        } else {
            let key = base + strings.len();
            strings.extend(name.as_bytes());
            strings.push(0);
            key
        };
        entries.extend(flags.to_le_bytes());
        entries.extend(number(key));
        entries.extend(number(value));
        entries.extend([0; 12]);
    }
    let mut cache = MAGIC.to_vec();
    cache.extend(number(libraries.len()));
    cache.extend(number(strings.len()));
    cache.extend([LITTLE_ENDIAN, 0, 0, 0]);
    cache.resize(HEADER, 0);
    cache.extend(entries);
    cache.extend(strings);
    cache
}

fn number(value: usize) -> [u8; 4] {
    u32::try_from(value).unwrap_or(u32::MAX).to_le_bytes()
}

/// `FLAG_ELF_LIBC6` and the machine's own bit (glibc: sysdeps/generic/ldconfig.h).
fn flags(architecture: Architecture) -> i32 {
    match architecture {
        Architecture::Amd64 => 0x0303,
        Architecture::Arm64 => 0x0a03,
        Architecture::Riscv64 => 0x1003,
        Architecture::S390x => 0x0403,
        Architecture::Ppc64el => 0x0503,
        _ => 0x0003,
    }
}

/// Every library's name and path, in the order of the cache. Folders are spelt below `/lib`, as `ldconfig` does.
fn libraries(tree: &Tree, architecture: Architecture) -> Vec<(String, String)> {
    let folders = [format!("/usr/lib/{}", architecture.multiarch().unwrap_or_default()), "/usr/lib".to_owned()];
    let mut found: BTreeMap<(String, usize), String> = BTreeMap::new();
    for node in tree.iter() {
        let path = &node.entry.path;
        let folder = path.parent().as_ref().map(RootPath::to_string).unwrap_or_default();
        let Some(rank) = folders.iter().position(|known| *known == folder) else { continue };
        let Some(name) = node.entry.file().and_then(|facts| facts.elf.as_ref()?.soname.clone()) else { continue };
        let spelt = format!("{}/{name}", folder.trim_start_matches("/usr"));
        found.insert((name, rank), spelt);
    }
    let mut libraries: Vec<_> = found.into_iter().map(|((name, _), path)| (name, path)).collect();
    libraries.sort_by(|a, b| compare(&b.0, &a.0).then_with(|| a.1.cmp(&b.1)));
    libraries
}

/// `_dl_cache_libcmp`: as `strcmp`, but runs of digits compare as numbers and come after everything else.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a.as_bytes(), b.as_bytes());
    loop {
        match (a.first(), b.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (left, right) = (digits(&mut a), digits(&mut b));
                if left != right {
                    return left.cmp(&right);
                }
            }
            (Some(x), _) if x.is_ascii_digit() => return Ordering::Greater,
            (_, Some(y)) if y.is_ascii_digit() => return Ordering::Less,
            (Some(x), Some(y)) if x == y => (a, b) = (&a[1..], &b[1..]),
            (x, y) => return x.cmp(&y),
        }
    }
}

fn digits(text: &mut &[u8]) -> u64 {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let value = text[..end].iter().fold(0_u64, |sum, digit| sum.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')));
    *text = &text[end..];
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::Elf;
    use crate::facts::{EntryKind, FileFacts};
    use crate::tree::tests::{entry, tree};

    fn library(path: &str, soname: &str) -> crate::facts::Entry {
        let elf = Some(Elf { soname: Some(soname.into()), ..Elf::default() });
        let facts = FileFacts { elf, ..crate::content::facts_of(b"") };
        entry(path, EntryKind::File(facts))
    }

    #[test]
    fn orders_names_as_the_loader_searches_them() {
        assert_eq!(compare("libc.so.6", "libc.so.10"), Ordering::Less);
        assert_eq!(compare("liba.so", "libb.so"), Ordering::Less);
        assert_eq!(compare("lib1", "liba"), Ordering::Greater);
    }

    #[test]
    fn writes_one_entry_a_library() {
        let tree = tree(vec![
            library("/usr/lib/x86_64-linux-gnu/libz.so.1.3.1", "libz.so.1"),
            library("/usr/lib/x86_64-linux-gnu/libc.so.6", "libc.so.6"),
            library("/usr/lib/python3/private.so", "private.so"),
        ]);
        let cache = write(&tree, Architecture::Amd64);
        assert_eq!(&cache[..20], MAGIC);
        assert_eq!(cache[20..24], [2, 0, 0, 0]);
        let strings = &cache[HEADER + 2 * ENTRY..];
        assert_eq!(strings, b"/lib/x86_64-linux-gnu/libz.so.1\0/lib/x86_64-linux-gnu/libc.so.6\0");
        let key = u32::from_le_bytes(cache[52..56].try_into().unwrap()) as usize;
        assert_eq!(&cache[key..key + 10], b"libz.so.1\0");
    }
}
