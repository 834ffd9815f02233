//! Puts sections one after another and writes the headers around them.
//!
//! The whole file is mapped at address zero, so that an address is also a place in the file.
//!
//! Format: <https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html>.

use std::collections::BTreeMap;

/// Sizes of the headers of ELF64.
const FILE_HEADER: usize = 64;
const PROGRAM_HEADER: usize = 56;
const SECTION_HEADER: usize = 64;

/// What kind of file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileType {
    /// A shared library, or a program that can be loaded anywhere.
    Dynamic,
    /// A program without dynamic section.
    Static,
}

/// One section before it has a place.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) kind: u32,
    pub(super) content: Vec<u8>,
    /// The section that this one refers to by its header, such as its string table.
    pub(super) link: &'static str,
    /// A number whose meaning depends on the kind.
    pub(super) info: u32,
    pub(super) entry_size: u64,
}

/// All sections, and what fills the dynamic section once the places of the others are known.
pub(super) struct Parts {
    pub(super) sections: Vec<Section>,
    /// Tag, and either a value or the section whose address is the value.
    pub(super) dynamic: Vec<(u64, Value)>,
}

/// The value of an entry of the dynamic section.
pub(super) enum Value {
    Number(u64),
    AddressOf(&'static str),
}

/// The bytes of the whole file.
pub(super) fn lay_out(file_type: FileType, machine: u16, parts: Parts) -> Vec<u8> {
    let Parts { mut sections, dynamic } = parts;
    let names = append_names(&mut sections);
    let program_headers = 1 + ["interp", "dynamic"].iter().filter(|name| has(&sections, name)).count();
    let places = places(&sections, FILE_HEADER + PROGRAM_HEADER * program_headers);
    fill_dynamic(&mut sections, &dynamic, &places);
    let headers_at = places.values().map(|(start, size)| start + size).max().unwrap_or(0).next_multiple_of(8);
    let mut bytes = file_header(file_type, machine, (program_headers, headers_at, sections.len() + 1));
    bytes.extend(program_header(1, 5, (0, headers_at)));
    for (name, kind) in [("interp", 3), ("dynamic", 2)] {
        bytes.extend(places.get(name).into_iter().flat_map(|place| program_header(kind, 4, *place)));
    }
    for section in &sections {
        bytes.resize(places[section.name].0, 0);
        bytes.extend(&section.content);
    }
    bytes.resize(headers_at, 0);
    bytes.extend([0; SECTION_HEADER]);
    for section in &sections {
        bytes.extend(section_header(section, &sections, (places[section.name], names[section.name])));
    }
    bytes
}

fn has(sections: &[Section], name: &str) -> bool {
    sections.iter().any(|section| section.name == name)
}

/// Adds the table of the sections' names, and says where each name stands in it.
fn append_names(sections: &mut Vec<Section>) -> BTreeMap<&'static str, u32> {
    sections.push(Section { name: "shstrtab", kind: 3, content: vec![0], link: "", info: 0, entry_size: 0 });
    let mut names = BTreeMap::new();
    let mut content = vec![0];
    for section in &*sections {
        names.insert(section.name, u32_of(content.len()));
        content.extend(format!(".{}\0", section.name).as_bytes());
    }
    if let Some(last) = sections.last_mut() {
        last.content = content;
    }
    names
}

/// Start and size of every section.
fn places(sections: &[Section], first: usize) -> BTreeMap<&'static str, (usize, usize)> {
    let mut at = first;
    let mut place = |section: &Section| {
        let start = at.next_multiple_of(8);
        at = start + section.content.len();
        (section.name, (start, section.content.len()))
    };
    sections.iter().map(&mut place).collect()
}

fn fill_dynamic(sections: &mut [Section], entries: &[(u64, Value)], places: &BTreeMap<&'static str, (usize, usize)>) {
    let number = |value: &Value| match value {
        Value::Number(number) => *number,
        Value::AddressOf(name) => places[name].0 as u64,
    };
    let content = entries.iter().flat_map(|(tag, value)| [*tag, number(value)]).flat_map(u64::to_le_bytes).collect();
    if let Some(section) = sections.iter_mut().find(|section| section.name == "dynamic") {
        section.content = content;
    }
}

fn file_header(file_type: FileType, machine: u16, (segments, headers_at, sections): (usize, usize, usize)) -> Vec<u8> {
    let kind: u16 = if file_type == FileType::Static { 2 } else { 3 };
    let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    bytes.extend(kind.to_le_bytes());
    bytes.extend(machine.to_le_bytes());
    bytes.extend(1u32.to_le_bytes());
    for number in [0, FILE_HEADER as u64, headers_at as u64] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(0u32.to_le_bytes());
    for number in [FILE_HEADER, PROGRAM_HEADER, segments, SECTION_HEADER, sections, sections - 1] {
        bytes.extend(u16::try_from(number).expect("a small file").to_le_bytes());
    }
    bytes
}

fn program_header(kind: u32, flags: u32, (start, size): (usize, usize)) -> Vec<u8> {
    let (start, size) = (start as u64, size as u64);
    let mut bytes = [kind.to_le_bytes(), flags.to_le_bytes()].concat();
    for number in [start, start, start, size, size, 8] {
        bytes.extend(number.to_le_bytes());
    }
    bytes
}

fn section_header(section: &Section, all: &[Section], ((start, size), name): ((usize, usize), u32)) -> Vec<u8> {
    let link = all.iter().position(|other| other.name == section.link).map_or(0, |place| u32_of(place + 1));
    let flags: u64 = if section.name == "shstrtab" { 0 } else { 2 };
    let mut bytes = [name.to_le_bytes(), section.kind.to_le_bytes()].concat();
    for number in [flags, start as u64, start as u64, size as u64] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(link.to_le_bytes());
    bytes.extend(section.info.to_le_bytes());
    bytes.extend(8u64.to_le_bytes());
    bytes.extend(section.entry_size.to_le_bytes());
    bytes
}

pub(super) fn u32_of(number: usize) -> u32 {
    u32::try_from(number).expect("a small file")
}
