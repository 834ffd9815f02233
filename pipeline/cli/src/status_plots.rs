//! Pictures of lags, drawn into the page: no script, nothing to load, readable without colour and in the dark.
//!
//! In: rows of the ledger. Out: SVG. Colours come from the page's style; each mark says in words what it is when the pointer rests on it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use scan::{FixRecord, FixState};

use crate::findings::{BUCKETS, buckets, span};
use crate::status_parts::day_text;

/// Size of the drawing, in its own units.
const WIDTH: i64 = 640;
const HEIGHT: i64 = 220;

/// Room for the axes: left, bottom; and above.
const LEFT: i64 = 56;
const BOTTOM: i64 = 24;
const TOP: i64 = 14;

/// Lines across the picture, in seconds.
const LINES: [(i64, &str); 6] =
    [(900, "15 min"), (3_600, "1 h"), (14_400, "4 h"), (86_400, "1 d"), (604_800, "7 d"), (2_592_000, "30 d")];

/// Fixes that came together are one mark: (time, lag, is open).
type Marks<'f> = BTreeMap<(Timestamp, i64, bool), Vec<&'f str>>;

/// Each fix by when it reached the tags and how long that took, and each open one by its age. None where there is nothing to see.
pub(crate) fn lags_over_time<'f>(fixes: impl IntoIterator<Item = &'f FixRecord>, now: Timestamp) -> Option<Markup> {
    let mut marks = Marks::new();
    for fix in fixes {
        let is_open = fix.state == FixState::Open;
        let age = || fix.age(now).and_then(|age| i64::try_from(age.as_secs()).ok()).map(|age| (now, age));
        let point = if is_open { age() } else { fix.tagged_at.zip(fix.lag_seconds) };
        if let Some((at, lag)) = point {
            marks.entry((at, lag, is_open)).or_default().push(&fix.id);
        }
    }
    let first = marks.keys().next()?.0;
    let from = first.min(now.saturating_sub(SignedDuration::from_hours(24)).unwrap_or(first));
    let label =
        format!("Lag of each fix over time, {} marks, from {} to {}", marks.len(), day_text(from), day_text(now));
    Some(html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(label) {
            @for (lag, name) in LINES {
                line.grid x1=(LEFT) x2=(WIDTH) y1=(height(lag)) y2=(height(lag)) {}
                text x=(LEFT - 6) y=(height(lag) + 4) text-anchor="end" { (name) }
            }
            text x=(LEFT) y=(HEIGHT - 6) { (day_text(from)) }
            text x=(WIDTH) y=(HEIGHT - 6) text-anchor="end" { (day_text(now)) }
            @for ((at, lag, is_open), ids) in &marks {
                (mark(along(*at, from, now), height(*lag), *is_open, &words(ids, *lag, *at, *is_open)))
            }
        }
    })
}

fn words(ids: &[&str], lag: i64, at: Timestamp, is_open: bool) -> String {
    let mut ids: Vec<&str> = ids.to_vec();
    ids.dedup();
    let more = if ids.len() > 4 { format!(" and {} more", ids.len() - 4) } else { String::new() };
    let ids = format!("{}{more}", ids.iter().take(4).copied().collect::<Vec<_>>().join(", "));
    if is_open {
        format!("{ids}: open for {}", span(lag))
    } else {
        format!("{ids}: {} until {}", span(lag), day_text(at))
    }
}

/// A disc is fixed, a hollow triangle is open.
fn mark(x: i64, y: i64, is_open: bool, words: &str) -> Markup {
    html! {
        @if is_open {
            path.open d={ "M" (x) " " (y - 7) "l6 11h-12z" } { title { (words) } }
        } @else {
            circle.fixed cx=(x) cy=(y) r="4" { title { (words) } }
        }
    }
}

/// Where a time is between left and right.
fn along(at: Timestamp, from: Timestamp, to: Timestamp) -> i64 {
    let whole = to.duration_since(from).as_secs().max(1);
    LEFT + 8 + at.duration_since(from).as_secs().clamp(0, whole) * (WIDTH - LEFT - 20) / whole
}

