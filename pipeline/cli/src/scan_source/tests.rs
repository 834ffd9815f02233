//! What every kind of target gives, and what is said about everything that is none.

use std::fs;
use std::path::Path;

use blob::Digest;
use oci::{
    Descriptor, ImageConfig, ImageManifest, LayoutIndex, MEDIA_TYPE_CONFIG, MEDIA_TYPE_LAYER, MEDIA_TYPE_MANIFEST,
    blob_path,
};
use registry::ClientSettings;
use tar::EntryType;

use super::*;
use crate::layer_fixtures::{Layer, gzip, raw_entry, record, write_layout};
use crate::settings::Settings;

const OS_RELEASE_TEXT: &str = "ID=debian\nVERSION_ID=\"13\"\nVERSION_CODENAME=trixie\n";

fn read(word: &str, reading: &Reading) -> anyhow::Result<Vec<Target>> {
    let folder = tempfile::tempdir()?;
    let context = Context { settings: Settings::default(), state: folder.path().join("state") };
    let client = Client::new(ClientSettings::default())?;
    let sources = Sources { context: &context, client: &client, reading };
    crate::context::runtime()?.block_on(sources.read(word))
}

fn found(word: &str) -> Vec<Target> {
    read(word, &Reading::default()).unwrap()
}

fn refusal(word: &str) -> String {
    format!("{:#}", read(word, &Reading::default()).unwrap_err())
}

/// `name version`, sorted.
fn packages(target: &Target) -> Vec<String> {
    let mut all: Vec<String> =
        target.inventory.packages.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
    all.sort();
    all
}

fn at(folder: &Path, name: &str, bytes: &[u8]) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path.display().to_string()
}

/// Two layers as ours are: a record a package, spread over them; one is replaced, one is taken away.
fn our_layers() -> [Vec<u8>; 2] {
    let folder = "var/lib/dpkg/status.d";
    let below = Layer::default()
        .file("usr/lib/os-release", OS_RELEASE_TEXT.as_bytes())
        .link(EntryType::Symlink, "etc/os-release", "../usr/lib/os-release")
        .file(&format!("{folder}/libc6"), &record("libc6", "2.41-12"))
        .file(&format!("{folder}/libc6.md5sums"), b"no record\n")
        .file(&format!("{folder}/gone"), &record("gone", "1"))
        .bytes();
    let above = Layer::default()
        .file(&format!("{folder}/libc6"), &record("libc6", "2.41-13"))
        .file(&format!("{folder}/.wh.gone"), b"")
        .file(&format!("{folder}/zlib1g"), &record("zlib1g", "1:1.3-1"))
        .bytes();
    [below, above]
}

#[test]
fn an_image_has_the_packages_that_its_layers_leave_on_every_platform() {
    let folder = tempfile::tempdir().unwrap();
    write_layout(folder.path(), &["linux/amd64", "linux/arm64"], &our_layers(), |_| {});
    let name = folder.path().display().to_string();
    let all = found(&name);
    assert_eq!(all.len(), 2);
    for (target, platform) in all.iter().zip(["linux/amd64", "linux/arm64"]) {
        assert_eq!(target.subject.platform.as_deref(), Some(platform));
        assert!(target.subject.digest.is_some() && target.subject.name.ends_with(&name) && !target.incomplete);
        assert_eq!(packages(target), ["libc6 2.41-13", "zlib1g 1:1.3-1"]);
        assert_eq!(target.inventory.distribution.codename.as_deref(), Some("trixie"), "through a link");
        assert!(target.paths.as_ref().unwrap().0.iter().any(|path| path == "/usr/lib/os-release"));
    }
    let one = |platform: &str| Reading { platforms: vec![platform.parse().unwrap()], ..Reading::default() };
    assert_eq!(read(&format!("oci:{name}:one"), &one("linux/arm64")).unwrap().len(), 1);
    let none = read(&name, &one("linux/s390x")).unwrap_err().to_string();
    assert!(none.contains("has no image for linux/s390x"), "{none}");
}

