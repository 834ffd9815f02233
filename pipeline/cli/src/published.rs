//! Which repositories and tags the names of images on a command line mean.
//!
//! In: names, and the state folder. Out: an [`ImageTags`] a name: the repository of what is published of it, with its tags. Reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use oci::{Repository, Tag};
use plan::Publication;
use registry::{Named, Place, Store};
use worker::{ImageTags, Publications};

/// The registry of a state folder, which must be there.
pub(crate) fn store(state: &Path) -> anyhow::Result<Store> {
    let folder = state.join("registry");
    if !folder.is_dir() {
        bail!("nothing is published in `{}`: run `bedplate up`, or name another folder with --state", state.display());
    }
    Ok(Store::open(folder)?)
}

/// What is published of these images; of all where none is named.
pub(crate) fn images(state: &Path, names: &[String]) -> anyhow::Result<Vec<ImageTags>> {
    let all = Publications::of_state(state)?.all()?;
    let find = |name: &String| {
        let found = all.iter().find(|publication| publication.image == *name);
        found.with_context(|| {
            let known: Vec<&str> = all.iter().map(|publication| publication.image.as_str()).collect();
            format!("`{name}` is not published in `{}`: there are {}", state.display(), known.join(", "))
        })
    };
    match names {
        [] => all.iter().map(of_publication).collect(),
        names => names.iter().map(|name| of_publication(find(name)?)).collect(),
    }
}

fn of_publication(publication: &Publication) -> anyhow::Result<ImageTags> {
    let wrong = || format!("the record of `{}` in the state folder has a name that is none", publication.image);
    ImageTags::try_from(publication).with_context(wrong)
}

/// The tags by repository: several images may stand in one.
pub(crate) fn by_repository(images: Vec<ImageTags>) -> BTreeMap<Repository, BTreeSet<Tag>> {
    let mut all: BTreeMap<Repository, BTreeSet<Tag>> = BTreeMap::new();
    for image in images {
        all.entry(image.repository).or_default().extend(image.tags);
    }
    all
}

/// A repository of the state folder's registry; or an image whose tags stand in the repository of another.
pub(crate) fn place(
    repository: &Repository,
    named: Option<Named>,
    state: &Path,
) -> anyhow::Result<(Place, Option<Named>, Vec<Tag>)> {
    let store = Arc::new(store(state)?);
    if store.repositories()?.contains(repository) {
        return Ok((Place::Store(store, repository.clone()), named, Vec::new()));
    }
    if let Some(named) = named {
        bail!("`{repository}` is no repository of `{}`: expected one that has `{named}`", state.display());
    }
    let found = images(state, &[repository.to_string()])?;
    let image = found.into_iter().next().with_context(|| format!("`{repository}` is not published"))?;
    let tags = image.tags.into_iter().collect();
    Ok((Place::Store(store, image.repository), Some(Named::Digest(image.index)), tags))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_fixtures::publication;

    #[test]
    fn an_image_has_the_tags_that_move_and_the_one_that_does_not() {
        let state = tempfile::tempdir().unwrap();
        let publications = Publications::of_state(state.path()).unwrap();
        for name in ["base", "python"] {
            publications.put(&publication(name)).unwrap();
        }
        let [python] = images(state.path(), &["python".to_owned()]).unwrap().try_into().unwrap();
        let expected: Vec<String> = {
            let publication = publication("python");
            publication.tags.into_iter().chain([publication.fixed_tag]).collect()
        };
        let tags: BTreeSet<&str> = python.tags.iter().map(Tag::as_str).collect();
        assert_eq!(tags, expected.iter().map(String::as_str).collect());
        assert_eq!(images(state.path(), &[]).unwrap().len(), 2);
        let error = images(state.path(), &["ruby".to_owned()]).unwrap_err().to_string();
        assert!(
            error.starts_with("`ruby` is not published in `") && error.ends_with("there are base, python"),
            "{error}"
        );
    }

    #[test]
    fn images_of_one_repository_are_one_part() {
        let image = |image: &str, tag: &str| ImageTags {
            image: image.to_owned(),
            repository: "python".parse().unwrap(),
            tags: [tag.parse().unwrap()].into(),
            index: blob::Digest::of("index"),
            platforms: Vec::new(),
            name: "images.example/python".to_owned(),
        };
        let parts = by_repository(vec![image("python", "3.13"), image("python-debug", "debug")]);
        assert_eq!(parts.values().map(BTreeSet::len).collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn says_where_nothing_is() {
        let state = tempfile::tempdir().unwrap();
        let error = store(state.path()).unwrap_err().to_string();
        assert!(error.starts_with("nothing is published in `"), "{error}");
    }
}
