//! `bedplate lock`: what the archive would give an image now, written down.

use std::path::Path;

use anyhow::Context as _;
use assemble::ImageLock;
use worker::{Failure, WaveRequest};

use crate::arguments::{Arguments, Format, Lock};
use crate::context::{Context, runtime};
use crate::output::{self, Table, bytes};
use crate::progress;

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Lock) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let runtime = runtime()?;
    let (_state, wave) = context.open(&runtime, &progress::reporter(arguments.progress))?;
    let request = WaveRequest { images: command.images.clone(), platforms: command.platforms.clone() };
    let resolved = runtime.block_on(wave.locks(&request))?;
    let (locks, failed) = split(resolved);
    match &command.output {
        Some(path) => write(path, &locks)?,
        None => print(arguments.format, &locks)?,
    }
    failed_code(&failed, locks.len())
}

/// Separates what resolved from what did not.
pub(crate) fn split(resolved: Vec<(String, Result<ImageLock, Failure>)>) -> (Vec<ImageLock>, Vec<(String, Failure)>) {
    let mut locks = Vec::new();
    let mut failed = Vec::new();
    for (name, lock) in resolved {
        match lock {
            Ok(lock) => locks.push(lock),
            Err(failure) => failed.push((name, failure)),
        }
    }
    (locks, failed)
}

/// Says on standard error what failed; 3 if only some did, an error if nothing worked.
pub(crate) fn failed_code(failed: &[(String, Failure)], good: usize) -> anyhow::Result<u8> {
    let lines: Vec<String> =
        failed.iter().map(|(name, failure)| format!("{name}: {} [{}]", failure.chain(), failure.whose())).collect();
    match (failed.len(), good) {
        (0, _) => Ok(0),
        (_, 0) => Err(anyhow::anyhow!("no image could be resolved:\n  {}", lines.join("\n  "))),
        _ => {
            tracing::error!("some images could not be resolved:\n  {}", lines.join("\n  "));
            Ok(3)
        }
    }
}

fn write(path: &Path, locks: &[ImageLock]) -> anyhow::Result<()> {
    let write_one = |path: &Path, lock: &ImageLock| {
        worker::write_atomically(path, lock.to_json().as_bytes())
            .with_context(|| format!("cannot write the lock of `{}`", lock.name))
    };
    match locks {
        [lock] if !path.is_dir() => write_one(path, lock),
        locks => locks.iter().try_for_each(|lock| write_one(&path.join(format!("{}.lock.json", lock.name)), lock)),
    }
}

fn print(format: Format, locks: &[ImageLock]) -> anyhow::Result<()> {
    if let ([lock], Format::Json) = (locks, format) {
        return output::print_text(&lock.to_json());
    }
    let mut table = Table::new(["IMAGE", "PLATFORM", "LAYER", "PACKAGE", "VERSION", "SUITE", "SIZE"]);
    for lock in locks {
        for (platform, parts) in &lock.platforms {
            for layer in &parts.layers {
                for package in &layer.packages {
                    table.row([
                        lock.name.clone(),
                        platform.clone(),
                        layer.definition.clone(),
                        package.name.clone(),
                        package.version.to_string(),
                        package.suite.to_string(),
                        bytes(package.size),
                    ]);
                }
            }
        }
    }
    output::print(format, &table, &locks)
}
