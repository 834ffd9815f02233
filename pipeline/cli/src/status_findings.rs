//! Grades, counts and warnings, as pages show them.
//!
//! In: [`Known`]. Out: HTML. What is unknown is shown as `?`, with the reason; never as an empty or a good cell.

use jiff::Timestamp;
use maud::{Markup, html};
use scan::{Counts, Grade, Graded, Standing};
use store::Percentiles;

use crate::findings::{ImageFindings, Known, lags_of_days, reason, span};
use crate::status_parts::{counted, time};

/// The days that the lags of the front page are of.
pub(crate) const DAYS: i64 = 30;

/// A grade as one letter; `?` where it is unknown.
pub(crate) fn letter(grade: Grade) -> &'static str {
    match grade {
        Grade::A => "A",
        Grade::B => "B",
        Grade::C => "C",
        Grade::D => "D",
        Grade::F => "F",
        Grade::Unknown => "?",
    }
}

/// The letter, with the reason under it in words.
pub(crate) fn grade(graded: &Graded) -> Markup {
    let class =
        format!("grade grade-{}", if graded.grade == Grade::Unknown { "unknown" } else { letter(graded.grade) });
    html! {
        span class=(class) role="img" aria-label={ "grade " (graded.grade) } { (letter(graded.grade)) }
        " " small.why { (reason(graded)) }
    }
}

/// The counts that people look for, in the order of what can be done about them.
pub(crate) fn parts(counts: &Counts) -> Vec<(usize, &'static str)> {
    let all = [
        (counts.exploited, "known to be exploited"),
        (counts.pending, "with a fix on its way"),
        (counts.open + counts.unknown, "open without a reason"),
        (counts.reasoned, "open with Debian's reason"),
        (counts.under_investigation, "under investigation"),
        (counts.negligible, "unimportant"),
    ];
    let others = all.into_iter().filter(|(count, _)| *count > 0);
    std::iter::once((counts.fixable, "fixable")).chain(others).collect()
}

/// The counts as a list; where the data are not current, that is said first.
pub(crate) fn counts(image: Option<&ImageFindings>, now: Timestamp) -> Markup {
    let Some(image) = image else { return html! { span.badge.unknown { "unknown" } " not scanned" } };
    let list = html! {
        ul.counts { @for (count, what) in parts(&image.counts) { li { strong { (count) } " " (what) } } }
    };
    match image.standing {
        Standing::Current { .. } => list,
        Standing::Stale { date } => html! { span.badge.unknown { "unknown" } " as of " (time(date, now)) ": " (list) },
        Standing::Absent if image.rows.is_empty() => html! { span.badge.unknown { "unknown" } " no data" },
        Standing::Absent => html! { span.badge.unknown { "unknown" } " at least: " (list) },
    }
}

/// What the front page says of all images together: parts of its list of facts.
pub(crate) fn facts(known: &Known, now: Timestamp) -> Markup {
    let lags = lags_of_days(&known.fixes, DAYS, now);
    html! {
        div { dt { "Vulnerability data" } dd { (data(known, now)) } }
        div { dt { "Fix lag, " (DAYS) " days" } dd {
            @if known.unreadable.is_some() { span.badge.unknown { "unknown" } } @else { (lag_words(&lags)) }
        } }
        div { dt { "Open fixes" } dd {
            @if known.unreadable.is_some() { span.badge.unknown { "unknown" } } @else { a href="/fixes" { (open_words(known)) } }
        } }
    }
}

fn data(known: &Known, now: Timestamp) -> Markup {
    let digest = known.data.tracker().and_then(|feed| feed.kept.as_ref()).map(|kept| &kept.digest);
    html! {
        @match known.data.standing {
            Standing::Current { date } => { (time(date, now)) }
            Standing::Stale { date } => { span.bad { "stale" } ": " (time(date, now)) }
            Standing::Absent => { span.bad { "none" } }
        }
        @if let Some(digest) = digest { " " code title=(digest) { "sha256:" (digest.short()) } }
        @if known.data.problems().next().is_some() {
            " " a.late href="/api/v1/feeds" { "trouble with " (counted(troubled(known), "feed")) }
        }
    }
}

fn troubled(known: &Known) -> i64 {
    i64::try_from(known.data.problems().count()).unwrap_or(i64::MAX)
}

/// Percentiles in words.
pub(crate) fn lag_words(lags: &Percentiles) -> Markup {
    html! { @match (lags.p50, lags.p95) {
        (Some(half), Some(most)) => {
            "p50 " strong { (span(half)) } ", p95 " strong { (span(most)) } " " span.ago { "of " (lags.count) " fixes" @if lags.unknown > 0 { ", of " (lags.unknown) " more it is not known" } }
        }
        _ => { "no fix yet" }
    } }
}

