//! The ledger's rows of an image: how long each fix took, and what is open.
//!
//! In: what the image's tags held over time, what Debian's rows and changelogs say of it, when the archive had what. Out: rows. They are computed
//! anew from these each time, so that what is learnt later corrects them. A fixed version comes from a row, or from the changelog of the very
//! package that was published; what neither says is not known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assemble::LockedPackage;
use debian::Version;
use plan::Publication;
use scan::{
    AdvisoryRow, ArchiveHistory, ArchiveMoment, Changelogs, FindingStatus, FixEvidence, FixRecord, FixState, Knowledge,
    KnownFix, Notice, PublishedVersion, SourceHistory, Turn, fix_records,
};

use store::FixFilter;

use crate::scanning::Scanner;
use crate::{Failure, blocking};

/// The suite that everything comes from.
const SID: &str = "sid";

/// One source in one image on one platform.
struct Account<'a> {
    image: &'a str,
    platform: &'a str,
    release: &'a str,
    source: &'a str,
    publications: &'a [PublishedVersion],
    hindrance: Option<&'a Turn>,
    archive: &'a [ArchiveMoment],
    sid: &'a [ArchiveMoment],
}

impl Scanner {
    /// Writes the rows of an image: of these sources, or of all.
    pub(crate) async fn account(
        &self,
        published: &Publication,
        sources: Option<&BTreeSet<String>>,
    ) -> Result<(), Failure> {
        let suites = self.suites(&published.lock.release);
        let suites: Vec<&str> = suites.iter().map(String::as_str).collect();
        let hindrances = self.ledger.hindrances().await?;
        let hindrance = hindrances.get(&published.image).map(|it| &it.turn);
        let mut all = Vec::new();
        for platform in published.platforms.keys() {
            let mut histories = self.ledger.source_histories(&published.image, platform, None).await?;
            histories.retain(|source, _| sources.is_none_or(|sources| sources.contains(source)));
            all.push((platform, histories));
        }
        let moved = all.iter().flat_map(|(_, histories)| histories).filter(|(_, held)| has_moved(held));
        let moved: BTreeSet<String> = moved.map(|(source, _)| source.clone()).collect();
        let (knowledge, changelogs) = self.known(published, moved).await?;
        let mut records = Vec::new();
        for (platform, histories) in &all {
            let harmless = self.harmless(&published.image, platform).await?;
            for (source, publications) in histories {
                let account = Account {
                    image: &published.image,
                    platform,
                    release: &published.lock.release,
                    source,
                    publications,
                    hindrance,
                    archive: &[],
                    sid: &[],
                };
                // Which rows there are does not hang on the archive: most sources have none.
                if account.records(&knowledge, &changelogs).is_empty() {
                    continue;
                }
                let archive = self.ledger.archive_moments(&suites, source).await?;
                let sid = self.ledger.archive_moments(&[SID], source).await?;
                let account = Account { archive: &archive, sid: &sid, ..account };
                let counts =
                    |it: &FixRecord| it.state != FixState::Open || !harmless.contains(&(source.clone(), it.id.clone()));
                records.extend(account.records(&knowledge, &changelogs).into_iter().filter(counts));
            }
        }
        let filter = FixFilter { image: Some(published.image.clone()), ..FixFilter::default() };
        let known = self.ledger.fixes(&filter).await?;
        self.ledger.record_fixes(&changed(&known, &records)).await?;
        self.withdraw(published, sources, &knowledge, (known, &records)).await
    }

    /// What the newest report calls not affected, by (source, id): nobody waits for its fix.
    async fn harmless(&self, image: &str, platform: &str) -> Result<BTreeSet<(String, String)>, Failure> {
        let findings = self.ledger.latest_report(image, platform).await?.map(|it| it.report.findings);
        let harmless = findings.into_iter().flatten().filter(|it| it.status == FindingStatus::NotAffected);
        Ok(harmless.map(|it| (it.source, it.id)).collect())
    }

    /// Takes out the rows of an image that what is known now gives no more: an open one that nobody speaks of, and any that Debian says never
    /// was. Where nothing is known of the release, nothing is taken out.
    async fn withdraw(
        &self,
        published: &Publication,
        sources: Option<&BTreeSet<String>>,
        knowledge: &Knowledge,
        (mut gone, records): (Vec<FixRecord>, &[FixRecord]),
    ) -> Result<(), Failure> {
        let release = published.lock.release.as_str();
        if !knowledge.advisories.releases().any(|known| known == release) {
            return Ok(());
        }
        let given: BTreeSet<_> = records.iter().map(key).collect();
        let never = |it: &FixRecord| {
            let mut rows = knowledge.advisories.rows(&it.source, release);
            rows.any(|row| row.id == it.id && is_none(&row))
        };
        gone.retain(|it| {
            let in_scope = published.platforms.contains_key(&it.platform)
                && sources.is_none_or(|sources| sources.contains(&it.source));
            in_scope && !given.contains(&key(it)) && (it.state == FixState::Open || never(it))
        });
        if gone.is_empty() { Ok(()) } else { Ok(self.ledger.withdraw_fixes(&gone).await?) }
    }

