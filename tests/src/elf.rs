//! Programs and shared libraries that no compiler made: just enough of an ELF file for the audits to read.
//!
//! It takes the names that matter at run time (interpreter, `SONAME`, `NEEDED`, symbol versions), and gives the bytes of a
//! little-endian ELF64 file with program headers, section headers and a dynamic section. There is no code in it.
//!
//! Format: <https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html>.

mod dynamic;
mod layout;
mod versions;

use dynamic::dynamic_parts;
use layout::{FileType, lay_out};

/// A description of an ELF file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "a description does nothing before `to_bytes`"]
pub struct Elf {
    machine: u16,
    interpreter: Option<String>,
    soname: Option<String>,
    runpath: Option<String>,
    needed: Vec<String>,
    required: Vec<(String, Vec<String>)>,
    defined: Vec<String>,
    is_static: bool,
}

impl Elf {
    /// A shared library for amd64: `Elf::shared_library("libssl.so.3", &["libc.so.6"])`.
    pub fn shared_library(soname: &str, needed: &[&str]) -> Self {
        Self { soname: Some(soname.into()), ..Self::empty(needed) }
    }

    /// A module for amd64 that is loaded by its path and has no `SONAME`.
    pub fn module(needed: &[&str]) -> Self {
        Self::empty(needed)
    }

    /// A dynamically linked program for amd64: `Elf::executable("/lib64/ld-linux-x86-64.so.2", &["libc.so.6"])`.
    pub fn executable(interpreter: &str, needed: &[&str]) -> Self {
        Self { interpreter: Some(interpreter.into()), ..Self::empty(needed) }
    }

    /// A statically linked program for amd64.
    pub fn static_executable() -> Self {
        Self { is_static: true, ..Self::empty(&[]) }
    }

    fn empty(needed: &[&str]) -> Self {
        Self {
            machine: 62,
            interpreter: None,
            soname: None,
            runpath: None,
            needed: needed.iter().map(ToString::to_string).collect(),
            required: Vec::new(),
            defined: Vec::new(),
            is_static: false,
        }
    }

    /// Another architecture, by Debian's name: `amd64`, `arm64` or `riscv64`.
    pub fn architecture(mut self, name: &str) -> Self {
        self.machine = match name {
            "amd64" => 62,
            "arm64" => 183,
            "riscv64" => 243,
            _ => panic!("`{name}` is no architecture that is little-endian and has 64 bits"),
        };
        self
    }

    /// Where it looks for libraries before the system's folders: `$ORIGIN/../lib`.
    pub fn runpath(mut self, path: &str) -> Self {
        self.runpath = Some(path.into());
        self
    }

    /// Symbol versions that it needs of a library, which it also names as `NEEDED`.
    pub fn requires_versions(mut self, library: &str, versions: &[&str]) -> Self {
        if !self.needed.iter().any(|needed| needed == library) {
            self.needed.push(library.into());
        }
        self.required.push((library.into(), versions.iter().map(ToString::to_string).collect()));
        self
    }

    /// Symbol versions that it defines.
    pub fn defines_versions(mut self, versions: &[&str]) -> Self {
        self.defined.extend(versions.iter().map(ToString::to_string));
        self
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let file_type = if self.is_static { FileType::Static } else { FileType::Dynamic };
        lay_out(file_type, self.machine, dynamic_parts(self))
    }
}

#[cfg(test)]
mod tests {
    use object::elf::FileHeader64;
    use object::read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader};
    use object::{LittleEndian as Little, Object, ObjectSymbol};

    use super::*;

    fn library() -> Elf {
        Elf::shared_library("libssl.so.3", &["libcrypto.so.3"])
            .requires_versions("libc.so.6", &["GLIBC_2.2.5", "GLIBC_2.34"])
            .defines_versions(&["OPENSSL_3.0.0", "OPENSSL_3.2.0"])
            .runpath("$ORIGIN/../lib")
    }

    /// The dynamic entries that are strings, read by the program headers as the dynamic linker does.
    fn names(bytes: &[u8]) -> Vec<(i64, String)> {
        let header = FileHeader64::<Little>::parse(bytes).unwrap();
        let segments = header.program_headers(Little, bytes).unwrap();
        let entries = segments.iter().find_map(|segment| segment.dynamic(Little, bytes).unwrap()).unwrap();
        let value = |tag: i64| entries.iter().find(|entry| entry.d_tag(Little).0 == tag).unwrap().d_val(Little);
        let strings = &bytes[usize::try_from(value(5)).unwrap()..][..usize::try_from(value(10)).unwrap()];
        let text = |at: u64| {
            let rest = &strings[usize::try_from(at).unwrap()..];
            String::from_utf8(rest.split(|byte| *byte == 0).next().unwrap().to_vec()).unwrap()
        };
        let named = entries.iter().filter(|entry| matches!(entry.d_tag(Little).0, 1 | 14 | 29));
        named.map(|entry| (entry.d_tag(Little).0, text(entry.d_val(Little)))).collect()
    }

    #[test]
    fn the_dynamic_section_names_what_was_asked_for() {
        let wanted = [(1, "libcrypto.so.3"), (1, "libc.so.6"), (14, "libssl.so.3"), (29, "$ORIGIN/../lib")];
        assert_eq!(names(&library().to_bytes()), wanted.map(|(tag, name)| (tag, name.to_owned())));
    }

    #[test]
    fn versions_are_defined_and_required_at_their_symbols() {
        let bytes = library().to_bytes();
        let file = ElfFile64::<Little>::parse(bytes.as_slice()).unwrap();
        let sections = file.elf_section_table();
        let versions = sections.versions(Little, bytes.as_slice()).unwrap().unwrap();
        let table = file.elf_dynamic_symbol_table();
        let read = file.dynamic_symbols().map(|symbol| {
            let number = versions.version_index(Little, symbol.index());
            let version = versions.version(number.into()).unwrap().unwrap();
            let file = version.file().map(|file| String::from_utf8_lossy(file).into_owned());
            (String::from_utf8_lossy(version.name()).into_owned(), file, symbol.is_undefined())
        });
        let libc = Some("libc.so.6".to_owned());
        assert_eq!(table.len(), 5);
        assert_eq!(
            read.collect::<Vec<_>>(),
            [
                ("OPENSSL_3.0.0".to_owned(), None, false),
                ("OPENSSL_3.2.0".to_owned(), None, false),
                ("GLIBC_2.2.5".to_owned(), libc.clone(), true),
                ("GLIBC_2.34".to_owned(), libc, true),
            ]
        );
    }

    #[test]
    fn programs_name_their_interpreter_and_static_ones_nothing() {
        let bytes = Elf::executable("/lib/ld-linux-aarch64.so.1", &["libc.so.6"]).architecture("arm64").to_bytes();
        let header = FileHeader64::<Little>::parse(bytes.as_slice()).unwrap();
        assert_eq!(header.e_machine(Little).0, 183);
        let segments = header.program_headers(Little, bytes.as_slice()).unwrap();
        let interpreter = segments.iter().find_map(|segment| segment.interpreter(Little, bytes.as_slice()).unwrap());
        assert_eq!(interpreter, Some(&b"/lib/ld-linux-aarch64.so.1"[..]));
        let bytes = Elf::static_executable().to_bytes();
        let file = ElfFile64::<Little>::parse(bytes.as_slice()).unwrap();
        assert_eq!(file.elf_program_headers().len(), 1);
        assert_eq!(file.kind(), object::ObjectKind::Executable);
    }

    #[test]
    fn gives_the_same_bytes_twice() {
        assert_eq!(library().to_bytes(), library().to_bytes());
    }
}
