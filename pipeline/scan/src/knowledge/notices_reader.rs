//! Reads `data/DSA/list` and `data/DLA/list` of Debian's security tracker.
//!
//! The syntax is the tracker's own (`lib/python/bugs.py`): a head line, then indented lines with ids in braces, with a source of a release and
//! its version, or with notes.

use jiff::civil::Date;

use super::notices::{NoticeFix, NoticeRecord, Notices};
use crate::finding::Notice;

/// A list of more bytes is refused; Debian's have 1 MB.
const LIST_LIMIT: usize = 64 << 20;

/// Why a list could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticesError {
    /// It is too large.
    #[error("reading a list of advisories: {0} bytes; at most {LIST_LIMIT} are expected; check the feed's address")]
    TooLarge(usize),
    /// A head line is none.
    #[error(
        "reading a list of advisories, line {line}: `[30 Sep 2026] DSA-6531-1 openssl - security update` or the like expected, \
         `{found}` found; check the feed's address"
    )]
    Head {
        /// Which line, from 1.
        line: usize,
        /// The beginning of what is there.
        found: String,
    },
    /// An indented line stands before any head line.
    #[error(
        "reading a list of advisories, line {line}: an advisory's head line expected, `{found}` found; fetch it again"
    )]
    NoHead {
        /// Which line, from 1.
        line: usize,
        /// The beginning of what is there.
        found: String,
    },
}

impl Notices {
    /// Reads a list. Lines inside an advisory that say something else are passed over and counted.
    pub fn read(text: &str) -> Result<Self, NoticesError> {
        if text.len() > LIST_LIMIT {
            return Err(NoticesError::TooLarge(text.len()));
        }
        let mut notices = Self::default();
        let mut current: Option<NoticeRecord> = None;
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            let found = || text.chars().take(80).collect();
            if text.starts_with([' ', '\t']) {
                let record = current.as_mut().ok_or_else(|| NoticesError::NoHead { line, found: found() })?;
                notices.passed_over += usize::from(!take(record, text.trim()));
            } else {
                let record = head(text).ok_or_else(|| NoticesError::Head { line, found: found() })?;
                if let Some(record) = current.replace(record) {
                    notices.push(record);
                }
            }
        }
        if let Some(record) = current {
            notices.push(record);
        }
        Ok(notices)
    }
}

/// `[30 Sep 2026] DSA-6531-1 openssl - security update`.
fn head(line: &str) -> Option<NoticeRecord> {
    let (date, rest) = line.strip_prefix('[')?.split_once(']')?;
    let date = Date::strptime("%d %b %Y", date.trim()).ok()?;
    let (id, title) = rest.trim().split_once(char::is_whitespace).unwrap_or((rest.trim(), ""));
    let (kind, number) = id.split_once('-')?;
    let is_id = kind.ends_with('A') && kind.bytes().all(|it| it.is_ascii_uppercase());
    let is_number = !number.is_empty() && number.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let notice = Notice { id: id.to_owned(), date };
    let (ids, fixed, unfixed) = Default::default();
    (is_id && is_number).then(|| NoticeRecord { notice, title: title.trim().to_owned(), ids, fixed, unfixed })
}

/// Whether a line inside a record says something that we know.
fn take(record: &mut NoticeRecord, line: &str) -> bool {
    if let Some(ids) = line.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        record.ids.extend(ids.split_whitespace().map(str::to_owned));
        return true;
    }
    if ["NOTE:", "TODO:", "RESERVED", "REJECTED", "NOT-FOR-US"].iter().any(|word| line.starts_with(word)) {
        return true;
    }
    let Some(fix) = fix(line) else { return false };
    let into = if fix.version.starts_with('<') { &mut record.unfixed } else { &mut record.fixed };
    into.push(fix);
    true
}

/// `[trixie] - openssl 3.5.7-1~deb13u3`, with a remark behind it or not.
fn fix(line: &str) -> Option<NoticeFix> {
    let (release, rest) = line.strip_prefix('[')?.split_once(']')?;
    let mut words = rest.trim().strip_prefix("- ")?.split_whitespace();
    let (source, version) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(NoticeFix { release: release.trim().to_owned(), source, version })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "[17 Mar 2023] DSA-5356-2 sox - regression update\n\t[bullseye] - sox 14.4.2-2 (bug #1)\n\
                        [2 Feb 2020] DLA-12-1 a, b - security update\n\t{CVE-2020-1\tCVE-2020-2}\n\t{CVE-2020-1}\n\
                        \tNOTE: a note\n\t[jessie] - a 1.0\n\t[jessie] - b <not-affected> (x)\n\t[wheezy] - b <end-of-life>\n\
                        \tsomething else\n\n[01 Jan 2000] DSA-5 old\n";

    #[test]
    fn advisories_are_found_by_id_and_those_without_by_what_they_fix() {
        let mut notices = Notices::read("[03 Feb 2020] DSA-13-1 a - more\n  {CVE-2020-2}\n").unwrap();
        notices.extend(Notices::read(LIST).unwrap());
        let ids = |cve: &str| notices.of_id(cve).map(|record| record.notice.id.clone()).collect::<Vec<_>>();
        assert_eq!(
            (ids("CVE-2020-2"), ids("CVE-2020-1")),
            (vec!["DLA-12-1".into(), "DSA-13-1".into()], vec!["DLA-12-1".into()])
        );
        let record = notices.of_id("CVE-2020-1").next().unwrap();
        assert_eq!((record.title.as_str(), record.fixed.len(), record.unfixed.len()), ("a, b - security update", 1, 2));
        assert_eq!((&*record.unfixed[0].source, &*record.unfixed[0].version), ("b", "<not-affected>"));
        assert_eq!((notices.len(), notices.passed_over()), (4, 1));
        let alone = notices.without_ids("sox", "bullseye").map(|record| &*record.notice.id);
        assert!(alone.eq(["DSA-5356-2"]) && notices.without_ids("a", "jessie").next().is_none());
    }

    #[test]
    fn an_unreadable_head_line_is_an_error_with_its_number() {
        let error = |text: &str| Notices::read(text).unwrap_err().to_string();
        for wrong in ["[17 Mai 2023]", "17 Mar 2023", "[17 Mar 2023", "<html>", "[32 Mar 2023]"] {
            let error = error(&format!("{LIST}{wrong} DSA-1-1 x\n"));
            assert!(error.contains("line 13: `[30 Sep 2026]"), "{error}");
        }
        assert!(error("[17 Mar 2023] CVE-2023-1 x").contains("line 1"));
        assert!(error("\t{CVE-2020-1}\n").contains("line 1: an advisory's head line expected"));
    }
}
