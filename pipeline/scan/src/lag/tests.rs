//! Months of invented history; every lag was worked out by hand.

use super::*;

fn time(text: &str) -> jiff::Timestamp {
    format!("2026-{text}:00:00Z").parse().unwrap()
}

/// Publications of `2026-MM-DDTHH`, a version or `-`.
fn publications(list: &[(&str, &str)]) -> Vec<PublishedVersion> {
    let published = |(at, version): &(&str, &str)| {
        let tagged = time(at);
        let moments = Moments { decided: None, built: Some(tagged), scanned: None, signed: None, tagged };
        PublishedVersion { index: Digest::of(at), moments, version: version.parse().ok() }
    };
    list.iter().map(published).collect()
}

/// Versions of a suite, and when they came (empty: nobody knows).
fn archive(list: &[(&str, &str, &str)]) -> Vec<ArchiveMoment> {
    let moment = |(suite, version, since): &(&str, &str, &str)| ArchiveMoment {
        version: version.parse().unwrap(),
        suite: (*suite).to_owned(),
        since: (!since.is_empty()).then(|| time(since)),
        after: None,
        observed: (!since.is_empty()).then(|| time(since)),
    };
    list.iter().map(moment).collect()
}

const TAGS: [(&str, &str); 8] = [
    ("09-01T12", "3.5-1"),
    ("09-12T12", "3.5-1+deb13u1"),
    ("10-20T12", "3.5-1+deb13u2"),
    ("10-25T12", "3.5-1+deb13u1"),
    ("10-26T12", "3.5-1+deb13u2"),
    ("11-10T12", "3.5-1+deb13u4"),
    ("11-15T12", "-"),
    ("11-20T12", "3.5-1+deb13u4"),
];

const ARCHIVE: [(&str, &str, &str); 6] = [
    ("trixie", "3.5-1", ""),
    ("trixie-security", "3.5-1+deb13u1", "09-12T06"),
    ("trixie-security", "3.5-1+deb13u2", "10-19T12"),
    ("trixie-security", "3.5-1+deb13u3", "11-01T12"),
    ("trixie-security", "3.5-1+deb13u4", "11-09T22"),
    ("trixie", "3.5-1+deb13u2", "11-14T10"),
];

/// The records as lines: occurrence, state, versions, the archive's time, lag in hours, turn.
fn lines(fixed: Option<&str>, hindrance: Option<&Turn>) -> Vec<String> {
    let publications = publications(&TAGS);
    let history = SourceHistory {
        image: "base",
        platform: "linux/amd64",
        source: "openssl",
        publications: &publications,
        hindrance,
    };
    let fixed: Option<Version> = fixed.map(|text| text.parse().unwrap());
    let fix = KnownFix {
        id: "CVE-1",
        fixed: fixed.as_ref().map(|it| (it, FixEvidence::Tracker)),
        sid_fixed: None,
        notice: None,
    };
    let records = fix_records(&history, &fix, &ArchiveHistory { release: &archive(&ARCHIVE), sid: &[] });
    let line = |it: &FixRecord| {
        let to = it.published_version.as_deref().unwrap_or("-");
        let since = it.archive_at.map_or("unknown".to_owned(), |at| at.to_string());
        let lag = it.lag_seconds.map_or("unknown".to_owned(), |lag| format!("{} h", lag / 3600));
        let turn = it.turn.as_ref().map_or("nobody's".to_owned(), ToString::to_string);
        format!("{} {}: {} to {to}, archive {since}, lag {lag}, {turn}", it.occurrence, it.state, it.affected_version)
    };
    records.iter().map(line).collect()
}

#[test]
fn a_fix_is_as_old_as_its_first_version_in_the_archive() {
    let wanted = ["1 fixed: 3.5-1 to 3.5-1+deb13u1, archive 2026-09-12T06:00:00Z, lag 6 h, nobody's"];
    assert_eq!(lines(Some("3.5-1+deb13u1"), None), wanted);
    // The version in between was never published: the clock started with it all the same.
    let wanted = "1 fixed: 3.5-1 to 3.5-1+deb13u4, archive 2026-11-01T12:00:00Z, lag 216 h, nobody's";
    assert_eq!(lines(Some("3.5-1+deb13u3"), None)[0], wanted);
}

