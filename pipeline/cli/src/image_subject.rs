//! An image that is verified or signed: where it is, which one, and its public name.
//!
//! In: a word of the command line, and a name where one is given. Out: a [`Subject`]. Nothing is asked of a registry.

use anyhow::{Context as _, bail};
use oci::{Reference, Repository};
use registry::{Client, Named, Place};

use crate::context::Context;
use crate::copy_place::{self, Where};
use crate::layout_folder::LayoutFolder;
use crate::published;

/// One image.
pub(crate) struct Subject {
    /// Where it is.
    pub(crate) place: Place,
    /// Which one.
    pub(crate) named: Named,
    /// `HOST/REPOSITORY`, if it is known.
    pub(crate) name: Option<String>,
}

/// Finds out what a word means; `name` is what it is published as, if it is elsewhere.
pub(crate) fn find(image: &str, name: Option<&str>, context: &Context, client: &Client) -> anyhow::Result<Subject> {
    let found = copy_place::parse(image)?;
    let (place, named, own) = match found.place {
        Where::Registry(host, repository) => {
            let name = format!("{host}/{repository}");
            (Place::Remote(client.repository(&host, repository)), found.named, Some(name))
        }
        Where::Layout(folder) => {
            let named = found.named.map_or_else(|| LayoutFolder::open(&folder)?.only(), Ok)?;
            (Place::Layout(folder), Some(named), None)
        }
        Where::Own(repository) => in_state(&repository, found.named, context)?,
    };
    let latest = || Ok::<_, anyhow::Error>(Named::Tag("latest".parse()?));
    let name = name.map(canonical).transpose()?.or(own);
    Ok(Subject { place, named: named.map_or_else(latest, Ok)?, name })
}

/// The name that our own images have.
pub(crate) fn own_name(context: &Context) -> String {
    published::signed_as(&context.state)
        .filter(|_| context.settings.signing.name.is_none())
        .unwrap_or_else(|| context.settings.name(context.settings.listen))
}

fn in_state(
    repository: &Repository,
    named: Option<Named>,
    context: &Context,
) -> anyhow::Result<(Place, Option<Named>, Option<String>)> {
    let (place, named, _) = published::place(repository, named, &context.state)?;
    let Place::Store(store, repository) = place else { bail!("`{repository}` is not in the state folder") };
    let name = format!("{}/{repository}", own_name(context));
    Ok((Place::Store(store, repository), named, Some(name)))
}

/// A name without tag and digest.
fn canonical(text: &str) -> anyhow::Result<String> {
    let reference: Reference = text.parse()?;
    let bare = reference.tag.is_none() && reference.digest.is_none();
    let host = reference.registry.filter(|_| bare);
    let host = host.with_context(|| format!("`--name {text}`: expected HOST/REPOSITORY, without tag and digest"))?;
    Ok(format!("{host}/{}", reference.repository))
}
