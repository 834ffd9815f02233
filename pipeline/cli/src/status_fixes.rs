//! How long fixes took: a table of the ledger's rows, the section of an image's page, and the page of the whole ledger.
//!
//! In: [`Known`]. Out: HTML. Platforms that got a fix with the same tag move share a row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use maud::{Markup, html};
use scan::{FixRecord, FixState};

use crate::findings::{Known, lags, lags_of_days, span};
use crate::status_findings::{DAYS, lag_words, warnings};
use crate::status_parts::{day, frame, time};
use crate::status_plots::{histogram, lags_over_time};
use crate::status_vulnerabilities::id;

/// An image's page shows so many rows, the page of all so many; JSON and CSV have all.
const ROWS: usize = 25;
const ALL_ROWS: usize = 500;

/// Rows that differ in nothing but the platform.
pub(crate) type Shared<'f> = (&'f FixRecord, Vec<&'f str>);

/// The section of an image's page.
pub(crate) fn section(known: &Known, name: &str, now: Timestamp) -> Markup {
    let rows = shared(known.fixes_of(name));
    html! {
        section #fixes {
            h2 { "Fixes" }
            @if known.unreadable.is_some() {
                p { "Unknown: the ledger cannot be read." }
            } @else if rows.is_empty() {
                p { "No vulnerability was fixed in it yet, as far as anybody wrote down, and none waits for a fix." }
            } @else {
                p { "From the archive to the tag: " (lag_words(&lags(known.fixes_of(name)))) }
                @if let Some(plot) = lags_over_time(known.fixes_of(name), now) {
                    figure { (plot) figcaption { "● fixed: how long after the archive had it. △ open: how long it has been waiting." } }
                }
                (table(&rows, ROWS, false, now))
            }
            p { a href="/fixes" { "all images" } }
        }
    }
}

/// The page of the whole ledger.
pub(crate) fn page(known: &Known, now: Timestamp) -> Markup {
    let rows = shared(&known.fixes);
    let (all, recent) = (lags(&known.fixes), lags_of_days(&known.fixes, DAYS, now));
    let content = html! {
        header {
            p { a href="/" { "bedplate" } " /" }
            h1 { "Fixes" }
            p { "How long each fix took from Debian's archive to our tags. The clock starts with the date of the first InRelease that had the \
                 fix, and stops when the tags moved. What nobody knows is left empty." }
        }
        main {
            (warnings(known, now))
            @if known.unreadable.is_none() {
                dl.facts {
                    @for (name, lags) in [(format!("Last {DAYS} days"), &recent), ("Since the beginning".to_owned(), &all)] {
                        div { dt { (name) } dd { (lag_words(lags)) @if let Some(most) = lags.p99 { "p99 " strong { (span(most)) } } } }
                    }
                    @for (turn, count) in known.open_fixes() { div { dt { (turn_name(turn)) } dd { (count) } } }
                }
                @if let Some(plot) = histogram(&known.fixes) { figure { (plot) figcaption { "Fixes by lag" } } }
                @if let Some(plot) = lags_over_time(&known.fixes, now) {
                    figure { (plot) figcaption { "Lag of each fix over time. ● fixed, △ open" } }
                }
                section { h2 { "All, what is open first" } (table(&rows, ALL_ROWS, true, now)) }
            }
            p { a href="/api/v1/fixes" { "as JSON" } " · " a href="/api/v1/fixes.csv" { "as CSV" } }
        }
    };
    frame("Fixes: bedplate", &content)
}

fn turn_name(turn: &str) -> &'static str {
    match turn {
        "ours" => "Open: to be published",
        "debian" => "Open: no fix in the archive",
        "blocked" => "Open: blocked",
        _ => "Open: waiting for others",
    }
}

/// The rows, in their order, with the platforms of those that differ in nothing else.
pub(crate) fn shared<'f>(fixes: impl IntoIterator<Item = &'f FixRecord>) -> Vec<Shared<'f>> {
    let mut rows: Vec<Shared<'f>> = Vec::new();
    let mut places = BTreeMap::new();
    for fix in fixes {
        let key =
            (&fix.image, &fix.id, &fix.source, fix.occurrence, fix.archive_at, fix.tagged_at, fix.state, &fix.turn);
        let place = *places.entry(key).or_insert_with(|| {
            rows.push((fix, Vec::new()));
            rows.len() - 1
        });
        rows[place].1.push(&fix.platform);
    }
    rows
}

