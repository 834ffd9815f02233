//! `/metrics`: what is known, for Prometheus (<https://prometheus.io/docs/instrumenting/exposition_formats/>, text format 0.0.4).
//!
//! In: a [`View`]. Out: text. No label grows without bound: no vulnerability, digest or path is one. Times are exported, ages are computed by
//! whoever asks. What is unknown has no sample, and the image's grade says `unknown`; a sample of 0 always means none.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use scan::{Finding, FindingStatus, Grade};

use crate::findings::{BUCKETS, ImageFindings, buckets};
use crate::status::View;

/// Every grade, so that each has a sample.
const GRADES: [Grade; 6] = [Grade::A, Grade::B, Grade::C, Grade::D, Grade::F, Grade::Unknown];

/// The text, metric by metric.
#[derive(Default)]
struct Text(String);

impl Text {
    /// Begins a metric.
    fn metric(&mut self, name: &str, kind: &str, help: &str) {
        _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<String> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        _ = writeln!(self.0, "{name}{labels} {value}");
    }

    /// A gauge with one sample for each image that has a value.
    fn times<'v>(&mut self, name: &str, help: &str, values: impl Iterator<Item = (&'v str, Timestamp)>) {
        self.metric(name, "gauge", help);
        for (image, at) in values {
            self.sample(name, &[("image", image)], at.as_second());
        }
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// Everything that can be said at this moment.
pub(crate) fn metrics(view: &View) -> String {
    let mut text = Text::default();
    text.metric("bedplate_build_info", "gauge", "The version that runs.");
    text.sample("bedplate_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
    images(&mut text, view);
    grades(&mut text, view);
    vulnerabilities(&mut text, view);
    feeds(&mut text, view);
    text.metric("bedplate_ledger_readable", "gauge", "1 if what was found in images can be read.");
    text.sample("bedplate_ledger_readable", &[], u8::from(view.known.unreadable.is_none()));
    if view.known.unreadable.is_none() {
        fixes(&mut text, view);
    }
    text.0
}

fn images(text: &mut Text, view: &View) {
    let published = || view.images.iter().filter_map(|image| Some((image.name.as_str(), image.publication.as_ref()?)));
    let evaluated = view.images.iter().filter(|image| image.outcome.is_some());
    let evaluated = evaluated.filter_map(|image| Some((image.name.as_str(), view.evaluated?)));
    let name = "bedplate_image_last_evaluated_timestamp_seconds";
    text.times(name, "When somebody looked whether the image is to be built.", evaluated);
    let changed = published().map(|(image, it)| (image, it.created));
    text.times(
        "bedplate_image_last_changed_timestamp_seconds",
        "Time of the newest package in what is published.",
        changed,
    );
    let moved = published().map(|(image, it)| (image, it.published));
    text.times("bedplate_image_last_published_timestamp_seconds", "When the tags moved.", moved);
    let ends = view.images.iter().filter_map(|image| {
        let end = image.definition.as_ref()?.end_of_life.to_zoned(TimeZone::UTC).ok()?;
        Some((image.name.as_str(), end.timestamp()))
    });
    text.times("bedplate_image_eol_timestamp_seconds", "When nobody mends the image's runtime any more.", ends);
    for (name, help, is_size) in [
        ("bedplate_image_compressed_bytes", "Size of what is published, as it is pulled.", true),
        ("bedplate_image_packages", "Packages in what is published.", false),
    ] {
        text.metric(name, "gauge", help);
        for (image, platform, one) in
            published().flat_map(|(image, it)| it.platforms.iter().map(move |(name, one)| (image, name, one)))
        {
            let value = if is_size { one.size } else { u64::try_from(one.packages).unwrap_or(u64::MAX) };
            text.sample(name, &[("image", image), ("arch", platform.rsplit('/').next().unwrap_or(platform))], value);
        }
    }
}

fn grades(text: &mut Text, view: &View) {
    let name = "bedplate_image_grade";
    text.metric(name, "gauge", "1 for the grade that the image has; unknown where data are stale or absent.");
    for image in view.images.iter().filter(|image| image.is_published()) {
        let own = view.known.graded(&image.name).grade;
        for grade in GRADES {
            text.sample(name, &[("image", &image.name), ("grade", &grade.to_string())], u8::from(own == grade));
        }
    }
}

/// Images whose data are current.
fn current(view: &View) -> impl Iterator<Item = (&String, &ImageFindings)> {
    view.known.images.iter().filter(|(_, image)| image.standing.is_current())
}

fn vulnerabilities(text: &mut Text, view: &View) {
    let name = "bedplate_image_oldest_unapplied_fix_timestamp_seconds";
    text.metric(name, "gauge", "Since when the oldest fix that the image lacks is in the archive; 0: it lacks none.");
    for (image, known) in current(view) {
        let mut oldest: BTreeMap<&str, i64> = SEVERITIES.into_iter().map(|severity| (severity, 0)).collect();
        for row in known.rows.iter().filter(|row| row.finding.status == FindingStatus::Fixable) {
            let since = row.finding.fix.as_ref().and_then(|fix| fix.since).or(row.since);
            let at = since.map_or(1, Timestamp::as_second);
            let known = oldest.entry(severity(&row.finding)).or_insert(0);
            *known = if *known == 0 { at } else { at.min(*known) };
        }
        for (severity, at) in oldest {
            text.sample(name, &[("image", image), ("vuln_severity", severity)], at);
        }
    }
    let name = "bedplate_image_vulnerabilities";
    text.metric(name, "gauge", "Findings by CVSS rating, or else by Debian's urgency.");
    for (image, known) in current(view) {
        let mut counts: BTreeMap<(&str, &str, &str), usize> = BTreeMap::new();
        for severity in SEVERITIES {
            counts.insert((severity, "true", "affected"), 0);
        }
        for row in &known.rows {
            let fixable = if row.finding.status == FindingStatus::Fixable { "true" } else { "false" };
            *counts.entry((severity(&row.finding), fixable, status(row.finding.status))).or_default() += 1;
        }
        for ((severity, fixable, status), count) in counts {
            let labels =
                [("image", image.as_str()), ("vuln_severity", severity), ("fixable", fixable), ("status", status)];
            text.sample(name, &labels, count);
        }
    }
}

/// All words that the label `vuln_severity` has.
const SEVERITIES: [&str; 6] = ["critical", "high", "low", "medium", "unimportant", "unknown"];

/// CVSS ratings (specification 3.1 and 4.0, qualitative severity rating scale); where nobody gave a score, Debian's urgency.
fn severity(finding: &Finding) -> &'static str {
    match (finding.severity.cvss.as_ref().map(|cvss| cvss.score), finding.severity.urgency.as_deref()) {
        (Some(9.0..), _) => "critical",
        (Some(7.0..), _) | (None, Some("high")) => "high",
        (Some(4.0..), _) | (None, Some("medium")) => "medium",
        (Some(_), _) | (None, Some("low")) => "low",
        (None, Some("unimportant")) => "unimportant",
        (None, _) => "unknown",
    }
}

fn status(status: FindingStatus) -> &'static str {
    match status {
        FindingStatus::NotAffected => "not_affected",
        FindingStatus::UnderInvestigation => "under_investigation",
        FindingStatus::Negligible => "negligible",
        _ => "affected",
    }
}