fn open_words(known: &Known) -> String {
    let [(_, ours), (_, debian), (_, blocked), (_, upstream)] = known.open_fixes();
    let mut said = vec![format!("{ours} to be published")];
    said.extend((blocked > 0).then(|| format!("{blocked} blocked")));
    said.extend((upstream > 0).then(|| format!("{upstream} waiting for others")));
    said.extend((debian > 0).then(|| format!("{debian} without a fix in the archive")));
    said.join(", ")
}

/// What everybody must see first: data that are not current, and overrides in force. Nothing where all is well.
pub(crate) fn warnings(known: &Known, now: Timestamp) -> Markup {
    let overrides: Vec<_> = known.overrides(now).collect();
    html! {
        @if let Some(trouble) = known.data.trouble() {
            div.warning role="note" { (trouble) }
        }
        @if let Some(reason) = &known.unreadable {
            div.error role="alert" { strong { "What was found in images cannot be read: every grade is unknown. " } (reason) }
        }
        @for (image, one) in overrides {
            div.error role="alert" {
                strong { "Emergency override in force" } " for " (image) " until " (one.by.expires) ", by " (one.by.name) ": " (one.by.reason)
                p.message { (one.reason) }
            }
        }
        @for (image, reasons) in blocked(known) {
            div.error role="alert" {
                strong { (image) } ": the rules would not let what is under the tags be published again."
                @for reason in reasons { p.message { (reason) } }
            }
        }
    }
}

fn blocked(known: &Known) -> impl Iterator<Item = (&String, &[scan::GateReason])> {
    known.images.iter().filter_map(|(name, image)| {
        let verdict = image.verdict.as_ref().filter(|verdict| !verdict.passed)?;
        Some((name, verdict.reasons.as_slice()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, known, override_of, problem};

    #[test]
    fn a_grade_has_its_reason_and_unknown_is_a_question_mark() {
        let known = known(NOW);
        let text = grade(&known.graded("python")).into_string();
        let expected = "<span class=\"grade grade-B\" role=\"img\" aria-label=\"grade B\">B</span> <small class=\"why\">openssl \
                        3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 8 hours";
        assert!(text.starts_with(expected), "{text}");
        let text = grade(&known.graded("base")).into_string();
        assert!(text.contains(">?</span> <small class=\"why\">the image was not scanned"), "{text}");
    }

    #[test]
    fn counts_of_old_data_are_unknown_first() {
        let current = counts(known(NOW).images.get("python"), at(NOW)).into_string();
        assert!(current.starts_with("<ul class=\"counts\"><li><strong>1</strong> fixable</li>"), "{current}");
        assert!(
            current.contains("<strong>1</strong> open with Debian's reason") && !current.contains("unknown"),
            "{current}"
        );
        let later = "2026-11-25T00:00:00Z";
        let stale = counts(known(later).images.get("python"), at(later)).into_string();
        assert!(stale.starts_with("<span class=\"badge unknown\">unknown</span> as of "), "{stale}");
        assert!(counts(None, at(NOW)).into_string().contains("unknown"));
    }

    #[test]
    fn facts_name_data_lags_and_open_fixes() {
        let text = facts(&known(NOW), at(NOW)).into_string();
        for expected in [
            "2026-11-23 12:00 UTC</time>",
            "p50 <strong>3 h 20 min</strong>, p95 <strong>2 d 7 h</strong>",
            "1 to be published, 1 without a fix in the archive",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        let mut troubled = known(NOW);
        troubled.data.feeds[0].problem = Some(problem());
        assert!(facts(&troubled, at(NOW)).into_string().contains("trouble with 1 feed<"));
        let nothing = facts(&Known { unreadable: Some("gone".into()), ..Known::default() }, at(NOW)).into_string();
        assert_eq!(nothing.matches(">unknown<").count(), 2, "{nothing}");
    }

    #[test]
    fn warns_of_old_data_and_of_overrides_and_else_says_nothing() {
        assert_eq!(warnings(&known(NOW), at(NOW)).into_string(), "");
        let mut stale = known("2026-11-25T00:00:00Z");
        stale.data.feeds[0].problem = Some(problem());
        let python = stale.images.get_mut("python").unwrap();
        python.verdict.as_mut().unwrap().overridden.push(override_of("2026-12-24"));
        let text = warnings(&stale, at("2026-11-25T00:00:00Z")).into_string();
        for expected in [
            "every grade is unknown until newer ones come.",
            "no route to &lt;b&gt;host",
            "Emergency override in force</strong> for python until 2026-12-24, by Ann &lt;b&gt;Example",
            "CVE-2026-2 in openssl is fixable [rule: fixable]",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
    }
}
