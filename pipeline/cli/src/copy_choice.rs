//! Which images a copy takes, and which tags they get.
//!
//! In: two places with what stands behind their names, and what the source has. Out: the source's tags or digests, each with its tags in
//! the target; or what is wrong with the request. Asks nobody.

use anyhow::{bail, ensure};
use blob::Digest;
use oci::Tag;
use registry::Named;

/// What is wanted: a tag or digest of the source, and the tags that lead to it in the target.
pub(crate) type Wanted = Vec<(Named, Vec<Tag>)>;

/// One image. `only` is what a source without a name behind it means.
pub(crate) fn one(
    from: Option<Named>,
    to: Option<&Named>,
    only: Option<Named>,
) -> anyhow::Result<(Wanted, Option<Digest>)> {
    let named = match from.or(only) {
        Some(named) => named,
        None => Named::Tag("latest".parse()?),
    };
    let (tags, digest) = match to.unwrap_or(&named) {
        Named::Tag(tag) => (vec![tag.clone()], None),
        Named::Digest(digest) => (Vec::new(), to.is_some().then(|| digest.clone())),
    };
    Ok((vec![(named, tags)], digest))
}

/// Every tag of the source. Lists of referrers are left out, because the target has, or gets, a list of its own.
pub(crate) fn all(
    from: Option<&Named>,
    to: Option<&Named>,
    tags: Vec<Tag>,
    with_referrers: bool,
) -> anyhow::Result<Wanted> {
    if let Some(named) = from.or(to) {
        bail!("`{named}` cannot stand there beside --all-tags: leave out one of them");
    }
    let is_wanted = |tag: &Tag| match tag.speaks_as() {
        None => true,
        Some(ending) => with_referrers && !ending.is_empty(),
    };
    let wanted: Wanted = tags.into_iter().filter(is_wanted).map(|tag| (Named::Tag(tag.clone()), vec![tag])).collect();
    ensure!(!wanted.is_empty(), "the source has no tags: expected at least one");
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Named {
        Named::Tag(text.parse().unwrap())
    }

    fn tags(wanted: &Wanted) -> Vec<(String, Vec<&str>)> {
        wanted.iter().map(|(named, tags)| (named.to_string(), tags.iter().map(Tag::as_str).collect())).collect()
    }

    #[test]
    fn a_tag_stays_the_same_unless_another_is_named() {
        for (from, to, only, expected) in [
            (Some(tag("1")), None, None, ("1", vec!["1"])),
            (Some(tag("1")), Some(tag("2")), None, ("1", vec!["2"])),
            (None, None, None, ("latest", vec!["latest"])),
            (None, None, Some(tag("3")), ("3", vec!["3"])),
        ] {
            let (wanted, _) = one(from, to.as_ref(), only).unwrap();
            assert_eq!(tags(&wanted), [(expected.0.to_owned(), expected.1)]);
        }
    }

    #[test]
    fn a_digest_needs_no_tag_and_a_digest_behind_the_target_is_to_be_checked() {
        let digest = Digest::of("x");
        let (wanted, check) = one(Some(Named::Digest(digest.clone())), None, None).unwrap();
        assert_eq!((tags(&wanted), check), (vec![(digest.to_string(), vec![])], None));
        let (wanted, check) = one(Some(tag("1")), Some(&Named::Digest(digest.clone())), None).unwrap();
        assert_eq!((tags(&wanted), check), (vec![("1".to_owned(), vec![])], Some(digest)));
    }

    #[test]
    fn all_tags_are_all_but_lists_of_referrers_and_where_not_wanted_signatures() {
        let hex = Digest::of("x").hex().to_owned();
        let names = ["1", "sha256-short", &format!("sha256-{hex}"), &format!("sha256-{hex}.sig")];
        let there = || names.iter().map(|name| name.parse().unwrap()).collect();
        let found = |with| all(None, None, there(), with).unwrap().len();
        assert_eq!((found(true), found(false)), (3, 2));
        assert!(all(Some(&tag("1")), None, there(), true).unwrap_err().to_string().contains("beside --all-tags"));
        assert!(all(None, None, Vec::new(), true).is_err());
    }
}