#[test]
fn dpkgs_own_list_counts_as_the_highest_layer_has_it_and_opaque_folders_hide() {
    let folder = tempfile::tempdir().unwrap();
    let list = |text: &str| text.as_bytes().to_vec();
    let one = list("Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n");
    let two = list(
        "Package: a\nStatus: install ok installed\nVersion: 2\nArchitecture: amd64\n\nPackage: b\nStatus: deinstall ok config-files\nVersion: 1\nArchitecture: amd64\n",
    );
    let below = Layer::default()
        .file("usr/share/dpkg-db/status", &one)
        .link(EntryType::Symlink, "var/lib/dpkg", "/usr/share/dpkg-db")
        .file("etc/os-release", OS_RELEASE_TEXT.as_bytes())
        .bytes();
    let above = Layer::default().file("usr/share/dpkg-db/status", &two).bytes();
    let hides = Layer::default().file("usr/share/dpkg-db/.wh..wh..opq", b"").bytes();
    let name = folder.path().display().to_string();
    write_layout(folder.path(), &["linux/amd64"], &[below.clone(), above], |_| {});
    assert_eq!(packages(&found(&name)[0]), ["a 2"]);
    write_layout(folder.path(), &["linux/amd64"], &[below, hides], |_| {});
    let target = &found(&name)[0];
    assert!(target.incomplete && target.inventory.packages.is_empty());
    assert!(target.inventory.remarks.iter().any(|it| it.text.contains("what is installed is not known")));
}

#[test]
fn archives_of_images_are_read_where_they_lie() {
    let folder = tempfile::tempdir().unwrap();
    let layers = our_layers();
    let config = ImageConfig::new("linux/arm64".parse().unwrap(), layers.iter().map(Digest::of).collect()).to_bytes();
    let list = br#"[{"Config":"c.json","RepoTags":["x:1"],"Layers":["0/layer.tar","1/layer.tar"]}]"#;
    let saved = Layer::default()
        .file("0/layer.tar", &layers[0])
        .file("1/layer.tar", &layers[1])
        .file("c.json", &config)
        .file("manifest.json", list)
        .bytes();
    for (name, bytes) in [("saved.tar", saved.clone()), ("saved.tar.gz", gzip(&saved))] {
        let path = at(folder.path(), name, &bytes);
        let all = found(&path);
        assert_eq!((all.len(), packages(&all[0])), (1, vec!["libc6 2.41-13".to_owned(), "zlib1g 1:1.3-1".to_owned()]));
        assert_eq!(
            (all[0].subject.name.as_str(), all[0].subject.platform.as_deref()),
            (format!("{path} (x:1)").as_str(), Some("linux/arm64"))
        );
    }
    let layout = folder.path().join("layout");
    write_layout(&layout, &["linux/amd64", "linux/arm64"], &layers, |_| {});
    let mut archive = tar::Builder::new(Vec::new());
    archive.append_dir_all(".", &layout).unwrap();
    let path = at(folder.path(), "layout.tar", &archive.into_inner().unwrap());
    assert_eq!(found(&path).len(), 2);
    assert_eq!(
        found(&format!("oci-archive:{path}"))[0].subject.digest,
        found(&layout.display().to_string())[0].subject.digest
    );
}

#[test]
fn a_damaged_archive_is_an_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let layer = Layer::default().file("a", b"x").bytes();
    let config = ImageConfig::new("linux/amd64".parse().unwrap(), vec![Digest::of("another")]).to_bytes();
    let list = br#"[{"Config":"c.json","Layers":["l.tar"]}]"#;
    let archive = |files: &[(&str, &[u8])]| {
        let mut archive = Layer::default();
        for (path, bytes) in files {
            archive.file(path, bytes);
        }
        archive.bytes()
    };
    let cases: [(&str, Vec<u8>, &str); 5] = [
        ("other.tar", archive(&[("l.tar", &layer), ("c.json", &config), ("manifest.json", list)]), "expected sha256:"),
        ("missing.tar", archive(&[("c.json", &config), ("manifest.json", list)]), "has no `l.tar`"),
        ("broken.tar", archive(&[("manifest.json", b"{")]), "is not what `docker save` writes"),
        ("root.tar", archive(&[("etc/passwd", b"")]), "is no archive of images: expected an OCI image layout"),
        ("hostile.tar", raw_entry(b'0', "../manifest.json", b""), "leaves the root"),
    ];
    for (name, bytes, expected) in cases {
        let error = refusal(&at(folder.path(), name, &bytes));
        assert!(error.contains(name) && error.contains(expected), "{name}: {error}");
    }
}

