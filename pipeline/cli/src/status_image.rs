//! The page of one image: how to pull it, what is in it, how it starts, why it was built last.
//!
//! In: an [`ImageView`], its chain of definitions. Out: HTML.

use std::collections::{BTreeMap, BTreeSet};

use assemble::{Definition, LockedPackage};
use maud::{Markup, html};
use plan::Publication;

use crate::output::bytes;
use crate::status::{ImageView, View};
use crate::status_findings::warnings;
use crate::status_parts::{counted, end_of_life, frame, outcome, seconds, time};
use crate::{status_fixes, status_vulnerabilities};

/// The page.
pub(crate) fn page(host: &str, view: &View, image: &ImageView, chain: &[Definition]) -> Markup {
    let content = html! {
        header {
            p { a href="/" { "bedplate" } " /" }
            h1 { (image.name) }
            @if let Some(definition) = &image.definition { p { (definition.summary) } }
        }
        main {
            (warnings(&view.known, view.now))
            @match &image.publication {
                None => { p { "Not published yet." } p { (outcome(image.outcome.as_ref())) } }
                Some(published) => { (pull(host, published)) (facts(view, image, published)) }
            }
            (last_build(view, image))
            @if image.is_published() {
                (status_vulnerabilities::section(&view.known, &image.name, view.now))
                (status_fixes::section(&view.known, &image.name, view.now))
            }
            (start(chain))
            @if let Some(published) = &image.publication { (signatures(published)) (layers(published)) (packages(published)) (origin(published)) }
            (documentation(image))
        }
    };
    frame(&format!("{}: bedplate", image.name), &content)
}

fn pull(host: &str, published: &Publication) -> Markup {
    let repository = format!("{host}/{}", published.repository);
    html! {
        section {
            h2 { "Pull" }
            @for tag in published.tags.iter().take(1) { code.pull { "docker pull " (repository) ":" (tag) } }
            p { "By digest, which never changes:" }
            code.pull { "docker pull " (repository) "@" (published.index) }
            p { "Tags that move:" }
            ul.tags { @for tag in &published.tags { li { (tag) } } }
            p { "The tag that never moves:" }
            ul.tags { li.fixed { (published.fixed_tag) } }
        }
    }
}

/// How to verify it, and by whose keys it can be.
fn signatures(published: &Publication) -> Markup {
    let digest = format!("{}@{}", published.attested.name, published.index);
    html! {
        section {
            h2 { "Signatures" }
            p { "The index and each platform are signed, with an inventory (SPDX and CycloneDX) and how they were built, under the name "
                code { (published.attested.name) } "." }
            code.pull { "bedplate verify --key cosign.pub " (digest) }
            code.pull { "cosign verify --key cosign.pub --insecure-ignore-tlog=true " (digest) }
            p { a href="/keys/" { "Keys, and policies for other programs" } }
        }
    }
}

fn facts(view: &View, image: &ImageView, published: &Publication) -> Markup {
    html! {
        section {
            h2 { "State" }
            dl.facts {
                div { dt { "Version" } dd { (published.version) } }
                div { dt { "Newest package" } dd { (time(published.created, view.now)) } }
                div { dt { "Published" } dd { (time(published.published, view.now)) } }
                div { dt { "End of life" } dd { (end_of_life(image.definition.as_ref(), view.now)) } }
                div { dt { "Built by" } dd { (published.builder) } }
                div { dt { "Last evaluation" } dd { (outcome(image.outcome.as_ref())) } }
            }
            table {
                thead { tr { th { "Platform" } th.number { "Size" } th.number { "Packages" } th { "Manifest" } } }
                tbody { @for (name, platform) in &published.platforms { tr {
                    td { (name) } td.number { (bytes(platform.size)) } td.number { (platform.packages) }
                    td { code title=(platform.manifest) { "sha256:" (platform.manifest.short()) } }
                } } }
            }
        }
    }
}

fn last_build(view: &View, image: &ImageView) -> Markup {
    let Some(build) = &image.build else { return html! {} };
    html! {
        section {
            h2 { "Last build" }
            p { (time(build.at, view.now)) ", " (seconds(build.milliseconds)) " from the decision to the tag. Because:" }
            ul { @for reason in &build.reasons { li { (reason) } } }
        }
    }
}

/// How a container starts: each definition lays its own over its parent's.
fn start(chain: &[Definition]) -> Markup {
    let mut environment = BTreeMap::new();
    for definition in chain {
        environment.extend(&definition.environment);
    }
    let newest = |of: fn(&Definition) -> Option<String>| chain.iter().rev().find_map(of).unwrap_or_else(|| "–".into());
    let words = |words: &Option<Vec<String>>| words.as_ref().map(|words| words.join(" "));
    if chain.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "How it starts" }
            dl.facts {
                div { dt { "User" } dd { code { (newest(|it| it.user.clone())) } } }
                div { dt { "Entry point" } dd { code { (chain.iter().rev().find_map(|it| words(&it.entrypoint)).unwrap_or_else(|| "–".into())) } } }
                div { dt { "Folder" } dd { code { (newest(|it| it.working_directory.as_ref().map(ToString::to_string))) } } }
                div { dt { "Environment" } dd {
                    @for (name, value) in &environment { code { (name) "=" (value) } br; }
                } }
            }
        }
    }
}

