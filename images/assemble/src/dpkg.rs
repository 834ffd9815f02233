//! What scanners read: one dpkg status record and one list of checksums a package.
//!
//! In: a package's control archive and the paths that the image keeps. Out: `/var/lib/dpkg/status.d/<package>` with
//! the control paragraph, and `<package>.md5sums` with the package's own checksums of the files that were kept.
//! Scanners take name, version and source from the first, and files from the second; no `Status` field is needed.

use std::collections::BTreeSet;

use debian::ControlArchive;

use crate::path::{IsDirectory, RootPath, usr_merged};

/// The folder of the records.
pub const STATUS_FOLDER: &str = "/var/lib/dpkg/status.d";

/// The records of one package as (path, text).
pub(crate) fn records(package: &str, control: &ControlArchive, kept: &BTreeSet<RootPath>) -> Vec<(RootPath, String)> {
    let place = |name: String| RootPath::parse(&format!("{STATUS_FOLDER}/{name}"));
    let texts = [
        (place(package.to_owned()), format!("{}\n", control.paragraph.trim_end())),
        (place(format!("{package}.md5sums")), checksums(control, kept)),
    ];
    texts.into_iter().filter_map(|(path, text)| Some((path.ok()?, text))).filter(|(_, text)| !text.is_empty()).collect()
}

fn checksums(control: &ControlArchive, kept: &BTreeSet<RootPath>) -> String {
    let text = control.scripts.get("md5sums").map(|bytes| String::from_utf8_lossy(bytes));
    let lines = text.iter().flat_map(|text| text.lines()).filter_map(|line| line.split_once("  "));
    let merged = lines.filter_map(|(sum, name)| {
        let path = usr_merged(&RootPath::of_member(name.as_bytes()).ok()?, IsDirectory::No);
        kept.contains(&path).then(|| format!("{sum}  {}\n", path.member_name()))
    });
    merged.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_only_what_was_kept_under_its_merged_name() {
        let control = ControlArchive {
            paragraph: "Package: libc6\nVersion: 2.36\n\n".into(),
            scripts: [("md5sums".to_owned(), b"aa  lib/libc.so.6\nbb  usr/share/doc/libc6/README\n".to_vec())].into(),
            timestamp: jiff::Timestamp::UNIX_EPOCH,
        };
        let kept = BTreeSet::from([RootPath::parse("/usr/lib/libc.so.6").unwrap()]);
        let records = records("libc6", &control, &kept);
        assert_eq!(records[0].1, "Package: libc6\nVersion: 2.36\n");
        assert_eq!(records[1].0.as_str(), "/var/lib/dpkg/status.d/libc6.md5sums");
        assert_eq!(records[1].1, "aa  usr/lib/libc.so.6\n");
    }
}
