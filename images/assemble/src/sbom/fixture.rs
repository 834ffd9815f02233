//! A small image for tests: two packages in two layers, a hard link, a hostile file name, a file of an effect.

use std::collections::BTreeMap;

use blob::Digest;
use oci::{Descriptor, MEDIA_TYPE_MANIFEST, Platform};

use crate::about::About;
use crate::content::facts_of;
use crate::copyright::Copyright;
use crate::facts::EntryKind;
use crate::layer::{Base, Layer};
use crate::lock::{LayerLock, LockedPackage, PlatformLock};
use crate::path::RootPath;
use crate::sbom::SbomParts;
use crate::tree::Tree;
use crate::tree::tests::{entry, link};

const FORMAT: &str = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n";

/// What [`SbomParts`] borrows.
pub(crate) struct Fixture {
    pub(crate) platform: Platform,
    pub(crate) manifest: Descriptor,
    pub(crate) lock: PlatformLock,
    pub(crate) layers: Vec<Layer>,
    pub(crate) tree: Base,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let libc = LockedPackage {
            source: "glibc".into(),
            source_version: "2.41-12".parse().unwrap(),
            ..locked("libc6", "2.41-12")
        };
        let layer = |definition: &str, package| LayerLock { definition: definition.into(), packages: vec![package] };
        Self {
            platform: Platform::linux("amd64"),
            manifest: Descriptor::of(MEDIA_TYPE_MANIFEST, b"manifest"),
            lock: PlatformLock { layers: vec![layer("base", libc), layer("tool", locked("tool", "1:2+b1"))] },
            layers: vec![made_layer("base"), made_layer("tool")],
            tree: tree(),
        }
    }

    pub(crate) fn parts(&self) -> SbomParts<'_> {
        SbomParts {
            image: "tool",
            version: "2",
            name: "images.example/tool",
            platform: &self.platform,
            manifest: &self.manifest,
            packages: &self.lock,
            layers: &self.layers,
            tree: &self.tree,
            created: "2026-11-23T14:00:00Z".parse().unwrap(),
        }
    }
}

pub(crate) fn locked(name: &str, version: &str) -> LockedPackage {
    LockedPackage {
        name: name.into(),
        version: version.parse().unwrap(),
        architecture: debian::Architecture::Amd64,
        source: name.into(),
        source_version: version.parse().unwrap(),
        sha256: Digest::of(name),
        size: 1,
        path: format!("pool/main/{name}.deb"),
        suite: "trixie".parse().unwrap(),
    }
}

fn made_layer(name: &str) -> Layer {
    let (digest, diff_id) = (Digest::of(name), Digest::of(format!("plain {name}")));
    Layer { digest, diff_id, size: 10, plain_size: 20, timestamp: 0 }
}

fn path(text: &str) -> RootPath {
    RootPath::parse(text).unwrap()
}

fn tree() -> Base {
    let mut tree = Tree::default();
    let file = |text: &str, content: &str| entry(text, EntryKind::File(facts_of(content.as_bytes())));
    for (entry, origin) in [
        (file("/usr/lib/libc.so.6", "libc"), "libc6"),
        (file("/usr/bin/tool \"q\"", "tool"), "tool"),
        (entry("/usr/bin/again", EntryKind::Hardlink { target: path("/usr/bin/tool \"q\"") }), "tool"),
        (link("/usr/bin/link", "again"), "tool"),
        (file("/etc/passwd", "root"), "effects of base"),
    ] {
        tree.add(entry, origin).unwrap();
    }
    let os_release = "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nID=debian\nVERSION_ID=\"13\"\n";
    let captured = BTreeMap::from([(path("/usr/lib/os-release"), os_release.to_owned())]);
    let about = [
        (
            "libc6".to_owned(),
            about(
                "libc6",
                "GNU Libc Maintainers <l@lists.example>",
                "",
                "LGPL-2.1+ and odd\n\nLicense: odd\n do \"what\"",
            ),
        ),
        ("tool".to_owned(), about("tool", "A Person <p@people.example>", "libc6 (>= 2.40)", "Expat")),
    ];
    Base { tree, captured, about: about.into(), timestamp: 0 }
}

fn about(name: &str, maintainer: &str, depends: &str, licence: &str) -> About {
    let copyright = Copyright::read(format!("{FORMAT}Files: *\nLicense: {licence}\n").as_bytes());
    About {
        maintainer: maintainer.into(),
        homepage: format!("https://www.{name}.example/"),
        summary: format!("what {name} is"),
        depends: depends.into(),
        provides: String::new(),
        copyright: [(path(&format!("/usr/share/doc/{name}/copyright")), copyright)].into(),
    }
}
