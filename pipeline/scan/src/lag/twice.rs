//! The same lags by a second, naive way: hour by hour, with small numbers in place of versions.

use jiff::Timestamp;
use proptest::prelude::*;

use super::*;

/// Hours that are played.
const HOURS: i64 = 60;

fn time(hour: i64) -> Timestamp {
    Timestamp::from_second(hour * 3600).unwrap()
}

fn version(number: u8) -> Version {
    format!("1-{number}").parse().unwrap()
}

/// What is told of a record: start, end, whether it ended in a fix, lag in hours.
type Stretch = (i64, Option<i64>, bool, Option<i64>);

/// Walks through every hour, and asks at each what the tags hold and what the archive has had.
fn naive(tags: &[(i64, Option<u8>)], archive: &[(Option<i64>, u8)], fixed: u8) -> Vec<Stretch> {
    let held = |hour: i64| tags.iter().rev().find(|(at, _)| *at <= hour).and_then(|(_, version)| *version);
    let affected = |hour: i64| held(hour).is_some_and(|version| version < fixed);
    let unseen = archive.iter().any(|(since, version)| since.is_none() && *version >= fixed);
    let available = |hour: i64| {
        archive.iter().any(|(since, version)| since.is_some_and(|since| since <= hour) && *version >= fixed)
    };
    let mut stretches: Vec<Stretch> = Vec::new();
    for start in (0..=HOURS).filter(|hour| affected(*hour) && !affected(hour - 1)) {
        let end = (start..=HOURS).find(|hour| !affected(*hour));
        let is_fix = end.is_some_and(|end| held(end).is_some());
        let from = if stretches.is_empty() { 0 } else { start };
        let counted = (from..=HOURS).find(|hour| available(*hour));
        let lag =
            counted.zip(end).filter(|_| is_fix && !unseen).map(|(counted, end)| end - counted).filter(|lag| *lag >= 0);
        stretches.push((start, end, is_fix, lag));
    }
    stretches
}

fn by_records(tags: &[(i64, Option<u8>)], archive: &[(Option<i64>, u8)], fixed: u8) -> Vec<Stretch> {
    let published = |(hour, number): &(i64, Option<u8>)| PublishedVersion {
        index: Digest::of("x"),
        moments: Moments { decided: None, built: None, scanned: None, signed: None, tagged: time(*hour) },
        version: number.map(version),
    };
    let moment = |(since, number): &(Option<i64>, u8)| ArchiveMoment {
        version: version(*number),
        suite: "trixie".into(),
        since: since.map(time),
        after: None,
        observed: None,
    };
    let publications: Vec<_> = tags.iter().map(published).collect();
    let release: Vec<_> = archive.iter().map(moment).collect();
    let history =
        SourceHistory { image: "i", platform: "p", source: "s", publications: &publications, hindrance: None };
    let fixed = version(fixed);
    let fix = KnownFix { id: "CVE-1", fixed: Some((&fixed, FixEvidence::Tracker)), sid_fixed: None, notice: None };
    let hour = |at: Timestamp| at.as_second() / 3600;
    let stretch = |it: FixRecord| {
        (
            hour(it.affected_at),
            it.tagged_at.map(hour),
            it.state == FixState::Fixed,
            it.lag_seconds.map(|lag| lag / 3600),
        )
    };
    fix_records(&history, &fix, &ArchiveHistory { release: &release, sid: &[] }).into_iter().map(stretch).collect()
}

proptest! {
    #[test]
    fn two_ways_give_the_same_lags(
        tags in prop::collection::btree_map(0..HOURS, prop::option::weighted(0.8, 0_u8..6), 0..9),
        archive in prop::collection::vec((prop::option::weighted(0.9, 0..HOURS), 0_u8..6), 0..7),
        fixed in 0_u8..7,
    ) {
        let tags: Vec<_> = tags.into_iter().collect();
        prop_assert_eq!(by_records(&tags, &archive, fixed), naive(&tags, &archive, fixed));
    }
}
