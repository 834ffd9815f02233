//! What an ELF file asks of the image around it: libraries, symbol versions, its loader.
//!
//! In: the file's bytes. Out: [`Elf`]. Only names are read; nothing is resolved here ([`crate::audit_elf`] does).

use object::elf::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_SONAME, FileHeader32, FileHeader64};
use object::read::elf::{Dyn, FileHeader, ProgramHeader};
use object::{Endianness, FileKind};
use serde::{Deserialize, Serialize};

/// First bytes of every ELF file.
pub(crate) const MAGIC: &[u8] = b"\x7fELF";

/// One ELF file's names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elf {
    /// Machine number (`e_machine`): 62 is amd64, 183 is arm64.
    pub machine: u16,
    /// Name under which others ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soname: Option<String>,
    /// Libraries that it asks for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needed: Vec<String>,
    /// Its loader.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
    /// Folders that it searches first, `$ORIGIN` unexpanded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run_path: Vec<String>,
    /// Symbol versions that it asks for, as (library, version).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions_needed: Vec<(String, String)>,
    /// Symbol versions that it offers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions_defined: Vec<String>,
}

/// Reads an ELF file's names; `None` for what is no ELF file, or one too damaged to be loaded.
pub(crate) fn read(bytes: &[u8]) -> Option<Elf> {
    match FileKind::parse(bytes).ok()? {
        FileKind::Elf64 => read_class(FileHeader64::<Endianness>::parse(bytes).ok()?, bytes),
        FileKind::Elf32 => read_class(FileHeader32::<Endianness>::parse(bytes).ok()?, bytes),
        _ => None,
    }
}

fn read_class<H: FileHeader<Endian = Endianness>>(header: &H, bytes: &[u8]) -> Option<Elf> {
    let endian = header.endian().ok()?;
    let mut elf = Elf { machine: header.e_machine(endian).0, ..Elf::default() };
    for segment in header.program_headers(endian, bytes).ok()? {
        if let Ok(Some(path)) = segment.interpreter(endian, bytes) {
            elf.interpreter = Some(text(path));
        }
    }
    read_dynamic(header, endian, bytes, &mut elf);
    read_versions(header, endian, bytes, &mut elf);
    Some(elf)
}

fn read_dynamic<H: FileHeader<Endian = Endianness>>(header: &H, endian: Endianness, bytes: &[u8], elf: &mut Elf) {
    let Ok(sections) = header.sections(endian, bytes) else { return };
    let Ok(Some((entries, strings))) = sections.dynamic(endian, bytes) else { return };
    let Ok(strings) = sections.strings(endian, bytes, strings) else { return };
    for entry in entries {
        let Some(name) = entry.val32(endian).and_then(|at| strings.get(at).ok()).map(text) else { continue };
        match entry.tag(endian) {
            DT_NEEDED => elf.needed.push(name),
            DT_SONAME => elf.soname = Some(name),
            DT_RUNPATH | DT_RPATH => elf.run_path.extend(name.split(':').map(str::to_owned)),
            _ => {}
        }
    }
}

fn read_versions<H: FileHeader<Endian = Endianness>>(header: &H, endian: Endianness, bytes: &[u8], elf: &mut Elf) {
    let Ok(sections) = header.sections(endian, bytes) else { return };
    if let Ok(Some((mut files, strings))) = sections.gnu_verneed(endian, bytes) {
        let Ok(strings) = sections.strings(endian, bytes, strings) else { return };
        while let Ok(Some((file, mut versions))) = files.next() {
            let library = file.file(endian, strings).map(text).unwrap_or_default();
            while let Ok(Some(version)) = versions.next() {
                let weak = version.vna_flags.get(endian).0 & object::elf::VER_FLG_WEAK.0 != 0;
                if let Ok(name) = version.name(endian, strings)
                    && !weak
                {
                    elf.versions_needed.push((library.clone(), text(name)));
                }
            }
        }
    }
    if let Ok(Some((mut definitions, strings))) = sections.gnu_verdef(endian, bytes) {
        let Ok(strings) = sections.strings(endian, bytes, strings) else { return };
        while let Ok(Some((_, mut names))) = definitions.next() {
            if let Ok(Some(name)) = names.next()
                && let Ok(name) = name.name(endian, strings)
            {
                elf.versions_defined.push(text(name));
            }
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_no_elf_file_without_panicking() {
        assert_eq!(read(b""), None);
        assert_eq!(read(b"#!/bin/sh\n"), None);
        let mut damaged = MAGIC.to_vec();
        damaged.extend([2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        damaged.extend([0xff; 60]);
        let _ = read(&damaged);
    }
}
