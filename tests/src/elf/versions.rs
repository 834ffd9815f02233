//! The sections of symbol versions: which ones a file defines, and which ones it needs of whom.
//!
//! Format: <https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html>.

use super::dynamic::Strings;
use super::layout::u32_of;

/// Definitions: first the file itself under number 1, then each version. Gives content and count.
pub(super) fn definitions(soname: &str, versions: &[String], strings: &mut Strings) -> (Vec<u8>, u32) {
    let all: Vec<&str> = std::iter::once(soname).chain(versions.iter().map(String::as_str)).collect();
    let mut bytes = Vec::new();
    for (place, (name, number)) in all.iter().zip(1u16..).enumerate() {
        let (flags, next) = (u16::from(place == 0), if place + 1 == all.len() { 0u32 } else { 28 });
        for half in [1, flags, number, 1] {
            bytes.extend(half.to_le_bytes());
        }
        for word in [elf_hash(name), 20, next, strings.add(name), 0] {
            bytes.extend(word.to_le_bytes());
        }
    }
    (bytes, u32_of(all.len()))
}

/// Requirements by library, numbered from `first` on. Gives content and count of libraries.
pub(super) fn requirements(required: &[(String, Vec<String>)], first: u16, strings: &mut Strings) -> (Vec<u8>, u32) {
    let (mut bytes, mut numbers) = (Vec::new(), first..);
    for (place, (library, versions)) in required.iter().enumerate() {
        let size = u32_of(16 * (1 + versions.len()));
        let next = if place + 1 == required.len() { 0 } else { size };
        bytes.extend(1u16.to_le_bytes());
        bytes.extend(u16::try_from(versions.len()).expect("few versions").to_le_bytes());
        for word in [strings.add(library), 16, next] {
            bytes.extend(word.to_le_bytes());
        }
        for (place, (version, number)) in versions.iter().zip(&mut numbers).enumerate() {
            let next: u32 = if place + 1 == versions.len() { 0 } else { 16 };
            bytes.extend(elf_hash(version).to_le_bytes());
            bytes.extend([0u16, number].into_iter().flat_map(u16::to_le_bytes));
            bytes.extend([strings.add(version), next].into_iter().flat_map(u32::to_le_bytes));
        }
    }
    (bytes, u32_of(required.len()))
}

/// The hash function of System V, by which versions are compared.
pub(super) fn elf_hash(name: &str) -> u32 {
    name.bytes().fold(0, |hash: u32, byte| {
        let hash = (hash << 4).wrapping_add(byte.into());
        let high = hash & 0xf000_0000;
        (hash ^ (high >> 24)) & !high
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_as_the_linker_does() {
        assert_eq!(elf_hash("GLIBC_2.2.5"), 0x0969_1a75);
        assert_eq!(elf_hash("GLIBC_2.34"), 0x0696_91b4);
    }
}
