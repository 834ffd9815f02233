//! Compares two images or locks: packages, files, configuration, layers. What is the same on several platforms is said once.
//!
//! In: two [`Side`]s. Out: a [`Comparison`]. Nothing is read here.

use std::collections::{BTreeMap, BTreeSet};

#[cfg(test)]
use blob::Digest;
use plan::VersionChange;

#[cfg(test)]
use crate::comparison::PlatformSide;
use crate::comparison::{
    Change, Comparison, FileChange, ImageFacts, LayerFact, LayerPair, Named, Package, Platforms, Side, SizeChange,
    Sizes, ValueChange,
};
use crate::layer_files::FileFact;

/// Compares two sides on the platforms that both have.
pub(crate) fn compare(from: &Side, to: &Side) -> Comparison {
    let both: Vec<&String> = from.platforms.keys().filter(|name| to.platforms.contains_key(*name)).collect();
    let pairs: Vec<_> = both.iter().map(|name| (name.as_str(), &from.platforms[*name], &to.platforms[*name])).collect();
    let images: Option<Vec<_>> =
        pairs.iter().map(|(name, from, to)| Some((*name, from.image.as_ref()?, to.image.as_ref()?))).collect();
    let only = |one: &Side, other: &Side| {
        one.platforms.keys().filter(|name| !other.platforms.contains_key(*name)).cloned().collect::<Vec<_>>()
    };
    let mut comparison = Comparison {
        schema: "bedplate.diff/v1",
        from: Named { name: from.name.clone(), digest: from.digest.clone() },
        to: Named { name: to.name.clone(), digest: to.digest.clone() },
        different: false,
        platforms: Platforms {
            both: both.into_iter().cloned().collect(),
            only_from: only(from, to),
            only_to: only(to, from),
        },
        definition_changed: from.definition.as_ref().zip(to.definition.as_ref()).map(|(from, to)| from != to),
        packages: grouped(pairs.iter().map(|(name, from, to)| (*name, packages(&from.packages, &to.packages)))),
        files: images.as_ref().map(|all| grouped(all.iter().map(|(name, from, to)| (*name, files(from, to))))),
        config: images.as_ref().map(|all| grouped(all.iter().map(|(name, from, to)| (*name, values(from, to))))),
        sizes: images.map(|all| all.into_iter().map(|(name, from, to)| (name.to_owned(), sizes(from, to))).collect()),
    };
    comparison.different = is_different(&comparison);
    comparison
}

fn is_different(comparison: &Comparison) -> bool {
    let Comparison { platforms, definition_changed, packages, files, config, sizes, .. } = comparison;
    !platforms.only_from.is_empty()
        || !platforms.only_to.is_empty()
        || *definition_changed == Some(true)
        || !packages.is_empty()
        || files.as_ref().is_some_and(|files| !files.is_empty())
        || config.as_ref().is_some_and(|config| !config.is_empty())
        || sizes.iter().flatten().any(|(_, size)| size.layers.iter().any(|layer| !layer.shared))
}

/// The same change on several platforms becomes one.
fn grouped<'p, C: Ord>(found: impl Iterator<Item = (&'p str, Vec<(String, C)>)>) -> Vec<Change<C>> {
    let mut all: BTreeMap<(String, C), BTreeSet<&str>> = BTreeMap::new();
    for (platform, changes) in found {
        for change in changes {
            all.entry(change).or_default().insert(platform);
        }
    }
    let change = |((name, what), platforms): ((String, C), BTreeSet<&str>)| Change {
        name,
        what,
        platforms: platforms.into_iter().map(str::to_owned).collect(),
    };
    all.into_iter().map(change).collect()
}

/// What is in one map or both, with `None` where it is not.
fn pairs<'m, K: Ord, V>(
    from: &'m BTreeMap<K, V>,
    to: &'m BTreeMap<K, V>,
) -> impl Iterator<Item = (&'m K, Option<&'m V>, Option<&'m V>)> {
    let gone = from.iter().map(|(key, value)| (key, Some(value), to.get(key)));
    let new = to.iter().filter(|(key, _)| !from.contains_key(*key)).map(|(key, value)| (key, None, Some(value)));
    gone.chain(new)
}

