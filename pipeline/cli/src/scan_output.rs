//! Reports in the form asked for.
//!
//! In: [`Judged`] reports. Out: one text, or why several reports cannot stand in one document of that form.

use anyhow::{Context as _, bail, ensure};
use scan::{Report, Standing, VexParts, cyclonedx_vdr, markdown, openvex, sarif};
use serde_json::Value;

use crate::arguments::Format;
use crate::scan_bar::{Judged, subject};
use crate::scan_text;

/// Who states what `--format openvex` states.
const AUTHOR: &str = "bedplate scan";

/// The text, with a newline at its end. `width` is that of the screen, for a table.
pub(crate) fn text(all: &[Judged], format: Format, width: Option<usize>) -> anyhow::Result<String> {
    let reports: Vec<&Report> = all.iter().map(|judged| &judged.report).collect();
    Ok(match format {
        Format::Table => scan_text::text(all, width),
        Format::Json => json(&reports)?,
        Format::Md => reports.iter().map(|report| markdown(report)).collect::<Vec<_>>().join("\n"),
        Format::Sarif => sarif_of_all(&reports)?,
        Format::Cyclonedx => ended(cyclonedx_vdr(only(&reports)?)),
        Format::Openvex => ended(vex(all, &reports)?),
    })
}

/// One report as it is, several as a list.
fn json(reports: &[&Report]) -> anyhow::Result<String> {
    let text = match reports {
        [report] => serde_json::to_string_pretty(report),
        reports => serde_json::to_string_pretty(reports),
    };
    Ok(ended(text.context("cannot write the reports as JSON")?))
}

/// Statements about one image: the reports of its platforms.
fn vex(all: &[Judged], reports: &[&Report]) -> anyhow::Result<String> {
    let judged = all.first().context("there is no report")?;
    let (first, standing) = (&judged.report, judged.report.standing);
    let same = all.iter().all(|one| one.whole == judged.whole);
    ensure!(same, "an OpenVEX document is about one image: name one target");
    let digest = judged.whole.as_ref().context(
        "an OpenVEX document is about an image by its digest: expected an image of a registry, a layout or the state folder",
    )?;
    let (Standing::Current { date } | Standing::Stale { date }) = standing else {
        bail!("without vulnerability data nothing can be stated");
    };
    let reports: Vec<Report> = reports.iter().map(|report| (*report).clone()).collect();
    let parts =
        VexParts { name: &first.subject.name, digest, reports: &reports, author: AUTHOR, timestamp: date, version: 1 };
    openvex(&parts).context("there is no finding to state anything about: OpenVEX knows no empty document")
}

/// SARIF holds several runs (2.1.0, section 3.13.4): one a report.
fn sarif_of_all(reports: &[&Report]) -> anyhow::Result<String> {
    let mut all: Option<Value> = None;
    for report in reports {
        let mut one: Value = serde_json::from_str(&sarif(report)).context("cannot write SARIF")?;
        match &mut all {
            None => all = Some(one),
            Some(all) => {
                if let (Some(Value::Array(runs)), Some(Value::Array(more))) = (all.get_mut("runs"), one.get_mut("runs"))
                {
                    runs.append(more);
                }
            }
        }
    }
    Ok(ended(serde_json::to_string_pretty(&all.context("there is no report")?)?))
}

/// A document that is about one thing.
fn only<'r>(reports: &[&'r Report]) -> anyhow::Result<&'r Report> {
    match reports {
        [report] => Ok(report),
        reports => {
            let names: Vec<String> = reports.iter().map(|report| subject(report)).collect();
            bail!(
                "a CycloneDX document is about one image of one platform: choose with --platform, or name one target; there are {}",
                names.join(", ")
            )
        }
    }
}

fn ended(text: String) -> String {
    if text.ends_with('\n') { text } else { text + "\n" }
}

#[cfg(test)]
mod tests {
    use scan::FindingStatus;

    use super::*;
    use crate::scan_fixtures::{finding, report};

    fn all(count: usize) -> Vec<Judged> {
        vec![Judged { report: report(Vec::new()), whole: None, unknown: Vec::new() }; count]
    }

    fn value(count: usize, format: Format) -> Value {
        serde_json::from_str(&text(&all(count), format, None).unwrap()).unwrap()
    }

    #[test]
    fn one_report_is_a_value_and_several_are_a_list() {
        assert_eq!(value(1, Format::Json)["schema"], scan::REPORT_SCHEMA);
        assert_eq!(value(2, Format::Json).as_array().unwrap().len(), 2);
    }

    #[test]
    fn sarif_has_a_run_for_each_report_and_cyclonedx_is_about_one() {
        assert_eq!(value(3, Format::Sarif)["runs"].as_array().unwrap().len(), 3);
        assert_eq!(value(1, Format::Cyclonedx)["bomFormat"], "CycloneDX");
        let error = text(&all(2), Format::Cyclonedx, None).unwrap_err().to_string();
        assert!(error.contains("choose with --platform"), "{error}");
    }

    #[test]
    fn statements_need_an_image_and_something_to_state() {
        let stated = |judged: &Judged| text(std::slice::from_ref(judged), Format::Openvex, None);
        let mut judged = all(1).remove(0);
        assert!(stated(&judged).unwrap_err().to_string().contains("is about an image by its digest"));
        judged.whole = Some(blob::Digest::of("x"));
        assert!(stated(&judged).unwrap_err().to_string().contains("there is no finding"));
        judged.report.findings.push(finding("CVE-2026-1", "openssl", FindingStatus::NoDsa));
        let value: Value = serde_json::from_str(&stated(&judged).unwrap()).unwrap();
        assert_eq!((&value["author"], value["statements"][0]["status"].as_str()), (&AUTHOR.into(), Some("affected")));
    }
}
