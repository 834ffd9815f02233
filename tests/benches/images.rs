//! How fast is an image made? Beside a peer, and beside the least that the work must cost, in the same run.
//!
//! `cargo build --release && cargo bench -p tests --bench images [-- python java]`. Needs the Debian archive and mmdebstrap.
//! The peer is `mmdebstrap --variant=extract` with the same root packages: it fetches and unpacks, and compresses nothing.
//! The floor is decompressing, compressing (libdeflate 6) and hashing exactly the image's .debs on all cores, nothing else.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may stop, and prints")]

use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use assemble::{ImageLock, LockedPackage};
use debian::Deb;
use rayon::prelude::*;
use worker::{Archive, ArchiveSettings};

/// The least of so many runs counts.
const RUNS: usize = 3;

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let images = if named.is_empty() { vec!["python".to_owned()] } else { named };
    println!("image    what                                  seconds   ratio to ours");
    for image in images {
        measure(&image);
    }
}

fn measure(image: &str) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let cold = least(|| {
        let _ = fs::remove_dir_all(&state);
        build(image, &state, folder.path())
    });
    let lock = lock(image, &state, folder.path());
    let packages: Vec<&LockedPackage> = lock.packages().collect();
    let roots: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
    let no_layers = least(|| {
        for part in ["segments", "layers"] {
            let _ = fs::remove_dir_all(state.join(part));
        }
        build(image, &state, folder.path())
    });
    let nothing_new = least(|| build(image, &state, folder.path()));
    let peer = least(|| mmdebstrap(&roots, folder.path()));
    let floor = least(|| floor(&packages, &state.join("debs/sha256")));
    println!("{image:<8} cold: observe, fetch, build            {:>6.2}", cold.as_secs_f64());
    println!(
        "{image:<8} mmdebstrap --variant=extract, cold     {:>6.2}   {:>6.2}",
        peer.as_secs_f64(),
        ratio(peer, cold)
    );
    println!("{image:<8} .debs at hand, no layers               {:>6.2}", no_layers.as_secs_f64());
    println!(
        "{image:<8} floor: decompress, compress, hash      {:>6.2}   {:>6.2}",
        floor.as_secs_f64(),
        ratio(floor, no_layers)
    );
    println!("{image:<8} everything at hand                     {:>6.2}", nothing_new.as_secs_f64());
}

fn ratio(other: Duration, ours: Duration) -> f64 {
    other.as_secs_f64() / ours.as_secs_f64()
}

fn least(mut run: impl FnMut() -> Duration) -> Duration {
    (0..RUNS).map(|_| run()).min().unwrap()
}

fn bedplate(state: &Path) -> Command {
    let mut command = Command::new(tests::binary());
    command.args(["--progress", "none", "--state"]).arg(state);
    command
}

fn timed(command: &mut Command) -> Duration {
    let begin = Instant::now();
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    begin.elapsed()
}

fn build(image: &str, state: &Path, folder: &Path) -> Duration {
    let layout = folder.join("layout");
    let _ = fs::remove_dir_all(&layout);
    timed(bedplate(state).args(["build", image, "--platform", "linux/amd64", "--output"]).arg(layout))
}

fn lock(image: &str, state: &Path, folder: &Path) -> ImageLock {
    let path = folder.join("lock.json");
    timed(bedplate(state).args(["lock", image, "--platform", "linux/amd64", "--output"]).arg(&path));
    ImageLock::parse(&fs::read_to_string(path).unwrap()).unwrap()
}

/// The addresses come from the machine's own APT sources, as ours do.
fn mmdebstrap(roots: &[&str], folder: &Path) -> Duration {
    let archive = Archive::find(&ArchiveSettings::default(), Path::new("/")).unwrap();
    let lines = ["trixie", "trixie-updates", "trixie-security"].map(|suite| {
        let part = archive.part_of(&suite.parse().unwrap());
        format!("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {} {suite} main", part.base)
    });
    let include = format!("--include={}", roots.join(","));
    timed(
        Command::new("mmdebstrap")
            .args(["--variant=extract", "--architectures=amd64", "--quiet", &include, "trixie"])
            .arg(folder.join("peer.tar"))
            .args(lines),
    )
}

/// What no program can avoid: the bytes of these packages through xz, libdeflate and SHA-256.
fn floor(packages: &[&LockedPackage], debs: &Path) -> Duration {
    let mut paths: Vec<(u64, PathBuf)> =
        packages.iter().map(|package| (package.size, debs.join(package.sha256.hex()))).collect();
    paths.sort_by_key(|(size, _)| std::cmp::Reverse(*size));
    let begin = Instant::now();
    paths.par_iter().with_max_len(1).for_each(|(_, path)| work(path));
    begin.elapsed()
}

fn work(path: &Path) {
    let reader = BufReader::new(File::open(path).unwrap());
    let (_, data) = Deb::open(reader).unwrap().into_parts().unwrap();
    let mut plain = Vec::new();
    data.for_each::<debian::DebError>(|mut entry| {
        entry.read_to_end(&mut plain).unwrap();
        Ok(())
    })
    .unwrap();
    plain.par_chunks(4 << 20).for_each(|chunk| {
        let compressed = assemble::compress(chunk).unwrap();
        std::hint::black_box(blob::Digest::of(compressed));
    });
    std::hint::black_box(blob::Digest::of(&plain));
}
