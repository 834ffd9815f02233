//! The history of an image, and of one vulnerability in it, as text for people.
//!
//! In: values of the ledger. Out: a table, or one table a record, in lines or Markdown. What nobody knows is called unknown.

use jiff::Timestamp;
use scan::{FixRecord, FixState};
use store::PublicationRecord;

use crate::output::Table;
use crate::shown::shown;

/// What was published, a reason a line.
pub(crate) fn publications(publications: &[PublicationRecord]) -> Table {
    let mut table = Table::new(["PUBLISHED", "INDEX", "TAGS", "WHY"]);
    for one in publications {
        let mut first = [moment(one.moments.tagged), one.index.short().to_owned(), one.tags.join(" ")];
        if one.reasons.is_empty() {
            let [at, index, tags] = first.clone();
            table.row([at, index, tags, "unknown".to_owned()]);
        }
        for reason in &one.reasons {
            let [at, index, tags] = std::mem::take(&mut first);
            table.row([at, index, tags, shown(&reason.line)]);
        }
    }
    table
}

/// How long the fix of a vulnerability took, in every stretch of time that an image had it.
pub(crate) fn fixes(image: &str, id: &str, records: &[FixRecord], in_markdown: bool) -> String {
    if records.is_empty() {
        let id = shown(id);
        return format!(
            "The ledger has nothing about {id} in {image}: no version that it affects was under its tags, or nobody knows of it.\n"
        );
    }
    let parts = records.iter().map(|record| {
        let table = moments(record);
        let (mark, rows) =
            if in_markdown { ("## ", format!("\n{}", table.to_markdown())) } else { ("", table.to_text()) };
        format!("{mark}{}\n{rows}", title(record))
    });
    parts.collect::<Vec<_>>().join("\n")
}

fn title(record: &FixRecord) -> String {
    let FixRecord { image, platform, id, source, .. } = record;
    let again = if record.occurrence > 1 { format!(", time {}", record.occurrence) } else { String::new() };
    let outcome = match (record.state, record.lag_seconds) {
        (FixState::Fixed, Some(lag)) => format!("fixed, {} from the archive to the tag", lasting(lag)),
        (FixState::Fixed, None) => "fixed, nobody knows how long it took".to_owned(),
        (FixState::Removed, _) => "gone with its source".to_owned(),
        (FixState::Open, _) => "open".to_owned(),
    };
    format!("{id} in {source} of {image} {platform}{again}: {outcome}")
}

fn moments(record: &FixRecord) -> Table {
    let mut table = Table::new(["MOMENT", "TIME", "WHAT"]);
    let mut row = |name: &str, at: Option<Timestamp>, what: String| {
        table.row([name.to_owned(), at.map_or_else(|| "unknown".to_owned(), moment), what]);
    };
    row("affected", Some(record.affected_at), format!("{} came under the tags", record.affected_version));
    row("sid", record.sid_at, "first version in sid without it".to_owned());
    row("archive", record.archive_at, archive(record));
    row("observed", record.observed_at, "we received that InRelease".to_owned());
    for (name, at) in [
        ("decided", record.decided_at),
        ("built", record.built_at),
        ("scanned", record.scanned_at),
        ("signed", record.signed_at),
    ] {
        if record.state != FixState::Open {
            row(name, at, String::new());
        }
    }
    match &record.turn {
        Some(turn) => {
            table.row(["tagged".to_owned(), "not yet".to_owned(), format!("whose turn: {}", shown(&turn.to_string()))]);
        }
        None => row("tagged", record.tagged_at, tagged(record)),
    }
    let date = record.notice_date.map_or_else(|| "unknown".to_owned(), |date| date.to_string());
    let notice = record.notice.clone().unwrap_or_else(|| "no advisory of Debian's is known".to_owned());
    table.row(["advisory".to_owned(), date, notice]);
    table
}

