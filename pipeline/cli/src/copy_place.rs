//! What the two words of `copy` mean: a repository of a registry, the folder of an OCI image layout, or the state folder's own registry.
//!
//! In: a word of the command line. Out: a [`PlaceName`], with the tag or digest that stands behind it. Nothing is opened here.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use oci::{LAYOUT_FILE, Reference, Repository};
use registry::Named;

/// Where images are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Where {
    /// A repository of the registry on a host.
    Registry(String, Repository),
    /// A folder with an OCI image layout.
    Layout(PathBuf),
    /// A repository of the registry in the state folder.
    Own(Repository),
}

/// Where images are, and which of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PlaceName {
    /// The place.
    pub(crate) place: Where,
    /// What stood behind it.
    pub(crate) named: Option<Named>,
}

/// Reads a word. A folder is one that is there, or that can be nothing else.
pub(crate) fn parse(text: &str) -> anyhow::Result<PlaceName> {
    if let Some(rest) = text.strip_prefix("oci:") {
        let (folder, named) = split_layout(rest)?;
        return Ok(PlaceName { place: Where::Layout(folder), named });
    }
    let is_layout = |path: &Path| path.join(LAYOUT_FILE).is_file();
    let (folder, _) = split(text);
    if text.starts_with(['.', '/']) || is_layout(Path::new(text)) || is_layout(Path::new(folder)) {
        let (folder, named) = split_layout(text)?;
        return Ok(PlaceName { place: Where::Layout(folder), named });
    }
    let reference: Reference = text.parse().with_context(|| {
        format!("`{text}` is no place of images: expected one such as `registry.example/team/python:3.13`, `oci:FOLDER:TAG` or `python:3.13`")
    })?;
    let named = reference.digest.map(Named::Digest).or(reference.tag.map(Named::Tag));
    let place = match reference.registry {
        Some(host) => Where::Registry(host, reference.repository),
        None => Where::Own(reference.repository),
    };
    Ok(PlaceName { place, named })
}

/// A folder may have colons in its name: one that is there counts as a whole.
fn split_layout(text: &str) -> anyhow::Result<(PathBuf, Option<Named>)> {
    if text.is_empty() {
        bail!("`oci:` names no folder: expected `oci:FOLDER`, `oci:FOLDER:TAG` or `oci:FOLDER@DIGEST`");
    }
    if Path::new(text).is_dir() {
        return Ok((text.into(), None));
    }
    let (folder, name) = split(text);
    let named = match name.split_at_checked(1) {
        Some(("@", digest)) => Some(Named::Digest(digest.parse().with_context(|| format!("in `{text}`"))?)),
        Some((_, tag)) => Some(Named::Tag(tag.parse().with_context(|| format!("in `{text}`"))?)),
        None => None,
    };
    Ok((folder.into(), named))
}

/// The name of a folder, and from its last `@` or `:` on what stands behind it.
fn split(text: &str) -> (&str, &str) {
    let name = text.rfind('/').map_or(0, |at| at + 1);
    let at = text[name..].find(['@', ':']).map_or(text.len(), |at| name + at);
    text.split_at(at)
}

impl fmt::Display for Where {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(host, repository) => write!(f, "{host}/{repository}"),
            Self::Layout(folder) => write!(f, "oci:{}", folder.display()),
            Self::Own(repository) => write!(f, "{repository}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use blob::Digest;

    use super::*;

    fn place(text: &str) -> (String, Option<String>) {
        let found = parse(text).unwrap();
        (found.place.to_string(), found.named.map(|named| named.to_string()))
    }

    #[test]
    fn a_host_makes_a_registry_and_a_bare_name_is_our_own() {
        let digest = Digest::of("x").to_string();
        let pinned = format!("registry.example/a:1@{digest}");
        for (text, expected, named) in [
            ("registry.example:5000/team/python:3.13", "registry.example:5000/team/python", Some("3.13")),
            ("registry.example/python", "registry.example/python", None),
            (&pinned, "registry.example/a", Some(digest.as_str())),
            ("python:3.13", "python", Some("3.13")),
            ("team/python", "team/python", None),
        ] {
            assert_eq!(place(text), (expected.to_owned(), named.map(str::to_owned)), "{text}");
        }
        assert!(matches!(parse("team/python").unwrap().place, Where::Own(_)));
        assert!(matches!(parse("localhost/python").unwrap().place, Where::Registry(..)));
    }

    #[test]
    fn a_folder_is_one_that_is_there_or_that_can_be_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a:b");
        std::fs::create_dir(&path).unwrap();
        let text = path.display().to_string();
        assert_eq!(place(&text), (format!("oci:{text}"), None), "a folder with a colon in its name");
        let digest = Digest::of("x").to_string();
        for (text, expected, named) in [
            ("oci:new:1", "oci:new", Some("1")),
            ("oci:new", "oci:new", None),
            ("./new:1", "oci:./new", Some("1")),
            (&format!("/a:b/new@{digest}"), "oci:/a:b/new", Some(digest.as_str())),
        ] {
            assert_eq!(place(text), (expected.to_owned(), named.map(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_with_what_was_expected() {
        for text in ["", "oci:", "A b", "registry.example/X", "oci:x:é", "oci:x@sha256:1"] {
            assert!(parse(text).is_err(), "{text}");
        }
        let error = parse("A b").unwrap_err().to_string();
        assert!(error.starts_with("`A b` is no place of images: expected one such as"), "{error}");
    }
}
