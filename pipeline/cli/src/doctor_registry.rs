//! Looks at what can be pulled: every tag leads to manifests and blobs of the right size; with `--deep` every byte is read.
//!
//! In: the state folder. Out: [`Finding`]s that name what is damaged. Nothing is changed.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use anyhow::Context as _;
use blob::{Digest, VerifyingReader};
use oci::{BLOBS_FOLDER, Repository};
use registry::{Health, Store};

use crate::finding::Finding;
use crate::output::bytes;

const HELP: &str = "delete the files that are named: `bedplate up` then builds again what was built here, and whoever \
    pushed the rest pushes it again";
/// How many names are printed.
const MOST_NAMES: usize = 20;

/// Everything that is published can be found and has the right size.
pub(crate) fn look(state: &Path) -> Finding {
    let folder = state.join("registry");
    if !folder.is_dir() {
        return Finding::good("registry", "nothing is published yet");
    }
    match health(&folder) {
        Err(error) => Finding::bad("registry", format!("{error:#}"), "run doctor as the user who runs bedplate"),
        Ok(repositories) => {
            let images: usize = repositories.iter().map(|(_, health)| health.manifests).sum();
            let named = |(repository, health): &(Repository, Health)| {
                health.problems.iter().map(|problem| format!("{repository}: {problem}")).collect::<Vec<_>>()
            };
            let problems: Vec<String> = repositories.iter().flat_map(named).collect();
            let detail = format!("{} repositories, {images} images and indexes", repositories.len());
            if problems.is_empty() { Finding::good("registry", detail) } else { bad("registry", &problems) }
        }
    }
}

/// Reads every blob of every layout and compares it with its name. One file under several names is read once.
pub(crate) fn deep(state: &Path) -> Finding {
    match blobs(&state.join("registry")) {
        Err(error) => Finding::bad("blobs", format!("{error:#}"), "run doctor as the user who runs bedplate"),
        Ok(blobs) => {
            let size = blobs.iter().map(|blob| blob.size).sum();
            let problems = damaged(&blobs);
            let good = || Finding::good("blobs", format!("{} blobs, {} are whole", blobs.len(), bytes(size)));
            if problems.is_empty() { good() } else { bad("blobs", &problems) }
        }
    }
}

fn bad(what: &'static str, problems: &[String]) -> Finding {
    let more = problems.len().saturating_sub(MOST_NAMES);
    let names = problems.iter().take(MOST_NAMES).map(String::as_str).collect::<Vec<_>>().join("\n    ");
    let more = if more > 0 { format!("\n    and {more} more") } else { String::new() };
    Finding::bad(what, format!("{} damaged:\n    {names}{more}", problems.len()), HELP)
}

fn health(folder: &Path) -> anyhow::Result<Vec<(Repository, Health)>> {
    let store = Store::open(folder)?;
    let look = |repository: Repository| Ok((repository.clone(), store.health(&repository)?));
    store.repositories()?.into_iter().map(look).collect()
}

/// A file with the bytes of a blob, and all repositories that have it, each under a path of its own.
struct BlobFile {
    digest: Digest,
    size: u64,
    names: Vec<(String, PathBuf)>,
}

