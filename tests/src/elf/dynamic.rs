//! The sections that the dynamic linker reads, from what the test asked for.
//!
//! Each symbol version stands at one symbol, whose name is made from the version's: what one file defines, another can need.
//!
//! Format: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html>.

use super::Elf;
use super::layout::{Parts, Section, Value, u32_of};
use super::versions::{definitions, requirements};

/// Strings that other sections name by their place.
#[derive(Debug)]
pub(super) struct Strings(Vec<u8>);

impl Strings {
    /// Adds a string, and gives its place.
    pub(super) fn add(&mut self, text: &str) -> u32 {
        let place = u32_of(self.0.len());
        self.0.extend(text.as_bytes());
        self.0.push(0);
        place
    }
}

/// A symbol: the version that it stands for, and that version's number in this file.
struct Symbol<'a> {
    version: &'a str,
    number: u16,
    is_defined: bool,
}

/// All sections of the file; a static program has none.
pub(super) fn dynamic_parts(elf: &Elf) -> Parts {
    if elf.is_static {
        return Parts { sections: Vec::new(), dynamic: Vec::new() };
    }
    let mut strings = Strings(vec![0]);
    let symbols = symbols(elf);
    let names: Vec<_> = symbols.iter().map(|symbol| strings.add(&symbol_name(symbol.version))).collect();
    let mut dynamic = names_of(elf, &mut strings);
    let mut sections = Vec::new();
    if let Some(interpreter) = &elf.interpreter {
        sections.push(section("interp", 1, format!("{interpreter}\0").into_bytes()));
    }
    sections.push(Section { info: 1, entry_size: 24, ..section("dynsym", 11, symbol_table(&symbols, &names)) });
    sections.push(Section { link: "dynsym", entry_size: 4, ..section("hash", 5, hash_table(&symbols)) });
    append_versions(elf, &symbols, &mut strings, (&mut sections, &mut dynamic));
    dynamic.extend([(4, Value::AddressOf("hash")), (5, Value::AddressOf("dynstr")), (6, Value::AddressOf("dynsym"))]);
    dynamic.extend([(10, Value::Number(strings.0.len() as u64)), (11, Value::Number(24)), (0, Value::Number(0))]);
    sections.push(Section { link: "", ..section("dynstr", 3, strings.0) });
    sections.push(Section { entry_size: 16, ..section("dynamic", 6, vec![0; dynamic.len() * 16]) });
    Parts { sections, dynamic }
}

fn section(name: &'static str, kind: u32, content: Vec<u8>) -> Section {
    Section { name, kind, content, link: "dynstr", info: 0, entry_size: 0 }
}

/// `NEEDED`, `SONAME` and `RUNPATH`.
fn names_of(elf: &Elf, strings: &mut Strings) -> Vec<(u64, Value)> {
    let mut entries = Vec::new();
    let mut add = |tag, text: &str| entries.push((tag, Value::Number(strings.add(text).into())));
    elf.needed.iter().for_each(|needed| add(1, needed));
    elf.soname.iter().for_each(|soname| add(14, soname));
    elf.runpath.iter().for_each(|runpath| add(29, runpath));
    entries
}

/// Versions are numbered from 2 on: first those defined, then those needed. Number 1 is the file itself.
fn symbols(elf: &Elf) -> Vec<Symbol<'_>> {
    let defined = elf.defined.iter().map(|version| (version.as_str(), true));
    let required = elf.required.iter().flat_map(|(_, versions)| versions).map(|version| (version.as_str(), false));
    let numbered = defined.chain(required).zip(2..);
    numbered.map(|((version, is_defined), number)| Symbol { version, number, is_defined }).collect()
}

fn symbol_name(version: &str) -> String {
    format!("symbol_of_{}", version.replace('.', "_"))
}

/// Global functions; the first symbol is empty.
fn symbol_table(symbols: &[Symbol<'_>], names: &[u32]) -> Vec<u8> {
    let mut bytes = vec![0; 24];
    for (symbol, name) in symbols.iter().zip(names) {
        let section: u16 = u16::from(symbol.is_defined);
        bytes.extend(name.to_le_bytes());
        bytes.extend([0x12, 0]);
        bytes.extend(section.to_le_bytes());
        bytes.extend(u64::from(section).to_le_bytes());
        bytes.extend(0u64.to_le_bytes());
    }
    bytes
}

/// One bucket, and a chain through all symbols.
fn hash_table(symbols: &[Symbol<'_>]) -> Vec<u8> {
    let count = u32_of(symbols.len() + 1);
    let chain = (1..=count).map(|next| if next < count { next } else { 0 });
    let first = u32::from(count > 1);
    let chain = std::iter::once(0).chain(chain.skip(1));
    [1, count, first].into_iter().chain(chain).flat_map(u32::to_le_bytes).collect()
}

fn append_versions(
    elf: &Elf,
    symbols: &[Symbol<'_>],
    strings: &mut Strings,
    (sections, dynamic): (&mut Vec<Section>, &mut Vec<(u64, Value)>),
) {
    if symbols.is_empty() {
        return;
    }
    let numbers = std::iter::once(0).chain(symbols.iter().map(|symbol| symbol.number));
    let numbers = numbers.flat_map(u16::to_le_bytes).collect();
    sections.push(Section { link: "dynsym", entry_size: 2, ..section("gnu.version", 0x6fff_ffff, numbers) });
    dynamic.push((0x6fff_fff0, Value::AddressOf("gnu.version")));
    if !elf.defined.is_empty() {
        let (content, count) = definitions(elf.soname.as_deref().unwrap_or(""), &elf.defined, strings);
        sections.push(Section { info: count, ..section("gnu.version_d", 0x6fff_fffd, content) });
        dynamic.extend([(0x6fff_fffc, Value::AddressOf("gnu.version_d")), (0x6fff_fffd, Value::Number(count.into()))]);
    }
    if !elf.required.is_empty() {
        let first = u16::try_from(2 + elf.defined.len()).expect("few versions");
        let (content, count) = requirements(&elf.required, first, strings);
        sections.push(Section { info: count, ..section("gnu.version_r", 0x6fff_fffe, content) });
        dynamic.extend([(0x6fff_fffe, Value::AddressOf("gnu.version_r")), (0x6fff_ffff, Value::Number(count.into()))]);
    }
}
