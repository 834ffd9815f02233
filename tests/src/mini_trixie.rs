//! A small but complete archive with the names, relations and paths of Debian 13, on which real definitions resolve.
//!
//! It takes Debian's names of architectures, and gives the suites `trixie`, `trixie-updates` and `trixie-security`; the last
//! two are empty, for a test to put a fix there. Contents are made up: libraries are [`Elf`](crate::Elf) files without code,
//! and no package has a maintainer script, so that no review is asked for. What real packages only need for their scripts
//! (debconf, dpkg, an awk) is there as an empty package, so that a closure without cuts resolves too.

mod compilers;
mod machine;
mod openssl;
mod python;
mod system;
mod tooling;

use crate::{FakeArchive, FakePackage, FakeSuite};
use machine::Machine;

pub use system::{FAKE_ROOT_R1, FAKE_ROOT_X2};

/// The archive for these architectures: `mini_trixie(&["amd64", "arm64"])`.
pub fn mini_trixie(architectures: &[&str]) -> FakeArchive {
    let suite = |name: &str, suite: &str| FakeSuite::new(name).suite(suite).architectures(architectures);
    let mut packages = for_all_architectures();
    for name in architectures {
        packages.extend(for_architecture(&Machine::named(name)));
    }
    FakeArchive::new()
        .suite(suite("trixie", "stable").release_field("Version", "13.8").packages(packages))
        .suite(suite("trixie-updates", "stable-updates"))
        .suite(suite("trixie-security", "stable-security").release_field("Components", "updates/main"))
}

fn for_all_architectures() -> Vec<FakePackage> {
    [system::common(), tooling::common()].concat()
}

fn for_architecture(machine: &Machine) -> Vec<FakePackage> {
    [
        vec![system::base_files(machine)],
        compilers::packages(machine),
        openssl::packages(machine),
        python::packages(machine),
        tooling::packages(machine),
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::Generation;

    fn indexes() -> (Generation, [String; 2]) {
        let generation = mini_trixie(&["amd64", "arm64"]).compose();
        let text = |architecture| {
            let path = format!("dists/trixie/main/binary-{architecture}/Packages");
            String::from_utf8(generation.get(&path).unwrap().to_vec()).unwrap()
        };
        let texts = ["amd64", "arm64"].map(text);
        (generation, texts)
    }

    fn fields<'a>(index: &'a str, name: &str) -> Vec<&'a str> {
        let start = format!("{name}: ");
        index.lines().filter_map(|line| line.strip_prefix(start.as_str())).collect()
    }

    /// The bare names in a list of relations, in groups of which one is enough.
    fn relations(text: &str) -> impl Iterator<Item = Vec<&str>> {
        text.split(", ").map(|group| group.split(" | ").map(|one| one.split([' ', ':']).next().unwrap()).collect())
    }

    #[test]
    fn every_relation_can_be_fulfilled() {
        for index in indexes().1 {
            let provided = fields(&index, "Provides").into_iter().flat_map(relations).flatten();
            let known: BTreeSet<_> = fields(&index, "Package").into_iter().chain(provided).collect();
            for text in [fields(&index, "Depends"), fields(&index, "Pre-Depends")].concat() {
                for group in relations(text) {
                    assert!(group.iter().any(|name| known.contains(name)), "{group:?} is nowhere");
                }
            }
        }
    }

    #[test]
    fn no_package_is_there_twice_and_both_architectures_have_the_same() {
        let [amd64, arm64] = indexes().1;
        let names = fields(&amd64, "Package");
        let set: BTreeSet<_> = names.iter().collect();
        assert_eq!(set.len(), names.len());
        assert_eq!(names, fields(&arm64, "Package"));
        assert!(names.len() > 30, "{}", names.len());
    }

    #[test]
    fn is_the_same_twice_but_for_the_signatures() {
        let (one, two) = (indexes().0, indexes().0);
        let other = one.paths().filter(|path| one.get(path) != two.get(path));
        assert!(other.into_iter().all(|path| path.ends_with("/InRelease")));
        assert_eq!(one.paths().count(), two.paths().count());
    }
}