fn packages(from: &BTreeMap<String, Package>, to: &BTreeMap<String, Package>) -> Vec<(String, VersionChange)> {
    let change = |from: Option<&Package>, to: Option<&Package>| match (from, to) {
        (None, Some(to)) => Some(VersionChange::Added { version: to.version.clone() }),
        (Some(from), None) => Some(VersionChange::Removed { version: from.version.clone() }),
        (Some(from), Some(to)) if from.version != to.version => {
            Some(VersionChange::Changed { from: from.version.clone(), to: to.version.clone() })
        }
        (Some(from), Some(to)) => {
            let other_bytes = from.sha256.as_ref().zip(to.sha256.as_ref()).is_some_and(|(from, to)| from != to);
            other_bytes.then(|| VersionChange::Replaced { version: to.version.clone() })
        }
        (None, None) => None,
    };
    pairs(from, to).filter_map(|(name, from, to)| Some((name.clone(), change(from, to)?))).collect()
}

fn files(from: &ImageFacts, to: &ImageFacts) -> Vec<(String, FileChange)> {
    let change = |from: Option<&FileFact>, to: Option<&FileFact>| match (from.cloned(), to.cloned()) {
        (None, Some(to)) => Some(FileChange::Added { to }),
        (Some(from), None) => Some(FileChange::Removed { from }),
        (Some(from), Some(to)) if from != to => Some(FileChange::Changed { from, to }),
        _ => None,
    };
    pairs(&from.files, &to.files).filter_map(|(path, from, to)| Some((path.to_string(), change(from, to)?))).collect()
}

fn values(from: &ImageFacts, to: &ImageFacts) -> Vec<(String, ValueChange)> {
    let different = pairs(&from.config, &to.config).filter(|(_, from, to)| from != to);
    different.map(|(name, from, to)| (name.clone(), ValueChange { from: from.cloned(), to: to.cloned() })).collect()
}

fn sizes(from: &ImageFacts, to: &ImageFacts) -> SizeChange {
    let sum = |layers: &[LayerFact]| Sizes {
        compressed: layers.iter().map(|layer| layer.compressed).sum(),
        uncompressed: layers.iter().map(|layer| layer.uncompressed).sum(),
    };
    SizeChange { from: sum(&from.layers), to: sum(&to.layers), layers: layers(&from.layers, &to.layers) }
}

