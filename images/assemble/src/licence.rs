//! A statement of licence as Debian's copyright files write it, and what SPDX calls it.
//!
//! In: the first line of a field `License`, such as `GPL-1+ or Artistic, and BSD-3-clause`. Out: a [`Licence`], and as
//! text an SPDX expression; names that SPDX lacks become references that the caller gives.
//! Format: <https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/#license-syntax>,
//! <https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/>.

use std::collections::BTreeSet;

use crate::licence_name::{exception, identifier};

/// A statement of licence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Licence {
    /// One name, exceptions included, and the SPDX text for it if there is one.
    One(String, Option<String>),
    /// All of them hold.
    All(BTreeSet<Licence>),
    /// Whoever uses it chooses one.
    Any(BTreeSet<Licence>),
}

impl Licence {
    /// Reads a statement. One that is not of the format's grammar is a name as a whole.
    pub(crate) fn parse(text: &str) -> Self {
        if text.contains(['(', ')', '|', '&']) {
            return Self::name(text);
        }
        // A comma before `and` or `or` binds less than words without one.
        let parts: Vec<Vec<&str>> = text.split(',').map(|part| part.split_whitespace().collect()).collect();
        let weak = parts.iter().skip(1).map(|words| operator(words.first()).unwrap_or(Operator::And));
        let weak: BTreeSet<Operator> = weak.collect();
        let inner = parts.iter().enumerate().map(|(at, words)| {
            let skip = usize::from(at > 0 && operator(words.first()).is_some());
            any_of(&words[skip..])
        });
        match (inner.collect::<Option<Vec<_>>>(), weak.len()) {
            (Some(all), 0 | 1) if weak.contains(&Operator::Or) => Self::any(all),
            (Some(all), 0 | 1) => Self::all(all),
            _ => Self::name(text),
        }
    }

    fn name(text: &str) -> Self {
        Self::One(text.to_owned(), identifier(text))
    }

    /// All of these; one alone stands for itself.
    pub(crate) fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = BTreeSet::new();
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => drop(flat.insert(other)),
            }
        }
        only(&flat).unwrap_or(Self::All(flat))
    }

    fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = BTreeSet::new();
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => drop(flat.insert(other)),
            }
        }
        only(&flat).unwrap_or(Self::Any(flat))
    }

    /// The names in it that SPDX has nothing for.
    pub(crate) fn unknown_names(&self) -> Vec<String> {
        match self {
            Self::One(name, None) => vec![name.clone()],
            Self::One(_, Some(_)) => Vec::new(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::unknown_names).collect(),
        }
    }

    /// The SPDX expression; `reference` gives the `LicenseRef-…` of a name that SPDX has nothing for.
    pub(crate) fn expression(&self, reference: &mut dyn FnMut(&str) -> String) -> String {
        match self {
            Self::One(_, Some(identifier)) => identifier.clone(),
            Self::One(name, None) => reference(name),
            Self::All(parts) => joined(parts, " AND ", reference),
            Self::Any(parts) => joined(parts, " OR ", reference),
        }
    }
}

/// Members in the order of their text, each once, compound ones in parentheses.
fn joined(parts: &BTreeSet<Licence>, between: &str, reference: &mut dyn FnMut(&str) -> String) -> String {
    let one = |part: &Licence, reference: &mut dyn FnMut(&str) -> String| {
        let text = part.expression(reference);
        if text.contains(" AND ") || text.contains(" OR ") { format!("({text})") } else { text }
    };
    let texts: BTreeSet<String> = parts.iter().map(|part| one(part, reference)).collect();
    texts.into_iter().collect::<Vec<_>>().join(between)
}

