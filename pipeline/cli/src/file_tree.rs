//! Lays layers on each other, as a container runtime does: later ones override, whiteouts hide.
//!
//! In: [`LayerContent`]s, the lowest first. Out: every file of the image, and the packages that its dpkg records name.
//! Rules: <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#applying-changesets>.

use std::collections::BTreeMap;
use std::ops::Bound;

use anyhow::bail;
use assemble::RootPath;

use crate::dpkg_records::Installed;
use crate::layer_entries::EntryKind;
use crate::layer_files::{FileFact, LayerContent, Placed};
use crate::layer_records::largest_wanted;
use crate::scan_inventory::RootFiles;

/// So many links are followed on the way to a file, as Linux does.
const MOST_LINKS: usize = 40;

/// What an image consists of.
#[derive(Debug, Default)]
pub(crate) struct FileTree(BTreeMap<RootPath, Placed>);

impl FileTree {
    /// The image of these layers.
    pub(crate) fn of<'l>(layers: impl IntoIterator<Item = &'l LayerContent>) -> Self {
        let mut tree = Self::default();
        for layer in layers {
            tree.apply(layer);
        }
        tree.resolve_hard_links();
        tree
    }

    /// The packages by name.
    pub(crate) fn packages(&self) -> BTreeMap<String, Installed> {
        let all = self.0.values().flat_map(|placed| &placed.packages);
        all.map(|package| (package.name.clone(), package.clone())).collect()
    }

    /// The files by path.
    pub(crate) fn into_files(self) -> BTreeMap<RootPath, FileFact> {
        self.0.into_iter().map(|(path, placed)| (path, placed.fact)).collect()
    }

    /// The file at a path, through links, and where it really is; none where there is no file.
    pub(crate) fn find(&self, path: &str) -> Option<(RootPath, &Placed)> {
        let real = self.real_path(&RootPath::parse(path).ok()?)?;
        let placed = self.0.get(&real)?;
        Some((real, placed))
    }

    /// The files right in a folder, which may be reached through links.
    pub(crate) fn files_in(&self, folder: &str) -> Vec<(&RootPath, &Placed)> {
        let real = RootPath::parse(folder).ok().and_then(|folder| self.real_path(&folder));
        let Some(real) = real else { return Vec::new() };
        self.below(&real).filter(|(path, _)| path.parent().as_ref() == Some(&real)).collect()
    }

    /// Every path.
    pub(crate) fn into_paths(self) -> impl Iterator<Item = RootPath> {
        self.0.into_keys()
    }

    /// Follows links in every part of a path; none where they go round in circles.
    fn real_path(&self, path: &RootPath) -> Option<RootPath> {
        let (mut path, mut links) = (path.clone(), 0);
        loop {
            let is_link = |at: &RootPath| self.0.get(at).and_then(|it| symlink_target(&it.fact));
            let whole = std::iter::once(path.clone()).chain(path.ancestors());
            let Some((at, target)) = whole.filter_map(|at| Some((at.clone(), is_link(&at)?))).last() else {
                return Some(path);
            };
            links += 1;
            if links > MOST_LINKS {
                return None;
            }
            let rest = path.as_str()[at.as_str().len()..].trim_start_matches('/').to_owned();
            path = at.link_target(target);
            if !rest.is_empty() {
                path = path.join(&rest);
            }
        }
    }

    /// All that is below a folder.
    fn below(&self, folder: &RootPath) -> impl Iterator<Item = (&RootPath, &Placed)> {
        let start = if folder.is_root() { "/".to_owned() } else { format!("{folder}/") };
        let from = self.0.range::<str, _>((Bound::Included(start.as_str()), Bound::Unbounded));
        from.take_while(move |(path, _)| path.as_str().starts_with(&start))
    }

    /// Whiteouts are for lower layers only, so all of them come before what the layer adds.
    fn apply(&mut self, layer: &LayerContent) {
        for path in &layer.removed {
            self.0.remove(path);
            self.clear(path);
        }
        for folder in &layer.emptied {
            self.clear(folder);
        }
        for (path, placed) in &layer.entries {
            let replaces_folder = placed.fact.kind != EntryKind::Directory
                && self.0.get(path).is_some_and(|below| below.fact.kind == EntryKind::Directory);
            if replaces_folder {
                self.clear(path);
            }
            self.0.insert(path.clone(), placed.clone());
        }
    }

    /// Takes away all that is below a folder.
    fn clear(&mut self, folder: &RootPath) {
        let below: Vec<RootPath> = self.below(folder).map(|(path, _)| path.clone()).collect();
        for path in below {
            self.0.remove(&path);
        }
    }

    /// A hard link has the bytes of the file that it names.
    fn resolve_hard_links(&mut self) {
        let links = self.0.iter().filter(|(_, placed)| placed.fact.kind == EntryKind::Hardlink);
        let bytes = |target: &str| {
            let it = self.0.get(target)?;
            Some((it.fact.size, it.fact.digest.clone(), it.kept.clone()))
        };
        let resolved: Vec<_> =
            links.filter_map(|(path, placed)| Some((path.clone(), bytes(placed.fact.target.as_deref()?)?))).collect();
        for (path, (size, digest, kept)) in resolved {
            if let Some(placed) = self.0.get_mut(&path) {
                (placed.fact.size, placed.fact.digest, placed.kept) = (size, digest, kept);
            }
        }
    }
}

