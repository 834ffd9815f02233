//! A store with ten thousand manifests in one repository: how long until the first answer, and how long a list of all tags takes.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use oci::{Descriptor, ImageIndex, LayoutIndex, MEDIA_TYPE_INDEX, Repository, Tag, blob_path, layout_file};

use crate::servers::{Kind, Server};

const MANIFESTS: u32 = 10_000;

pub(crate) fn measure() {
    let folder = tempfile::tempdir().unwrap();
    fill(&folder.path().join("registry"), &"large".parse().unwrap());
    let least = |run: &dyn Fn() -> Duration| (0..3).map(|_| run()).min().unwrap().as_secs_f64() * 1e3;
    let first = least(&|| {
        let begin = Instant::now();
        let server = Server::start(Kind::Bedplate, folder.path()).unwrap();
        assert_eq!(server.connect().get("/v2/large/manifests/tag-5000").status, 200);
        begin.elapsed()
    });
    let server = Server::start(Kind::Bedplate, folder.path()).unwrap();
    let list = least(&|| {
        let mut connection = server.connect();
        let begin = Instant::now();
        assert!(connection.get("/v2/large/tags/list").length > 100_000);
        begin.elapsed()
    });
    let listens = server.start.as_secs_f64() * 1e3;
    for (what, figure) in
        [("ms until it listens", listens), ("ms until the first manifest", first), ("ms for a list of all tags", list)]
    {
        println!("{:<16} {:<44} {figure:>10.1}", Kind::Bedplate, format!("10,000 manifests: {what}"));
    }
}

/// Writes the layout by hand: ten thousand pushes would take longer than all the rest.
fn fill(root: &Path, repository: &Repository) {
    let layout = root.join(repository.as_str());
    fs::create_dir_all(layout.join("blobs/sha256")).unwrap();
    let mut index = ImageIndex::new(Vec::new());
    for number in 0..MANIFESTS {
        let tag: Tag = format!("tag-{number}").parse().unwrap();
        let mut manifest = ImageIndex::new(Vec::new());
        manifest.annotations.insert("number".to_owned(), number.to_string());
        let bytes = manifest.to_bytes();
        let descriptor = Descriptor::of(MEDIA_TYPE_INDEX, &bytes);
        fs::write(layout.join(blob_path(&descriptor.digest)), bytes).unwrap();
        index.manifests.push(descriptor.with_annotation(oci::ANNOTATION_REF_NAME, tag.to_string()));
    }
    let index = LayoutIndex::parse(&index.to_bytes()).unwrap();
    fs::write(layout.join(oci::INDEX_FILE), index.to_bytes()).unwrap();
    fs::write(layout.join(oci::LAYOUT_FILE), layout_file()).unwrap();
}
