//! `bedplate build`: images into an OCI layout, or one into a file for `docker load`. Nothing is published.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use assemble::ImageLock;
use serde::Serialize;
use worker::{BuiltImage, Failure, Wave, WaveRequest};

use crate::arguments::{Arguments, Build};
use crate::commands::lock::{failed_code, split};
use crate::context::{Context, runtime};
use crate::output::{self, Table, bytes};
use crate::progress;

/// One built image, as it is printed.
#[derive(Debug, Serialize)]
struct Line {
    image: String,
    version: String,
    index: String,
    platforms: BTreeMap<String, u64>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Build) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let runtime = runtime()?;
    let (_state, wave) = context.open(&runtime, &progress::reporter(arguments.progress))?;
    let (built, failed) = runtime.block_on(build(&context, &wave, command))?;
    write(&command.output, &built)?;
    print(arguments, &built)?;
    failed_code(&failed, built.len())
}

type Outcome = (Vec<BuiltImage>, Vec<(String, Failure)>);

async fn build(context: &Context, wave: &Wave, command: &Build) -> anyhow::Result<Outcome> {
    let request = WaveRequest { images: command.images.clone(), platforms: command.platforms.clone() };
    let (locks, mut failed) = match &command.locked {
        Some(path) => (vec![read_lock(path, wave, command)?], Vec::new()),
        None => split(wave.locks(&request).await?),
    };
    match &command.locked {
        Some(_) => {
            wave.fetch_locked(&locks, context.settings.snapshots.as_deref()).await?;
        }
        None => wave.fetch(&locks).await?,
    }
    let (builder, work) = (wave.builder.clone(), locks.clone());
    let results = worker::blocking(move || builder.build(&work)).await;
    let mut built = Vec::new();
    for (lock, result) in locks.into_iter().zip(results) {
        match result {
            Ok(image) => built.push(image),
            Err(failure) => failed.push((
                lock.name,
                Arc::try_unwrap(failure).unwrap_or_else(|shared| Failure::new(shared.whose(), shared.chain())),
            )),
        }
    }
    Ok((built, failed))
}

/// A lock is carried out only with the definition that it was made from.
fn read_lock(path: &Path, wave: &Wave, command: &Build) -> anyhow::Result<ImageLock> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the lock `{}`", path.display()))?;
    let mut lock = ImageLock::parse(&text).with_context(|| format!("in `{}`", path.display()))?;
    if command.images != [lock.name.clone()] {
        bail!("the lock `{}` is of image `{}`: name exactly that image", path.display(), lock.name);
    }
    let definition = worker::definition_digest(&wave.builder.catalogue, &lock.name)?;
    if definition != lock.definition {
        bail!(
            "the definition of `{}` has changed since `{}` was made: make a new lock with `bedplate lock {} --output {}`",
            lock.name,
            path.display(),
            lock.name,
            path.display()
        );
    }
    if !command.platforms.is_empty() {
        lock.platforms.retain(|name, _| command.platforms.iter().any(|platform| platform.to_string() == *name));
    }
    Ok(lock)
}

fn write(path: &Path, built: &[BuiltImage]) -> anyhow::Result<()> {
    let is_file = path.extension().is_some_and(|extension| extension == "tar");
    match built {
        [image] if is_file => worker::write_archive(path, image)?,
        [_, _, ..] if is_file => bail!("`{}` can hold one image: build one, or name a folder", path.display()),
        images => images.iter().try_for_each(|image| worker::write_layout(path, image))?,
    }
    Ok(())
}

fn print(arguments: &Arguments, built: &[BuiltImage]) -> anyhow::Result<()> {
    let mut table = Table::new(["IMAGE", "VERSION", "PLATFORM", "SIZE", "DIGEST"]);
    let mut lines = Vec::new();
    for image in built {
        for platform in &image.platforms {
            let digest = platform.image.descriptor.digest.to_string();
            let name = platform.platform.to_string();
            table.row([image.lock.name.clone(), image.version.clone(), name, bytes(platform.image.size), digest]);
        }
        let index = image.descriptor.digest.to_string();
        table.row([image.lock.name.clone(), image.version.clone(), "index".into(), String::new(), index.clone()]);
        lines.push(Line {
            image: image.lock.name.clone(),
            version: image.version.clone(),
            index,
            platforms: image.platforms.iter().map(|it| (it.platform.to_string(), it.image.size)).collect(),
        });
    }
    output::print(arguments.format, &table, &lines)
}
