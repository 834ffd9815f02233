//! Reports of an image index become one OpenVEX document.
//!
//! In: [`VexParts`]. Out: JSON, the same for the same parts. Products are the image by its digest with the packages as subcomponents, for who
//! scans the image, and each package by its version without qualifiers, for who scans an image built upon it: it dies with the version.
//! One statement a vulnerability; where its packages differ in status, they are split, and no product is in two. Where platforms differ on
//! one package, only the platform's own image is named: neither the index nor the package can be.

use std::collections::{BTreeMap, BTreeSet};

use blob::Digest;
use jiff::Timestamp;

use crate::purl::Purl;
use crate::report::Report;
use crate::vex::document::{CONTEXT, Document, Entry, Product, Subcomponent, VexStatus, Vulnerability};
use crate::vex::statement::{Stated, stated};

/// What a document is made of.
#[derive(Debug, Clone, Copy)]
pub struct VexParts<'a> {
    /// The image's public name, `HOST/REPOSITORY`.
    pub name: &'a str,
    /// Digest of the image index.
    pub digest: &'a Digest,
    /// Reports, one a platform.
    pub reports: &'a [Report],
    /// Who states it.
    pub author: &'a str,
    /// The date of the data: when it was known to be true.
    pub timestamp: Timestamp,
    /// The document's version, from 1.
    pub version: u64,
}

/// Products with their subcomponents; a package has none.
pub(crate) type Products = BTreeMap<Purl, BTreeSet<Purl>>;

/// Statements by vulnerability, status and justification: words, and products.
pub(crate) type Statements = BTreeMap<(String, VexStatus, Option<String>), (BTreeSet<String>, Products)>;

/// The document; none where there is nothing to state, because OpenVEX knows no document without a statement.
pub fn openvex(parts: &VexParts<'_>) -> Option<String> {
    let mut statements = Statements::new();
    for (id, packages) in by_vulnerability(parts.reports) {
        for (package, platforms) in packages {
            add(&mut statements, parts, id, &package, &platforms);
        }
    }
    let id = format!("{}\0{}\0{}", parts.digest, parts.version, parts.author);
    document(&id, parts.author, parts.timestamp, parts.version, statements)
}

/// What each platform states of a package.
type Platforms<'a> = Vec<(&'a Report, Stated)>;

fn by_vulnerability(reports: &[Report]) -> BTreeMap<&str, BTreeMap<Purl, Platforms<'_>>> {
    let mut all: BTreeMap<&str, BTreeMap<Purl, Platforms<'_>>> = BTreeMap::new();
    for report in reports {
        for finding in &report.findings {
            let packages = all.entry(&finding.id).or_default();
            for package in &finding.packages {
                let purl = Purl::deb(&report.distribution.id, &package.name, &package.version);
                packages.entry(purl).or_default().push((report, stated(finding)));
            }
        }
    }
    all
}

fn add(statements: &mut Statements, parts: &VexParts<'_>, id: &str, package: &Purl, platforms: &Platforms<'_>) {
    let mut put = |stated: &Stated, product: Purl, part: Option<Purl>| {
        let key = (id.to_owned(), stated.status, stated.justification.clone());
        let (words, products) = statements.entry(key).or_default();
        words.insert(stated.words.clone());
        products.entry(product).or_default().extend(part);
    };
    let image = |report: &Report| Some(Purl::image(parts.name, Some(report.subject.digest.as_ref()?)));
    for (report, stated) in platforms {
        if let Some(image) = image(report) {
            put(stated, image, Some(package.clone()));
        }
    }
    let Some((_, first)) = platforms.first() else { return };
    let same = |it: &Stated| (it.status, &it.justification) == (first.status, &first.justification);
    if platforms.iter().all(|(_, stated)| same(stated)) {
        put(first, Purl::image(parts.name, Some(parts.digest)), Some(package.clone()));
        put(first, package.clone(), None);
    }
}

/// Writes a document whose `@id` is the digest of what names it.
pub(crate) fn document(
    named: &str,
    author: &str,
    timestamp: Timestamp,
    version: u64,
    statements: Statements,
) -> Option<String> {
    if statements.is_empty() {
        return None;
    }
    let document = Document {
        context: CONTEXT,
        id: format!("https://openvex.dev/docs/public/vex-{}", Digest::of(named).hex()),
        author: author.to_owned(),
        timestamp,
        version: version.max(1),
        tooling: concat!("bedplate ", env!("CARGO_PKG_VERSION")),
        statements: statements.into_iter().map(|it| statement(it, timestamp)).collect(),
    };
    serde_json::to_string_pretty(&document).ok().map(|text| text + "\n")
}

type Stating = ((String, VexStatus, Option<String>), (BTreeSet<String>, Products));

fn statement(((id, status, justification), (words, products)): Stating, timestamp: Timestamp) -> Entry {
    let words = Some(words.into_iter().collect::<Vec<_>>().join("; ")).filter(|words| !words.is_empty());
    let (mut impact_statement, mut action_statement, mut status_notes) = (None, None, None);
    match status {
        VexStatus::NotAffected => impact_statement = words,
        VexStatus::Affected => action_statement = words,
        VexStatus::Fixed | VexStatus::UnderInvestigation => status_notes = words,
    }
    Entry {
        vulnerability: Vulnerability { name: id },
        timestamp,
        products: products.iter().map(product).collect(),
        status,
        status_notes,
        justification,
        impact_statement,
        action_statement,
    }
}

fn product((purl, parts): (&Purl, &BTreeSet<Purl>)) -> Product {
    let subcomponents = parts.iter().map(|part| Subcomponent { id: part.to_string() }).collect();
    Product { id: purl.to_string(), subcomponents }
}

#[cfg(test)]
#[path = "write_tests.rs"]
mod tests;