fn symlink_target(fact: &FileFact) -> Option<&str> {
    fact.target.as_deref().filter(|_| fact.kind == EntryKind::Symlink)
}

impl RootFiles for FileTree {
    fn file(&self, path: &str) -> anyhow::Result<Option<(String, Vec<u8>)>> {
        self.find(path).map_or(Ok(None), |(real, placed)| bytes(&real, placed))
    }

    fn records(&self, folder: &str) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
        let files = self.files_in(folder).into_iter();
        let records = files.filter(|(path, _)| !path.as_str().ends_with(".md5sums"));
        records.filter_map(|(path, placed)| bytes(path, placed).transpose()).collect()
    }
}

/// What was kept of a file; one that is wanted and was not kept is too large.
fn bytes(path: &RootPath, placed: &Placed) -> anyhow::Result<Option<(String, Vec<u8>)>> {
    let is_file = matches!(placed.fact.kind, EntryKind::File | EntryKind::Hardlink);
    if let Some(largest) = largest_wanted(path.as_str()).filter(|_| is_file && placed.kept.is_none()) {
        bail!(
            "`{path}` in its layers has {} bytes, more than the {largest} that it may have: is it hostile?",
            placed.fact.size
        );
    }
    Ok(placed.kept.as_ref().map(|bytes| (path.to_string(), bytes.clone())))
}

#[cfg(test)]
mod tests {
    use oci::{Descriptor, MEDIA_TYPE_LAYER, MEDIA_TYPE_LAYER_GZIP};
    use tar::EntryType;

    use super::*;
    use crate::layer_budget::Budget;
    use crate::layer_files::{LayerError, read_layer};
    use crate::layer_fixtures::{Layer, gzip, raw_entry, record};

