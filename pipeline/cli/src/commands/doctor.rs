//! `bedplate doctor`: is everything here that bedplate needs, and what to do where it is not.

use std::path::Path;

use anyhow::Context as _;
use registry::Store;
use serde::Serialize;
use worker::Archive;

use crate::arguments::{Arguments, Doctor, Format};
use crate::context::Context;
use crate::output;

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    good: bool,
    detail: String,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments, command: &Doctor) -> anyhow::Result<u8> {
    let context = Context::new(arguments)?;
    let mut findings = vec![
        finding("catalogue", context.catalogue().map(|it| format!("{} images", it.definitions.len()))),
        finding("archive", archive(&context)),
        finding("state folder", state(&context)),
        finding("registry", registry(&context)),
        finding("address", address(&context)),
    ];
    if command.deep {
        findings.push(finding("blobs", blobs(&context)));
    }
    print(arguments.format, &findings)?;
    Ok(u8::from(!findings.iter().all(|one| one.good)))
}

fn finding(what: &'static str, result: anyhow::Result<String>) -> Finding {
    match result {
        Ok(detail) => Finding { what, good: true, detail },
        Err(error) => Finding { what, good: false, detail: format!("{error:#}") },
    }
}

fn archive(context: &Context) -> anyhow::Result<String> {
    let archive = Archive::find(&context.settings.archive, Path::new("/"))?;
    let catalogue = context.catalogue()?;
    let mut lines = Vec::new();
    for suite in catalogue.releases.values().flat_map(|release| &release.suites) {
        let part = archive.part_of(&suite.name);
        let known = part.keyring.fingerprints();
        anyhow::ensure!(
            suite.keys.iter().any(|key| known.contains(key)),
            "the keyring from {} has no key that may sign {}: update the package debian-archive-keyring",
            part.origin,
            suite.name
        );
        lines.push(suite.name.to_string());
    }
    Ok(format!("found in {}, keys for {}", archive.part_of(&"trixie".parse()?).origin, lines.join(", ")))
}

fn state(context: &Context) -> anyhow::Result<String> {
    let probe = context.state.join(".doctor");
    worker::write_atomically(&probe, b"probe")?;
    std::fs::remove_file(&probe).with_context(|| format!("cannot remove `{}`", probe.display()))?;
    Ok(format!("{} is writable", context.state.display()))
}

fn registry(context: &Context) -> anyhow::Result<String> {
    let repositories = Store::open(context.state.join("registry"))?.repositories()?;
    Ok(format!("{} repositories", repositories.len()))
}

fn address(context: &Context) -> anyhow::Result<String> {
    let listen = context.settings.listen;
    let bound = std::net::TcpListener::bind(listen);
    bound
        .with_context(|| format!("{listen} is in use (perhaps by a running `bedplate up`): --listen takes another"))?;
    Ok(format!("{listen} is free"))
}

/// Reads every blob of every repository and compares its digest with its name.
fn blobs(context: &Context) -> anyhow::Result<String> {
    let store = Store::open(context.state.join("registry"))?;
    let mut count = 0_u64;
    let mut damaged = Vec::new();
    for repository in store.repositories()? {
        let folder = store.layout_path(&repository).join(oci::BLOBS_FOLDER);
        for algorithm in worker::list(&folder)? {
            for path in worker::list(&algorithm)? {
                count += 1;
                if !is_whole(&algorithm, &path)? {
                    damaged.push(path.display().to_string());
                }
            }
        }
    }
    anyhow::ensure!(damaged.is_empty(), "damaged: {}: remove them and run `bedplate up`", damaged.join(", "));
    Ok(format!("{count} blobs are whole"))
}

fn is_whole(algorithm: &Path, path: &Path) -> anyhow::Result<bool> {
    let part = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let Ok(digest) = format!("{}:{}", part(algorithm), part(path)).parse::<blob::Digest>() else { return Ok(true) };
    let file = std::fs::File::open(path).with_context(|| format!("cannot open `{}`", path.display()))?;
    let size = file.metadata()?.len();
    Ok(blob::VerifyingReader::new(file, digest, size).finish().is_ok())
}

fn print(format: Format, findings: &[Finding]) -> anyhow::Result<()> {
    if format == Format::Json {
        return output::print_text(&(serde_json::to_string_pretty(findings)? + "\n"));
    }
    let mark = |good| if good { "✔" } else { "✖" };
    let line = |one: &Finding| format!("{} {:<13} {}\n", mark(one.good), one.what, one.detail);
    output::print_text(&findings.iter().map(line).collect::<String>())
}
