//! Makes the files of one suite: packages, indexes, `Release` and its signed form.
//!
//! It takes a suite as the test described it and the keys that sign it, and adds files to a [`Generation`].
//!
//! Format: <https://wiki.debian.org/DebianRepository/Format>.

use blob::Digest;

use super::key::clear_sign;
use super::stanza::{packages_stanza, pool_path};
use super::{DebCompression, FakeKey, FakeSuite, Generation};

/// What the index says of a package.
struct Listed {
    component: String,
    architecture: String,
    stanza: String,
}

pub(crate) fn compose_suite(suite: &FakeSuite, keys: &[FakeKey], generation: &mut Generation) {
    let listed = publish_packages(suite, generation);
    let mut files = String::new();
    for component in suite.components() {
        for architecture in suite.all_architectures() {
            let text = index_text(suite, &listed, (&component, &architecture));
            for format in &suite.index_formats {
                let name = format!("{component}/binary-{architecture}/Packages{}", format.suffix());
                files += &publish_index(suite, &name, &DebCompression::compress(*format, text.as_bytes()), generation);
            }
        }
    }
    let release = suite.release_text(&files);
    let folder = format!("dists/{}", suite.name);
    generation.put(&format!("{folder}/InRelease"), clear_sign(keys, &release, suite.date));
    generation.put(&format!("{folder}/Release"), release);
}

fn publish_packages(suite: &FakeSuite, generation: &mut Generation) -> Vec<Listed> {
    let mut listed = Vec::new();
    for package in &suite.packages {
        let deb = package.to_deb();
        listed.push(Listed {
            component: package.component.clone(),
            architecture: package.architecture.clone(),
            stanza: packages_stanza(package, &deb),
        });
        generation.put(&pool_path(package), deb);
    }
    listed
}

/// A package for all architectures stands in the index of each.
fn index_text(suite: &FakeSuite, listed: &[Listed], (component, architecture): (&str, &str)) -> String {
    let is_here = |listed: &&Listed| {
        listed.component == component && (listed.architecture == architecture || listed.architecture == "all")
    };
    let stanzas = listed.iter().filter(is_here).map(|listed| listed.stanza.as_str());
    let raw = suite.stanzas_of(architecture).filter(|_| component == "main");
    stanzas.chain(raw).map(|stanza| format!("{}\n\n", stanza.trim_end_matches('\n'))).collect()
}

/// Adds an index, and gives its line in `Release`.
fn publish_index(suite: &FakeSuite, name: &str, bytes: &[u8], generation: &mut Generation) -> String {
    let (digest, folder) = (Digest::of(bytes), format!("dists/{}", suite.name));
    generation.put(&format!("{folder}/{name}"), bytes);
    if suite.has_by_hash() {
        let parent = name.rsplit_once('/').map_or("", |(parent, _)| parent);
        generation.put(&format!("{folder}/{parent}/by-hash/SHA256/{}", digest.hex()), bytes);
    }
    format!(" {} {:>8} {name}\n", digest.hex(), bytes.len())
}

#[cfg(test)]
mod tests {
    use super::super::{FakeArchive, FakePackage};
    use super::*;

    fn archive() -> FakeArchive {
        let package = |name: &str, architecture: &str| FakePackage::new(name, "1").architecture(architecture);
        let suite = FakeSuite::new("trixie").package(package("tzdata", "all")).package(package("libc6", "amd64"));
        FakeArchive::new().suite(suite.package(package("libc6", "arm64")))
    }

    fn text(generation: &Generation, path: &str) -> String {
        String::from_utf8(generation.get(path).unwrap_or_else(|| panic!("no {path}")).to_vec()).unwrap()
    }

    #[test]
    fn lists_what_is_there_under_the_right_digests() {
        let generation = archive().compose();
        let release = text(&generation, "dists/trixie/Release");
        let lines: Vec<_> = release.lines().filter(|line| line.starts_with(' ')).collect();
        assert_eq!(lines.len(), 4);
        for line in lines {
            let [digest, size, path] = line.split_whitespace().collect::<Vec<_>>().try_into().unwrap();
            let bytes = generation.get(&format!("dists/trixie/{path}")).unwrap();
            assert_eq!((Digest::of(bytes).hex(), bytes.len().to_string().as_str()), (digest, size));
            let folder = path.rsplit_once('/').unwrap().0;
            assert_eq!(generation.get(&format!("dists/trixie/{folder}/by-hash/SHA256/{digest}")), Some(bytes));
        }
    }

    #[test]
    fn lists_every_package_with_the_digest_of_its_file() {
        let generation = archive().compose();
        let index = text(&generation, "dists/trixie/main/binary-arm64/Packages");
        let names: Vec<_> = index.lines().filter_map(|line| line.strip_prefix("Package: ")).collect();
        assert_eq!(names, ["tzdata", "libc6"]);
        for stanza in index.split_terminator("\n\n") {
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            let bytes = generation.get(field("Filename: ")).unwrap();
            assert_eq!(Digest::of(bytes).hex(), field("SHA256: "));
            assert_eq!(bytes.len().to_string(), field("Size: "));
        }
    }

    #[test]
    fn composes_the_same_bytes_but_for_the_signature() {
        let (one, two) = (archive().compose(), archive().compose());
        let other: Vec<_> = one.paths().filter(|path| one.get(path) != two.get(path)).collect();
        assert_eq!(other, ["dists/trixie/InRelease"]);
    }

    #[test]
    fn takes_raw_text_into_an_index() {
        let package = FakePackage::new("a", "1").raw_packages_stanza("Package: hostile\n");
        let suite = FakeSuite::new("x").package(package).raw_packages_stanza("arm64", "nonsense");
        let generation = FakeArchive::new().suite(suite).compose();
        assert_eq!(text(&generation, "dists/x/main/binary-amd64/Packages"), "Package: hostile\n\n");
        assert_eq!(text(&generation, "dists/x/main/binary-arm64/Packages"), "nonsense\n\n");
    }
}
