//! The files of the workspace, read once: what belongs to the house, and not what was built or is kept beside it.

use std::collections::BTreeMap;
use std::path::Path;

/// Folders that are no part of the house.
const OUTSIDE: [&str; 3] = ["target", "bedplate-state", "node_modules"];

/// All text files by their path below the workspace.
pub(crate) struct House {
    files: BTreeMap<String, String>,
}

/// One crate.
pub(crate) struct Room<'h> {
    /// Its folder, such as `images/blob`.
    pub(crate) folder: &'h str,
    /// The text of its `Cargo.toml`.
    pub(crate) manifest: &'h str,
}

impl House {
    /// The house that this test stands in.
    pub(crate) fn of_workspace() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
        let mut house = Self { files: BTreeMap::new() };
        house.read(root, "");
        assert!(house.get("Cargo.toml").is_some(), "no workspace at `{}`", root.display());
        house
    }

    /// A house made up for the test of a rule.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        Self { files: files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect() }
    }

    /// The text of a file.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Path and text of all files with one of these endings.
    pub(crate) fn files<'h>(&'h self, endings: &'h [&str]) -> impl Iterator<Item = (&'h str, &'h str)> {
        let wanted = |path: &str| endings.iter().any(|ending| path.ends_with(ending));
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())).filter(move |(path, _)| wanted(path))
    }

    /// All crates.
    pub(crate) fn rooms(&self) -> impl Iterator<Item = Room<'_>> {
        let room = |(path, manifest)| Some(Room { folder: str::strip_suffix(path, "/Cargo.toml")?, manifest });
        self.files(&["/Cargo.toml"]).filter_map(room)
    }

    fn read(&mut self, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).expect("a folder that can be read") {
            let entry = entry.expect("a folder that can be read");
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            if entry.file_type().expect("a file with a type").is_dir() {
                if !OUTSIDE.contains(&name.as_str()) && (!name.starts_with('.') || name == ".ci") {
                    self.read(&entry.path(), &format!("{path}/"));
                }
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                self.files.insert(path, text);
            }
        }
    }
}

impl Room<'_> {
    /// The crate's name: its folder's.
    pub(crate) fn name(&self) -> &str {
        self.folder.rsplit('/').next().unwrap_or(self.folder)
    }

    /// Everything that it depends on, of whatever kind.
    pub(crate) fn dependencies(&self) -> Vec<&str> {
        let (mut in_dependencies, mut names) = (false, Vec::new());
        for line in self.manifest.lines().map(str::trim) {
            if let Some(section) = line.strip_prefix('[') {
                let section = section.trim_end_matches(']');
                in_dependencies = section.ends_with("dependencies");
                names.extend(section.split_once("dependencies.").map(|(_, name)| name));
            } else if in_dependencies && !line.is_empty() && !line.starts_with('#') {
                names.extend(line.split(['.', '=', ' ']).next());
            }
        }
        names
    }
}

#[test]
fn reads_dependencies_in_every_way_that_they_are_written() {
    let manifest = "[package]\nname = \"x\"\n[dependencies]\n# none.\nblob.workspace = true\noci = { path = \"..\" }\n\n\
        [dev-dependencies]\ninsta = \"1\"\n[target.'cfg(unix)'.dependencies.debian]\nworkspace = true\n[lints]\nworkspace = true\n";
    let room = Room { folder: "images/x", manifest };
    assert_eq!((room.name(), room.dependencies()), ("x", vec!["blob", "oci", "insta", "debian"]));
}

#[test]
fn finds_the_rooms_and_leaves_out_what_was_built() {
    let house = House::of_workspace();
    let folders: Vec<_> = house.rooms().map(|room| room.folder).collect();
    assert!(folders.contains(&"images/blob") && folders.contains(&"tests"), "{folders:?}");
    assert!(house.files(&[""]).all(|(path, _)| !path.starts_with("target/") && !path.starts_with(".git/")));
}