fn only(parts: &BTreeSet<Licence>) -> Option<Licence> {
    parts.first().filter(|_| parts.len() == 1).cloned()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Operator {
    And,
    Or,
}

fn operator(word: Option<&&str>) -> Option<Operator> {
    match word?.to_ascii_lowercase().as_str() {
        "and" => Some(Operator::And),
        "or" => Some(Operator::Or),
        _ => None,
    }
}

/// `a and b or c`: `and` binds more. `None` where a name is missing.
fn any_of(words: &[&str]) -> Option<Licence> {
    let splits = |wanted: Operator| move |word: &&str| operator(Some(word)) == Some(wanted);
    let all_of = |words: &[&str]| words.split(splits(Operator::And)).map(one).collect::<Option<Vec<_>>>();
    let parts = words.split(splits(Operator::Or)).map(|words| all_of(words).map(Licence::all));
    parts.collect::<Option<Vec<_>>>().map(Licence::any)
}

/// `GPL-2+ with Font exception`.
fn one(words: &[&str]) -> Option<Licence> {
    let text = words.join(" ");
    let Some(with) = words.iter().position(|word| word.eq_ignore_ascii_case("with")) else {
        return (!words.is_empty()).then(|| Licence::name(&text));
    };
    let (base, after) = (identifier(&words[..with].join(" ")), &words[with + 1..]);
    let names = after.strip_suffix(&["exception"]).unwrap_or(after);
    let found = base.and_then(|base| exception(&base, &names.join(" ")).map(|it| format!("{base} WITH {it}")));
    (with > 0 && !names.is_empty()).then_some(Licence::One(text, found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spdx(text: &str) -> String {
        Licence::parse(text).expression(&mut |name| format!("[{name}]"))
    }

    /// Statements as they stand in copyright files of trixie.
    #[test]
    fn reads_statements_of_the_archive() {
        for (debian, expected) in [
            ("Expat", "MIT"),
            ("GPL-1+ or Artistic", "Artistic-1.0-Perl OR GPL-1.0-or-later"),
            ("REGCOMP, and GPL-1+ or Artistic", "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND [REGCOMP]"),
            (
                "GPL-1+ or Artistic, and BSD-4-clause-POWERDOG",
                "(Artistic-1.0-Perl OR GPL-1.0-or-later) AND [BSD-4-clause-POWERDOG]",
            ),
            ("MPL-1.1 or GPL-2+ or LGPL-2.1+", "GPL-2.0-or-later OR LGPL-2.1-or-later OR MPL-1.1"),
            ("GPL-2+ and LGPL-2.1+", "GPL-2.0-or-later AND LGPL-2.1-or-later"),
            ("libpng OR Apache-2.0 OR BSD-3-clause", "Apache-2.0 OR BSD-3-Clause OR Libpng"),
            ("GPL-2 with Linux-syscall-note exception", "GPL-2.0-only WITH Linux-syscall-note"),
            ("GPL-2+ with Autoconf exception", "[GPL-2+ with Autoconf exception]"),
            ("Apache-2.0 with LLVM exception", "Apache-2.0 WITH LLVM-exception"),
            (
                "GPL-3+ with Libtool exception and GPL-3+",
                "GPL-3.0-or-later AND GPL-3.0-or-later WITH Libtool-exception",
            ),
            (
                "Apache-2.0, and BSD-2-clause, and Apache-2.0 or Expat",
                "(Apache-2.0 OR MIT) AND Apache-2.0 AND BSD-2-Clause",
            ),
            ("MIT/X11", "[MIT/X11]"),
            ("(GPL-2 or BSD-3-clause) and X", "[(GPL-2 or BSD-3-clause) and X]"),
        ] {
            assert_eq!(spdx(debian), expected, "{debian}");
        }
    }

    #[test]
    fn what_is_no_statement_is_a_name_as_a_whole() {
        for text in ["and", "GPL-2 or", "a, or b, and c", "with x", "GPL-2+ with", ",", ""] {
            assert_eq!(Licence::parse(text), Licence::One(text.into(), None), "{text}");
        }
    }

    #[test]
    fn is_the_same_whatever_the_order() {
        assert_eq!(Licence::parse("Artistic or GPL-1+"), Licence::parse("GPL-1+ or Artistic or Artistic"));
        assert_eq!(Licence::parse("a and b").unknown_names(), ["a", "b"]);
    }
}