/// Where a lag is between bottom and top: each line is as far from the next, whatever lies between them.
fn height(lag: i64) -> i64 {
    let step = (HEIGHT - BOTTOM - TOP) / 7;
    let place = LINES.iter().position(|(bound, _)| lag < *bound).unwrap_or(LINES.len());
    let below = if place == 0 { 0 } else { LINES[place - 1].0 };
    let above = LINES.get(place).map_or(below * 4, |(bound, _)| *bound);
    let within = (lag.clamp(below, above) - below) * step / (above - below).max(1);
    HEIGHT - BOTTOM - step * i64::try_from(place).unwrap_or(0) - within
}

/// How many lags lie in each bucket.
pub(crate) fn histogram<'f>(fixes: impl IntoIterator<Item = &'f FixRecord>) -> Option<Markup> {
    let counts = buckets(fixes).map(|count| i64::try_from(count).unwrap_or(i64::MAX));
    let most = counts.iter().copied().max().filter(|most| *most > 0)?;
    let names = BUCKETS.iter().map(|(_, name)| format!("≤ {name}")).chain(["longer".to_owned()]);
    let bar = (WIDTH - 8) / 9;
    let bars: Vec<(i64, i64, String)> =
        counts.into_iter().zip(names).zip(0..).map(|((n, name), i)| (4 + bar * i, n, name)).collect();
    let said: Vec<String> = bars.iter().map(|(_, count, name)| format!("{name}: {count}")).collect();
    let floor = HEIGHT - BOTTOM;
    let tall = |count: i64| count.saturating_mul(floor - TOP - 16) / most;
    Some(html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label={ "Fixes by lag: " (said.join(", ")) } {
            line.grid x1="0" x2=(WIDTH) y1=(floor) y2=(floor) {}
            @for (x, count, name) in &bars {
                rect.bar x=(x + 4) y=(floor - tall(*count)) width=(bar - 8) height=(tall(*count)) { title { (name) ": " (count) } }
                text x=(x + bar / 2) y=(floor - tall(*count) - 5) text-anchor="middle" { (count) }
                text x=(x + bar / 2) y=(HEIGHT - 6) text-anchor="middle" { (name) }
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use scan::Turn;

    use super::*;
    use crate::findings::fixtures::{NOW, at, fixed, open};

    #[test]
    fn fixes_that_came_together_are_one_mark_and_open_ones_another() {
        let fixes = [fixed("CVE-1", Some(3_600)), fixed("CVE-2", Some(3_600)), open("<script>", Turn::Ours)];
        let text = lags_over_time(&fixes, at(NOW)).unwrap().into_string();
        assert_eq!((text.matches("<circle").count(), text.matches("<path").count()), (1, 1), "{text}");
        assert!(text.contains("<title>CVE-1, CVE-2: 1 h until 2026-11-23</title>"), "{text}");
        assert!(text.contains("<title>&lt;script&gt;: open for 8 h</title>"), "{text}");
        assert!(lags_over_time(&[fixed("CVE-1", None), open("CVE-2", Turn::Debian)], at(NOW)).is_none());
    }

    #[test]
    fn what_takes_longer_stands_higher_and_all_stays_in_the_picture() {
        let heights = [0, 60, 900, 4_000, 86_400, 2_592_000, i64::MAX].map(height);
        assert!(heights.is_sorted_by(|one, other| one >= other), "{heights:?}");
        assert!(heights.iter().all(|it| (TOP..=HEIGHT - BOTTOM).contains(it)), "{heights:?}");
    }

    #[test]
    fn bars_have_their_numbers() {
        let text = histogram(&[fixed("CVE-1", Some(60)), fixed("CVE-2", Some(9_999_999))]).unwrap().into_string();
        assert!(text.contains("≤ 15 min: 1, ≤ 1 h: 0") && text.contains("longer: 1\""), "{text}");
        assert!(histogram(&[]).is_none());
    }
}
