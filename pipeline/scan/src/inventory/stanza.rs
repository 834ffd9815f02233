//! Stanzas of dpkg's status files, read so that a broken one costs nothing but itself.
//!
//! In: text. Out: for each stanza the five fields that matter, its line, and what is wrong with it. `debian::Paragraph` refuses a
//! whole file for one repeated field or one line that is no field, and compares every field with every other: dpkg's own
//! files never need that, files that others made do.
//! Format: <https://www.debian.org/doc/debian-policy/ch-controlfields.html#syntax-of-control-files>.

/// A stanza larger than this is said: some scanners lose the whole file for it. In bytes.
const HUGE: usize = 128 << 10;

/// What a stanza says. Fields that are not there are none; of a field that is there twice the first counts.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Stanza<'a> {
    /// Line on which it starts, from 1.
    pub line: usize,
    pub package: Option<&'a str>,
    pub status: Option<&'a str>,
    pub version: Option<&'a str>,
    pub architecture: Option<&'a str>,
    pub source: Option<&'a str>,
    pub maintainer: Option<&'a str>,
    /// What is wrong, with its line.
    pub problems: Vec<String>,
}

/// Calls `each` with every stanza of a text.
pub(crate) fn for_each_stanza<'a>(text: &'a str, mut each: impl FnMut(Stanza<'a>)) {
    let mut open: Option<(Stanza<'a>, usize)> = None;
    for (at, line) in text.lines().enumerate() {
        if line.trim_ascii().is_empty() {
            if let Some((stanza, size)) = open.take() {
                each(closed(stanza, size));
            }
            continue;
        }
        let (stanza, size) = open.get_or_insert_with(|| (Stanza { line: at + 1, ..Stanza::default() }, 0));
        *size += line.len() + 1;
        stanza.take(line, at + 1);
    }
    if let Some((stanza, size)) = open {
        each(closed(stanza, size));
    }
}

fn closed(mut stanza: Stanza<'_>, size: usize) -> Stanza<'_> {
    if size > HUGE {
        stanza
            .problems
            .push(format!("the stanza at line {} has {size} bytes: other scanners may lose it", stanza.line));
    }
    stanza
}

impl<'a> Stanza<'a> {
    fn take(&mut self, line: &'a str, number: usize) {
        if line.starts_with([' ', '\t', '#']) {
            return;
        }
        let Some((name, value)) = line.split_once(':') else {
            return self.problem(format!("line {number} is no field: expected `Name: value`"));
        };
        let (name, value) = (name.trim_ascii(), value.trim_ascii());
        let Some(slot) = self.slot(name) else { return };
        if slot.is_some() {
            return self.problem(format!("line {number} repeats the field `{name}`: the first counts"));
        }
        *slot = Some(value);
    }

    /// One hostile stanza must not fill the report.
    fn problem(&mut self, text: String) {
        if self.problems.len() < 3 {
            self.problems.push(text);
        }
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<&'a str>> {
        let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
        match name.len() {
            6 if is("Status") => Some(&mut self.status),
            6 if is("Source") => Some(&mut self.source),
            7 if is("Package") => Some(&mut self.package),
            7 if is("Version") => Some(&mut self.version),
            10 if is("Maintainer") => Some(&mut self.maintainer),
            12 if is("Architecture") => Some(&mut self.architecture),
            _ => None,
        }
    }

    /// The source and its version: those of the binary package where nothing else is said (Policy 5.6.1).
    pub(crate) fn source(&self) -> (String, String) {
        let version = self.version.unwrap_or_default();
        let Some(source) = self.source.filter(|source| !source.is_empty()) else {
            return (self.package.unwrap_or_default().to_owned(), version.to_owned());
        };
        let (name, rest) = source.split_once('(').unwrap_or((source, ""));
        let own = rest.split(')').next().map(str::trim_ascii).filter(|own| !own.is_empty());
        (name.trim_ascii().to_owned(), own.unwrap_or(version).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stanzas(text: &str) -> Vec<Stanza<'_>> {
        let mut all = Vec::new();
        for_each_stanza(text, |stanza| all.push(stanza));
        all
    }

    #[test]
    fn a_source_may_name_a_version_of_its_own() {
        let text = "Package: dmsetup\nVersion: 2:1.02.205-2\nSource: lvm2 (2.03.31-2)\n\n\nPackage: a\nVersion: 1\n\n\
                    Package: b\nVersion: 2\nSource: c\n\nPackage: d\nVersion: 3\nSource: e ()\n";
        let sources: Vec<_> = stanzas(text).iter().map(Stanza::source).collect();
        let expected = [("lvm2", "2.03.31-2"), ("a", "1"), ("c", "2"), ("e", "3")];
        assert_eq!(sources, expected.map(|(name, version)| (name.to_owned(), version.to_owned())));
    }

    #[test]
    fn a_broken_line_or_a_repeated_field_costs_nothing_else() {
        let text =
            "Package: a\nnonsense\nVersion: 1\nversion: 2\nDescription: x\n Version: 3\n\nPackage: b\nVersion: 1\n";
        let all = stanzas(text);
        assert_eq!((all.len(), all[0].version, all[1].line), (2, Some("1"), 8));
        let expected =
            ["line 2 is no field: expected `Name: value`", "line 4 repeats the field `version`: the first counts"];
        assert_eq!(all[0].problems, expected);
    }

    #[test]
    fn a_huge_stanza_is_read_and_said() {
        let text = format!("Package: a\nVersion: 1\nConffiles:\n{}", " /etc/x 0123\n".repeat(20_000));
        let all = stanzas(&text);
        assert_eq!((all[0].package, all[0].problems.len()), (Some("a"), 1));
    }

    proptest! {
        #[test]
        fn never_panics(text in "(Package|Source|Version|: |\\(|\\)|1|a| |\t|\r|\n|é){0,30}") {
            for stanza in stanzas(&text) { let _ = stanza.source(); }
        }
    }
}