/// Layers are the same wherever they lie; those that one side lacks are paired in their order.
fn layers(from: &[LayerFact], to: &[LayerFact]) -> Vec<LayerPair> {
    let shared = from.iter().filter(|layer| to.contains(layer));
    let pair = |layer: &LayerFact| LayerPair { shared: true, from: Some(layer.clone()), to: Some(layer.clone()) };
    let mut pairs: Vec<LayerPair> = shared.map(pair).collect();
    let mut gone = from.iter().filter(|layer| !to.contains(layer)).cloned();
    let mut new = to.iter().filter(|layer| !from.contains(layer)).cloned();
    loop {
        match (gone.next(), new.next()) {
            (None, None) => return pairs,
            (from, to) => pairs.push(LayerPair { shared: false, from, to }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::image_source::{find, read};
    use crate::layer_fixtures::{Layer, record, write_layout};

    /// Compares two layouts of two platforms, given as their layers.
    fn layouts(from: &[Vec<u8>], to: &[Vec<u8>]) -> Comparison {
        let both = ["linux/amd64", "linux/arm64"];
        let folders = [from, to].map(|layers| {
            let folder = tempfile::tempdir().unwrap();
            write_layout(folder.path(), &both, layers, |config| {
                config.config.env = vec![format!("LAYERS={}", layers.len())];
            });
            folder
        });
        let names = [0, 1].map(|side| folders[side].path().display().to_string());
        let source = |name| find(name, Path::new("/nowhere")).unwrap();
        let [from, to] = read([(&names[0], source(&names[0])), (&names[1], source(&names[1]))]).unwrap();
        compare(&from, &to)
    }

    fn lock_side(packages: &[(&str, &str, &str)]) -> Side {
        let package = |(name, version, bytes): &(&str, &str, &str)| {
            let sha256 = Some(Digest::of(bytes));
            ((*name).to_owned(), Package { version: (*version).into(), source: (*name).into(), sha256 })
        };
        let platform = PlatformSide { packages: packages.iter().map(package).collect(), image: None };
        let platforms = BTreeMap::from([("linux/amd64".to_owned(), platform)]);
        Side { name: "x".into(), digest: None, definition: Some(Digest::of("d")), platforms }
    }

    #[test]
    fn says_a_change_of_two_platforms_once() {
        let layer = |version| Layer::default().file("var/lib/dpkg/status.d/a", &record("a", version)).bytes();
        let found = layouts(&[layer("1")], &[layer("2")]);
        assert_eq!(found.packages.len(), 1);
        assert_eq!(found.packages[0].what.to_string(), "1 → 2");
        assert_eq!(found.packages[0].platforms, ["linux/amd64", "linux/arm64"]);
        assert!(found.different);
    }

    #[test]
    fn sees_files_added_removed_and_changed_in_mode() {
        let from = Layer::default().file("gone", b"x").entry("mode", tar::EntryType::Regular, 0o600, b"x").bytes();
        let to = Layer::default().file("mode", b"x").file("new", b"xy").bytes();
        let files = layouts(&[from], &[to]).files.unwrap();
        let kinds = files.iter().map(|file| (file.name.as_str(), &file.what));
        let kinds = kinds.map(|(name, change)| (name, serde_json::to_value(change).unwrap()["kind"].clone()));
        assert_eq!(
            kinds.collect::<Vec<_>>(),
            [("/gone", "removed".into()), ("/mode", "changed".into()), ("/new", "added".into())]
        );
        let FileChange::Changed { from, to } = &files[1].what else { panic!("not changed") };
        assert_eq!((from.mode, to.mode, from.digest == to.digest), (0o600, 0o644, true));
    }

    #[test]
    fn tells_shared_layers_from_others_wherever_they_lie() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Layer::default().file(name, b"x").bytes());
        let found = layouts(&[a.clone(), b.clone()], &[c.clone(), a.clone(), b]);
        let size = &found.sizes.as_ref().unwrap()["linux/amd64"];
        let standing: Vec<(bool, bool, bool)> =
            size.layers.iter().map(|it| (it.shared, it.from.is_some(), it.to.is_some())).collect();
        assert_eq!(standing, [(true, true, true), (true, true, true), (false, false, true)]);
        assert_eq!(size.to.uncompressed, size.from.uncompressed + c.len() as u64);
        assert_eq!(found.config.unwrap()[0].name, "env LAYERS");
    }

    #[test]
    fn finds_nothing_between_equals() {
        let layer = Layer::default().file("a", b"x").bytes();
        let found = layouts(std::slice::from_ref(&layer), std::slice::from_ref(&layer));
        assert!(!found.different && found.packages.is_empty() && found.files.unwrap().is_empty());
    }

    #[test]
    fn compares_locks_by_version_and_bytes_and_an_image_with_a_lock_by_version() {
        let found =
            compare(&lock_side(&[("a", "1", "x"), ("b", "1", "x")]), &lock_side(&[("a", "1", "y"), ("c", "1", "x")]));
        let lines: Vec<String> = found.packages.iter().map(|it| format!("{} {}", it.name, it.what)).collect();
        assert_eq!(lines, ["a 1 with other bytes", "b 1 removed", "c 1 added"]);
        assert_eq!((found.definition_changed, found.files.is_none()), (Some(false), true));
    }

    #[test]
    fn a_platform_that_only_one_side_has_is_a_difference() {
        let mut other = lock_side(&[]);
        other.platforms.insert("linux/arm64".into(), PlatformSide { packages: BTreeMap::new(), image: None });
        let found = compare(&lock_side(&[]), &other);
        assert_eq!((found.different, found.platforms.only_to), (true, vec!["linux/arm64".to_owned()]));
    }
}
