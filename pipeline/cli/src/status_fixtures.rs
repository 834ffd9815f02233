//! Made-up publications and outcomes for the tests of the status page.
//!
//! In: a name. Out: values as a wave would leave them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use assemble::{Catalogue, ImageLock, LOCK_SCHEMA, LayerLock, LockedPackage, PlatformLock, SuiteSnapshot};
use blob::Digest;
use plan::{ImageOutcome, Outcome, Publication, PublishedPlatform, Whose};
use worker::{FeedSettings, Feeds, SendResult, Sent};

use crate::findings::{Findings, Known};
use crate::status::{ImageView, View};

const RELEASES: &str = "
trixie:
  version: '13'
  components: [main]
  end-of-life: 2028-08-09
  suites:
    - { name: trixie, kind: main, keys: ['0123456789ABCDEF0123456789ABCDEF01234567'] }
";

const BASE: &str = "
name: base
summary: The C library and OpenSSL.
release: trixie
packages: [libc6]
user: '65532:65532'
environment: { PATH: /usr/bin }
tags: [latest]
end-of-life: 2028-08-09
";

const PYTHON: &str = "
name: python
summary: Debian's Python <with> its whole standard library.
release: trixie
parent: base
entrypoint: [/usr/bin/python3]
environment: { LANG: C.UTF-8 }
tags: ['${major}.${minor}', latest]
end-of-life: 2026-12-24
documentation: |
  Text with `code` & <tags>.
";

/// Two images: `base`, and `python` on it.
pub(crate) fn catalogue() -> Catalogue {
    let files = [("releases.yaml", RELEASES), ("definitions/base.yaml", BASE), ("definitions/python.yaml", PYTHON)];
    Catalogue::read(files).unwrap()
}

/// A publication with two layers and two platforms.
pub(crate) fn publication(image: &str) -> Publication {
    let platform = |name: &str, size| {
        let one = PublishedPlatform { manifest: Digest::of(format!("{image} {name}")), size, packages: 3 };
        (name.to_owned(), one)
    };
    Publication {
        image: image.into(),
        repository: image.into(),
        tags: vec!["3.13".into(), "3.13.5".into(), "latest".into()],
        fixed_tag: "3.13.5-20261123T140000Z".into(),
        version: "3.13.5".into(),
        index: Digest::of(image),
        platforms: BTreeMap::from([platform("linux/amd64", 20_600_000), platform("linux/arm64", 19_900_000)]),
        created: "2026-11-22T08:12:00Z".parse().unwrap(),
        published: "2026-11-23T14:03:09Z".parse().unwrap(),
        builder: "bedplate 0.1.0".into(),
        attested: plan::Attested {
            name: format!("registry.example/{image}"),
            signers: vec!["sha256:1f".into()],
            manifests: vec![Digest::of("signature")],
            scan: None,
        },
        lock: lock(image),
    }
}

/// What is known of a state folder whose feeds are turned off; its ledger is only read.
pub(crate) fn findings(state: &Path) -> Findings {
    let settings = FeedSettings { enabled: false, ..FeedSettings::default() };
    let feeds = Feeds::open(&settings, state, &worker::silent()).unwrap();
    Findings::only_read(store::Ledger::path_of(state), feeds)
}

/// A moment at which `python` is published and up to date, and this is known of it.
pub(crate) fn view(known: Known) -> View {
    let publication = Some(publication("python"));
    let outcome = Some(up_to_date("python").outcome);
    let definition = catalogue().definitions.get("python").cloned();
    View {
        now: "2026-11-23T14:08:00Z".parse().unwrap(),
        evaluates: true,
        evaluated: Some("2026-11-23T14:05:00Z".parse().unwrap()),
        next: None,
        error: None,
        unreadable: None,
        undelivered: Vec::new(),
        images: vec![ImageView { name: "python".into(), definition, publication, outcome, build: None }],
        known,
    }
}

fn lock(image: &str) -> ImageLock {
    let layers = |libc: &str| PlatformLock {
        layers: vec![
            LayerLock {
                definition: "base".into(),
                packages: vec![package("libc6", libc), package("libssl3t64", "3.5.4-1~deb13u2")],
            },
            LayerLock { definition: image.into(), packages: vec![package("python3.13-minimal", "3.13.5-2")] },
        ],
    };
    ImageLock {
        schema: LOCK_SCHEMA.into(),
        name: image.into(),
        release: "trixie".into(),
        definition: Digest::of("definition"),
        snapshot: vec![SuiteSnapshot {
            suite: "trixie".parse().unwrap(),
            in_release: Digest::of("in release"),
            date: "2026-11-23T14:00:00Z".parse().unwrap(),
            signers: Vec::new(),
            indexes: Vec::new(),
        }],
        platforms: [("linux/amd64".to_owned(), layers("2.41-12")), ("linux/arm64".to_owned(), layers("2.41-13"))]
            .into(),
    }
}

fn package(name: &str, version: &str) -> LockedPackage {
    LockedPackage {
        name: name.into(),
        version: version.parse().unwrap(),
        architecture: debian::Architecture::Amd64,
        source: name.into(),
        source_version: version.parse().unwrap(),
        sha256: Digest::of(name),
        size: 1_000_000,
        path: format!("pool/{name}.deb"),
        suite: "trixie".parse().unwrap(),
    }
}

/// It was built, for these reasons.
pub(crate) fn published(image: &str, reasons: &[&str]) -> ImageOutcome {
    let reasons = reasons.iter().map(ToString::to_string).collect();
    outcome(image, Outcome::Published { index: Digest::of(image), reasons, milliseconds: 5_321 })
}

/// Nothing was to be done.
pub(crate) fn up_to_date(image: &str) -> ImageOutcome {
    outcome(image, Outcome::UpToDate { index: Digest::of(image) })
}

/// It failed, with hostile text.
pub(crate) fn failed(image: &str) -> ImageOutcome {
    outcome(image, Outcome::Failed { whose: Whose::Upstream, message: "404 for <script>alert(1)</script>".into() })
}

fn outcome(image: &str, outcome: Outcome) -> ImageOutcome {
    ImageOutcome { image: image.into(), outcome }
}

/// What became of `python` at another registry.
pub(crate) fn sent(result: SendResult) -> Sent {
    Sent {
        target: "mirror.example/x".parse().unwrap(),
        image: "python".into(),
        name: "mirror.example/x/python".into(),
        index: Digest::of("python"),
        tags: BTreeSet::new(),
        result,
    }
}
