//! The text of a changelog becomes entries.
//!
//! Format: `deb-changelog(5)`, <https://manpages.debian.org/bookworm/dpkg-dev/deb-changelog.5.en.html>. Lines that are neither head
//! nor end of an entry belong to the entry above: old changelogs and editors' settings are such.

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;

use super::doubt::{denies, ids, reverses};
use super::{Changelog, ChangelogEntry, Mention};

/// Bytes that are read; the largest of the archive has some 5 MiB.
const LIMIT: usize = 16 << 20;

/// Lines that are kept: Linux names some 20,000 ids, Chromium 10,000.
const MENTIONS: usize = 100_000;

/// Entries that are kept; the longest real changelogs have a thousand.
const ENTRIES: usize = 50_000;

/// Letters of a line that are kept.
const LONGEST: usize = 240;

impl Changelog {
    /// Reads the text of a `changelog.Debian`. Any text gives some entries or none; of what is larger than 16 MiB the oldest part is left.
    pub fn read(text: &str) -> Self {
        let mut end = text.len().min(LIMIT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let mut reader = Reader::default();
        text[..end].lines().for_each(|line| reader.take(line));
        reader.close_items(0);
        reader.entries.into()
    }
}

#[derive(Default)]
struct Reader {
    entries: Vec<ChangelogEntry>,
    mentions: usize,
    /// The item that is being read, below those that it stands under.
    items: Vec<Item>,
}

/// An item of a list: `* …`, or `- …` below one.
#[derive(Default)]
struct Item {
    indent: usize,
    /// Its words, in small letters.
    words: String,
    mentions: Vec<Mention>,
}

impl Reader {
    fn take(&mut self, line: &str) {
        if let Some(entry) = head(line) {
            self.close_items(0);
            if self.entries.len() < ENTRIES {
                self.entries.push(entry);
            }
        } else if let Some(rest) = line.strip_prefix(" -- ") {
            self.close_items(0);
            if let Some(entry) = self.entries.last_mut().filter(|entry| entry.date.is_none()) {
                entry.date = date(rest);
            }
        } else {
            self.body(line);
        }
    }

    fn body(&mut self, line: &str) {
        let text = line.trim();
        if text.is_empty() {
            return self.close_items(0);
        }
        let indent = line.len() - line.trim_start().len();
        if text.starts_with(['*', '-', '+']) || self.items.is_empty() {
            self.close_items(indent);
            self.items.push(Item { indent, ..Item::default() });
        }
        let Some(item) = self.items.last_mut() else { return };
        if item.words.len() < 4_000 {
            item.words.push_str(&text.to_ascii_lowercase());
            item.words.push(' ');
        }
        let ids = ids(text);
        if !ids.is_empty() && self.mentions < MENTIONS {
            self.mentions += 1;
            item.mentions.push(Mention { line: short(text), ids, doubtful: false });
        }
    }

    /// Closes the items that stand at `indent` or deeper, the deepest first.
    fn close_items(&mut self, indent: usize) {
        while self.items.last().is_some_and(|item| item.indent >= indent) {
            let Some(item) = self.items.pop() else { return };
            let denied = self.items.iter().any(|above| denies(&above.words));
            let doubtful = denied || denies(&item.words) || reverses(&item.words);
            let Some(entry) = self.entries.last_mut() else { continue };
            let mentions = item.mentions.into_iter().map(|mention| Mention { doubtful, ..mention });
            entry.mentions.extend(mentions);
        }
    }
}

/// `tool (1.0-1) unstable; urgency=medium`.
fn head(line: &str) -> Option<ChangelogEntry> {
    if !line.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let (name, rest) = line.split_once(" (")?;
    let (version, rest) = rest.split_once(')')?;
    let (distribution, _) = rest.split_once(';')?;
    let good =
        |text: &str| !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic());
    (good(name) && good(version)).then(|| ChangelogEntry {
        version: version.to_owned(),
        distribution: short(distribution.trim()),
        ..ChangelogEntry::default()
    })
}

/// What follows two blanks: `Name <address>  Mon, 02 Nov 2026 10:00:00 +0000`.
fn date(text: &str) -> Option<Timestamp> {
    let (_, date) = text.rsplit_once("  ").or_else(|| text.rsplit_once("> "))?;
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(date.trim()).ok()
}

fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_entries_with_suites_dates_and_ids() {
        let text = "expat (2.5.0-1+deb12u1) bookworm-security; urgency=medium\n\n  * Backport security fix for CVE-2024-45490: reject negative len for\n    XML_ParseBuffer() (closes: #1080149).\n\n -- Laszlo (GCS) <gcs@debian.org>  Sun, 08 Sep 2024 08:44:19 +0200\n";
        let changelog = Changelog::read(text);
        let entry = &changelog.entries()[0];
        assert_eq!((entry.version.as_str(), entry.distribution.as_str()), ("2.5.0-1+deb12u1", "bookworm-security"));
        assert_eq!(entry.date.unwrap().to_string(), "2024-09-08T06:44:19Z");
        assert_eq!(entry.mentions[0].ids, ["CVE-2024-45490"]);
    }

    #[test]
    fn doubt_spreads_over_an_item_and_what_stands_under_it() {
        let body = "  * Trixie is not
    affected by CVE-2026-1001.
  * Not affected:
    - CVE-2026-1002: x
    - CVE-2026-1003: y
  * Revert the change of last week:
    - CVE-2026-1004: z
  * Revert the fix for CVE-2026-1005.
  [ A Person ]
  * CVE-2026-1006
";
        let text = format!("a (1) sid; urgency=low\n\n{body}\n -- A <a>  nonsense\n");
        let changelog = Changelog::read(&text);
        let doubtful = |id: &str| {
            let entry = &changelog.entries()[0];
            entry.mentions.iter().find(|it| it.ids.iter().any(|other| other == id)).unwrap().doubtful
        };
        let found: Vec<bool> = (1001..=1006).map(|number| doubtful(&format!("CVE-2026-{number}"))).collect();
        assert_eq!(found, [true, true, true, false, true, false]);
        assert_eq!(changelog.entries()[0].date, None);
    }

    #[test]
    fn what_is_no_changelog_has_no_entries_and_what_is_endless_is_cut() {
        assert_eq!(Changelog::read("CVE-2026-1001\n * CVE-2026-1002\n"), Changelog::default());
        let long = format!("a (1) sid; x\n  * CVE-2026-1001 {}\n", "é".repeat(LIMIT));
        assert_eq!(Changelog::read(&long).entries()[0].mentions[0].line.chars().count(), LONGEST);
        let many = "a (1) sid; x\n".repeat(ENTRIES + 5);
        assert_eq!(Changelog::read(&many).entries().len(), ENTRIES);
    }

    proptest! {
        #[test]
        fn never_panics(text in "(a \\(1-1\\) sid; x\n| -- |A <a>  Mon, 02 Nov 2026 10:00:00 \\+0000|  \\* |    - |CVE-2026-1001|\n|é|.){0,40}") {
            let changelog = Changelog::read(&text);
            let _ = (changelog.fix("CVE-2026-1001", "1-1"), changelog.ids_between("1-1", &text));
        }
    }
}
