//! Four months of real changes, replayed: after each event exactly its rows are the changes, and the end is what the last state reads as.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop")]

use std::collections::{BTreeMap, BTreeSet};

use scan::{Advisories, AdvisoriesBuilder, AdvisoryRow, RowKey, RowStatus};
use serde::Deserialize;

/// (fixed version, urgency).
type Said = (Option<String>, String);

#[derive(Deserialize)]
struct State {
    /// (id, source, release, fixed version, urgency).
    rows: Vec<(String, String, String, Option<String>, String)>,
}

#[derive(Deserialize)]
struct Event {
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Change {
    cve: String,
    source: String,
    release: String,
    old: Option<Said>,
    new: Option<Said>,
}

fn unpacked(bytes: &[u8]) -> String {
    String::from_utf8(zstd::decode_all(bytes).unwrap()).unwrap()
}

fn begin() -> BTreeMap<RowKey, Said> {
    let state: State = serde_json::from_str(&unpacked(include_bytes!("history/state-2024-10-01.json.zst"))).unwrap();
    let row = |(id, source, release, fixed, urgency)| (RowKey { source, release, id }, (fixed, urgency));
    state.rows.into_iter().map(row).collect()
}

fn events() -> Vec<Event> {
    let lines = unpacked(include_bytes!("history/events-2024-10_2025-02.jsonl.zst"));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn built<'a>(rows: impl Iterator<Item = (&'a RowKey, &'a Said)>) -> Advisories {
    let mut builder = AdvisoriesBuilder::default();
    for (RowKey { source, release, id }, (fixed, urgency)) in rows {
        let row = AdvisoryRow {
            source,
            id,
            release,
            status: fixed.as_ref().map_or(RowStatus::Open, |_| RowStatus::Resolved),
            urgency,
            fixed_version: fixed.as_deref(),
            no_dsa: None,
            next_point_update: false,
            repositories: Vec::new(),
            description: None,
            scope: None,
            debian_bug: None,
        };
        builder.add(&row).unwrap();
    }
    builder.finish().unwrap()
}

/// Applies an event. The rows that it changes.
fn apply(rows: &mut BTreeMap<RowKey, Said>, event: Event) -> Vec<RowKey> {
    let mut keys = BTreeSet::new();
    for Change { cve, source, release, old, new } in event.changes {
        let key = RowKey { source, release, id: cve };
        let held = match new {
            Some(new) => rows.insert(key.clone(), new),
            None => rows.remove(&key),
        };
        assert_eq!(held, old, "{key:?}");
        assert!(keys.insert(key));
    }
    keys.into_iter().collect()
}

/// The rows of some sources.
fn near(rows: &BTreeMap<RowKey, Said>, sources: &BTreeSet<String>) -> Advisories {
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
        let sources = event.changes.iter().map(|change| change.source.clone()).collect();
        let before = near(&rows, &sources);
        let expected = apply(&mut rows, event);
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
            apply(&mut rows, event);
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
