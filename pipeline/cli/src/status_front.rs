//! The front page: all images on one table, what the last evaluation did, and lines to copy.
//!
//! In: a [`View`], the registry's address as the reader knows it. Out: HTML that reads on a phone and on paper.

use maud::{Markup, html};

use crate::output::bytes;
use crate::status::{ImageView, View};
use crate::status_findings::{counts, facts, grade, warnings};
use crate::status_parts::{counted, day, end_of_life, frame, outcome, time};

/// The page.
pub(crate) fn page(host: &str, view: &View) -> Markup {
    let content = html! {
        header {
            h1 { "bedplate" }
            p { "Minimal base images made of Debian packages: no shell, no package manager, user 65532. \
                 Each is built again when, and only when, something in it changed." }
        }
        main {
            (warnings(&view.known, view.now))
            (evaluations(view))
            @if view.images.is_empty() {
                p { "The catalogue has no images." }
            } @else {
                (table(host, view))
            }
        }
    };
    frame("bedplate: images", &content)
}

fn evaluations(view: &View) -> Markup {
    let (published, failed) = view.counts();
    html! {
        dl.facts {
            div { dt { "Published" } dd { (published) " of " (counted(count(view), "image")) } }
            div { dt { "Failed last time" } dd { @if failed > 0 { span.bad { (failed) } } @else { "none" } } }
            div { dt { "Last evaluation" } dd { @match view.evaluated {
                Some(at) => { (time(at, view.now)) }
                None if view.evaluates => { "not over yet" }
                None => { "not by this process" }
            } } }
            div { dt { "Next evaluation" } dd { @match view.next {
                Some(at) if at > view.now => { (time(at, view.now)) }
                Some(_) => { "due now" }
                None => { "not scheduled" }
            } } }
            (facts(&view.known, view.now))
        }
        @if let Some((at, message)) = &view.error {
            div.error role="alert" {
                strong { "The last evaluation could not be carried out" } " (" (time(*at, view.now)) "). "
                "What was published before can still be pulled."
                p.message { (message) }
            }
        }
        @if !view.undelivered.is_empty() {
            div.error role="alert" {
                strong { "Not at every other registry" } ". It is tried again after the next evaluation."
                @for one in &view.undelivered {
                    p.message { (one.image) " to " (one.to) " [" (one.whose) "], " (time(one.at, view.now)) ": " (one.message) }
                }
            }
        }
        @if let Some(reason) = &view.unreadable {
            div.error role="alert" { strong { "The publications cannot be read: " } (reason) }
        }
    }
}

fn count(view: &View) -> i64 {
    i64::try_from(view.images.len()).unwrap_or(i64::MAX)
}

fn table(host: &str, view: &View) -> Markup {
    html! {
        table.images {
            thead { tr {
                th scope="col" { "Image" }
                th scope="col" { "Grade and findings" }
                th scope="col" { "Version and tags" }
                th scope="col" { "Size" }
                th scope="col" { "Dates" }
                th scope="col" { "Last evaluation" }
            } }
            tbody { @for image in &view.images { (row(host, view, image)) } }
        }
    }
}

fn row(host: &str, view: &View, image: &ImageView) -> Markup {
    html! {
        tr {
            th scope="row" { (name(host, image)) }
            td data-label="Grade and findings" { @if image.is_published() { (graded(view, image)) } @else { "–" } }
            td data-label="Version and tags" { (version(image)) }
            td data-label="Size" { (sizes(image)) }
            td data-label="Dates" { (dates(view, image)) }
            td data-label="Last evaluation" { (outcome(image.outcome.as_ref())) }
        }
    }
}

fn graded(view: &View, image: &ImageView) -> Markup {
    html! {
        (grade(&view.known.graded(&image.name)))
        div.found { (counts(view.known.images.get(&image.name), view.now)) }
    }
}

fn name(host: &str, image: &ImageView) -> Markup {
    html! {
        a.name href={ "/images/" (image.name) } { (image.name) }
        @match &image.definition {
            Some(definition) => { p { (definition.summary) } }
            None => { p.late { "no longer in the catalogue: kept as it is" } }
        }
        @if let Some(reference) = image.reference() {
            code.pull { "docker pull " (host) "/" (reference) }
        }
    }
}

