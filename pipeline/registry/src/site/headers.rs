//! What others than nginx must be told of a site's files.
//!
//! In: the files, in the order in which they are written. Out: `headers.json` for whoever uploads them to an object store, in an order
//! that shows nothing before it is whole; and `_headers`, as hosts of static sites read it.
//! Format of `_headers`: <https://docs.netlify.com/routing/headers/>.

use serde::Serialize;

use super::files::{Headers, SiteFile};
use super::listing::{BASE, PAGES};

/// One file that is served.
#[derive(Serialize)]
struct Served<'f> {
    path: String,
    file: &'f str,
    headers: &'f Headers,
}

/// Every file that is served, by the path of its URL.
fn served(files: &[SiteFile]) -> impl Iterator<Item = Served<'_>> {
    files.iter().filter_map(|file| {
        let headers = file.headers.as_ref()?;
        let path = match file.path.strip_suffix("index.html") {
            _ if file.path == BASE => "/v2/".to_owned(),
            Some(folder) if folder.trim_end_matches('/') == PAGES => format!("/{folder}"),
            _ => format!("/{}", file.path),
        };
        Some(Served { path, file: &file.path, headers })
    })
}

/// `headers.json`: one line a file.
pub(crate) fn for_uploads(files: &[SiteFile]) -> String {
    let lines: Vec<String> = served(files).filter_map(|file| serde_json::to_string(&file).ok()).collect();
    format!("{{\"schema\":\"bedplate.site/v1\",\"files\":[\n{}\n]}}\n", lines.join(",\n"))
}

/// `_headers`: one rule a file.
pub(crate) fn for_hosts(files: &[SiteFile]) -> String {
    let rule = |file: Served<'_>| {
        let lines = file.headers.lines().into_iter().map(|(name, value)| format!("  {name}: {value}\n"));
        format!("{}\n{}", file.path, lines.collect::<String>())
    };
    served(files).map(rule).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::files::{Content, Stage};

    fn files() -> Vec<SiteFile> {
        let file = |path: &str, content_type: &str, digest| SiteFile {
            stage: Stage::Frame,
            path: path.to_owned(),
            content: Content::Bytes(Vec::new()),
            headers: Some(Headers { content_type: content_type.to_owned(), digest, cache: "no-cache" }),
        };
        let hidden = SiteFile { headers: None, ..file("nginx.conf", "", None) };
        vec![
            file(BASE, "a/b", None),
            file("keys/index.html", "e/f", None),
            hidden,
            file("v2/x/manifests/1", "c/d", Some(blob::Digest::of(""))),
        ]
    }

    #[test]
    fn uploads_are_listed_in_order_with_path_file_and_headers() {
        let value: serde_json::Value = serde_json::from_str(&for_uploads(&files())).unwrap();
        let first = serde_json::json!({
            "path": "/v2/", "file": "v2/index.json", "headers": { "Content-Type": "a/b", "Cache-Control": "no-cache" },
        });
        assert_eq!(value["files"][0], first);
        assert_eq!(
            (&value["files"][1]["path"], &value["files"][1]["file"]),
            (&"/keys/".into(), &"keys/index.html".into())
        );
        assert_eq!(value["files"].as_array().unwrap().len(), 3, "what is not served is not uploaded");
        assert_eq!(value["files"][2]["headers"]["Docker-Content-Digest"], blob::Digest::of("").to_string());
    }

    #[test]
    fn rules_are_a_path_and_indented_headers() {
        let expected = "/v2/\n  Content-Type: a/b\n  Cache-Control: no-cache\n";
        assert!(for_hosts(&files()).starts_with(expected), "{}", for_hosts(&files()));
    }
}
