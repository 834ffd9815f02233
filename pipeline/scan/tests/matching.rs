//! Real records of the tracker, an image of trixie with what the archive had on 2026-09-12, and what was found by hand.

#![expect(clippy::unwrap_used, reason = "helpers of tests may stop")]

use scan::{
    Advisories, ArchiveVersions, Changelogs, Context, Distribution, EvidenceRules, FindingStatus, InstalledPackage,
    Inventory, Knowledge, Notices, Report, ReportSubject, Standing, scan,
};

const ROWS: &str = include_str!("tracker-sample/expected.json");
const ADVISORIES: &str = include_str!("tracker-sample/DSA-list.sample");

/// Binary package, its version, source, the source's version.
const INSTALLED: [[&str; 4]; 12] = [
    ["libc6", "2.41-12+deb13u4", "glibc", "2.41-12+deb13u4"],
    ["libc-bin", "2.41-12+deb13u4", "glibc", "2.41-12+deb13u4"],
    ["libgssapi-krb5-2", "1.21.3-5+deb13u1", "krb5", "1.21.3-5+deb13u1"],
    ["libgcc-s1", "14.2.0-19", "gcc-14", "14.2.0-19"],
    ["gcc-12-base", "12.4.0-5", "gcc-12", "12.4.0-5"],
    ["libncursesw6", "6.5+20250216-2+b1", "ncurses", "6.5+20250216-2"],
    ["libssl3t64", "3.5.7-1~deb13u2", "openssl", "3.5.7-1~deb13u2"],
    ["libsqlite3-0", "3.46.1-7+deb13u2", "sqlite3", "3.46.1-7+deb13u2"],
    ["libuuid1", "2.41.5-0+deb13u1", "util-linux", "2.41.5-0+deb13u1"],
    ["zlib1g", "1:1.3.dfsg+really1.3.1-1+b1", "zlib", "1:1.3.dfsg+really1.3.1-1"],
    ["python3.13-minimal", "3.13.5-2+deb13u5", "python3.13", "3.13.5-2+deb13u5"],
    ["tzdata", "2026a-0+deb13u1", "tzdata", "2026a-0+deb13u1"],
];

/// What the tracker's records say of that, read by hand.
const BY_HAND: &str = "\
gcc-12 CVE-2022-27943 Negligible
gcc-12 CVE-2026-102010 Ignored
gcc-14 CVE-2026-102010 NoDsa
glibc CVE-2010-4756 Negligible
glibc CVE-2018-20796 Negligible
glibc CVE-2019-1010025 Negligible
glibc CVE-2019-9192 Negligible
glibc CVE-2026-0861 NoDsa
glibc CVE-2026-5435 NoDsa
glibc CVE-2026-6238 NoDsa
glibc CVE-2026-6368 Affected
glibc CVE-2026-6791 Affected
glibc CVE-2026-77117 NoDsa
glibc CVE-2026-80489 NoDsa
glibc CVE-2026-8674 NoDsa
glibc CVE-2026-86805 NoDsa
glibc CVE-2026-89092 NoDsa
glibc CVE-2026-95818 NoDsa
glibc CVE-2026-97399 NoDsa
krb5 CVE-2026-11850 NoDsa
ncurses CVE-2025-6141 NoDsa
openssl CVE-2026-35189 Fixable
openssl CVE-2026-35191 Fixable
openssl CVE-2026-42772 Fixable
openssl CVE-2026-54872 Fixable
openssl CVE-2026-54873 Fixable
openssl CVE-2026-54875 Fixable
openssl CVE-2026-72897 Fixable
openssl CVE-2026-75804 Fixable
openssl CVE-2026-75805 Fixable
openssl CVE-2026-75806 Fixable
openssl CVE-2026-77696 Fixable
openssl CVE-2026-84782 Fixable
openssl CVE-2026-84784 Fixable
python3.13 CVE-2026-87910 NoDsa
sqlite3 CVE-2026-50813 NoDsa
util-linux CVE-2025-14104 Affected
util-linux CVE-2026-76642 Affected
zlib CVE-2026-27171 Affected
zlib CVE-2026-85091 Affected
";

fn inventory(installed: &[[&str; 4]]) -> Inventory {
    let package = |row: &[&str; 4]| {
        let [name, version, source, source_version] = row.map(str::to_owned);
        InstalledPackage { name, version, architecture: "amd64".into(), source, source_version }
    };
    let distribution = Distribution::from_distro("debian-13.7");
    Inventory { distribution, packages: installed.iter().map(package).collect(), remarks: Vec::new() }
}

fn report(installed: &[[&str; 4]]) -> Report {
    let advisories = Advisories::read_tracker(ROWS.as_bytes()).unwrap();
    let knowledge = Knowledge { advisories, notices: Notices::read(ADVISORIES).unwrap(), ..Knowledge::default() };
    let context = Context {
        knowledge: &knowledge,
        archive: &ArchiveVersions::default(),
        changelogs: &Changelogs::default(),
        rules: &EvidenceRules::default(),
        standing: Standing::Current { date: "2026-11-23T00:00:00Z".parse().unwrap() },
        today: "2026-11-23".parse().unwrap(),
    };
    scan(&inventory(installed), ReportSubject::default(), None, &context)
}

#[test]
fn real_records_become_what_was_read_by_hand() {
    let report = report(&INSTALLED);
    let found: String = report.findings.iter().map(|it| format!("{} {} {:?}\n", it.source, it.id, it.status)).collect();
    assert_eq!(found, BY_HAND);
    assert_eq!((report.packages, report.remarks.len()), (12, 0));
}

#[test]
fn a_fixable_one_names_version_suite_and_advisory() {
    let report = report(&INSTALLED);
    let finding = report.findings.iter().find(|it| it.id == "CVE-2026-84782").unwrap();
    assert_eq!(finding.status, FindingStatus::Fixable);
    assert_eq!(finding.fixed_version.as_deref(), Some("3.5.7-1~deb13u3"));
    let fix = finding.fix.as_ref().unwrap();
    assert_eq!((fix.version.as_str(), fix.suite.as_str()), ("3.5.7-1~deb13u3", "trixie-security"));
    assert_eq!(finding.notices[0].id, "DSA-6531-1");
    let zlib = report.findings.iter().find(|it| it.source == "zlib").unwrap();
    assert_eq!(zlib.packages[0].version, "1:1.3.dfsg+really1.3.1-1+b1", "the binary keeps its own version");
}

#[test]
fn after_the_update_nothing_is_fixable() {
    let mut installed = INSTALLED;
    installed[6] = ["libssl3t64", "3.5.7-1~deb13u3", "openssl", "3.5.7-1~deb13u3"];
    let report = report(&installed);
    assert!(report.findings.iter().all(|it| it.status != FindingStatus::Fixable && it.source != "openssl"));
    assert_eq!(report.findings.len(), BY_HAND.lines().count() - 13);
}

#[test]
fn a_binary_package_with_the_name_of_another_source_is_not_taken_for_it() {
    // The binary `openssl` here is built of `compat`: rows of the source openssl are not about it.
    assert_eq!(report(&[["openssl", "1.0", "compat", "1.0"]]).findings, []);
}

#[test]
fn the_same_values_give_the_same_bytes() {
    let bytes = || serde_json::to_string(&report(&INSTALLED)).unwrap();
    assert_eq!(bytes(), bytes());
}
