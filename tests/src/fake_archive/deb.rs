//! Makes the bytes of a `.deb`: an ar archive with a version, the control files and the data.
//!
//! It takes a package as the test described it; the same description gives the same bytes.
//!
//! Format: <https://manpages.debian.org/trixie/dpkg-dev/deb.5.en.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use md5::{Digest as _, Md5};

use super::package::{dotted, dotted_directory};
use super::stanza::control_paragraph;
use super::tarball::tarball;
use super::{DebCompression, FakePackage, RawEntry};

impl FakePackage {
    /// The bytes of the package's `.deb`.
    pub fn to_deb(&self) -> Vec<u8> {
        self.overrides.deb.clone().unwrap_or_else(|| self.build())
    }

    fn build(&self) -> Vec<u8> {
        let (overrides, suffix, time) = (&self.overrides, self.compression.suffix(), seconds(self));
        let entries = data_entries(self);
        let control = overrides.control_tar.clone().unwrap_or_else(|| tarball(&control_entries(self, &entries), time));
        let data = overrides.data_tar.clone();
        let data = data.unwrap_or_else(|| tarball(entries.iter().chain(&overrides.entries), time));
        let data_name = overrides.data_member.clone().unwrap_or_else(|| format!("data.tar{suffix}"));
        let compress = |bytes: Vec<u8>| DebCompression::compress(self.compression, &bytes);
        let mut bytes = b"!<arch>\n".to_vec();
        append_member(&mut bytes, "debian-binary", time, b"2.0\n");
        append_member(&mut bytes, &format!("control.tar{suffix}"), time, &compress(control));
        append_member(&mut bytes, &data_name, time, &compress(data));
        bytes
    }
}

fn seconds(package: &FakePackage) -> u64 {
    u64::try_from(package.timestamp.as_second()).expect("a time after 1970")
}

fn append_member(archive: &mut Vec<u8>, name: &str, time: u64, content: &[u8]) {
    let size = content.len();
    let header = format!("{name:<16}{time:<12}{:<6}{:<6}{:<8}{size:<10}`\n", 0, 0, "100644");
    archive.extend_from_slice(header.as_bytes());
    archive.extend_from_slice(content);
    if size % 2 == 1 {
        archive.push(b'\n');
    }
}

/// All ordinary entries in the order of their paths, each below its directories; hard links last, after what they name.
fn data_entries(package: &FakePackage) -> Vec<RawEntry> {
    let mut entries = package.entries.clone();
    add_copyright(package, &mut entries);
    let mut parents = BTreeSet::from([String::new()]);
    for path in entries.keys() {
        parents.extend(path.match_indices('/').map(|(end, _)| path[..end].to_owned()));
    }
    for path in parents {
        let directory = RawEntry::directory(dotted_directory(&path));
        entries.entry(path).or_insert(directory);
    }
    let (links, others): (Vec<_>, Vec<_>) = entries.into_values().partition(RawEntry::is_hardlink);
    [others, links].concat()
}

/// Every package has a copyright file, unless its documentation lies with another package.
fn add_copyright(package: &FakePackage, entries: &mut BTreeMap<String, RawEntry>) {
    let folder = format!("usr/share/doc/{}", package.name);
    let path = format!("{folder}/copyright");
    if package.has_copyright && !entries.contains_key(&folder) && !entries.contains_key(&path) {
        let text = format!("Copyright of {}: made up for tests.\n", package.name);
        entries.insert(path.clone(), RawEntry::file(dotted(&path), text));
    }
}

fn control_entries(package: &FakePackage, data: &[RawEntry]) -> Vec<RawEntry> {
    let mut files = package.control_files.clone();
    files.insert("control".into(), (0o644, control_paragraph(package).into_bytes()));
    let sums = md5sums(data, &conffiles(package));
    if !sums.is_empty() {
        files.entry("md5sums".into()).or_insert((0o644, sums.into_bytes()));
    }
    let file = |(name, (mode, content)): (String, (u32, Vec<u8>))| RawEntry::file(dotted(&name), content).mode(mode);
    std::iter::once(RawEntry::directory("./")).chain(files.into_iter().map(file)).collect()
}

fn conffiles(package: &FakePackage) -> BTreeSet<Vec<u8>> {
    let text = package.control_files.get("conffiles").map_or(&[][..], |(_, content)| content);
    text.split(|byte| *byte == b'\n').map(|line| [b".", line].concat()).collect()
}