fn version(image: &ImageView) -> Markup {
    let Some(published) = &image.publication else { return html! { "not published yet" } };
    html! {
        strong { (published.version) }
        ul.tags {
            @for tag in &published.tags { li { (tag) } }
            li.fixed title="never moves" { (published.fixed_tag) }
        }
        code title=(published.index) { "sha256:" (published.index.short()) }
    }
}

fn sizes(image: &ImageView) -> Markup {
    let platforms = image.publication.iter().flat_map(|published| &published.platforms);
    html! {
        @for (platform, one) in platforms {
            div.size {
                strong { (bytes(one.size)) } " " span.ago { (platform) }
                br;
                small { (one.packages) " packages" }
            }
        }
    }
}

fn dates(view: &View, image: &ImageView) -> Markup {
    html! {
        dl.dates {
            @if let Some(published) = &image.publication {
                dt title="the time of the newest package in it" { "created" }
                dd { (day(published.created, view.now)) }
                dt { "published" }
                dd { (day(published.published, view.now)) }
            }
            dt { "end of life" }
            dd { (end_of_life(image.definition.as_ref(), view.now)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;
    use plan::WaveSummary;
    use worker::{Amounts, Publications, SendResult, Whose};

    use super::*;
    use crate::findings::fixtures::{NOW, at, known};
    use crate::status::Status;
    use crate::status_fixtures::{catalogue, failed, findings, publication, published, sent};

    fn text(outcomes: Vec<plan::ImageOutcome>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let publications = Publications::of_state(folder.path()).unwrap();
        publications.put(&publication("python")).unwrap();
        let status = Status::new(publications, Arc::new(catalogue()), findings(folder.path()), "http://x");
        status.set_wave("2026-11-23T14:03:00Z".parse().unwrap(), WaveSummary { images: outcomes });
        status.set_next("2026-11-23T14:10:00Z".parse().unwrap());
        let view = View { known: known(NOW), ..status.on_disk(at(NOW)) };
        page("registry.example", &view).into_string()
    }

    #[test]
    fn has_all_that_a_reader_looks_for() {
        let text = text(vec![published("python", &["a 1 → 2"])]);
        let digest = publication("python").index.to_string();
        for expected in [
            ">B</span> <small class=\"why\">openssl 3.5.7-1~deb13u4 (DSA-6531-1) is in trixie-security for 8 hours",
            "<strong>1</strong> fixable",
            "p95 <strong>2 d 7 h</strong>",
            "docker pull registry.example/python:3.13<",
            "3.13.5-20261123T140000Z",
            &format!("title=\"{digest}\""),
            "20.6 MB",
            "linux/arm64",
            "3 packages",
            "title=\"2026-11-22T08:12:00Z\">2026-11-22</time>",
            "2026-11-23 14:03 UTC</time> <span class=\"ago\">5 minutes ago",
            "in 2 minutes",
            "2026-12-24 (30 days left)",
            "1 of 2 images",
            "not published yet",
            "published</span> <small>in 5.3 s",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
    }

    #[test]
    fn what_is_published_and_not_scanned_is_unknown() {
        let view = crate::status_fixtures::view(crate::findings::Known::default());
        let text = page("registry.example", &view).into_string();
        for expected in [
            "every grade is unknown.",
            ">?</span>",
            "unknown</span> not scanned",
            "<dt>Vulnerability data</dt><dd><span class=\"bad\">none",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
    }

    #[test]
    fn escapes_what_definitions_and_failures_say() {
        let text = text(vec![failed("python")]);
        assert!(text.contains("Python &lt;with&gt;") && text.contains("&lt;script&gt;alert"), "{text}");
        assert!(!text.contains("<script"), "{text}");
    }

    #[test]
    fn says_what_is_not_at_another_registry_until_it_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let publications = Publications::of_state(folder.path()).unwrap();
        let status = Status::new(publications, Arc::new(catalogue()), findings(folder.path()), "http://x");
        let shown = || page("registry.example", &status.on_disk(Timestamp::UNIX_EPOCH)).into_string();
        let failed = SendResult::Failed { whose: Whose::Policy, message: "401 <b>".into() };
        status.set_sent(Timestamp::UNIX_EPOCH, &[sent(failed)]);
        let expected = "python to mirror.example/x/python [policy], ";
        assert!(shown().contains(expected) && shown().contains("401 &lt;b&gt;"), "{}", shown());
        status.set_sent(Timestamp::UNIX_EPOCH, &[sent(SendResult::Published { amounts: Amounts::default() })]);
        assert!(!shown().contains("mirror.example"), "{}", shown());
    }
}
