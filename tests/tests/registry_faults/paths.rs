//! Names, digests and upload numbers that lead elsewhere: nothing outside of the store is read, written or removed.

use std::path::Path;

use tests::{Hash, RegistryUnderTest};

use crate::raw::{exchange, request, status};

/// What stands where a repository, a digest, a tag or a number of an upload belongs.
const HOSTILE: [&str; 16] = [
    "..",
    "../..",
    "../../secret",
    "../secret",
    "%2e%2e",
    "%2e%2e%2fsecret",
    "..%2f..%2fsecret",
    "%2e%2e/%2e%2e/secret",
    "..%5csecret",
    "%00",
    "a%00b",
    ".",
    ".uploads",
    "%252e%252e%252fsecret",
    "/etc/passwd",
    "%2fetc%2fpasswd",
];

/// All files below a folder, with their bytes' digest.
fn snapshot(folder: &Path) -> Vec<(std::path::PathBuf, String)> {
    let mut files = Vec::new();
    for path in crate::reader::files(folder) {
        if path.is_dir() {
            files.extend(snapshot(&path));
        } else {
            files.push((path.clone(), Hash::Sha256.digest(&std::fs::read(&path).unwrap())));
        }
    }
    files.sort();
    files
}

/// Every place of every path where a name stands.
fn paths(hostile: &str) -> Vec<String> {
    let good = Hash::Sha256.digest(b"good");
    let mut paths: Vec<_> = ["manifests/1", "tags/list", "blobs/uploads/", "blobs/uploads/1"]
        .iter()
        .map(|rest| format!("/v2/{hostile}/{rest}"))
        .collect();
    paths.extend([
        format!("/v2/{hostile}/blobs/{good}"),
        format!("/v2/team/{hostile}/manifests/1"),
        format!("/v2/team/image/manifests/{hostile}"),
        format!("/v2/team/image/manifests/sha256:{hostile}"),
        format!("/v2/team/image/blobs/{hostile}"),
        format!("/v2/team/image/blobs/sha256:{hostile}"),
        format!("/v2/team/image/blobs/{hostile}:00"),
        format!("/v2/team/image/referrers/{hostile}"),
        format!("/v2/team/image/blobs/uploads/{hostile}"),
        format!("/v2/team/image/blobs/uploads/{hostile}?digest={good}"),
        format!("/v2/team/image/blobs/uploads/?digest=sha256:{hostile}"),
        format!("/v2/team/image/blobs/uploads/?mount={hostile}&from=team/image"),
        format!("/v2/team/image/blobs/uploads/?mount={good}&from={hostile}"),
        format!("/v2/team/image/manifests/{good}?tag={hostile}"),
    ]);
    paths
}

#[tokio::test]
async fn no_name_digest_or_number_leads_out_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "SECRET").unwrap();
    let root = folder.path().join("store/registry");
    let registry = RegistryUnderTest::start(&root).await;
    let image = crate::images::Image::new(100);
    image.push(&registry, "team/image", "1").await;
    let before = snapshot(folder.path());
    for hostile in HOSTILE {
        for path in paths(hostile) {
            for method in ["GET", "PUT", "PATCH", "DELETE", "POST"] {
                let answer = exchange(&registry.address(), request(method, &path, "good").as_bytes()).await;
                let status = status(&answer).unwrap_or_else(|| panic!("{method} {path}: no answer"));
                assert!(status < 500, "{method} {path}: {answer}");
                assert!(!answer.contains("SECRET") && !answer.contains("root:"), "{method} {path}: {answer}");
            }
        }
    }
    image.is_pulled(&registry, "team/image", "1").await;
    // Uploads may have begun; nothing else is new, and nothing is gone.
    let is_upload = |path: &Path| path.starts_with(root.join(".uploads"));
    let after: Vec<_> = snapshot(folder.path()).into_iter().filter(|(path, _)| !is_upload(path)).collect();
    assert_eq!(after, before.into_iter().filter(|(path, _)| !is_upload(path)).collect::<Vec<_>>());
}
