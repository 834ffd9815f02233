//! Walks the tracker's JSON from source to id to release, and hands each row to the builder; nothing else is kept.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};

use super::record::Issue;
use super::text::Text;
use crate::advisory::AdvisoriesBuilder;

/// An id has rows for fewer releases than this, and a release fewer suites.
const NAMES_LIMIT: usize = 64;

/// The whole file.
pub(super) struct Sources<'b>(pub(super) &'b mut AdvisoriesBuilder);

/// The ids of one source.
struct Issues<'b, 's> {
    builder: &'b mut AdvisoriesBuilder,
    source: &'s str,
}

/// A small object whose keys are names: (name, value) in the file's order, each name once.
pub(super) struct Named<'a, T>(pub(super) Vec<(Text<'a>, T)>);

impl<'de> DeserializeSeed<'de> for Sources<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Sources<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are source packages")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(source) = map.next_key::<Text<'de>>()? {
            let issues = Issues { builder: self.0, source: source.as_str() };
            map.next_value_seed(issues).map_err(|error| at(&source, &error))?;
            once(&mut seen, source)?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Issues<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Issues<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are ids such as CVE-2026-1234")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(id) = map.next_key::<Text<'de>>()? {
            let issue: Issue<'de> = map.next_value().map_err(|error| at(&id, &error))?;
            for (release, it) in &issue.releases.0 {
                let row = issue.row(self.source, id.as_str(), release, it);
                self.builder.add(&row).map_err(|error| at(&id, &at::<A::Error>(release, &error)))?;
            }
            once(&mut seen, id)?;
        }
        Ok(())
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Named<'a, T> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
        json.deserialize_map(NamedVisitor(PhantomData)).map(Named)
    }
}

struct NamedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<T> {
    type Value = Vec<(Text<'de>, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object whose keys are releases or suites")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut all: Vec<(Text<'de>, T)> = Vec::new();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            if all.len() == NAMES_LIMIT {
                return Err(at(&name, &format!("more than {NAMES_LIMIT} releases or suites")));
            }
            if all.iter().any(|(other, _)| *other == name) {
                return Err(at(&name, &"this key is there twice"));
            }
            let value = map.next_value().map_err(|error| at(&name, &error))?;
            all.push((name, value));
        }
        Ok(all)
    }
}

/// Serde's text for an error ends with its line and column, and takes them from there again.
fn at<E: Error>(name: &Text<'_>, error: &impl Display) -> E {
    E::custom(format!("{}: {error}", name.as_str()))
}

fn once<'a, E: Error>(seen: &mut BTreeSet<Text<'a>>, name: Text<'a>) -> Result<(), E> {
    if seen.contains(&name) {
        return Err(at(&name, &"this key is there twice"));
    }
    seen.insert(name);
    Ok(())
}