fn layers(published: &Publication) -> Markup {
    html! {
        section {
            h2 { "Layers" }
            p { "Each definition adds one; images share those below." }
            table.dense {
                thead { tr { th { "Definition" } th { "Platform" } th.number { "Packages" } th.number { "Their .debs" } } }
                tbody {
                    @for (platform, lock) in &published.lock.platforms {
                        @for layer in &lock.layers { tr {
                            td { (layer.definition) } td { (platform) } td.number { (layer.packages.len()) }
                            td.number { (bytes(layer.packages.iter().map(|package| package.size).sum())) }
                        } }
                    }
                }
            }
        }
    }
}

/// What stands in one row of the packages: all but the platforms.
type Row<'p> = (&'p str, &'p str, String, String);

fn packages(published: &Publication) -> Markup {
    let mut rows: BTreeMap<Row<'_>, BTreeSet<&str>> = BTreeMap::new();
    for (platform, lock) in &published.lock.platforms {
        for layer in &lock.layers {
            for package in &layer.packages {
                rows.entry(row(package, &layer.definition)).or_default().insert(platform);
            }
        }
    }
    let all = published.lock.platforms.len();
    let names: BTreeSet<&str> = rows.keys().map(|(name, ..)| *name).collect();
    html! {
        section {
            h2 { "Packages" }
            p { (counted(i64::try_from(names.len()).unwrap_or(i64::MAX), "package")) ", Debian's own, with their versions." }
            table.dense {
                thead { tr { th { "Package" } th { "Version" } th { "Source" } th { "Layer" } th { "Platforms" } } }
                tbody { @for ((name, layer, version, source), platforms) in &rows { tr {
                    td { (name) } td { code { (version) } } td { (source) } td { (layer) }
                    td { @if platforms.len() == all { "all" } @else { @for platform in platforms { (platform) " " } } }
                } } }
            }
        }
    }
}

fn row<'p>(package: &'p LockedPackage, layer: &'p str) -> Row<'p> {
    let (version, source) = (package.version.to_string(), package.source_version.to_string());
    let source = match (package.source == package.name, source == version) {
        (true, true) => String::new(),
        (_, true) => package.source.clone(),
        _ => format!("{} {source}", package.source),
    };
    (&package.name, layer, version, source)
}

fn origin(published: &Publication) -> Markup {
    html! {
        section {
            h2 { "Where it comes from" }
            table {
                thead { tr { th { "Suite" } th { "Made" } th { "InRelease" } th { "Signed by" } } }
                tbody { @for suite in &published.lock.snapshot { tr {
                    td { (suite.suite) } td { (suite.date) }
                    td { code title=(suite.in_release) { "sha256:" (suite.in_release.short()) } }
                    td { @for signer in &suite.signers { code { (signer) } br; } }
                } } }
            }
        }
    }
}

fn documentation(image: &ImageView) -> Markup {
    let text = image.definition.as_ref().map(|definition| definition.documentation.trim()).unwrap_or_default();
    html! { @if !text.is_empty() { section { h2 { "Documentation" } pre.text { (text) } } } }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use plan::WaveSummary;
    use worker::Publications;

    use super::*;
    use crate::findings::fixtures::{NOW, at, known};
    use crate::status::Status;
    use crate::status_fixtures::{catalogue, findings, publication, published};

    fn text(name: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let publications = Publications::of_state(folder.path()).unwrap();
        publications.put(&publication("python")).unwrap();
        let status = Status::new(publications, Arc::new(catalogue()), findings(folder.path()), "http://x");
        let images = vec![published("python", &["libssl3t64 3.5.4-1 → 3.5.4-2 (trixie-security)"])];
        status.set_wave("2026-11-23T14:03:00Z".parse().unwrap(), WaveSummary { images });
        let view = View { known: known(NOW), ..status.on_disk(at(NOW)) };
        page("registry.example", &view, view.image(name).unwrap(), &status.chain(name)).into_string()
    }

    #[test]
    fn has_packages_layers_start_and_reasons() {
        let text = text("python");
        for expected in [
            &format!("docker pull registry.example/python@{}", publication("python").index),
            "<h2>Vulnerabilities</h2>",
            "<h2>Fixes</h2>",
            "libssl3t64 3.5.4-1 → 3.5.4-2 (trixie-security)",
            "<code>65532:65532</code>",
            "/usr/bin/python3",
            "LANG=C.UTF-8",
            "PATH=/usr/bin",
            "<td>python3.13-minimal</td><td><code>3.13.5-2</code></td><td></td><td>python</td><td>all</td>",
            "<code>2.41-12</code></td><td></td><td>base</td><td>linux/amd64 </td>",
            "2.0 MB",
            "Text with `code` &amp; &lt;tags&gt;.",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
    }

    #[test]
    fn says_that_an_image_is_not_published_yet() {
        let text = text("base");
        assert!(text.contains("Not published yet") && !text.contains("docker pull"), "{text}");
    }
}
