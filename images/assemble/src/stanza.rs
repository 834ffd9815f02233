//! The stanzas of a machine-readable copyright file, with the three fields that tell licences.
//!
//! In: its text. Out: one [`Stanza`] after the other, borrowed; time and memory do not grow with the number of fields,
//! and fields of other names may come twice, as they do in the archive.
//! Format: <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/>.

/// What a stanza says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Stanza<'a> {
    /// `Format`, which the first stanza has.
    pub format: Option<&'a str>,
    /// Whether it has `Files`.
    pub of_files: bool,
    /// `License` with its continuation lines.
    pub licence: Option<&'a str>,
}

/// The text is no sequence of stanzas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoStanza;

/// Goes through a text stanza by stanza.
pub(crate) struct Stanzas<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Stanzas<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn read(&mut self) -> Result<Option<Stanza<'a>>, NoStanza> {
        let mut stanza = Stanza::default();
        let mut begun = false;
        // Where the value of `License` starts, while its lines come.
        let mut open: Option<usize> = None;
        for line in self.text[self.at..].split_inclusive('\n') {
            let start = self.at;
            self.at += line.len();
            if line.trim_ascii().is_empty() {
                if begun {
                    break;
                }
            } else if line.starts_with([' ', '\t']) {
                if !begun {
                    return Err(NoStanza);
                }
                if let Some(value) = open {
                    stanza.licence = Some(&self.text[value..self.at]);
                }
            } else if !line.starts_with('#') {
                begun = true;
                open = stanza.take(line)?.then(|| start + line.find(':').unwrap_or_default() + 1);
            }
        }
        Ok(begun.then_some(stanza))
    }
}

impl<'a> Iterator for Stanzas<'a> {
    type Item = Result<Stanza<'a>, NoStanza>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

impl<'a> Stanza<'a> {
    /// Takes the first line of a field; says whether it is `License`, which must not come twice.
    fn take(&mut self, line: &'a str) -> Result<bool, NoStanza> {
        let (name, value) = line.split_once(':').ok_or(NoStanza)?;
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        if is("License") || is("Licence") {
            return if self.licence.replace(value).is_some() { Err(NoStanza) } else { Ok(true) };
        }
        if is("Format") {
            self.format = Some(value.trim_ascii());
        }
        self.of_files |= is("Files");
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Result<Stanza<'_>, NoStanza>> {
        Stanzas::new(text).take(9).collect()
    }

    #[test]
    fn reads_fields_and_their_continuation() {
        let text = "# c\n\nFormat: f\nComment: a\n b\n\n\nfiles: *\n a\nLicense: x\n one\n# c\n two\nComment: y\n z";
        let first = Stanza { format: Some("f"), ..Stanza::default() };
        let second = Stanza { of_files: true, licence: Some(" x\n one\n# c\n two\n"), ..Stanza::default() };
        assert_eq!(read(text), [Ok(first), Ok(second)]);
        assert_eq!(read("\n\n"), []);
    }

    #[test]
    fn refuses_what_has_no_fields() {
        for text in [" x\n", "A: b\n\n x\n", "A: b\nno field\n", "License: a\nLicense: b\n"] {
            assert!(read(text).contains(&Err(NoStanza)), "{text}");
        }
    }
}
