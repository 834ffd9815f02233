//! The resolver on small archives written as text: what it takes, what it leaves, and how it says no.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeMap;

use assemble::{Definition, SuiteIndex, Universe, read_yaml, resolve};
use debian::{PackageIndex, Suite};

/// `name version; field: value; …` a line becomes a paragraph.
fn index(lines: &[&str]) -> PackageIndex {
    let stanza = |line: &&str| {
        let mut parts = line.split("; ");
        let (name, version) = parts.next().unwrap().split_once(' ').unwrap();
        let fields: Vec<String> = parts.map(|field| format!("{field}\n")).collect();
        format!(
            "Package: {name}\nVersion: {version}\nArchitecture: amd64\n{}Filename: pool/{name}_{version}.deb\nSize: 1\nSHA256: {}\n\n",
            fields.concat(),
            blob::Digest::of(line).hex()
        )
    };
    let text: String = lines.iter().map(stanza).collect();
    PackageIndex::read(text.as_bytes(), "Packages").unwrap()
}

fn definition(name: &str, more: &str) -> Definition {
    let text = format!("name: {name}\nsummary: s\nrelease: trixie\ntags: [t]\nend-of-life: 2030-01-01\n{more}\n");
    read_yaml("x.yaml", &text).unwrap()
}

/// Resolves a chain against `main` and `security`; each layer's packages as `name=version`.
fn resolved(chain: &[Definition], cuts: &[&str], main: &[&str], security: &[&str]) -> Result<Vec<Vec<String>>, String> {
    let (main, security) = (index(main), index(security));
    let suites: [Suite; 2] = ["trixie".parse().unwrap(), "trixie-security".parse().unwrap()];
    let universe = Universe::new(vec![
        SuiteIndex { suite: &suites[0], index: &main },
        SuiteIndex { suite: &suites[1], index: &security },
    ]);
    let cuts: BTreeMap<String, String> = cuts.iter().map(|name| ((*name).to_owned(), "a reason".to_owned())).collect();
    let layers = resolve(chain, &cuts, &universe).map_err(|error| error.to_string())?;
    let names = |layer: assemble::LayerLock| {
        layer.packages.iter().map(|package| format!("{}={}", package.name, package.version)).collect()
    };
    Ok(layers.into_iter().map(names).collect())
}

fn one(packages: &str, cuts: &[&str], main: &[&str]) -> Result<Vec<String>, String> {
    resolved(&[definition("image", &format!("packages: [{packages}]"))], cuts, main, &[]).map(|mut it| it.remove(0))
}

#[test]
fn follows_both_kinds_of_dependencies_and_leaves_recommendations() {
    let main = ["a 1; Depends: b; Recommends: d", "b 1; Pre-Depends: c", "c 1", "d 1"];
    assert_eq!(one("a", &[], &main).unwrap(), ["a=1", "b=1", "c=1"]);
}

#[test]
fn a_circle_of_dependencies_ends() {
    assert_eq!(one("a", &[], &["a 1; Depends: b", "b 1; Depends: a"]).unwrap(), ["a=1", "b=1"]);
}

#[test]
fn takes_the_newest_version_of_all_suites() {
    let chain = [definition("image", "packages: [a]")];
    let layers = resolved(&chain, &[], &["a 1.9-1"], &["a 1.10-1"]).unwrap();
    assert_eq!(layers, [["a=1.10-1"]]);
}

#[test]
fn an_alternative_that_is_taken_already_wins_else_the_first_that_there_is() {
    let main = ["a 1; Depends: x | y", "b 1; Depends: y", "x 1", "y 1"];
    assert_eq!(one("b, y, a", &[], &main).unwrap(), ["a=1", "b=1", "y=1"]);
    assert_eq!(one("a", &[], &["a 1; Depends: gone | y", "y 1"]).unwrap(), ["a=1", "y=1"]);
}

#[test]
fn a_provider_stands_in_but_only_with_a_version_where_one_is_asked_for() {
    let main = ["a 1; Depends: virtual", "p 1; Provides: virtual", "q 1; Provides: virtual"];
    assert_eq!(one("a", &[], &main).unwrap(), ["a=1", "p=1"]);
    let versioned = ["a 1; Depends: virtual (>= 2)", "p 1; Provides: virtual", "q 1; Provides: virtual (= 3)"];
    assert_eq!(one("a", &[], &versioned).unwrap(), ["a=1", "q=1"]);
}

#[test]
fn a_cut_is_not_followed_by_name_or_through_a_provider() {
    let main = ["a 1; Depends: debconf (>= 0.5) | debconf-2.0, awk, b", "b 1", "debconf 1", "mawk 1; Provides: awk"];
    assert_eq!(one("a", &["debconf", "mawk"], &main).unwrap(), ["a=1", "b=1"]);
}

#[test]
fn a_qualifier_of_multi_arch_counts_as_the_name() {
    assert_eq!(one("a", &[], &["a 1; Depends: python3:any (>= 3)", "python3 3.13"]).unwrap(), ["a=1", "python3=3.13"]);
}

#[test]
fn a_child_adds_only_what_its_parents_lack() {
    let chain = [definition("base", "packages: [libc]"), definition("child", "packages: [a]\nparent: base")];
    let layers = resolved(&chain, &[], &["libc 1", "a 1; Depends: libc, b", "b 1"], &[]).unwrap();
    assert_eq!(layers, [vec!["libc=1"], vec!["a=1", "b=1"]]);
}

#[test]
fn a_slice_brings_no_dependencies() {
    let chain = [definition("image", "packages: [a]\nslices: { openssl: [/etc/ssl/openssl.cnf] }")];
    let layers = resolved(&chain, &[], &["a 1; Depends: openssl", "openssl 3; Depends: perl"], &[]).unwrap();
    assert_eq!(layers, [["a=1", "openssl=3"]]);
}

#[test]
fn says_no_as_a_person_would() {
    let old = one("python", &[], &["python 1; Depends: lib", "lib 1; Depends: ssl (>= 3.5)", "ssl 3.0"]).unwrap_err();
    assert_eq!(old, "image needs ssl (>= 3.5): trixie has 3.0, via image → python → lib");
    let absent = one("python", &[], &["python 1; Depends: gone"]).unwrap_err();
    assert_eq!(absent, "image needs gone: no package of that name in trixie, trixie-security, via image → python");
    let root = one("pyton", &[], &["python 1"]).unwrap_err();
    assert_eq!(root, "image wants the package pyton: no package of that name in trixie, trixie-security");
}

#[test]
fn sees_what_excludes_each_other() {
    let broken = one("a, b", &[], &["a 2; Breaks: b (<< 2)", "b 1"]).unwrap_err();
    assert_eq!(broken, "image cannot have both a and b: a says `Breaks: b (<< 2)`");
    assert_eq!(one("a, b", &[], &["a 2; Breaks: b (<< 1)", "b 1"]).unwrap(), ["a=2", "b=1"]);
}