#[test]
fn layers_that_are_not_there_make_the_answer_unknown_and_others_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |media_type: &str| {
        let layer = Layer::default().file("etc/os-release", OS_RELEASE_TEXT.as_bytes()).bytes();
        let put = |media_type: &str, bytes: &[u8]| {
            let descriptor = Descriptor::of(media_type, bytes);
            at(folder.path(), &blob_path(&descriptor.digest), bytes);
            descriptor
        };
        let config = ImageConfig::new("linux/amd64".parse().unwrap(), vec![Digest::of(&layer); 2]).to_bytes();
        let config = put(MEDIA_TYPE_CONFIG, &config);
        let layers = vec![put(MEDIA_TYPE_LAYER, &layer), Descriptor::of(media_type, b"elsewhere")];
        let manifest = put(MEDIA_TYPE_MANIFEST, &ImageManifest::new(config, layers).to_bytes());
        let mut list = LayoutIndex::default();
        list.set(&"one".parse().unwrap(), &manifest);
        at(folder.path(), "index.json", &list.to_bytes());
        at(folder.path(), "oci-layout", &oci::layout_file());
        folder.path().display().to_string()
    };
    let name = write("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip");
    let target = &found(&name)[0];
    assert!(target.incomplete);
    assert!(target.inventory.remarks.iter().any(|it| it.text.starts_with("is no part of what was read")));
    let error = refusal(&write(MEDIA_TYPE_LAYER));
    assert!(error.contains(&Digest::of("elsewhere").to_string()), "{error}");
}

#[test]
fn folders_lists_and_records_are_read_with_the_release_that_lies_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().display().to_string();
    at(folder.path(), "etc/os-release", OS_RELEASE_TEXT.as_bytes());
    let status = at(folder.path(), "var/lib/dpkg/status", &record("a", "1"));
    at(folder.path(), "var/lib/dpkg/status.d/b", &record("b", "2"));
    for (word, expected) in [
        (root.clone(), vec!["a 1", "b 2"]),
        (format!("dir:{root}"), vec!["a 1", "b 2"]),
        (status, vec!["a 1"]),
        (format!("{root}/var/lib/dpkg/status.d"), vec!["b 2"]),
    ] {
        let target = &found(&word)[0];
        assert_eq!(
            (packages(target), target.inventory.distribution.codename.as_deref()),
            (expected.into_iter().map(str::to_owned).collect(), Some("trixie")),
            "{word}"
        );
    }
    let loose = at(folder.path(), "list", &record("a", "1"));
    assert_eq!(found(&loose)[0].inventory.distribution, scan::Distribution::default());
    let said = Reading { release: Some("bookworm".into()), ..Reading::default() };
    assert_eq!(read(&loose, &said).unwrap()[0].inventory.distribution.codename.as_deref(), Some("bookworm"));
}

#[test]
fn everything_that_is_none_is_called_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (name, bytes, expected) in [
        ("a.json", &b"{}"[..], "a.json` is JSON, and no SBOM"),
        ("b.json", b"{\"spdxVersion\": 5}", "b.json` cannot be read as SPDX"),
        ("c", b"hello", "c` is neither an SBOM in JSON"),
        ("d", b"\xff\xfe\x00", "d` is neither text in UTF-8 nor a tar archive"),
        ("e", b"", "e` is empty"),
        ("f.gz", b"\x1f\x8b\x08", "cannot read `"),
    ] {
        let error = refusal(&at(folder.path(), name, bytes));
        assert!(error.contains(expected), "{name}: {error}");
    }
    for (word, expected) in [
        (empty.display().to_string(), "nothing in it can be scanned: expected an OCI image layout"),
        (folder.path().join("gone.json").display().to_string(), "does not exist: expected an image, an archive"),
        ("Not A Name".to_owned(), "is no place of images"),
        ("python".to_owned(), "nothing is published in"),
    ] {
        let error = refusal(&word);
        assert!(error.contains(expected), "{word}: {error}");
    }
    let wrong = |kind: Kind, name: &str| {
        let reading = Reading { kind: Some(kind), ..Reading::default() };
        format!("{:#}", read(&folder.path().join(name).display().to_string(), &reading).unwrap_err())
    };
    assert!(wrong(Kind::Status, "c").contains("is no list of dpkg's"));
    assert!(wrong(Kind::Lock, "a.json").contains("is no lock, as `bedplate lock` writes it"));
    assert!(wrong(Kind::StatusD, "empty").contains("holds no record"));
    assert!(wrong(Kind::Root, "a.json").contains("is no folder"));
    assert!(wrong(Kind::Archive, "c").contains("cannot be read as an archive of images"));
}
