//! Matching: what is installed, against what is known.
//!
//! In: an [`Inventory`] and a [`Context`]. Out: a [`Report`]. Sources are matched by name and version against the rows of the
//! image's own release; a source that no installed package was built of does not count. The same values give the same report.
//!
//! What each state of a row becomes is in `verdict`; what evidence does is in `evidence`.

mod build;
mod evidence;
mod fix;
#[cfg(test)]
pub(crate) mod fixture;
mod notice;
mod support;
mod verdict;
mod whole;

use std::cmp::Ordering;
use std::collections::BTreeSet;

pub(crate) use build::{severities, words};
pub(crate) use fix::{Place, place};

use debian::{Version, VersionError};
use jiff::civil::Date;

use crate::archive_versions::ArchiveVersions;
use crate::changelog::Changelogs;
use crate::finding::Finding;
use crate::installed::InstalledSource;
use crate::inventory::{Inventory, Remark};
use crate::knowledge::Knowledge;
use crate::report::{Report, ReportSubject};
use crate::row::RowKey;
use crate::rules::{EvidenceRules, FileList};
use crate::standing::Standing;

/// What findings are made of.
#[derive(Debug, Clone, Copy)]
pub struct Context<'k> {
    /// What advisories say.
    pub knowledge: &'k Knowledge,
    /// Which versions the suites of the image's release have; empty where nobody looked.
    pub archive: &'k ArchiveVersions,
    /// Changelogs of installed packages.
    pub changelogs: &'k Changelogs,
    /// The catalogue's rules and statements.
    pub rules: &'k EvidenceRules,
    /// How recent `knowledge` is.
    pub standing: Standing,
    /// The day, for what expires.
    pub today: Date,
}

/// The image that findings are made for.
#[derive(Clone, Copy)]
pub struct Image<'i> {
    /// Its packages.
    pub inventory: &'i Inventory,
    /// Its name, `HOST/REPOSITORY`, for statements that name images.
    pub name: &'i str,
    /// Its files, where they are known.
    pub files: Option<&'i dyn FileList>,
}

/// Everything that is known about an image's vulnerabilities.
///
/// Where the release is unknown, or is one that the data do not cover, or where no package is recorded, nothing can be matched: the
/// report then stands on no data ([`Standing::Absent`]), and a remark says why.
pub fn scan(
    inventory: &Inventory,
    subject: ReportSubject,
    files: Option<&dyn FileList>,
    context: &Context<'_>,
) -> Report {
    let sources = inventory.sources();
    let image = Image { inventory, name: &subject.name, files };
    let mut remarks = inventory.remarks.clone();
    let mut findings = Vec::new();
    if let Some(release) = sources.release() {
        for source in sources.iter() {
            findings.extend(findings_of(source, release, image, context, &mut remarks));
        }
    }
    whole::report(inventory, &sources, subject, context, findings, remarks)
}

/// A report after rows changed: sources without a changed row keep their findings, the others are matched anew. It equals a whole
/// [`scan`] if nothing but those rows changed since `former` was made, and no statement expired.
pub fn rescan(
    former: &Report,
    inventory: &Inventory,
    files: Option<&dyn FileList>,
    changed: &[RowKey],
    context: &Context<'_>,
) -> Report {
    let sources = inventory.sources();
    let release = sources.release().unwrap_or_default();
    let changed: BTreeSet<&str> =
        changed.iter().filter(|row| row.release == release).map(|row| row.source.as_str()).collect();
    let image = Image { inventory, name: &former.subject.name, files };
    let kept = |source: &str| !changed.contains(source);
    let installed: BTreeSet<&str> = sources.names().collect();
    let of_kept = |it: &&Remark| kept(&it.about) && installed.contains(it.about.as_str());
    let mut remarks: Vec<Remark> = former.remarks.iter().filter(of_kept).cloned().collect();
    remarks.extend(inventory.remarks.iter().cloned());
    let mut findings: Vec<Finding> = former.findings.iter().filter(|it| kept(&it.source)).cloned().collect();
    for source in changed.iter().flat_map(|source| sources.of(source)) {
        findings.extend(findings_of(source, release, image, context, &mut remarks));
    }
    whole::report(inventory, &sources, former.subject.clone(), context, findings, remarks)
}

/// What is found in one source of a release, by id. Remarks are about the source.
pub fn findings_of(
    source: InstalledSource<'_>,
    release: &str,
    image: Image<'_>,
    context: &Context<'_>,
    remarks: &mut Vec<Remark>,
) -> Vec<Finding> {
    let mut matched = Matched { source, release, context, version: source.version.parse(), remarks };
    let ended = support::ended(&mut matched, image.inventory.distribution.release_number());
    let mut findings = Vec::new();
    let mut asked = false;
    let version = matched.version.clone().ok();
    let is_had = |fixed: &str| version.as_ref().is_some_and(|it| it.cmp_text(fixed).is_ok_and(Ordering::is_ge));
    for row in context.knowledge.advisories.rows_but(source.source, release, is_had) {
        asked = true;
        if let Some(verdict) = verdict::of_row(&row, &mut matched, ended) {
            findings.push(build::of_row(&row, &matched, verdict));
        }
    }
    findings.extend(notice::without_ids(&mut matched));
    if let (Err(error), true) = (&matched.version, asked) {
        let text = format!("{error}: whether its version has fixes is unknown");
        matched.remark(text);
    }
    for finding in &mut findings {
        evidence::apply(finding, image, &mut matched);
    }
    findings.sort_by(|one, other| one.id.cmp(&other.id));
    findings
}

/// One source while it is matched.
struct Matched<'a> {
    source: InstalledSource<'a>,
    release: &'a str,
    context: &'a Context<'a>,
    version: Result<Version, VersionError>,
    remarks: &'a mut Vec<Remark>,
}

