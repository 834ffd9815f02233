//! The page `/vex/`: which documents there are, and lines to copy for scanners.
//!
//! In: the files, the address. Out: HTML.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::findings::Known;
use crate::output::bytes;
use crate::status_findings::warnings;
use crate::status_parts::frame;
use crate::status_vex::Files;

/// The page.
pub(crate) fn page(url: &str, known: &Known, files: &Files, now: Timestamp) -> Markup {
    let documents: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".openvex.json")).collect();
    let example = documents.first().map_or("IMAGE.openvex.json", |(name, _)| name.as_str());
    let content = html! {
        header {
            p { a href="/" { "bedplate" } " /" }
            h1 { "VEX" }
            p { "What is stated about vulnerabilities in our images: Debian's own verdicts as they are, and what is not affected with its \
                 evidence. Packages are named by version, so a statement also holds in images built upon ours, and ends with the version." }
        }
        main {
            (warnings(known, now))
            section {
                h2 { "Trivy" }
                p { "A repository, once in its configuration file " code { "~/.trivy/vex/repository.yaml" } ":" }
                code.pull { "repositories: [{ name: ours, url: " (url) "/vex, enabled: true }]" }
                code.pull { "trivy image --vex repo IMAGE" }
                h2 { "Grype" }
                code.pull { "curl -O " (url) "/vex/" (example) }
                code.pull { "grype --vex " (example) " IMAGE" }
            }
            section {
                h2 { "Documents" }
                @if documents.is_empty() { p { "There are none: no image was scanned with data." } }
                table.dense { tbody { @for (name, content) in &documents { tr {
                    td { a href={ "/vex/" (name) } { (name) } }
                    td.number { (bytes(u64::try_from(content.len()).unwrap_or(u64::MAX))) }
                } } } }
                p { a href="/vex/.well-known/vex-repository.json" { "manifest of the repository" } " · " a href="/vex/index.json" { "its index" } }
            }
        }
    };
    frame("VEX: bedplate", &content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::fixtures::{NOW, at, known};

    #[test]
    fn has_lines_to_copy_and_what_there_is() {
        let files =
            Files::from([("python.openvex.json".to_owned(), b"{}".to_vec()), ("index.json".to_owned(), Vec::new())]);
        let text = page("https://images.example", &known(NOW), &files, at(NOW)).into_string();
        for expected in [
            "url: https://images.example/vex,",
            "grype --vex python.openvex.json",
            "href=\"/vex/python.openvex.json\"",
            "2 B",
        ] {
            assert!(text.contains(expected), "{expected} is missing: {text}");
        }
        assert!(page("x", &Known::default(), &Files::new(), at(NOW)).into_string().contains("There are none"));
    }
}
