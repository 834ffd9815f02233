//! A report as CycloneDX 1.6: a vulnerability disclosure report (VDR) whose analyses are VEX.
//!
//! In: a [`Report`]. Out: JSON. Components are the packages that findings name, by their package URLs.

use std::collections::BTreeMap;

use blob::Digest;

use crate::counts::headline;
use crate::finding::{Finding, PackageName};
use crate::purl::Purl;
use crate::report::Report;
use crate::say::cyclonedx_document::{
    Advisory, Affected, AffectedVersion, Bom, Component, Metadata, Property, Source, Tools, Vulnerability,
};
use crate::say::cyclonedx_parts::{analysis, ratings, version_status};
use crate::standing::Standing;
use crate::words;

/// The report as CycloneDX.
pub fn cyclonedx_vdr(report: &Report) -> String {
    let mut components = BTreeMap::new();
    for package in report.findings.iter().flat_map(|finding| &finding.packages) {
        let purl = package_url(report, package);
        components
            .entry(purl.clone())
            .or_insert_with(|| component("library", &package.name, Some(&package.version), purl));
    }
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        format: "CycloneDX",
        spec_version: "1.6",
        serial_number: serial_number(report),
        version: 1,
        metadata: metadata(report),
        components: components.into_values().collect(),
        vulnerabilities: report.findings.iter().map(|finding| vulnerability(report, finding)).collect(),
    };
    serde_json::to_string_pretty(&bom).map_or_else(|_| String::new(), |text| text + "\n")
}

fn metadata(report: &Report) -> Metadata {
    let (name, version) = ("bedplate", env!("CARGO_PKG_VERSION"));
    let tool = Component {
        kind: "application",
        reference: None,
        name: name.to_owned(),
        version: Some(version.to_owned()),
        purl: None,
    };
    let mut properties = vec![Property { name: "bedplate:headline", value: headline(report) }];
    properties.push(Property { name: "bedplate:standing", value: report.standing.to_string() });
    properties.extend(
        report.feeds.iter().map(|feed| Property {
            name: "bedplate:feed",
            value: format!("{} {} {}", feed.name, feed.date, feed.digest),
        }),
    );
    properties.extend(report.remarks.iter().map(|it| Property { name: "bedplate:remark", value: it.to_string() }));
    let timestamp = match report.standing {
        Standing::Current { date } | Standing::Stale { date } => Some(date.to_string()),
        Standing::Absent => None,
    };
    Metadata { timestamp, tools: Tools { components: [tool] }, component: subject(report), properties }
}

/// An image by its digest; anything else by its name.
fn subject(report: &Report) -> Component {
    let subject = &report.subject;
    let Some(digest) = &subject.digest else {
        let reference = Some(format!("subject:{}", subject.name));
        return Component { kind: "file", reference, name: subject.name.clone(), version: None, purl: None };
    };
    let mut purl = Purl::image(&subject.name, Some(digest));
    if let Some((_, architecture)) = subject.platform.as_deref().and_then(|platform| platform.split_once('/')) {
        purl = purl.with("arch", architecture);
    }
    component("container", &subject.name, Some(&digest.to_string()), purl.to_string())
}

fn component(kind: &'static str, name: &str, version: Option<&str>, purl: String) -> Component {
    let version = version.map(str::to_owned);
    Component { kind, reference: Some(purl.clone()), name: name.to_owned(), version, purl: Some(purl) }
}

fn package_url(report: &Report, package: &PackageName) -> String {
    let distribution = &report.distribution;
    let purl = Purl::deb(&distribution.id, &package.name, &package.version);
    match &distribution.version {
        Some(version) => purl.with("distro", &format!("{}-{version}", distribution.id)).to_string(),
        None => purl.to_string(),
    }
}