#[test]
fn tags_that_went_back_open_another_record_which_counts_from_then() {
    let wanted = [
        "1 fixed: 3.5-1 to 3.5-1+deb13u2, archive 2026-10-19T12:00:00Z, lag 24 h, nobody's",
        "2 fixed: 3.5-1+deb13u1 to 3.5-1+deb13u2, archive 2026-10-19T12:00:00Z, lag 24 h, nobody's",
    ];
    assert_eq!(lines(Some("3.5-1+deb13u2"), None), wanted);
}

#[test]
fn what_the_archive_lacks_is_debians_turn_and_a_source_that_went_ends_it() {
    let removed = "1 removed: 3.5-1 to -, archive unknown, lag unknown, nobody's";
    let open = "2 open: 3.5-1+deb13u4 to -, archive unknown, lag unknown, Debian's: no suite of the release has a fix";
    let blocked = Turn::Blocked { reason: "x".into() };
    for fixed in [Some("3.5-1+deb13u5"), None] {
        assert_eq!(lines(fixed, Some(&blocked)), [removed, open]);
    }
}

#[test]
fn an_image_that_never_had_a_lower_version_has_no_record() {
    assert_eq!(lines(Some("3.5-1"), None), [""; 0]);
    assert_eq!(lines(Some("0"), None), [""; 0]);
}

#[test]
fn what_was_there_before_anybody_watched_has_no_lag() {
    let (tags, moments) = (
        publications(&[("09-01T12", "1"), ("09-02T12", "3")]),
        archive(&[("trixie", "2", ""), ("trixie", "3", "09-02T00")]),
    );
    let history = SourceHistory { image: "i", platform: "p", source: "s", publications: &tags, hindrance: None };
    let fixed = "2".parse().unwrap();
    let fix =
        KnownFix { id: "CVE-1", fixed: Some((&fixed, FixEvidence::Changelog)), sid_fixed: Some(&fixed), notice: None };
    let sid = archive(&[("sid", "2", "08-01T00")]);
    let record = &fix_records(&history, &fix, &ArchiveHistory { release: &moments, sid: &sid })[0];
    assert_eq!((record.state, record.archive_at, record.lag_seconds), (FixState::Fixed, None, None));
    assert_eq!(
        (record.sid_at, record.built_at, record.tagged_at),
        (Some(time("08-01T00")), Some(time("09-02T12")), Some(time("09-02T12")))
    );
    assert_eq!((record.archive_version.as_deref(), record.evidence), (Some("2"), Some(FixEvidence::Changelog)));
}

#[test]
fn an_open_fix_has_an_age_and_somebodys_turn() {
    let tags = publications(&[("11-01T00", "1"), ("11-05T00", "2"), ("11-09T00", "1")]);
    let moments = archive(&[("trixie-security", "2", "11-03T00")]);
    let blocked = Turn::Blocked { reason: "the gate refuses it".into() };
    let fixed = "2".parse().unwrap();
    let fix = KnownFix { id: "CVE-1", fixed: Some((&fixed, FixEvidence::Tracker)), sid_fixed: None, notice: None };
    for (until, hindrance, hours, turn) in
        [(1, None, 7 * 24, "ours: the archive has the fix"), (3, Some(&blocked), 24, "blocked: the gate refuses it")]
    {
        let history = SourceHistory { image: "i", platform: "p", source: "s", publications: &tags[..until], hindrance };
        let records = fix_records(&history, &fix, &ArchiveHistory { release: &moments, sid: &[] });
        let record = records.last().unwrap();
        assert_eq!(record.age(time("11-10T00")), Some(std::time::Duration::from_hours(hours)), "{until}");
        assert_eq!(record.turn.as_ref().unwrap().to_string(), turn);
    }
}

#[test]
fn a_clock_that_is_wrong_gives_no_lag() {
    let tags = publications(&[("11-01T00", "1"), ("11-02T00", "2")]);
    let moments = archive(&[("trixie", "2", "11-03T00")]);
    let fixed = "2".parse().unwrap();
    let fix = KnownFix { id: "CVE-1", fixed: Some((&fixed, FixEvidence::Tracker)), sid_fixed: None, notice: None };
    let history = SourceHistory { image: "i", platform: "p", source: "s", publications: &tags, hindrance: None };
    let records = fix_records(&history, &fix, &ArchiveHistory { release: &moments, sid: &[] });
    assert_eq!((records[0].state, records[0].lag_seconds), (FixState::Fixed, None));
}