/// A table of rows, at most so many.
pub(crate) fn table(rows: &[Shared<'_>], limit: usize, with_image: bool, now: Timestamp) -> Markup {
    html! {
        table.dense.fixes {
            thead { tr {
                th { "Vulnerability" } @if with_image { th { "Image" } } th { "Source" } th { "In the archive since" }
                th { "Tags moved" } th.number { "Lag" } th { "State" }
            } }
            tbody { @for (fix, platforms) in rows.iter().take(limit) { (row(fix, platforms, with_image, now)) } }
        }
        @if rows.len() > limit { p { (rows.len() - limit) " more are in the JSON and CSV forms." } }
    }
}

fn row(fix: &FixRecord, platforms: &[&str], with_image: bool, now: Timestamp) -> Markup {
    html! {
        tr {
            td { (id(&fix.id)) @if let Some(notice) = &fix.notice { br; small { (notice) @if let Some(date) = fix.notice_date { " of " (date) } } } }
            @if with_image { td { a href={ "/images/" (fix.image) } { (fix.image) } br; small { (platforms.join(", ")) } } }
            td { (fix.source) " " code { (fix.affected_version) } @if let Some(version) = &fix.archive_version { " → " code { (version) } } }
            td { @match (fix.archive_at, &fix.archive_version) {
                (Some(at), _) => { (time(at, now)) @if let Some(suite) = &fix.archive_suite { br; small { (suite) } } }
                (None, Some(_)) => { "there before anybody watched" }
                (None, None) => { "–" }
            } }
            td { @match fix.tagged_at { Some(at) => { (time(at, now)) } None => { "not yet" } } }
            td.number { @match fix.lag_seconds { Some(lag) => { strong { (span(lag)) } } None => { "–" } } }
            td { (state(fix, now)) @if !with_image { br; small { (platforms.join(", ")) } } }
        }
    }
}

fn state(fix: &FixRecord, now: Timestamp) -> Markup {
    match fix.state {
        FixState::Fixed => html! { span.badge.good { "fixed" } },
        FixState::Removed => html! { span.badge.unknown { "removed" } },
        FixState::Open => html! {
            span.badge.late { "open" }
            @if let Some(age) = fix.age(now) { " for " (span(i64::try_from(age.as_secs()).unwrap_or(i64::MAX))) }
            @else { " since " (day(fix.affected_at, now)) }
            @if let Some(turn) = &fix.turn { br; small { (turn) } }
        },
    }
}

#[cfg(test)]
mod tests {
    use scan::Turn;

    use super::*;
    use crate::findings::fixtures::{NOW, at, fixed, known, open};

    #[test]
    fn an_image_shows_what_took_how_long_and_whose_turn_it_is() {
        let text = section(&known(NOW), "python", at(NOW)).into_string();
        for expected in [
            "p50 <strong>3 h 20 min</strong>",
            "<svg class=\"plot\"",
            "<small>DSA-6530-1 of 2026-11-22</small>",
            "<td class=\"number\"><strong>3 h 20 min</strong></td>",
            "open</span> for 8 h<br><small>ours: the archive has the fix</small>",
            "<small>Debian&#39;s: no suite of the release has a fix</small>",
            "not yet",
        ] {
            let expected = expected.replace("&#39;", "'");
            assert!(text.contains(&expected), "{expected} is missing: {text}");
        }
        assert!(section(&known(NOW), "base", at(NOW)).into_string().contains("No vulnerability was fixed in it yet"));
    }

    #[test]
    fn platforms_of_one_tag_move_share_a_row() {
        let arm = |fix: FixRecord| FixRecord { platform: "linux/arm64".into(), ..fix };
        let fixes = [fixed("CVE-1", Some(60)), arm(fixed("CVE-1", Some(60))), arm(fixed("CVE-1", Some(90)))];
        let rows = shared(&fixes);
        assert_eq!(rows.iter().map(|(_, platforms)| platforms.len()).collect::<Vec<_>>(), [2, 1]);
    }

    #[test]
    fn the_page_of_all_has_figures_and_escapes_reasons() {
        let mut known = known(NOW);
        known.fixes.insert(0, open("CVE-2026-7", Turn::Blocked { reason: "<script>alert(3)</script>".into() }));
        let text = page(&known, at(NOW)).into_string();
        for expected in [
            "p99 <strong>2 d 7 h</strong>",
            "Fixes by lag",
            "blocked: &lt;script&gt;alert(3)",
            "href=\"/images/python\"",
            "/api/v1/fixes.csv",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        let unreadable = Known { unreadable: Some("the ledger is damaged".into()), ..Known::default() };
        let text = page(&unreadable, at(NOW)).into_string();
        assert!(text.contains("the ledger is damaged") && !text.contains("no fix yet"), "{text}");
    }
}