    fn read_as(media_type: &str, bytes: &[u8], budget: &Budget) -> Result<LayerContent, LayerError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        std::fs::write(&path, bytes).unwrap();
        read_layer(&path, &Descriptor::of(media_type, bytes), budget)
    }

    fn tree(layers: &[Vec<u8>]) -> FileTree {
        let read = |layer: &Vec<u8>| read_as(MEDIA_TYPE_LAYER_GZIP, &gzip(layer), &Budget::default()).unwrap();
        FileTree::of(&layers.iter().map(read).collect::<Vec<_>>())
    }

    fn lines(tree: FileTree) -> Vec<String> {
        let line = |(path, fact): (RootPath, FileFact)| format!("{path} {:?} {}", fact.kind, fact.size);
        tree.into_files().into_iter().map(line).collect()
    }

    #[test]
    fn later_layers_override_and_whiteouts_hide_only_what_is_below() {
        let below =
            Layer::default().folder("a").file("a/1", b"x").file("a/2", b"x").folder("b").file("b/1", b"x").bytes();
        let above = Layer::default()
            .file("a/1", b"changed")
            .file("a/.wh.2", b"")
            .file("b/new", b"y")
            .file("b/.wh..wh..opq", b"")
            .bytes();
        let expected = ["/a Directory 0", "/a/1 File 7", "/b Directory 0", "/b/new File 1"];
        assert_eq!(lines(tree(&[below, above])), expected);
    }

    #[test]
    fn a_file_that_replaces_a_folder_takes_its_content_away() {
        let below = Layer::default().folder("a").file("a/1", b"x").file("ab", b"x").bytes();
        let above = Layer::default().link(EntryType::Symlink, "a", "/ab").bytes();
        assert_eq!(lines(tree(&[below, above])), ["/a Symlink 0", "/ab File 1"]);
    }

    #[test]
    fn a_hard_link_has_the_bytes_of_its_target() {
        let below = Layer::default().file("a", b"1234").bytes();
        let above = Layer::default().link(EntryType::Link, "b", "a").bytes();
        let files = tree(&[below, above]).into_files();
        assert_eq!(files["/b"].digest, files["/a"].digest);
        assert_eq!((files["/b"].size, files["/b"].target.as_deref()), (4, Some("/a")));
    }

    #[test]
    fn packages_are_those_whose_record_no_layer_hid() {
        let folder = "var/lib/dpkg/status.d";
        let below = Layer::default()
            .file(&format!("{folder}/libc6"), &record("libc6", "2.41-12"))
            .file(&format!("{folder}/libc6.md5sums"), b"no record\n")
            .file(&format!("{folder}/gone"), &record("gone", "1"))
            .bytes();
        let above = Layer::default()
            .file(&format!("{folder}/libc6"), &record("libc6", "2.41-13"))
            .file(&format!("{folder}/.wh.gone"), b"")
            .bytes();
        let packages = tree(&[below, above]).packages();
        assert_eq!(packages.keys().collect::<Vec<_>>(), ["libc6"]);
        assert_eq!(packages["libc6"].version, "2.41-13");
    }

    #[test]
    fn a_hostile_layer_ends_in_an_error_and_not_in_all_our_memory() {
        let error = |bytes: &[u8], budget: [u64; 4]| {
            read_as(MEDIA_TYPE_LAYER, bytes, &Budget::new(budget)).unwrap_err().to_string()
        };
        let many: Vec<u8> = (0..50).flat_map(|count| raw_entry(b'0', &format!("f{count}"), b"")).collect();
        assert!(error(&many, [49, 1 << 20, 1 << 20, 1 << 20]).contains("too many entries"));
        assert!(error(&many, [50, 100, 1 << 20, 1 << 20]).contains("too many bytes of names"));
        assert!(error(&many, [50, 1 << 20, 1 << 20, 4096]).contains("too many plain bytes"));
        let record = Layer::default().file("var/lib/dpkg/status.d/x", &[b'a'; 2000]).bytes();
        assert!(error(&record, [50, 1 << 20, 1000, 1 << 20]).contains("too many bytes of dpkg records"));
        let large = Layer::default().file("var/lib/dpkg/status.d/x", &vec![b'a'; 2 << 20]).bytes();
        assert!(
            error(&large, [50, 1 << 20, 8 << 20, 8 << 20])
                .contains("the dpkg record `/var/lib/dpkg/status.d/x` has more bytes than the 1048576 that")
        );
    }

    #[test]
    fn a_damaged_blob_is_named_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blob");
        let mut bytes = gzip(&Layer::default().file("a", b"x").bytes());
        let descriptor = Descriptor::of(MEDIA_TYPE_LAYER_GZIP, &bytes);
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        let error = read_layer(&path, &descriptor, &Budget::default()).unwrap_err().to_string();
        assert!(error.contains(&descriptor.digest.to_string()) && error.contains("damaged"), "{error}");
        let unknown = read_as("text/plain", b"", &Budget::default()).unwrap_err().to_string();
        assert!(unknown.contains("`text/plain` is no media type of a layer"), "{unknown}");
    }
}
