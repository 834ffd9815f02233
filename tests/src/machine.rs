//! What the real program needs beside a state folder: where it is, and a machine that follows a fake archive.
//!
//! In: an archive, its address, a folder. Out: the binary's path; a catalogue that trusts the archive, its keyring, and the settings for both.

use std::fs;
use std::path::{Path, PathBuf};

use crate::FakeArchive;

/// The binary that `cargo build` makes beside this test or benchmark.
pub fn binary() -> PathBuf {
    let here = std::env::current_exe().expect("this process has a program");
    let built = here.ancestors().map(|folder| folder.join("bedplate")).find(|path| path.is_file());
    built.expect("bedplate is not built: run `cargo build` first, for benchmarks `cargo build --release`")
}

/// The line of a settings file that asks no feed: tests reach no network.
pub const NO_FEEDS: &str = "feeds: {enabled: false}\n";

/// Writes `catalog/` and `keyring.gpg` into a folder; gives the lines of a settings file that name them and the archive, and no feed.
/// `catalogue` has the built-in files.
pub fn write_machine<'f>(
    folder: &Path,
    archive: &FakeArchive,
    url: &str,
    catalogue: impl IntoIterator<Item = (&'f str, &'f str)>,
) -> String {
    for (path, text) in archive.trusting(catalogue) {
        let target = folder.join("catalog").join(path);
        let below = target.parent().expect("it lies in `catalog/`");
        fs::create_dir_all(below).expect("the folder can be written");
        fs::write(target, text).expect("the folder can be written");
    }
    fs::write(folder.join("keyring.gpg"), archive.keyring()).expect("the folder can be written");
    let place = folder.display();
    format!(
        "archive: {{main: '{url}', security: '{url}', keyrings: [{place}/keyring.gpg]}}\ncatalog: {place}/catalog\n{NO_FEEDS}"
    )
}
