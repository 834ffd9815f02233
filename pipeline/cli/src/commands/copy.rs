//! `bedplate copy`: images from one place to another, with everything that speaks about them. No digest changes; run again it ends the same.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use blob::Digest;
use oci::{Repository, Tag};
use registry::{Client, ClientSettings, CopyOptions, Named, Place, Store};
use serde::Serialize;
use worker::{Amounts, copy_images};

use crate::arguments::{Arguments, Copy, Format, Reach};
use crate::context::{Context, runtime};
use crate::copy_choice::{self, Wanted};
use crate::copy_place::{self, PlaceName, Where};
use crate::layout_folder::LayoutFolder;
use crate::output;
use crate::progress;
use crate::published;
use crate::sent_text;

/// What is printed for programs.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Report<'r> {
    schema: &'static str,
    dry_run: bool,
    from: String,
    to: String,
    amounts: &'r Amounts,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Copy) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let client = Client::new(settings(&command.reach))?;
    let (from, to) = (copy_place::parse(&command.from)?, copy_place::parse(&command.to)?);
    ensure!(from.place != to.place || from.named != to.named, "`{}` and `{}` are the same", command.from, command.to);
    let source = Source::find(from, &context.state, &client)?;
    let target = target(&to.place, &context.state, &client)?;
    let runtime = runtime()?;
    let wanted = runtime.block_on(source.wanted(&to, command))?;
    let options = CopyOptions {
        dry_run: command.dry_run,
        with_referrers: !command.no_referrers,
        with_signature_tags: !command.no_referrers,
        scratch: None,
    };
    let amounts = {
        let reporter = progress::reporter(arguments.progress);
        runtime.block_on(copy_images(&source.place, &target, &wanted, &options, reporter))?
    };
    print(arguments.format, command, &amounts)?;
    Ok(0)
}

/// How the command line says that registries are reached.
pub(crate) fn settings(reach: &Reach) -> ClientSettings {
    ClientSettings {
        docker_config: reach.docker_config.clone(),
        certificate_authorities: reach.certificate_authorities.clone(),
        plain_http: reach.plain_http.clone(),
        ..ClientSettings::default()
    }
}

/// Where images come from.
struct Source {
    place: Place,
    name: Where,
    named: Option<Named>,
    /// The tags of an image of the catalogue that stands in another one's repository.
    tags: Vec<Tag>,
}

impl Source {
    fn find(from: PlaceName, state: &Path, client: &Client) -> anyhow::Result<Self> {
        let PlaceName { place: name, named } = from;
        let (place, named, tags) = match &name {
            Where::Registry(host, repository) => (remote(client, host, repository), named, Vec::new()),
            Where::Layout(folder) => (Place::Layout(folder.clone()), named, Vec::new()),
            Where::Own(repository) => published::place(repository, named, state)?,
        };
        Ok(Self { place, name, named, tags })
    }

    /// Which images, and which tags they get.
    async fn wanted(&self, to: &PlaceName, command: &Copy) -> anyhow::Result<Wanted> {
        if command.all_tags {
            let tags = self.list().await?;
            return copy_choice::all(self.named.as_ref(), to.named.as_ref(), tags, !command.no_referrers);
        }
        let only = match &self.name {
            Where::Layout(folder) if self.named.is_none() => Some(LayoutFolder::open(folder)?.only()?),
            _ => None,
        };
        let (mut wanted, digest) = copy_choice::one(self.named.clone(), to.named.as_ref(), only)?;
        for (named, tags) in &mut wanted {
            if to.named.is_none() && !self.tags.is_empty() {
                tags.clone_from(&self.tags);
            }
            if let Some(expected) = &digest {
                self.expect(named, expected).await?;
            }
        }
        Ok(wanted)
    }

    async fn list(&self) -> anyhow::Result<Vec<Tag>> {
        Ok(match &self.place {
            Place::Remote(remote) => remote.tags().await?,
            Place::Store(store, repository) => store.tags(repository)?,
            Place::Layout(folder) => LayoutFolder::open(folder)?.tags()?,
        })
    }

    /// A digest behind the target's name says what is to be there.
    async fn expect(&self, named: &Named, expected: &Digest) -> anyhow::Result<()> {
        let found = match (named, &self.place) {
            (Named::Digest(digest), _) => Some(digest.clone()),
            (named, Place::Remote(remote)) => remote.head(named).await?.map(|found| found.digest),
            (Named::Tag(tag), Place::Store(store, repository)) => {
                store.resolve(repository, tag)?.map(|found| found.digest)
            }
            (Named::Tag(tag), Place::Layout(folder)) => {
                Some(LayoutFolder::open(folder)?.tagged(Some(tag.as_str()))?.digest)
            }
        };
        let found = found.with_context(|| format!("`{}` has no `{named}`", self.name))?;
        ensure!(found == *expected, "`{}` has `{found}` as `{named}`: the target is to have `{expected}`", self.name);
        Ok(())
    }
}

fn target(name: &Where, state: &Path, client: &Client) -> anyhow::Result<Place> {
    Ok(match name {
        Where::Registry(host, repository) => remote(client, host, repository),
        Where::Layout(folder) => Place::Layout(folder.clone()),
        Where::Own(repository) => Place::Store(Arc::new(Store::open(state.join("registry"))?), repository.clone()),
    })
}

fn remote(client: &Client, host: &str, repository: &Repository) -> Place {
    Place::Remote(client.repository(host, repository.clone()))
}

fn print(format: Format, command: &Copy, amounts: &Amounts) -> anyhow::Result<()> {
    let report = Report {
        schema: "bedplate.copy/v1",
        dry_run: command.dry_run,
        from: command.from.clone(),
        to: command.to.clone(),
        amounts,
    };
    let table = sent_text::blobs_of(&command.to, amounts);
    if format == Format::Json || !table.is_empty() {
        output::print(format, &table, &report)?;
    }
    if format == Format::Json {
        return Ok(());
    }
    let done = if command.dry_run { "would be copied" } else { "copied" };
    let mut lines = vec![format!("{} {done} to {}: {}", command.from, command.to, sent_text::figures(amounts))];
    lines.extend(
        amounts.missing.iter().map(|digest| format!("  the source names `{digest}` and does not have it: left out")),
    );
    output::print_text(&(lines.join("\n") + "\n"))
}