/// One of the times of a feed.
type FeedTime = fn(&worker::FeedState) -> Option<Timestamp>;

fn feeds(text: &mut Text, view: &View) {
    let feeds = &view.known.data.feeds;
    let times: [(&str, &str, FeedTime); 2] = [
        (
            "bedplate_feed_last_success_timestamp_seconds",
            "When the feed was last read, whether it had news or not.",
            |feed| feed.checked,
        ),
        ("bedplate_feed_data_timestamp_seconds", "How old the feed's data are.", worker::FeedState::date),
    ];
    for (name, help, time) in times {
        text.metric(name, "gauge", help);
        for (feed, at) in feeds.iter().filter_map(|feed| Some((&feed.name, time(feed)?))) {
            text.sample(name, &[("feed", feed)], at.as_second());
        }
    }
    text.metric("bedplate_feed_entries", "gauge", "Rows, advisories or records of the feed.");
    for (feed, kept) in feeds.iter().filter_map(|feed| Some((&feed.name, feed.kept.as_ref()?))) {
        text.sample("bedplate_feed_entries", &[("feed", feed)], kept.shape.entries);
    }
}

fn fixes(text: &mut Text, view: &View) {
    let name = "bedplate_fix_lag_seconds";
    text.metric(name, "histogram", "From the archive's first InRelease with a fix to the tags that moved.");
    let mut total = 0;
    for (count, bound) in buckets(&view.known.fixes)
        .into_iter()
        .zip(BUCKETS.map(|(bound, _)| bound.to_string()).into_iter().chain(["+Inf".to_owned()]))
    {
        total += count;
        text.sample(&format!("{name}_bucket"), &[("le", &bound)], total);
    }
    let sum: i64 = view.known.fixes.iter().filter_map(|fix| fix.lag_seconds).sum();
    text.sample(&format!("{name}_sum"), &[], sum);
    text.sample(&format!("{name}_count"), &[], total);
    text.metric("bedplate_open_fixes", "gauge", "Vulnerabilities under tags that are not fixed, by whose turn it is.");
    for (turn, count) in view.known.open_fixes() {
        text.sample("bedplate_open_fixes", &[("turn", turn)], count);
    }
}

#[cfg(test)]
#[path = "status_metrics_tests.rs"]
mod tests;
