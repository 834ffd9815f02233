//! `bedplate gc`: throws away what nobody needs any longer. The registry may be in use meanwhile; the caches must not.

use registry::{Collecting, Store};
use worker::{Collection, Publications, State, StateError, silent};

use crate::arguments::{Arguments, Format, Gc};
use crate::context::Context;
use crate::output::{self, Table, bytes};
use crate::published;

/// Part of the work could not be done.
const PARTIAL: u8 = 3;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Gc) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let store = published::store(&context.state)?;
    let collecting = if command.dry_run { Collecting::DryRun } else { Collecting::Remove };
    let collection = collect(&context, command, &store, collecting)?;
    print(arguments.format, &collection)?;
    Ok(if collection.is_partial() { PARTIAL } else { 0 })
}

fn collect(context: &Context, command: &Gc, store: &Store, collecting: Collecting) -> anyhow::Result<Collection> {
    let older_than = command.older_than.unwrap_or(context.settings.retention);
    // The caches are cleared only while no wave can be at work, and that is while this is held.
    let held = match State::open(&context.state) {
        Err(StateError::InUse(_)) => return Ok(worker::collect(store, None, older_than, collecting)?),
        held => held?,
    };
    let builder = context.builder(held.root(), &silent())?;
    let published = Publications::of_state(held.root())?.all()?;
    Ok(worker::collect(store, Some((&builder, &published)), older_than, collecting)?)
}

fn print(format: Format, collection: &Collection) -> anyhow::Result<()> {
    let table = table(collection);
    if format == Format::Json || !table.is_empty() {
        output::print(format, &table, collection)?;
    }
    if format == Format::Json { Ok(()) } else { output::print_text(&summary(collection)) }
}

fn table(collection: &Collection) -> Table {
    let mut table = Table::new(["WHERE", "MANIFESTS", "FILES", "FREED"]);
    for one in collection.repositories.iter().filter(|one| !one.blobs.is_empty() || !one.manifests.is_empty()) {
        let counts = [one.manifests.len(), one.blobs.len()].map(|count| count.to_string());
        let [manifests, files] = counts;
        table.row([format!("registry/{}", one.repository), manifests, files, bytes(one.bytes)]);
    }
    if collection.uploads > 0 {
        table.row(["uploads", "", &collection.uploads.to_string(), ""]);
    }
    for cache in collection.caches.iter().flatten().filter(|cache| cache.removed > 0) {
        table.row([cache.cache, "", &cache.removed.to_string(), &bytes(cache.freed_bytes)]);
    }
    table
}

fn summary(collection: &Collection) -> String {
    let freed = bytes(collection.freed_bytes());
    let amount = if collection.dry_run {
        format!("at least {freed} would be freed; nothing was removed")
    } else {
        format!("{freed} freed")
    };
    let mut lines = vec![amount];
    for one in collection.repositories.iter().filter(|one| !one.unreadable.is_empty()) {
        let digests: Vec<String> = one.unreadable.iter().map(ToString::to_string).collect();
        lines.push(format!(
            "nothing was removed from `{}`: what {} needs is not known, because it cannot be read; see `bedplate doctor --deep`",
            one.repository,
            digests.join(", ")
        ));
    }
    if collection.caches.is_none() {
        lines.push("the caches were left alone: a bedplate works in the state folder, and clears them itself".into());
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use blob::Digest;
    use registry::Collected;
    use worker::CacheUse;

    use super::*;

    fn collection() -> Collection {
        let collected = |name: &str, blobs: Vec<Digest>, unreadable| Collected {
            repository: name.parse().unwrap(),
            manifests: Vec::new(),
            bytes: 1_000 * blobs.len() as u64,
            blobs,
            unreadable,
        };
        let cache = CacheUse { cache: "debs", kept: 1, kept_bytes: 1, removed: 3, freed_bytes: 500 };
        Collection {
            schema: "x",
            dry_run: false,
            repositories: vec![
                collected("base", Vec::new(), vec![Digest::of("x")]),
                collected("python", vec![Digest::of("a"), Digest::of("b")], Vec::new()),
            ],
            uploads: 0,
            caches: Some(vec![cache]),
        }
    }

    #[test]
    fn shows_where_something_went_and_what_was_left_alone() {
        let collection = collection();
        let expected = "  WHERE            MANIFESTS  FILES  FREED\n  registry/python  0          2      2.0 kB\n  debs                        3      500 B\n";
        assert_eq!(table(&collection).to_text(), expected);
        let text = summary(&collection);
        assert!(text.starts_with("2.5 kB freed\nnothing was removed from `base`: what sha256:"), "{text}");
        assert!(collection.is_partial());
    }

    #[test]
    fn a_dry_run_and_caches_in_use_are_said() {
        let text = summary(&Collection { dry_run: true, caches: None, ..collection() });
        assert!(text.contains("at least 2.0 kB would be freed") && text.contains("caches were left alone"), "{text}");
    }
}
