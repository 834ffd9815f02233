//! What the pages share: their frame, times, and outcomes.
//!
//! In: values of a [`View`](crate::status::View). Out: HTML, with everything that came from outside escaped.

use assemble::Definition;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use maud::{DOCTYPE, Markup, html};
use plan::{Outcome, Whose};

use crate::status_page::STYLE_PATH;

/// A small square in our colour, without another request.
const ICON: &str = "data:image/svg+xml,<svg xmlns='http:%2F%2Fwww.w3.org/2000/svg' viewBox='0 0 8 8'>\
                    <rect y='5' width='8' height='3' fill='%23a80030'/><rect x='2' y='1' width='4' height='3' fill='%23777'/></svg>";

/// How many days before its end of life an image is marked.
const SOON: i64 = 90;

/// A whole page of the server.
pub(crate) fn frame(title: &str, content: &Markup) -> Markup {
    let footer = html! {
        " · " a href="/" { "images" } " · " a href="/fixes" { "fixes" } " · " a href="/vex/" { "VEX" } " · " a href="/keys/" { "keys" } " · "
        a href="/api/v1/images" { "as JSON" } " · " a href="/metrics" { "metrics" } " · " a href="/v2/_catalog" { "registry" } " · "
        a href="/readyz" { "readiness" }
    };
    frame_with(title, &STYLE_PATH, content, &footer)
}

/// A whole page, with its style at this address, and what stands in its last line.
pub(crate) fn frame_with(title: &str, style: &str, content: &Markup, footer: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                link rel="icon" href=(ICON);
                link rel="stylesheet" href=(style);
            }
            body {
                (content)
                footer { "bedplate " (env!("CARGO_PKG_VERSION")) (footer) }
            }
        }
    }
}

/// A page that says only what went wrong.
pub(crate) fn problem(title: &str, text: &str) -> Markup {
    frame(title, &html! { main { h1 { (title) } p { (text) } } })
}

/// A time as people read it, with how long ago that was.
pub(crate) fn time(at: Timestamp, now: Timestamp) -> Markup {
    let shown = at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string();
    html! { time datetime=(at) title=(at) { (shown) } " " span.ago { (distance(at, now)) } }
}

/// A day as people read it, the time of day only where the pointer rests.
pub(crate) fn day(at: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(at) title=(at) { (day_text(at)) } " " span.ago { (distance(at, now)) } }
}

/// A day in plain text.
pub(crate) fn day_text(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

/// How far a time is from now, in the largest unit that fits.
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs();
    let amount = match seconds.abs() {
        0..60 => "less than a minute".into(),
        minutes @ 60..3_600 => counted(minutes / 60, "minute"),
        hours @ 3_600..86_400 => counted(hours / 3_600, "hour"),
        days => counted(days / 86_400, "day"),
    };
    if seconds < 0 { format!("in {amount}") } else { format!("{amount} ago") }
}

/// `1 minute`, `2 minutes`.
pub(crate) fn counted(count: i64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// The day on which nobody mends the image's runtime any more, marked when that is near or past.
pub(crate) fn end_of_life(definition: Option<&Definition>, now: Timestamp) -> Markup {
    let Some(definition) = definition else { return html! { "unknown" } };
    let end = definition.end_of_life;
    let left = end
        .to_zoned(TimeZone::UTC)
        .map_or(SOON, |end| SignedDuration::as_hours(&end.timestamp().duration_since(now)) / 24);
    match left {
        ..0 => html! { span.bad { (end) " (over)" } },
        0..SOON => html! { span.late { (end) " (" (counted(left, "day")) " left)" } },
        _ => html! { (end) },
    }
}

/// What became of an image, in a word with its colour.
pub(crate) fn outcome(outcome: Option<&Outcome>) -> Markup {
    match outcome {
        None => html! { span.badge.unknown { "not evaluated yet" } },
        Some(Outcome::UpToDate { .. }) => html! { span.badge.good { "up to date" } },
        Some(Outcome::Published { milliseconds, .. }) => {
            html! { span.badge.good { "published" } " " small { "in " (seconds(*milliseconds)) } }
        }
        Some(Outcome::Failed { whose, message }) => html! {
            span.badge.bad { "failed" } " " strong { (whose) } ": " (advice(*whose))
            p.message { (message) }
        },
    }
}

/// Milliseconds as people read them.
pub(crate) fn seconds(milliseconds: u64) -> String {
    format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100)
}

fn advice(whose: Whose) -> &'static str {
    match whose {
        Whose::Upstream => "the archive's, a mirror's or the network's; tried again at the next evaluation",
        Whose::Policy => "blocked until a person decides",
        Whose::Defect => "a fault of bedplate, please report it",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status_fixtures::{catalogue, failed};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn says_how_far_a_time_is() {
        let now = at("2026-11-23T14:00:00Z");
        let says = |text: &str| distance(at(text), now);
        assert_eq!(says("2026-11-23T13:59:30Z"), "less than a minute ago");
        assert_eq!(says("2026-11-23T13:58:30Z"), "1 minute ago");
        assert_eq!(says("2026-11-23T14:05:00Z"), "in 5 minutes");
        assert_eq!(says("2026-11-20T14:00:00Z"), "3 days ago");
    }

    #[test]
    fn marks_an_end_of_life_that_is_near_or_past() {
        let catalogue = catalogue();
        let says = |now: &str| end_of_life(catalogue.definitions.get("python"), at(now)).into_string();
        assert_eq!(says("2026-01-01T00:00:00Z"), "2026-12-24");
        assert!(says("2026-12-20T12:00:00Z").contains("3 days left"));
        assert!(says("2026-12-26T00:00:00Z").contains("(over)"));
    }

    #[test]
    fn says_whose_a_failure_is_and_escapes_its_message() {
        let text = outcome(Some(&failed("x").outcome)).into_string();
        assert!(text.contains("upstream") && text.contains("tried again") && text.contains("&lt;script&gt;"), "{text}");
    }
}
