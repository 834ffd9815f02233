//! Real changes as they were recorded: the rows of the first day and 343 events. Inventories of what they speak of, the same every time.

use std::collections::{BTreeMap, BTreeSet};

use scan::{AdvisoriesBuilder, AdvisoryRow, Distribution, InstalledPackage, Inventory, RowKey, RowStatus};
use serde_json::Value;

/// Rows by key: (fixed version, urgency).
pub(crate) type Rows = BTreeMap<RowKey, Said>;
/// (fixed version, urgency).
pub(crate) type Said = (Option<String>, String);

/// The two releases that rows are about.
const RELEASES: [&str; 2] = ["bookworm", "trixie"];
/// Sources of which base images are made.
const COMMON: [&str; 61] = [
    "acl",
    "apt",
    "audit",
    "bash",
    "bind9",
    "brotli",
    "bzip2",
    "c-ares",
    "coreutils",
    "curl",
    "cyrus-sasl2",
    "dash",
    "dbus",
    "dpkg",
    "e2fsprogs",
    "elfutils",
    "expat",
    "file",
    "freetype",
    "gcc-12",
    "git",
    "glib2.0",
    "glibc",
    "gnupg2",
    "gnutls28",
    "gzip",
    "icu",
    "krb5",
    "libgcrypt20",
    "libjpeg-turbo",
    "libpng1.6",
    "libseccomp",
    "libssh2",
    "libtasn1-6",
    "libtirpc",
    "libx11",
    "libxml2",
    "libxslt",
    "libyaml",
    "libzstd",
    "lz4",
    "ncurses",
    "nettle",
    "nghttp2",
    "openjdk-17",
    "openldap",
    "openssh",
    "openssl",
    "p11-kit",
    "pam",
    "pcre2",
    "perl",
    "python3.11",
    "rtmpdump",
    "shadow",
    "sqlite3",
    "systemd",
    "tar",
    "util-linux",
    "xz-utils",
    "zlib",
];

fn unpacked(bytes: &[u8]) -> String {
    String::from_utf8(zstd::decode_all(bytes).unwrap()).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The rows of the first day.
pub(crate) fn begin() -> Rows {
    let state: Value = serde_json::from_str(&unpacked(include_bytes!("state-2024-10-01.json.zst"))).unwrap();
    let row = |row: &Value| {
        let [id, source, release, urgency] = [0, 1, 2, 4].map(|at| text(&row[at]));
        (RowKey { source, release, id }, (row[3].as_str().map(str::to_owned), urgency))
    };
    state["rows"].as_array().unwrap().iter().map(row).collect()
}

/// What changed, event by event.
pub(crate) fn events() -> Vec<Value> {
    let lines = unpacked(include_bytes!("events-2024-10_2025-02.jsonl.zst"));
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Applies an event. The rows that it changes, sorted.
pub(crate) fn apply(rows: &mut Rows, event: &Value) -> Vec<RowKey> {
    let said = |value: &Value| (!value.is_null()).then(|| (value[0].as_str().map(str::to_owned), text(&value[1])));
    let mut keys = BTreeSet::new();
    for change in event["changes"].as_array().unwrap() {
        let key =
            RowKey { source: text(&change["source"]), release: text(&change["release"]), id: text(&change["cve"]) };
        let held = match said(&change["new"]) {
            Some(new) => rows.insert(key.clone(), new),
            None => rows.remove(&key),
        };
        assert_eq!(held, said(&change["old"]), "{key:?}");
        assert!(keys.insert(key));
    }
    keys.into_iter().collect()
}

/// Rows as advisories.
pub(crate) fn built<'a>(rows: impl Iterator<Item = (&'a RowKey, &'a Said)>) -> scan::Advisories {
    let mut builder = AdvisoriesBuilder::default();
    for (RowKey { source, release, id }, (fixed, urgency)) in rows {
        let row = AdvisoryRow {
            source,
            id,
            release,
            status: fixed.as_ref().map_or(RowStatus::Open, |_| RowStatus::Resolved),
            urgency,
            fixed_version: fixed.as_deref(),
            no_dsa: None,
            next_point_update: false,
            repositories: Vec::new(),
            description: None,
            scope: None,
            debian_bug: None,
        };
        builder.add(&row).unwrap();
    }
    builder.finish().unwrap()
}

/// So many inventories, half of either release, of `common` sources that most images share and of `any` others. Versions are some that
/// rows name: what is installed is older or newer than the fixes.
pub(crate) fn inventories(rows: &Rows, count: usize, common: usize, any: usize) -> Vec<Inventory> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (key, (fixed, _)) in rows {
        versions.entry(&key.source).or_default().extend(fixed.as_deref().filter(|it| *it != "0"));
    }
    versions.retain(|_, versions| !versions.is_empty());
    let all: Vec<&str> = versions.keys().copied().collect();
    let shared: Vec<&str> = COMMON.into_iter().filter(|source| versions.contains_key(source)).collect();
    let mut random = fastrand::Rng::with_seed(6);
    let mut inventory = |at: usize| {
        let mut chosen: BTreeSet<&str> = random.choose_multiple(shared.iter().copied(), common).into_iter().collect();
        chosen.extend(random.choose_multiple(all.iter().copied(), any));
        let mut package = |source: &str| {
            let version = versions[source][random.usize(..versions[source].len())];
            InstalledPackage {
                name: format!("lib{source}"),
                version: format!("{version}+b1"),
                architecture: "amd64".into(),
                source: source.into(),
                source_version: version.into(),
            }
        };
        let packages = chosen.into_iter().map(&mut package).collect();
        Inventory { distribution: Distribution::from_distro(RELEASES[at % 2]), packages, remarks: Vec::new() }
    };
    (0..count).map(&mut inventory).collect()
}