fn blobs(folder: &Path) -> anyhow::Result<Vec<BlobFile>> {
    let mut files: BTreeMap<(u64, u64, Digest), BlobFile> = BTreeMap::new();
    for layout in worker::list(folder)? {
        let name = layout.file_name().unwrap_or_default().to_string_lossy().replace("%2F", "/");
        for algorithm in worker::list(&layout.join(BLOBS_FOLDER))? {
            for path in worker::list(&algorithm)? {
                let Some(digest) = digest_of(&algorithm, &path) else { continue };
                let found = std::fs::metadata(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
                let file = || BlobFile { digest: digest.clone(), size: found.len(), names: Vec::new() };
                let file = files.entry((found.dev(), found.ino(), digest.clone())).or_insert_with(file);
                file.names.push((name.clone(), path));
            }
        }
    }
    Ok(files.into_values().collect())
}

/// The digest that a blob's name promises; other files, such as half-written ones, have none.
fn digest_of(algorithm: &Path, path: &Path) -> Option<Digest> {
    let name = |path: &Path| Some(path.file_name()?.to_str()?.to_owned());
    format!("{}:{}", name(algorithm)?, name(path)?).parse().ok()
}

/// Reads blobs on all processors.
fn damaged(blobs: &[BlobFile]) -> Vec<String> {
    let (next, problems) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(blob) = blobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            problems.lock().unwrap_or_else(PoisonError::into_inner).extend(problems_of(blob));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut problems = problems.into_inner().unwrap_or_else(PoisonError::into_inner);
    problems.sort();
    problems
}

/// What is wrong with a blob, once for each repository that has it. One that was collected meanwhile is not wrong.
fn problems_of(blob: &BlobFile) -> Vec<String> {
    let Some((_, path)) = blob.names.first() else { return Vec::new() };
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        file => file,
    };
    let read = file.and_then(|file| VerifyingReader::new(file, blob.digest.clone(), blob.size).finish());
    let Err(error) = read else { return Vec::new() };
    let problem = |(name, path): &(String, PathBuf)| format!("{name}@{}: {error}: `{}`", blob.digest, path.display());
    blob.names.iter().map(problem).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding;
    use crate::layer_fixtures::{Layer, write_layout};

    /// A state folder with one published image, and the path of its only layer.
    fn state() -> (tempfile::TempDir, PathBuf) {
        let state = tempfile::tempdir().unwrap();
        let layer = Layer::default().file("a", b"x").bytes();
        let compressed = Digest::of(crate::layer_fixtures::gzip(&layer));
        let folder = state.path().join("registry/python");
        write_layout(&folder, &["linux/amd64"], &[layer], |_| {});
        let path = folder.join(oci::blob_path(&compressed));
        (state, path)
    }

    #[test]
    fn finds_a_whole_registry_and_an_absent_one_good() {
        let (state, _) = state();
        assert_eq!(look(state.path()), Finding::good("registry", "1 repositories, 2 images and indexes"));
        assert!(deep(state.path()).detail.starts_with("4 blobs"));
        let empty = tempfile::tempdir().unwrap();
        assert_eq!(
            (look(empty.path()).health, deep(empty.path()).health),
            (finding::Health::Good, finding::Health::Good)
        );
    }

    #[test]
    fn names_a_blob_with_other_bytes_only_when_it_reads_them() {
        let (state, layer) = state();
        let size = std::fs::metadata(&layer).unwrap().len();
        std::fs::write(&layer, vec![0; usize::try_from(size).unwrap()]).unwrap();
        assert_eq!(look(state.path()).health, finding::Health::Good);
        let other = state.path().join("registry/team%2Fpython/blobs/sha256").join(layer.file_name().unwrap());
        std::fs::create_dir_all(other.parent().unwrap()).unwrap();
        std::fs::hard_link(&layer, &other).unwrap();
        let found = deep(state.path());
        assert!(found.health == finding::Health::Bad && found.detail.starts_with("2 damaged:"), "{found:?}");
        for (name, path) in [("python", &layer), ("team/python", &other)] {
            let digest = layer.file_name().unwrap().to_str().unwrap();
            assert!(found.detail.contains(&format!("{name}@sha256:{digest}: expected")), "{found:?}");
            assert!(found.detail.contains(&path.display().to_string()), "{found:?}");
        }
    }

    #[test]
    fn names_a_blob_that_is_missing_or_cut() {
        let (state, layer) = state();
        std::fs::write(&layer, b"cut").unwrap();
        assert!(look(state.path()).detail.contains("python: "));
        std::fs::remove_file(&layer).unwrap();
        let found = look(state.path());
        assert!(
            found.health == finding::Health::Bad && found.detail.contains(&layer.display().to_string()),
            "{found:?}"
        );
    }
}