fn archive(record: &FixRecord) -> String {
    let fixed = match (&record.fixed_version, record.evidence) {
        (Some(version), Some(evidence)) => format!("; fixed in {version}, says the {evidence}"),
        _ => "; nobody names a fixed version".to_owned(),
    };
    let bound = record.archive_after.map_or_else(String::new, |after| format!(", not yet on {}", moment(after)));
    match (&record.archive_version, &record.archive_suite) {
        (Some(version), Some(suite)) if record.archive_at.is_some() => format!("{version} in {suite}{bound}{fixed}"),
        (Some(version), Some(suite)) => format!("{version} was in {suite} before anybody watched{fixed}"),
        _ => format!("no suite of the release has a fix{fixed}"),
    }
}

fn tagged(record: &FixRecord) -> String {
    let version = record.published_version.as_deref().unwrap_or("without that source");
    let index = record.index.as_ref().map_or_else(String::new, |index| format!(", index {index}"));
    format!("{version}{index}")
}

/// A time as people read it, to the second.
pub(crate) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A length of time in its two largest units.
pub(crate) fn lasting(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3_600, seconds % 3_600 / 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{} s", seconds % 60),
        (0, 0, _) => format!("{minutes} min {} s", seconds % 60),
        (0, ..) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history_fixtures::{fixed, open, publication};

    #[test]
    fn publications_are_told_with_all_their_reasons() {
        let text = "  PUBLISHED            INDEX         TAGS       WHY\n  \
                    2026-11-10 12:00:00  0dd4e9a1a2e2  3 latest   openssl 1 → 2 (trixie-security)\n                                                  \
                    definition changed\n  2026-11-09 12:00:00  0dd4e9a1a2e2  3 latest   unknown\n";
        let told = publications(&[
            publication("2026-11-10T12:00:00Z", &["openssl 1 → 2 (trixie-security)", "definition changed"]),
            publication("2026-11-09T12:00:00Z", &[]),
        ]);
        let digest = blob::Digest::of("index").short().to_owned();
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&told.to_text()), squeezed(&text.replace("0dd4e9a1a2e2", &digest)));
    }

    #[test]
    fn a_fix_is_told_moment_by_moment() {
        let index = blob::Digest::of("index");
        let wanted = format!(
            "CVE-2026-1 in openssl of base linux/amd64: fixed, 6 h 30 min from the archive to the tag
  MOMENT    TIME                 WHAT
  affected  2026-09-01 12:00:00  3.5-1 came under the tags
  sid       unknown              first version in sid without it
  archive   2026-09-12 06:00:00  3.5-1+deb13u1 in trixie-security, not yet on 2026-09-12 00:00:00; fixed in 3.5-1+deb13u1, says the tracker
  observed  2026-09-12 06:20:00  we received that InRelease
  decided   2026-09-12 12:00:00
  built     2026-09-12 12:10:00
  scanned   unknown
  signed    2026-09-12 12:20:00
  tagged    2026-09-12 12:30:00  3.5-1+deb13u1, index {index}
  advisory  2026-09-11           DSA-6531-1
"
        );
        assert_eq!(fixes("base", "CVE-2026-1", &[fixed()], false), wanted);
    }

    #[test]
    fn an_open_fix_says_whose_turn_it_is_and_what_nobody_knows() {
        let wanted = "## CVE-2026-1 in openssl of base linux/amd64, time 2: open

| MOMENT | TIME | WHAT |
| --- | --- | --- |
| affected | 2026-09-01 12:00:00 | 3.5-1 came under the tags |
| sid | unknown | first version in sid without it |
| archive | unknown | no suite of the release has a fix; nobody names a fixed version |
| observed | unknown | we received that InRelease |
| tagged | not yet | whose turn: Debian's: no suite of the release has a fix |
| advisory | unknown | no advisory of Debian's is known |
";
        assert_eq!(fixes("base", "CVE-2026-1", &[open()], true), wanted);
        let none = fixes("base", "CVE-2026-9", &[], false);
        assert!(none.starts_with("The ledger has nothing about CVE-2026-9 in base: "), "{none}");
    }

    #[test]
    fn lengths_have_two_units() {
        let lengths = [0, 59, 61, 3_600, 86_399, 86_400, 9 * 86_400 + 7_199].map(lasting);
        assert_eq!(lengths, ["0 s", "59 s", "1 min 1 s", "1 h 0 min", "23 h 59 min", "1 d 0 h", "9 d 1 h"]);
    }
}