impl Matched<'_> {
    fn remark(&mut self, text: impl Into<String>) {
        self.remarks.push(Remark { about: self.source.source.to_owned(), text: text.into() });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::fixture::{World, package, resolved, row};
    use super::*;
    use crate::inventory::Distribution;

    #[test]
    fn the_sources_version_counts_and_not_the_binarys() {
        // lvm2 builds dmsetup with an epoch of its own, samba builds libldb2 likewise; a rebuild has a suffix.
        let rows = [
            resolved("lvm2", "CVE-2026-1001", "2.03.99"),
            resolved("samba", "CVE-2026-1002", "2:4.17.12+dfsg-0+deb12u1"),
        ];
        let mut world = World::new(&rows, &[]);
        world.inventory.packages = vec![
            package("dmsetup", "2:1.02.205-2", "lvm2", "2.03.31-2"),
            package("libldb2", "2:2.6.2+samba4.17.12+dfsg-0+deb12u1", "samba", "2:4.17.12+dfsg-0+deb12u1"),
            package("lvm2", "2.03.31-2+b1", "lvm2", "2.03.31-2"),
        ];
        let finding = world.only();
        assert_eq!((finding.id.as_str(), finding.source_version.as_str()), ("CVE-2026-1001", "2.03.31-2"));
        let names: Vec<&str> = finding.packages.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(names, ["dmsetup", "lvm2"]);
    }

    #[test]
    fn a_source_of_which_nothing_is_installed_does_not_count() {
        let world =
            World::new(&[row("minizip", "CVE-2023-45853"), row("linux", "CVE-2026-1001")], &[("zlib", "1:1.3-1")]);
        assert_eq!(world.statuses(), []);
        assert!(world.report(None).standing.is_current());
    }

    #[test]
    fn what_cannot_be_matched_stands_on_no_data() {
        let with = |distribution: &str, installed: &[(&str, &str)]| {
            let mut world = World::new(&[row("a", "CVE-2026-1001")], installed);
            world.inventory.distribution = Distribution::from_distro(distribution);
            let report = world.report(None);
            let text = report.remarks.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            (report.standing, report.findings.len(), text)
        };
        for (distribution, installed, words) in [
            ("ubuntu-22.04", [("a", "1")].as_slice(), "the release is unknown"),
            ("debian", &[("a", "1")], "the release is unknown"),
            ("debian-10", &[("a", "1")], "do not cover `buster`"),
            ("debian-13", &[], "no package with a known source"),
            ("debian-13", &[("", "")], "no package with a known source"),
        ] {
            let (standing, findings, text) = with(distribution, installed);
            assert_eq!((standing, findings), (Standing::Absent, 0), "{distribution}");
            assert!(text.contains(words), "{text}");
        }
        assert!(with("debian-13", &[("b", "1")]).0.is_current(), "nothing found in a release that is covered");
    }

    #[test]
    fn packages_without_a_source_are_counted_in_one_remark() {
        let mut world = World::new(&[row("a", "CVE-2026-1001")], &[("a", "1")]);
        world.inventory.packages.extend((0..15).map(|at| package(&format!("p{at:02}"), "1", "", "")));
        let remarks = world.report(None).remarks;
        assert_eq!(remarks.len(), 1);
        assert!(remarks[0].text.ends_with("p08, p09 and 5 more"), "{}", remarks[0]);
    }

    #[test]
    fn findings_are_ordered_by_source_id_and_version() {
        let rows = [row("b", "CVE-2026-1001"), row("a", "CVE-2026-1002"), row("a", "CVE-2026-1001")];
        let world = World::new(&rows, &[("b", "1"), ("a", "2"), ("a", "1")]);
        let all: Vec<String> = world
            .report(None)
            .findings
            .iter()
            .map(|it| format!("{} {} {}", it.source, it.id, it.source_version))
            .collect();
        assert_eq!(
            all,
            ["a CVE-2026-1001 1", "a CVE-2026-1001 2", "a CVE-2026-1002 1", "a CVE-2026-1002 2", "b CVE-2026-1001 1"]
        );
    }

    fn world(rows: &[(usize, usize, usize)]) -> World {
        let [sources, ids, versions] = [["a", "b", "c"], ["CVE-1", "CVE-2", "CVE-3"], ["0", "1", "x_"]];
        let mut all: Vec<_> =
            rows.iter().map(|(source, id, version)| resolved(sources[*source], ids[*id], versions[*version])).collect();
        all.sort_by_key(|row| (row.source, row.id));
        all.dedup_by_key(|row| (row.source, row.id));
        World::new(&all, &[("a", "0~"), ("b", "nonsense"), ("c", "0.5"), ("c", "2")])
    }

    proptest! {
        #[test]
        fn a_rescan_of_changed_rows_equals_a_whole_scan(
            before in prop::collection::vec((0usize..3, 0usize..3, 0usize..3), 1..9),
            after in prop::collection::vec((0usize..3, 0usize..3, 0usize..3), 1..9),
        ) {
            let (before, after) = (world(&before), world(&after));
            let key = |source: &str, release: &str| RowKey { source: source.into(), release: release.into(), id: "CVE-1".into() };
            let changed: Vec<RowKey> = ["a", "b", "c", "elsewhere"].map(|source| key(source, "trixie")).to_vec();
            let former = before.report(None);
            let again = rescan(&former, &after.inventory, None, &changed, &after.context());
            prop_assert_eq!(&again, &after.report(None));
            let same = rescan(&former, &before.inventory, None, &[key("a", "bookworm")], &before.context());
            prop_assert_eq!(&same, &former);
        }
    }
}