/// What `dh_md5sums` writes: every regular file but the configuration files.
fn md5sums(entries: &[RawEntry], without: &BTreeSet<Vec<u8>>) -> String {
    let mut text = String::new();
    for entry in entries.iter().filter(|entry| entry.is_file() && !without.contains(&entry.path)) {
        let path = String::from_utf8_lossy(&entry.path[2..]);
        let _ = writeln!(text, "{:x}  {path}", Md5::digest(&entry.content));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    fn openssl() -> FakePackage {
        FakePackage::new("openssl", "3.5.1-1")
            .depends("libc6 (>= 2.41)")
            .file("/etc/ssl/openssl.cnf", "[default]\n")
            .conffile("/etc/ssl/openssl.cnf")
            .file_with_mode("/usr/bin/openssl", 0o755, "program")
            .directory_with_mode("/etc/ssl/private", 0o700)
            .symlink("/usr/lib/ssl/openssl.cnf", "/etc/ssl/openssl.cnf")
            .hardlink("/usr/bin/c_rehash", "/usr/bin/openssl")
            .script("postinst", "#!/bin/sh\nexit 0\n")
    }

    /// What `dpkg-deb` prints, or `None` where this machine has none.
    #[expect(clippy::print_stderr, reason = "a skipped check must be seen")]
    fn dpkg_deb(option: &str, deb: &[u8]) -> Option<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), deb).unwrap();
        let Ok(output) = Command::new("dpkg-deb").arg(option).arg(file.path()).env("TZ", "UTC").output() else {
            eprintln!("skipped: this machine has no dpkg-deb");
            return None;
        };
        assert!(output.status.success(), "{option}: {}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    #[test]
    fn dpkg_reads_every_compression() {
        use DebCompression::{Gzip, None, Xz, Zstd};
        for compression in [None, Gzip, Xz, Zstd] {
            let deb = openssl().compression(compression).to_deb();
            let Some(info) = dpkg_deb("--info", &deb) else { return };
            assert!(info.contains("Depends: libc6 (>= 2.41)"), "{info}");
            let contents = dpkg_deb("--contents", &deb).unwrap();
            for line in [
                "-rwxr-xr-x root/root         7 2026-07-01 00:00 ./usr/bin/openssl",
                "drwx------ root/root         0 2026-07-01 00:00 ./etc/ssl/private/",
                "./usr/lib/ssl/openssl.cnf -> /etc/ssl/openssl.cnf",
                "./usr/bin/c_rehash link to ./usr/bin/openssl",
                "./usr/share/doc/openssl/copyright",
            ] {
                assert!(contents.contains(line), "{line} in\n{contents}");
            }
        }
    }

    #[test]
    fn gives_the_same_bytes_twice() {
        assert_eq!(openssl().to_deb(), openssl().to_deb());
        assert_ne!(openssl().to_deb(), openssl().timestamp("2026-07-02T00:00:00Z").to_deb());
    }

    #[test]
    fn sums_files_but_not_configuration_files_and_links() {
        let entries = data_entries(&openssl());
        let text = md5sums(&entries, &conffiles(&openssl()));
        let paths: Vec<_> = text.lines().map(|line| line.split_once("  ").unwrap().1).collect();
        assert_eq!(paths, ["usr/bin/openssl", "usr/share/doc/openssl/copyright"]);
        assert!(text.starts_with("a9c449d4fa44e9e5a41c574ae55ce4d9  "), "{text}");
    }

    #[test]
    fn writes_raw_bytes_as_they_are() {
        assert_eq!(openssl().raw_deb("junk").to_deb(), b"junk");
        let deb = openssl().raw_data_member("data.tar.lzma").to_deb();
        assert!(deb.windows(13).any(|window| window == b"data.tar.lzma"));
        let deb = openssl().compression(DebCompression::None).raw_control_tar("not a tar").to_deb();
        assert!(deb.windows(9).any(|window| window == b"not a tar"));
    }

    #[test]
    fn holds_a_hundred_thousand_entries_of_which_none_is_checked() {
        let entries = (0..100_000).map(|number| RawEntry::file(format!("../{}", number % 7), ""));
        let package = FakePackage::new("a", "1").compression(DebCompression::Gzip).raw_data_entries(entries);
        let deb = package.to_deb();
        let start = deb.windows(12).position(|window| window == b"data.tar.gz ").unwrap() + 60;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&deb[start..]));
        let hostile =
            archive.entries().unwrap().filter(|entry| entry.as_ref().unwrap().path_bytes().starts_with(b"../"));
        assert_eq!(hostile.count(), 100_000);
    }

    #[test]
    fn leaves_the_copyright_to_another_package_when_the_folder_is_a_link() {
        let package = FakePackage::new("libgcc-s1", "14").symlink("/usr/share/doc/libgcc-s1", "gcc-14-base");
        let paths: Vec<_> = data_entries(&package).into_iter().map(|entry| entry.path).collect();
        assert!(paths.contains(&b"./usr/share/doc/libgcc-s1".to_vec()));
        assert!(!paths.iter().any(|path| path.ends_with(b"copyright")));
        assert_eq!(data_entries(&FakePackage::new("a", "1").without_copyright()).len(), 1);
    }
}
