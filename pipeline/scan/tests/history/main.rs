//! Four months of real changes, replayed: after each event exactly its rows are the changes, and the end is what the last state reads as.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop")]

mod data;
mod replay;

use std::collections::BTreeSet;

use scan::{Advisories, RowKey};

use data::{Rows, apply, begin, built, events};

/// The rows of some sources.
fn near(rows: &Rows, sources: &BTreeSet<String>) -> Advisories {
    let of = |source: &String| {
        let first = RowKey { source: source.clone(), release: String::new(), id: String::new() };
        let source = source.clone();
        rows.range(first..).take_while(move |(key, _)| key.source == source)
    };
    built(sources.iter().flat_map(of))
}

#[test]
fn after_each_real_event_exactly_its_rows_are_the_changes() {
    let mut rows = begin();
    let (mut count, mut changed) = (0, 0);
    for event in events() {
        let sources = event["changes"].as_array().unwrap().iter();
        let sources = sources.map(|change| change["source"].as_str().unwrap().to_owned()).collect();
        let before = near(&rows, &sources);
        let expected = apply(&mut rows, &event);
        let after = near(&rows, &sources);
        assert_eq!(after.changes_since(&before), expected);
        assert_eq!(before.changes_since(&after), expected);
        (count, changed) = (count + 1, changed + expected.len());
    }
    assert_eq!((count, changed), (343, 9_263));
}

#[test]
fn between_whole_states_exactly_the_rows_that_differ_are_the_changes() {
    let (mut rows, mut events) = (begin(), events());
    let mut advisories = built(rows.iter());
    while !events.is_empty() {
        let before = rows.clone();
        for event in events.drain(..events.len().min(120)) {
            apply(&mut rows, &event);
        }
        let keys: BTreeSet<&RowKey> = before.keys().chain(rows.keys()).collect();
        let expected: Vec<_> = keys.into_iter().filter(|key| before.get(key) != rows.get(key)).cloned().collect();
        let after = built(rows.iter());
        assert_eq!(after.changes_since(&advisories), expected);
        advisories = after;
    }
    let reversed = built(rows.iter().rev());
    assert!(advisories.changes_since(&reversed).is_empty(), "the order in which rows come says nothing");
    assert!(advisories.all().eq(reversed.all()));
}

#[test]
fn the_stored_index_gives_back_every_row_and_no_change() {
    let advisories = built(begin().iter());
    let bytes = advisories.to_index();
    let read = Advisories::from_index(bytes.clone()).unwrap();
    assert!(read.all().eq(advisories.all()));
    assert!(read.by_id("CVE-2004-0230").eq(advisories.by_id("CVE-2004-0230")));
    assert_eq!(read.by_id("CVE-2004-0230").count(), 2);
    assert!(read.changes_since(&advisories).is_empty());
    assert_eq!(read.to_index(), bytes);
    assert_eq!(read.changes_since(&Advisories::default()).len(), 62_267);
}
