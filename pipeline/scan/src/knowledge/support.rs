//! Sources whose security support is limited or has ended: the lists of Debian's package debian-security-support in, what holds for a source out.

use jiff::civil::Date;

/// A list of more bytes is refused; Debian's have 5 kB.
const LIST_LIMIT: usize = 4 << 20;
const WORDS: [&str; 3] = ["limited", "non-supported", "supported"];

/// What is known about the support of sources, by release.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecuritySupport {
    entries: Vec<Entry>,
}

/// What holds for a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support<'a> {
    /// It has less than the usual support.
    Limited {
        /// Debian's explanation; may be empty.
        text: &'a str,
    },
    /// It has no support from a day on, which may be still to come.
    Ended {
        /// The last version with support; `0` where no version had it.
        last_version: &'a str,
        /// The day.
        date: Date,
        /// Debian's explanation; may be empty.
        text: &'a str,
    },
}

/// Why a list could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SupportError {
    /// It is too large.
    #[error(
        "reading a list of security support: {0} bytes; at most {LIST_LIMIT} are expected; check the feed's address"
    )]
    TooLarge(usize),
    /// A line is none of the three kinds.
    #[error(
        "reading a list of security support, line {line}: {expected} expected, `{found}` found; check the feed's address"
    )]
    Line {
        /// Which line, from 1.
        line: usize,
        /// What would be right.
        expected: &'static str,
        /// The beginning of what is there.
        found: String,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    release: String,
    /// A source, or a pattern in which `.*` stands for anything.
    name: String,
    said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Supported,
    Limited(String),
    Ended { date: Date, last_version: String, text: String },
}

/// The three kinds of list, by what stands behind the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// `limited TEXT` or `non-supported VERSION DATE TEXT` (`security-support.debNN`).
    Worded,
    /// `VERSION DATE TEXT` (`security-support-ended.debNN`).
    Ended,
    /// `TEXT` (`security-support-limited`).
    Limited,
}

impl SecuritySupport {
    /// Reads a list. `release_version` is the release that it holds for, such as `13`. Which of the three formats it has is seen from its lines.
    pub fn read(text: &str, release_version: &str) -> Result<Self, SupportError> {
        if text.len() > LIST_LIMIT {
            return Err(SupportError::TooLarge(text.len()));
        }
        let lines = (1..).zip(text.lines().map(str::trim));
        let lines: Vec<_> = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect();
        let columns = columns(&lines);
        let entry = |(line, text): &(usize, &str)| entry(*line, text, columns, release_version);
        Ok(Self { entries: lines.iter().map(entry).collect::<Result<_, _>>()? })
    }

    /// Adds what another list says.
    pub fn extend(&mut self, other: Self) {
        self.entries.extend(other.entries);
    }

