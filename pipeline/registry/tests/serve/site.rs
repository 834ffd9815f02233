//! The registry as files is the registry as a service: the same bytes, types and digests.

use std::fs;

use registry::{SitePart, export_site};
use serde_json::Value;

use crate::fixture::Registry;

#[tokio::test]
async fn every_file_of_a_site_is_what_the_server_answers() {
    let registry = Registry::start().await;
    registry.put_referrer(&registry.index, "a/b", "text");
    let site = registry.folder.path().join("site");
    let part = SitePart { repository: registry.repository.clone(), tags: None };
    export_site(&registry.store, &[part], &[], &site).unwrap();
    let site_files: Value = serde_json::from_slice(&fs::read(site.join("headers.json")).unwrap()).unwrap();
    let listed = site_files["files"].as_array().unwrap();
    assert_eq!(listed.len(), 13, "{listed:#?}");
    for entry in listed {
        let (path, file) = (entry["path"].as_str().unwrap(), entry["file"].as_str().unwrap());
        let answer = registry.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], entry["headers"]["Content-Type"].as_str().unwrap(), "{path}");
        for name in ["Docker-Content-Digest", "Cache-Control"] {
            let (answered, expected) = (answer.headers().get(name), entry["headers"][name].as_str());
            let is_same = answered.is_none_or(|value| value.to_str().ok() == expected);
            assert!(is_same, "{path}: {name}: {answered:?}, {expected:?}");
        }
        assert_eq!(fs::read(site.join(file)).unwrap(), answer.bytes().await.unwrap(), "{path}");
    }
}
