//! What a package's copyright file says about licences.
//!
//! In: the bytes of `/usr/share/doc/<package>/copyright`. Out: a [`Copyright`]: the licences of its files as they are
//! written there, and the texts of those that SPDX has no identifier for. Only the machine-readable form is read:
//! <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>. Whatever a file holds, what is kept is bounded.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::licence::Licence;
use crate::path::RootPath;
use crate::stanza::Stanzas;

/// The largest file that is read, in bytes; the largest of trixie (a browser's) has 2 MB.
pub(crate) const LARGEST: u64 = 4 << 20;

/// Most different statements of licence in one file; trixie's most varied have some 300.
const MOST_LICENCES: usize = 1_000;

/// The longest statement of licence, in bytes: it is one line.
const LONGEST_NAME: usize = 1_000;

/// The longest text of one licence that is kept, and the most of all texts of one file, in bytes.
const LONGEST_TEXT: usize = 32 << 10;
const MOST_TEXT: usize = 256 << 10;

/// What a copyright file says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copyright {
    /// The licences that files of the source stand under, one statement each (`GPL-2+ or Artistic`); `None` where the
    /// file is not machine-readable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub licences: Option<BTreeSet<String>>,
    /// Texts of licences that have no SPDX identifier, by their name in the file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub texts: BTreeMap<String, String>,
}

/// Whether this is where a package's copyright file lies.
pub(crate) fn is_copyright(path: &RootPath) -> bool {
    let name = path.as_str().strip_prefix("/usr/share/doc/").and_then(|rest| rest.strip_suffix("/copyright"));
    name.is_some_and(|name| !name.contains('/'))
}

impl Copyright {
    /// Reads a copyright file. What is not machine-readable, or breaks a bound, says nothing.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        Self::read_text(&String::from_utf8_lossy(bytes)).unwrap_or_default()
    }

    fn read_text(text: &str) -> Option<Self> {
        let mut stanzas = Stanzas::new(text.trim_start_matches('\u{feff}'));
        let header = stanzas.next()?.ok()?;
        header.format.filter(|format| format.contains("copyright-format"))?;
        let (mut reading, mut of_files) = (Reading::default(), BTreeSet::new());
        for stanza in stanzas {
            let stanza = stanza.ok()?;
            let Some((name, text)) = stanza.licence.and_then(statement) else { continue };
            reading.take_text(&name, text);
            if stanza.of_files && of_files.len() <= MOST_LICENCES {
                of_files.insert(name);
            }
        }
        if let Some((name, text)) = header.licence.and_then(statement).filter(|_| of_files.is_empty()) {
            reading.take_text(&name, text);
            of_files.insert(name);
        }
        let within = of_files.len() <= MOST_LICENCES && of_files.iter().all(|name| name.len() <= LONGEST_NAME);
        let licences = Some(of_files).filter(|all| within && !all.is_empty())?;
        Some(Self { texts: reading.texts_of(&licences), licences: Some(licences) })
    }
}

/// Texts by the name of their licence, as far as they are within bounds.
#[derive(Default)]
struct Reading {
    texts: BTreeMap<String, String>,
    size: usize,
}

impl Reading {
    fn take_text(&mut self, name: &str, text: String) {
        let fits = text.len() <= LONGEST_TEXT && self.size + text.len() <= MOST_TEXT && name.len() <= LONGEST_NAME;
        let wanted = !text.is_empty() && !Licence::parse(name).unknown_names().is_empty();
        if fits && wanted && !self.texts.contains_key(name) {
            self.size += text.len();
            self.texts.insert(name.to_owned(), text);
        }
    }

    /// Those that the licences of files refer to.
    fn texts_of(mut self, licences: &BTreeSet<String>) -> BTreeMap<String, String> {
        let names = licences.iter().flat_map(|licence| Licence::parse(licence).unknown_names());
        let used: BTreeSet<String> = names.chain(licences.iter().cloned()).collect();
        self.texts.retain(|name, _| used.contains(name));
        self.texts
    }
}

