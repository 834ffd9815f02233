//! The ranges of an OSV record, folded while they are read: the version that fixes, or that nothing does.

use std::fmt;

use debian::Version;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use crate::tracker::Text;

/// What all ranges of a package say together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Ranges<'a> {
    /// How many ranges of versions there were.
    pub(super) count: usize,
    /// A range ends without a fix.
    pub(super) open: bool,
    /// The highest version that ends a range.
    pub(super) fixed: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Range<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    #[serde(borrow, default)]
    events: Events<'a>,
}

#[derive(Default)]
struct Events<'a> {
    open: bool,
    fixed: Option<Text<'a>>,
}

/// The higher of two versions; of two that cannot be compared the second.
pub(super) fn higher<'v>(one: &'v str, other: &'v str) -> &'v str {
    let versions = one.parse::<Version>().ok().zip(other.parse::<Version>().ok());
    if versions.is_some_and(|(one, other)| one > other) { one } else { other }
}

/// Keeps the higher of what is held and what comes.
fn raise<'a>(held: &mut Option<Text<'a>>, new: Text<'a>) {
    if held.as_ref().is_none_or(|held| higher(held.as_str(), new.as_str()) == new.as_str()) {
        *held = Some(new);
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Ranges<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(RangesVisitor)
    }
}

struct RangesVisitor;

impl<'de> Visitor<'de> for RangesVisitor {
    type Value = Ranges<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of ranges")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut ranges: A) -> Result<Self::Value, A::Error> {
        let mut all = Ranges::default();
        while let Some(Range { kind, events }) = ranges.next_element::<Range<'de>>()? {
            if kind.as_str() != "ECOSYSTEM" {
                continue;
            }
            all.count += 1;
            all.open |= events.open;
            if let Some(fixed) = events.fixed {
                raise(&mut all.fixed, fixed);
            }
        }
        Ok(all)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Events<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_seq(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut events: A) -> Result<Self::Value, A::Error> {
        let mut all = Events::default();
        while let Some(Event { introduced, fixed }) = events.next_element::<Event<'de>>()? {
            all.open |= introduced;
            if let Some(fixed) = fixed {
                all.open = false;
                raise(&mut all.fixed, fixed);
            }
        }
        Ok(all)
    }
}

/// `{"introduced": "0"}`, `{"fixed": "1.2"}`. What `last_affected` and `limit` say is no version with a fix.
#[derive(Default)]
struct Event<'a> {
    introduced: bool,
    fixed: Option<Text<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Event<'a> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(EventVisitor)
    }
}

struct EventVisitor;

impl<'de> Visitor<'de> for EventVisitor {
    type Value = Event<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event such as {\"fixed\": \"1.2\"}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut event = Event::default();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match key.as_str() {
                "introduced" => event.introduced = map.next_value::<Text<'de>>().map(|_| true)?,
                "fixed" => event.fixed = Some(map.next_value()?),
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(event)
    }
}
