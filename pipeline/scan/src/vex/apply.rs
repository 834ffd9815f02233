//! Statements of others, applied to a report as Trivy and Grype apply them.
//!
//! In: a [`VexDocument`], a [`Report`]. Out: the report, changed. Of the statements that match a package the newest holds. Only `not_affected`
//! and `fixed` change a finding, and only if all of its packages are covered; whatever else matches is added as evidence. What matches nothing
//! is a remark.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Evidence, Finding, FindingStatus, PackageName};
use crate::inventory::Remark;
use crate::purl::Purl;
use crate::report::Report;
use crate::vex::document::VexStatus;
use crate::vex::read::{ProductName, ReadProduct, ReadStatement, VexDocument};

impl VexDocument {
    /// Applies the statements. Doing it twice is doing it once.
    pub fn apply(&self, report: &mut Report) {
        let scanned = Scanned::of(report);
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, statement) in self.statements.iter().enumerate() {
            statement.names.iter().for_each(|name| by_name.entry(name).or_default().push(at));
        }
        let mut used = BTreeSet::new();
        for finding in &mut report.findings {
            if let Some(about) = by_name.get(finding.id.as_str()) {
                self.apply_to(finding, about, &scanned, &mut used);
            }
        }
        let unused = (0..self.statements.len()).filter(|at| !used.contains(at));
        let names: BTreeSet<&str> =
            unused.filter_map(|at| self.statements.get(at)?.names.first()).map(String::as_str).collect();
        if !names.is_empty() {
            let names: Vec<&str> = names.into_iter().collect();
            let text = format!("statements match nothing that was found: {}", names.join(", "));
            let remark = Remark { about: format!("VEX document of {}", self.author), text };
            if !report.remarks.contains(&remark) {
                report.remarks.push(remark);
            }
        }
    }

    /// `about`: the places of the statements on this vulnerability.
    fn apply_to(&self, finding: &mut Finding, about: &[usize], scanned: &Scanned, used: &mut BTreeSet<usize>) {
        let mut holding: Vec<Option<usize>> = Vec::new();
        for package in &finding.packages {
            let about = about.iter().filter_map(|at| Some((*at, self.statements.get(*at)?)));
            let matching = about.filter(|(_, statement)| scanned.is_meant(statement, package));
            let matching: Vec<_> = matching.map(|(at, statement)| (statement.timestamp, at)).collect();
            used.extend(matching.iter().map(|(_, at)| *at));
            holding.push(matching.into_iter().max().map(|(_, at)| at));
        }
        let suppresses = |at: &Option<usize>| {
            let statement = at.and_then(|at| self.statements.get(at));
            statement.is_some_and(|statement| statement.status <= VexStatus::Fixed)
        };
        if !holding.is_empty() && holding.iter().all(suppresses) {
            finding.status = FindingStatus::NotAffected;
        }
        let distinct: BTreeSet<usize> = holding.into_iter().flatten().collect();
        for statement in distinct.into_iter().filter_map(|at| self.statements.get(at)) {
            let evidence = self.evidence(statement);
            if !finding.evidence.contains(&evidence) {
                finding.evidence.push(evidence);
            }
        }
    }

    fn evidence(&self, statement: &ReadStatement) -> Evidence {
        Evidence::Statement {
            author: self.author.clone(),
            reason: statement.words.clone(),
            status: statement.status.word().to_owned(),
            justification: statement.justification.clone(),
            expires: None,
        }
    }
}

/// What statements are compared with.
struct Scanned {
    /// Namespace of packages.
    distribution: String,
    /// `debian-13`.
    distro: Option<String>,
    /// Debian's name of the platform's architecture.
    architecture: Option<String>,
    image: Purl,
    /// Names by which an image is known beside its package URL.
    names: Vec<String>,
}

impl Scanned {
    fn of(report: &Report) -> Self {
        let (subject, distribution) = (&report.subject, &report.distribution);
        let digest = subject.digest.as_ref().map(ToString::to_string);
        let mut names = vec![subject.name.clone()];
        names.extend(digest.iter().flat_map(|digest| [digest.clone(), format!("{}@{digest}", subject.name)]));
        Self {
            distribution: distribution.id.clone(),
            distro: distribution.version.as_ref().map(|version| format!("{}-{version}", distribution.id)),
            architecture: subject.platform.as_deref().map(architecture),
            image: Purl::image(&subject.name, subject.digest.as_ref()),
            names,
        }
    }

    fn is_meant(&self, statement: &ReadStatement, package: &PackageName) -> bool {
        let purl = Purl::deb(&self.distribution, &package.name, &package.version);
        statement.products.iter().any(|product| self.product_is_meant(product, &purl))
    }

    fn product_is_meant(&self, product: &ReadProduct, package: &Purl) -> bool {
        let part = |names: &Vec<ProductName>| names.iter().any(|name| self.is_package(name, package));
        if product.parts.is_empty() && part(&product.names) {
            return true;
        }
        let image = product.names.iter().any(|name| self.is_image(name));
        image && (product.parts.is_empty() || product.parts.iter().any(part))
    }

    fn is_package(&self, name: &ProductName, package: &Purl) -> bool {
        matches!(name, ProductName::Purl(purl) if purl.covers(package, |key, value| self.holds(key, value)))
    }

    fn is_image(&self, name: &ProductName) -> bool {
        match name {
            ProductName::Purl(purl) => {
                purl.covers(&self.image, |key, value| key == "arch" && self.is_architecture(value))
            }
            ProductName::Text(text) => self.names.contains(text),
        }
    }

    /// Qualifiers that scanners give packages: reports name no architecture of a package, so it is the platform's, or `all`.
    fn holds(&self, key: &str, value: &str) -> bool {
        match key {
            "arch" => value == "all" || self.is_architecture(value),
            "distro" => self.distro.as_deref().is_some_and(|distro| {
                value.strip_prefix(distro).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            }),
            _ => false,
        }
    }

    fn is_architecture(&self, value: &str) -> bool {
        self.architecture.as_deref() == Some(value)
    }
}

/// Debian's name of a platform's architecture.
fn architecture(platform: &str) -> String {
    let after = platform.split_once('/').map_or(platform, |(_, after)| after);
    match after {
        "386" => "i386",
        "arm/v7" => "armhf",
        "arm/v5" | "arm/v6" => "armel",
        "arm64/v8" => "arm64",
        "ppc64le" => "ppc64el",
        other => other,
    }
    .to_owned()
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
