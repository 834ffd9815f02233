//! Real changelogs in, the vulnerabilities that they name out; with the traps that real ones hold.

use scan::Changelog;

const EXPAT: &str = include_str!("changelogs/expat");
const OPENSSL: &str = include_str!("changelogs/openssl");
const BZIP2: &str = include_str!("changelogs/bzip2");
const DBUS: &str = include_str!("changelogs/dbus");
const LINUX: &str = include_str!("changelogs/linux");

fn between(text: &str, older: &str, newer: &str) -> Vec<String> {
    Changelog::read(text).ids_between(older, newer).iter().map(|it| format!("{} {}", it.id, it.version)).collect()
}

#[test]
fn a_security_upload_names_what_it_fixes() {
    let expected = ["CVE-2024-45490", "CVE-2024-45491", "CVE-2024-45492"].map(|id| format!("{id} 2.5.0-1+deb12u1"));
    assert_eq!(between(EXPAT, "2.5.0-1", "2.5.0-1+deb12u1"), expected);
    let fix = Changelog::read(EXPAT).fix("CVE-2022-43680", "2.5.0-1+deb12u1").unwrap();
    assert_eq!((fix.version.as_str(), fix.distribution.as_str()), ("2.5.0-1", "unstable"));
    assert_eq!(fix.date.unwrap().to_string(), "2022-10-26T13:31:29Z");
    assert_eq!(fix.line, "- fixes CVE-2022-43680: heap use-after-free after overeager destruction of");
}

#[test]
fn an_older_version_of_the_same_changelog_does_not_have_the_fix() {
    let changelog = Changelog::read(OPENSSL);
    assert!(changelog.fix("CVE-2026-84782", "3.0.22-1~deb12u2").is_some());
    assert!(changelog.fix("CVE-2026-84782", "3.0.22-1~deb12u1").is_none());
    assert_eq!(between(OPENSSL, "3.0.22-1~deb12u1", "3.0.22-1~deb12u2").len(), 6);
}

#[test]
fn an_entry_that_was_merged_from_ubuntu_is_no_fix_of_debians() {
    let changelog = Changelog::read(BZIP2);
    let fix = changelog.fix("CVE-2008-1372", "1.0.5-0.1ubuntu1").unwrap();
    assert_eq!(fix.version, "1.0.5-0.1", "not 1.0.4-2ubuntu4, which names it too and is older");
    assert!(changelog.fix("CVE-2008-1372", "1.0.4-4").is_none());
    assert_eq!(between(BZIP2, "1.0.4-3", "1.0.5-0.1"), ["CVE-2008-1372 1.0.5-0.1"]);
}

#[test]
fn a_backport_has_what_the_version_has_that_it_was_made_of() {
    let changelog = Changelog::read(DBUS);
    let versions: Vec<&str> = changelog.entries().iter().map(|entry| entry.version.as_str()).take(3).collect();
    assert_eq!(versions, ["1.14.8-2~deb12u1", "1.14.8-2", "1.14.8-1~deb12u1"]);
    assert_eq!(changelog.fix("CVE-2022-42010", "1.14.8-2~deb12u1").unwrap().version, "1.14.4-1");
    let ids = ["CVE-2022-42010", "CVE-2022-42011", "CVE-2022-42012"].map(|id| format!("{id} 1.14.4-1"));
    assert_eq!(between(DBUS, "1.14.2-1", "1.14.8-2~deb12u1"), ids);
}

#[test]
fn a_line_that_says_revert_is_doubtful_even_where_it_is_a_fix() {
    let changelog = Changelog::read(LINUX);
    assert!(changelog.fix("CVE-2026-31431", "6.1.170-1").is_none());
    let named = changelog.ids_between("6.1.1-1", "6.1.170-1");
    assert!(named.iter().find(|it| it.id == "CVE-2026-31431").unwrap().doubtful);
}