    /// What holds for a source in a release. Its own name goes before patterns, the longer pattern before the shorter, an end before a limit.
    pub fn of(&self, source: &str, release_version: &str) -> Option<Support<'_>> {
        let entries = self.entries.iter().filter(|it| it.release == release_version && matches(&it.name, source));
        let best = entries.max_by_key(|it| (it.name == source, it.name.len(), &it.said))?;
        match &best.said {
            Said::Supported => None,
            Said::Limited(text) => Some(Support::Limited { text }),
            Said::Ended { date, last_version, text } => Some(Support::Ended { last_version, date: *date, text }),
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// A list has one kind of lines; the list of limited support may have the word `limited` in some texts.
fn columns(lines: &[(usize, &str)]) -> Columns {
    let all = |is: fn(&str) -> bool| lines.iter().all(|(_, line)| is(line));
    let worded = |line: &str| line.split_whitespace().nth(1).is_some_and(|word| WORDS.contains(&word));
    let ended = |line: &str| line.split_whitespace().nth(2).is_some_and(|word| word.parse::<Date>().is_ok());
    let non_supported = lines.iter().any(|(_, line)| line.split_whitespace().nth(1) == Some("non-supported"));
    match () {
        () if non_supported || all(worded) => Columns::Worded,
        () if all(ended) => Columns::Ended,
        () => Columns::Limited,
    }
}

fn entry(line: usize, text: &str, columns: Columns, release: &str) -> Result<Entry, SupportError> {
    let (name, rest) = word(text);
    let said = match columns {
        Columns::Limited => Ok(Said::Limited(rest.to_owned())),
        Columns::Ended => ended(rest),
        Columns::Worded => match word(rest) {
            ("supported", _) => Ok(Said::Supported),
            ("limited", text) => Ok(Said::Limited(text.to_owned())),
            ("non-supported", rest) => ended(rest),
            _ => Err("`limited`, `non-supported` or `supported`"),
        },
    };
    let is_name = name.bytes().all(|it| it.is_ascii_alphanumeric() || b"+-.*".contains(&it));
    let said = if is_name { said } else { Err("the name of a source") };
    let wrong = |expected| SupportError::Line { line, expected, found: text.chars().take(80).collect() };
    Ok(Entry { release: release.to_owned(), name: name.to_owned(), said: said.map_err(wrong)? })
}

fn ended(text: &str) -> Result<Said, &'static str> {
    let (last_version, rest) = word(text);
    let (date, text) = word(rest);
    let date = date.parse().map_err(|_| "a version and a date such as 2026-06-12")?;
    Ok(Said::Ended { date, last_version: last_version.to_owned(), text: text.to_owned() })
}

/// The first word, and what stands behind it.
fn word(text: &str) -> (&str, &str) {
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

/// Whether a source is what a pattern means.
fn matches(pattern: &str, source: &str) -> bool {
    let mut parts = pattern.split(".*");
    let Some(mut rest) = parts.next().and_then(|first| source.strip_prefix(first)) else { return false };
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        let Some((_, behind)) = rest.split_once(part) else { return false };
        rest = behind;
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDED: &str = "# columns\n\ngolang.*  limited  See the notes\nrust.* limited  x\nrust-sequoia-sqv supported fully\n\
                          consul\tnon-supported   1.10.12+dfsg1-1  2023-09-20  https://bugs.debian.org/1052289\n";

    #[test]
    fn the_names_of_a_list_are_patterns_and_the_own_name_goes_first() {
        let support = SecuritySupport::read(WORDED, "13").unwrap();
        assert_eq!(support.of("golang-1.24", "13"), Some(Support::Limited { text: "See the notes" }));
        assert_eq!((support.of("golang-1.24", "12"), support.of("agolang", "13")), (None, None));
        assert_eq!(support.of("rust-sequoia-sq", "13"), Some(Support::Limited { text: "x" }));
        assert_eq!(support.of("rust-sequoia-sqv", "13"), None);
        let date = jiff::civil::date(2023, 9, 20);
        let ended = Support::Ended { last_version: "1.10.12+dfsg1-1", date, text: "https://bugs.debian.org/1052289" };
        assert_eq!(support.of("consul", "13"), Some(ended));
        assert!(
            matches("a.*b.*c", "axxbyyc") && matches("a.*", "a") && !matches("a.*b", "ab c") && !matches("a", "ab")
        );
    }

    #[test]
    fn the_three_formats_are_told_apart_and_joined() {
        let mut support = SecuritySupport::read("a\tb c\nhdf5  limited  Not covered\nlxd only", "12").unwrap();
        support.extend(
            SecuritySupport::read("lxd  5.0.2-5+deb12u6  2026-06-12\nphp-horde.* 0 2025-03-22 x", "12").unwrap(),
        );
        assert_eq!(support.of("hdf5", "12"), Some(Support::Limited { text: "limited  Not covered" }));
        let date = jiff::civil::date(2026, 6, 12);
        let ended = Support::Ended { last_version: "5.0.2-5+deb12u6", date, text: "" };
        assert_eq!((support.of("lxd", "12"), support.len()), (Some(ended), 5));
    }

    #[test]
    fn a_line_of_another_kind_is_an_error_with_its_number() {
        let error = |text: &str| SecuritySupport::read(text, "13").unwrap_err().to_string();
        assert!(error(&WORDED.replace("2023-09-20", "2023-13-20")).contains("line 6: a version and a date"));
        assert!(error(&WORDED.replace("supported fully", "partial")).contains("line 5: `limited`, `non-supported`"));
        assert!(error("<html> limited x").contains("line 1: the name of a source"));
        assert!(SecuritySupport::read("# nothing\n", "13").unwrap().is_empty());
    }
}
