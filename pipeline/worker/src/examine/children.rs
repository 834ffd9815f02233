//! Which manifests of an index are examined: all of them, or those of the platforms that were asked for.
//!
//! In: an index. Out: its children, each once, bounded; or why it is not looked into.

use std::collections::BTreeSet;

use oci::{Descriptor, ImageIndex, Platform, is_index};
use signing::{Finding, Outcome};

/// An index of ours has two platforms and their attestations; the largest of others some forty.
const MOST_CHILDREN: usize = 200;

/// One manifest of an index.
pub(super) struct Child {
    /// As the index names it.
    pub(super) descriptor: Descriptor,
    /// What it is called in the tree.
    pub(super) label: String,
    /// Its platform; none for what is no image, such as attestations that BuildKit lists as `unknown/unknown`.
    pub(super) platform: Option<Platform>,
}

/// The index has nothing for a platform that was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the index has no image for `{wanted}`: it has {found}")]
pub(super) struct NoPlatform {
    wanted: String,
    found: String,
}

/// The children, or the finding that ends the examination.
pub(super) fn chosen(index: &ImageIndex, platforms: &[Platform]) -> Result<Result<Vec<Child>, Finding>, NoPlatform> {
    let found: Vec<&Descriptor> = if platforms.is_empty() {
        index.manifests.iter().collect()
    } else {
        let of = |wanted: &Platform| index.for_platform(wanted).ok_or_else(|| no_platform(index, wanted));
        platforms.iter().map(of).collect::<Result<_, _>>()?
    };
    if found.len() > MOST_CHILDREN {
        let text = format!(
            "the index names {} manifests: expected at most {MOST_CHILDREN}; `--platform` narrows",
            found.len()
        );
        return Ok(Err(Finding::new(Outcome::Bad, "too-many-manifests", text)));
    }
    if let Some(nested) = found.iter().find(|child| is_index(&child.media_type)) {
        let text = format!(
            "the index names another index, {}, which is not looked into: verify that one by its digest",
            nested.digest
        );
        return Ok(Err(Finding::new(Outcome::Bad, "nested-index", text)));
    }
    let mut seen = BTreeSet::new();
    Ok(Ok(found.into_iter().filter(|child| seen.insert(&child.digest)).map(child).collect()))
}

fn child(descriptor: &Descriptor) -> Child {
    let platform = descriptor.platform.clone().filter(|platform| platform.os != "unknown");
    let said = descriptor.platform.as_ref().map_or_else(|| "no platform".to_owned(), Platform::to_string);
    let label = if platform.is_some() { said } else { format!("the manifest for {said}") };
    Child { descriptor: descriptor.clone(), label, platform }
}

fn no_platform(index: &ImageIndex, wanted: &Platform) -> NoPlatform {
    let found: Vec<_> =
        index.manifests.iter().filter_map(|it| it.platform.as_ref()).take(40).map(Platform::to_string).collect();
    NoPlatform {
        wanted: wanted.to_string(),
        found: if found.is_empty() { "none".to_owned() } else { found.join(", ") },
    }
}

#[cfg(test)]
mod tests {
    use oci::{MEDIA_TYPE_INDEX, MEDIA_TYPE_MANIFEST};

    use super::*;

    fn named(platform: &str) -> Descriptor {
        Descriptor::of(MEDIA_TYPE_MANIFEST, platform.as_bytes()).with_platform(platform.parse().unwrap())
    }

    fn labels(index: &ImageIndex, platforms: &[&str]) -> Vec<String> {
        let platforms: Vec<Platform> = platforms.iter().map(|text| text.parse().unwrap()).collect();
        let chosen = chosen(index, &platforms).unwrap().unwrap();
        chosen.into_iter().map(|child| child.label).collect()
    }

    #[test]
    fn all_are_examined_or_those_that_were_asked_for() {
        let attestation = named("unknown/unknown");
        let index =
            ImageIndex::new(vec![named("linux/amd64"), named("linux/arm64"), attestation, named("linux/amd64")]);
        assert_eq!(labels(&index, &[]), ["linux/amd64", "linux/arm64", "the manifest for unknown/unknown"]);
        assert_eq!(labels(&index, &["linux/arm64"]), ["linux/arm64"]);
        let wanted = ["linux/s390x".parse().unwrap()];
        let Err(error) = chosen(&index, &wanted) else { panic!("there is none") };
        assert!(error.to_string().contains("no image for `linux/s390x`: it has linux/amd64, linux/arm64"), "{error}");
    }

    #[test]
    fn ten_thousand_children_and_an_index_in_an_index_are_refused_unread() {
        let code = |children: Vec<Descriptor>| chosen(&ImageIndex::new(children), &[]).unwrap().err().unwrap().code;
        let many = (0..10_000).map(|number| Descriptor::of(MEDIA_TYPE_MANIFEST, number.to_string().as_bytes()));
        assert_eq!(code(many.collect()), "too-many-manifests");
        assert_eq!(code(vec![Descriptor::of(MEDIA_TYPE_INDEX, b"x")]), "nested-index");
    }
}
