//! `bedplate diff`: what differs between two locks or published images: packages, sizes, configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, bail};
use assemble::ImageLock;
use oci::{ImageConfig, ImageManifest};
use plan::{LockDifference, Publication, difference};
use registry::Store;
use serde::Serialize;
use worker::Publications;

use crate::arguments::{Arguments, Diff};
use crate::context::Context;
use crate::output::{self, Table, bytes};

/// One side: always a lock; of a published image sizes and configurations too.
struct Side {
    lock: ImageLock,
    sizes: BTreeMap<String, u64>,
    configs: BTreeMap<String, BTreeMap<String, String>>,
}

/// The result, as JSON.
#[derive(Debug, Serialize)]
struct Comparison {
    schema: &'static str,
    #[serde(flatten)]
    lock: LockDifference,
    sizes: Vec<Change>,
    config: Vec<Change>,
}

/// One value that differs.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    platform: String,
    key: String,
    from: String,
    to: String,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Diff) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let (from, to) = (side(&context, &command.from)?, side(&context, &command.to)?);
    let comparison = compare(&from, &to);
    let mut table = Table::new(["WHAT", "NAME", "FROM → TO", "PLATFORMS"]);
    for change in &comparison.lock.packages {
        table.row(["package", &change.name, &change.change.to_string(), &change.platforms.join(" ")]);
    }
    for (what, changes) in [("size", &comparison.sizes), ("config", &comparison.config)] {
        for it in changes {
            table.row([what, &it.key, &format!("{} → {}", it.from, it.to), &it.platform]);
        }
    }
    if comparison.lock.definition_changed {
        table.row(["definition", &to.lock.name, "changed", ""]);
    }
    let different = !table.is_empty();
    output::print(arguments.format, &table, &comparison)?;
    Ok(u8::from(different && command.exit_code))
}

fn side(context: &Context, text: &str) -> anyhow::Result<Side> {
    let path = Path::new(text);
    if path.is_file() {
        let read = std::fs::read_to_string(path).with_context(|| format!("cannot read the lock `{text}`"))?;
        let lock = ImageLock::parse(&read).with_context(|| format!("in `{text}`"))?;
        return Ok(Side { lock, sizes: BTreeMap::new(), configs: BTreeMap::new() });
    }
    let published = Publications::of_state(&context.state)?.all()?;
    let Some(publication) = published.into_iter().find(|it| names(it).contains(text)) else {
        bail!("`{text}` is neither a lock file nor an image published in `{}`", context.state.display());
    };
    let store = Store::open(context.state.join("registry"))?;
    let configs = configs(&store, &publication)?;
    let sizes = publication.platforms.iter().map(|(name, it)| (name.clone(), it.size)).collect();
    Ok(Side { lock: publication.lock, sizes, configs })
}

/// What a person may call a publication.
fn names(publication: &Publication) -> BTreeSet<String> {
    let tags = publication.tags.iter().chain([&publication.fixed_tag]);
    let tagged = tags.map(|tag| format!("{}:{tag}", publication.repository));
    tagged.chain([publication.image.clone()]).collect()
}

fn configs(store: &Store, publication: &Publication) -> anyhow::Result<BTreeMap<String, BTreeMap<String, String>>> {
    let repository = publication.repository.parse()?;
    let mut configs = BTreeMap::new();
    for (name, platform) in &publication.platforms {
        let stored = store.manifest(&repository, &platform.manifest)?.context("its manifest is not in the registry")?;
        let manifest = ImageManifest::parse(&stored.bytes)?;
        let path = store.blob_path(&repository, &manifest.config.digest);
        let text = std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        configs.insert(name.clone(), flatten(&ImageConfig::parse(&text)?));
    }
    Ok(configs)
}

fn flatten(config: &ImageConfig) -> BTreeMap<String, String> {
    let execution = &config.config;
    let fixed = [
        ("user", execution.user.clone()),
        ("entrypoint", execution.entrypoint.join(" ")),
        ("cmd", execution.cmd.join(" ")),
        ("working-dir", execution.working_dir.clone()),
    ];
    let fixed = fixed.into_iter().map(|(key, value)| (key.to_owned(), value));
    let environment = execution.env.iter().filter_map(|line| line.split_once('='));
    let environment = environment.map(|(name, value)| (format!("env {name}"), value.to_owned()));
    let labels = execution.labels.iter().map(|(key, value)| (format!("label {key}"), value.clone()));
    fixed.chain(environment).chain(labels).collect()
}

fn compare(from: &Side, to: &Side) -> Comparison {
    let mut sizes = Vec::new();
    let mut config = Vec::new();
    for platform in from.sizes.keys().filter(|name| to.sizes.contains_key(*name)) {
        let text = |side: &Side| BTreeMap::from([("compressed".to_owned(), bytes(side.sizes[platform]))]);
        changes(platform, &text(from), &text(to), &mut sizes);
        let none = BTreeMap::new();
        let of = |side: &'_ Side| side.configs.get(platform).cloned().unwrap_or_else(|| none.clone());
        changes(platform, &of(from), &of(to), &mut config);
    }
    Comparison { schema: "bedplate.diff/v1", lock: difference(&from.lock, &to.lock), sizes, config }
}

fn changes(platform: &str, from: &BTreeMap<String, String>, to: &BTreeMap<String, String>, found: &mut Vec<Change>) {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    for key in keys {
        let value = |map: &BTreeMap<String, String>| map.get(key).cloned().unwrap_or_else(|| "–".into());
        let (before, after) = (value(from), value(to));
        if before != after {
            found.push(Change { platform: platform.to_owned(), key: key.clone(), from: before, to: after });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_values_that_are_new_gone_or_different() {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect();
        let mut found = Vec::new();
        changes("linux/amd64", &map(&[("a", "1"), ("b", "1")]), &map(&[("b", "2"), ("c", "1")]), &mut found);
        let lines: Vec<String> = found.iter().map(|it| format!("{} {} {}", it.key, it.from, it.to)).collect();
        assert_eq!(lines, ["a 1 –", "b 1 2", "c – 1"]);
    }
}