/// The value of `License` as (statement, text): the first line, and the others unfolded.
fn statement(value: &str) -> Option<(String, String)> {
    let (first, rest) = value.split_once('\n').unwrap_or((value, ""));
    let name = first.split_whitespace().collect::<Vec<_>>().join(" ");
    let unfold = |line: &str| {
        let line = line.strip_prefix([' ', '\t']).unwrap_or(line).trim_ascii_end();
        if line.trim_ascii() == "." { String::new() } else { line.to_owned() }
    };
    let text = rest.lines().map(unfold).collect::<Vec<_>>().join("\n");
    if name.is_empty() { None } else { Some((name, text.trim_matches('\n').to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n";

    fn read(more: &str) -> Copyright {
        Copyright::read(format!("{FORMAT}{more}").as_bytes())
    }

    fn licences(copyright: &Copyright) -> Vec<&str> {
        copyright.licences.iter().flatten().map(String::as_str).collect()
    }

    /// Cut from the copyright file of Debian's zlib 1:1.3.dfsg+really1.3.1-1.
    const ZLIB: &str = "Upstream-Name: zlib\nSource: https://zlib.net/\n\nFiles: *\nCopyright: 1995-2013 Jean-loup Gailly \
                        and Mark Adler\nLicense: Zlib\n\nFiles: amiga/Makefile.pup\nCopyright: 1998 by Andreas R. \
                        Kleinert\nLicense: Zlib\n\nLicense: Zlib\n This software is provided 'as-is', without any\n";

    #[test]
    fn reads_the_licences_of_files() {
        let copyright = read(ZLIB);
        assert_eq!(licences(&copyright), ["Zlib"]);
        assert!(copyright.texts.is_empty(), "SPDX has the text of Zlib");
    }

    #[test]
    fn keeps_the_text_of_what_spdx_does_not_know() {
        let copyright = read(
            "\nFiles: *\nLicense: GPL-2+ and  permissive\n\nFiles: b\nLicense: odd\n one\n .\n  two\n\nLicense: unused\n x\n\n\
             License: GPL-2+\n On Debian\n\nLicense: permissive\n do\n what\n",
        );
        assert_eq!(licences(&copyright), ["GPL-2+ and permissive", "odd"]);
        let texts: Vec<_> = copyright.texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(texts, [("odd", "one\n\n two"), ("permissive", "do\nwhat")]);
    }

    #[test]
    fn the_header_speaks_where_no_files_do() {
        assert_eq!(licences(&read("License: Expat\n")), ["Expat"]);
        assert_eq!(licences(&read("License: Expat\n\nFiles: *\nLicense: ISC\n")), ["ISC"]);
    }

    #[test]
    fn says_nothing_of_what_is_not_machine_readable() {
        for text in ["", "This is Debian's package of GNU tar.\n", "Format: x\n\nFiles: *\nLicense: Expat\n"] {
            assert_eq!(Copyright::read(text.as_bytes()), Copyright::default(), "{text}");
        }
        assert_eq!(read("\nFiles: *\nLicense: Expat\n\nno field\n"), Copyright::default());
        assert_eq!(read("\nFiles: *\nLicense:\n nameless\n"), Copyright::default());
    }

    #[test]
    fn bounds_what_a_hostile_file_says() {
        let many: String = (0..2_000).map(|n| format!("\nFiles: {n}\nLicense: l{n}\n")).collect();
        assert_eq!(read(&many), Copyright::default());
        assert_eq!(read(&format!("\nFiles: *\nLicense: {}\n", "x".repeat(2_000))), Copyright::default());
        let long = format!("\nFiles: *\nLicense: odd\n {}\n", "x".repeat(LONGEST_TEXT));
        assert_eq!((licences(&read(&long)), read(&long).texts.len()), (vec!["odd"], 1));
        let longer = format!("\nFiles: *\nLicense: odd\n {}\n", "x".repeat(LONGEST_TEXT + 1));
        assert_eq!((licences(&read(&longer)), read(&longer).texts.len()), (vec!["odd"], 0));
        let sum = |copyright: Copyright| copyright.texts.values().map(String::len).sum::<usize>();
        let texts: String =
            (0..20).map(|n| format!("\nFiles: {n}\nLicense: l{n}\n {}\n", "x".repeat(LONGEST_TEXT))).collect();
        assert_eq!(sum(read(&texts)), MOST_TEXT);
    }

    #[test]
    fn knows_where_copyright_files_lie() {
        let is = |path: &str| is_copyright(&RootPath::parse(path).unwrap());
        assert!(is("/usr/share/doc/x/copyright"));
        assert!(!is("/usr/share/doc/x/y/copyright") && !is("/usr/share/doc/copyright") && !is("/copyright"));
    }
}