    /// What is known, and the changelogs of these sources.
    async fn known(
        &self,
        published: &Publication,
        sources: BTreeSet<String>,
    ) -> Result<(Arc<Knowledge>, Changelogs), Failure> {
        let packages = published.lock.packages().filter(|package| sources.contains(&package.source));
        let (scanner, packages) = (self.clone(), packages.cloned().collect::<Vec<LockedPackage>>());
        blocking(move || Ok((scanner.feeds.knowledge()?, scanner.changelogs.load(&packages)))).await
    }
}

/// The rows of those vulnerabilities of which any row differs from what is known: they replace each other together.
fn changed(known: &[FixRecord], records: &[FixRecord]) -> Vec<FixRecord> {
    type Rows<'r> = BTreeMap<(&'r str, &'r str, &'r str), Vec<&'r FixRecord>>;
    fn by_vulnerability(records: &[FixRecord]) -> Rows<'_> {
        let mut all = Rows::new();
        for it in records {
            all.entry((it.platform.as_str(), it.source.as_str(), it.id.as_str())).or_default().push(it);
        }
        all
    }
    let known = by_vulnerability(known);
    let differing = by_vulnerability(records).into_iter().filter(|(key, rows)| known.get(key) != Some(rows));
    differing.flat_map(|(_, rows)| rows).cloned().collect()
}

/// What tells a row of an image from its others.
fn key(record: &FixRecord) -> (&str, &str, &str, u32) {
    (&record.platform, &record.source, &record.id, record.occurrence)
}

/// Whether the tags held more than one version: only then a changelog has something to tell.
fn has_moved(held: &[PublishedVersion]) -> bool {
    held.windows(2).any(|pair| pair[0].version != pair[1].version)
}

/// Whether a row says that the release never had it, or that it harms nobody: neither is in the ledger.
fn is_none(row: &AdvisoryRow<'_>) -> bool {
    row.fixed_version.map_or(row.urgency == "unimportant", |version| version == "0")
}

impl Account<'_> {
    fn records(&self, knowledge: &Knowledge, changelogs: &Changelogs) -> Vec<FixRecord> {
        let fixes = self.fixes(knowledge, changelogs);
        let archive = ArchiveHistory { release: self.archive, sid: self.sid };
        let mut records = Vec::new();
        for (id, fixed) in &fixes {
            let sid = knowledge.advisories.rows(self.source, SID).find(|row| row.id == id);
            let sid = sid.and_then(|row| row.fixed_version?.parse().ok());
            let notice = self.notice(knowledge, id);
            let fix = KnownFix {
                id,
                fixed: fixed.as_ref().map(|(version, evidence)| (version, *evidence)),
                sid_fixed: sid.as_ref(),
                notice: notice.as_ref(),
            };
            records.extend(fix_records(&self.history(), &fix, &archive));
        }
        records
    }

    /// What fixes each vulnerability, if anything does. Debian's rows first; a changelog tells what they do not tell yet. What the release never
    /// had, and what harms nobody, is in no ledger.
    fn fixes(
        &self,
        knowledge: &Knowledge,
        changelogs: &Changelogs,
    ) -> BTreeMap<String, Option<(Version, FixEvidence)>> {
        let (mut fixes, mut never) = (BTreeMap::new(), BTreeSet::new());
        for row in knowledge.advisories.rows(self.source, self.release) {
            if is_none(&row) {
                never.insert(row.id.to_owned());
                continue;
            }
            let version = row.fixed_version.and_then(|version| version.parse().ok());
            fixes.insert(row.id.to_owned(), version.map(|it| (it, FixEvidence::Tracker)));
        }
        for (id, version) in self.named(changelogs).into_iter().filter(|(id, _)| !never.contains(id)) {
            fixes.entry(id).or_default().get_or_insert((version, FixEvidence::Changelog));
        }
        fixes
    }

    fn history(&self) -> SourceHistory<'_> {
        SourceHistory {
            image: self.image,
            platform: self.platform,
            source: self.source,
            publications: self.publications,
            hindrance: self.hindrance,
        }
    }

    /// What the changelog of the newest version names above the oldest that was published, with the version that named it first.
    fn named(&self, changelogs: &Changelogs) -> Vec<(String, Version)> {
        let versions = || self.publications.iter().filter_map(|it| it.version.as_ref());
        let (Some(oldest), Some(newest)) = (versions().min(), versions().max()) else { return Vec::new() };
        let changelog = changelogs.of(self.source, newest.as_str());
        let fixes = changelog.map(|it| it.ids_between(oldest.as_str(), newest.as_str())).unwrap_or_default();
        let fixes = fixes.into_iter().filter(|fix| !fix.doubtful);
        fixes.filter_map(|fix| Some((fix.id, fix.version.parse().ok()?))).collect()
    }

    /// Debian's oldest advisory about it.
    fn notice(&self, knowledge: &Knowledge, id: &str) -> Option<Notice> {
        let records = knowledge.notices.of_id(id);
        let own = records.filter(|record| record.fixed.iter().any(|fix| fix.source == self.source));
        own.map(|record| record.notice.clone()).min_by_key(|notice| notice.date)
    }
}
