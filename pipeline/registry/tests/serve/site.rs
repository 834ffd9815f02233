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
    export_site(&registry.store, &[part], &site).unwrap();
    let notes: Value = serde_json::from_slice(&fs::read(site.join("headers.json")).unwrap()).unwrap();
    let notes = notes["files"].as_array().unwrap();
    assert_eq!(notes.len(), 13, "{notes:#?}");
    for note in notes {
        let (path, file) = (note["path"].as_str().unwrap(), note["file"].as_str().unwrap());
        let answer = registry.get(path).await;
        assert_eq!(answer.status(), 200, "{path}");
        assert_eq!(answer.headers()["content-type"], note["headers"]["Content-Type"].as_str().unwrap(), "{path}");
        for name in ["Docker-Content-Digest", "Cache-Control"] {
            let (served, noted) = (answer.headers().get(name), note["headers"][name].as_str());
            assert!(served.is_none_or(|served| served.to_str().ok() == noted), "{path}: {name}: {served:?}, {noted:?}");
        }
        assert_eq!(fs::read(site.join(file)).unwrap(), answer.bytes().await.unwrap(), "{path}");
    }
}