fn vulnerability(report: &Report, finding: &Finding) -> Vulnerability {
    let page = words::tracker_page(&finding.id);
    let update =
        finding.fix.as_ref().map(|fix| format!("Update {} to {} ({}).", finding.source, fix.version, fix.suite));
    let status = version_status(finding);
    let affected = |package: &PackageName| Affected {
        reference: package_url(report, package),
        versions: [AffectedVersion { version: package.version.clone(), status }],
    };
    Vulnerability {
        reference: format!("vulnerability:{}:{}", finding.source, finding.id),
        id: finding.id.clone(),
        source: Source { name: "Debian security tracker", url: Some(page) },
        ratings: ratings(finding),
        description: finding.description.clone(),
        recommendation: update,
        advisories: finding.notices.iter().map(|it| advisory(&it.id)).collect(),
        analysis: analysis(finding),
        affects: finding.packages.iter().map(affected).collect(),
        properties: properties(finding),
    }
}

fn advisory(id: &str) -> Advisory {
    Advisory { title: id.to_owned(), url: words::tracker_page(id) }
}

fn properties(finding: &Finding) -> Vec<Property> {
    let status = words::status_word(finding.status).to_owned();
    let mut properties = vec![Property { name: "bedplate:status", value: status }];
    let severity = &finding.severity;
    properties.extend(severity.kev.map(|date| Property { name: "bedplate:kev", value: date.to_string() }));
    properties.extend(severity.epss.map(|it| Property { name: "bedplate:epss", value: it.probability.to_string() }));
    properties
}

/// A UUID of version 8 (RFC 9562, section 5.8) out of the digest of the report.
fn serial_number(report: &Report) -> String {
    let digest = Digest::of(report.to_json());
    let hex = digest.hex();
    format!("urn:uuid:{}-{}-8{}-a{}-{}", &hex[..8], &hex[8..12], &hex[12..15], &hex[15..18], &hex[18..30])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{finding, fixable, report};
    use crate::{Distribution, FindingStatus};
    use serde_json::{Value, json};

    fn bom(report: &Report) -> Value {
        serde_json::from_str(&cyclonedx_vdr(report)).unwrap()
    }

    #[test]
    fn a_finding_is_a_vulnerability_of_its_packages() {
        let finding = fixable("CVE-2026-2", "openssl", "2026-11-20T00:00:00Z");
        let report = report(vec![finding]);
        let bom = bom(&report);
        let purl = "pkg:deb/debian/openssl@1.0-1?distro=debian-13";
        assert_eq!(bom["components"][0]["purl"], purl);
        assert_eq!(bom["metadata"]["timestamp"], "2026-11-23T12:00:00Z");
        let vulnerability = &bom["vulnerabilities"][0];
        assert_eq!(vulnerability["affects"][0]["ref"], purl);
        assert_eq!(vulnerability["advisories"][0]["url"], "https://security-tracker.debian.org/tracker/DSA-6531-1");
        assert_eq!(vulnerability["recommendation"], "Update openssl to 3.5.7-1~deb13u4 (trixie-security).");
        let detail = "fixed in 3.5.7-1~deb13u4 (trixie-security since 2026-11-20, DSA-6531-1)";
        assert_eq!(
            vulnerability["analysis"],
            json!({"state": "exploitable", "response": ["update"], "detail": detail})
        );
        let reference = bom["metadata"]["component"]["bom-ref"].as_str().unwrap();
        assert!(reference.starts_with("pkg:oci/python@sha256:") && reference.contains("?arch=amd64&repository_url="));
    }

    #[test]
    fn the_same_report_has_the_same_name() {
        let mut one = report(vec![finding("CVE-2026-1", "zlib", FindingStatus::NoDsa)]);
        assert_eq!(cyclonedx_vdr(&one), cyclonedx_vdr(&one.clone()));
        let before = serial_number(&one);
        assert!(before.starts_with("urn:uuid:") && before.len() == 45, "{before}");
        one.packages += 1;
        assert_ne!(before, serial_number(&one));
    }

    #[test]
    fn what_is_no_image_and_says_no_distribution_is_named_all_the_same() {
        let mut report = report(vec![finding("CVE-2026-1", "zlib", FindingStatus::NoDsa)]);
        (report.subject.digest, report.distribution, report.standing) =
            (None, Distribution::default(), Standing::Absent);
        let bom = bom(&report);
        assert_eq!(bom["metadata"]["component"]["type"], "file");
        assert_eq!(bom["metadata"].get("timestamp"), None);
        assert_eq!(bom["components"][0]["purl"], "pkg:deb/debian/zlib@1.0-1");
    }
}
