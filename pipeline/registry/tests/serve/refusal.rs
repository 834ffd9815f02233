//! What is not served: what is not there, what belongs to others, what is no name, and every write.

use blob::Digest;

use crate::fixture::Registry;

async fn code(response: reqwest::Response) -> (u16, String) {
    assert_eq!(response.headers()["content-type"], "application/json");
    let status = response.status().as_u16();
    let body: serde_json::Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    assert!(body["errors"][0]["message"].is_string());
    (status, body["errors"][0]["code"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_is_not_there_has_the_code_of_the_specification() {
    let registry = Registry::start().await;
    let missing = Digest::of("missing");
    for (path, expected) in [
        ("/v2/team/python/manifests/none".to_owned(), (404, "MANIFEST_UNKNOWN")),
        ("/v2/team/python/manifests/.INVALID_MANIFEST_NAME".to_owned(), (404, "MANIFEST_UNKNOWN")),
        (format!("/v2/team/python/manifests/{missing}"), (404, "MANIFEST_UNKNOWN")),
        (format!("/v2/team/python/blobs/{missing}"), (404, "BLOB_UNKNOWN")),
        ("/v2/team/manifests/latest".to_owned(), (404, "NAME_UNKNOWN")),
        (format!("/v2/team/blobs/{}", registry.layer.digest), (404, "NAME_UNKNOWN")),
        ("/v2/team/tags/list".to_owned(), (404, "NAME_UNKNOWN")),
        ("/v2/Team/tags/list".to_owned(), (400, "NAME_INVALID")),
        (format!("/v2/{}/tags/list", "a/".repeat(120) + "a"), (404, "NAME_UNKNOWN")),
        ("/v2/team/python/blobs/sha256:short".to_owned(), (400, "DIGEST_INVALID")),
        ("/v2/team/python/manifests/md5:00".to_owned(), (400, "DIGEST_INVALID")),
        ("/v2/team/python/other".to_owned(), (404, "UNSUPPORTED")),
    ] {
        let (status, text) = code(registry.get(&path).await).await;
        assert_eq!((status, text.as_str()), expected, "{path}");
    }
}

#[tokio::test]
async fn every_write_of_a_client_from_elsewhere_is_refused() {
    let registry = Registry::start().await;
    for (method, path) in [
        ("POST", "/v2/team/python/blobs/uploads/"),
        ("PATCH", "/v2/team/python/blobs/uploads/00000000-0000-4000-8000-000000000000"),
        ("PUT", "/v2/team/python/manifests/3.13"),
        ("DELETE", "/v2/team/python/manifests/3.13"),
        ("DELETE", &registry.blob()),
    ] {
        let response = registry.ask(method, path, &[]).await;
        assert_eq!(code(response).await, (403, "DENIED".to_owned()), "{method} {path}");
    }
    let response = registry.ask("PUT", "/v2/", &[]).await;
    assert_eq!(response.headers()["allow"], "GET, HEAD");
    assert_eq!(code(response).await, (405, "UNSUPPORTED".to_owned()));
}

#[tokio::test]
async fn a_repository_serves_only_its_own_digests() {
    let registry = Registry::start().await;
    registry.store.put_bytes(&"other".parse().unwrap(), b"x").unwrap();
    assert_eq!(registry.get(&format!("/v2/other/blobs/{}", registry.layer.digest)).await.status(), 404);
    assert_eq!(registry.get(&format!("/v2/other/manifests/{}", registry.index.digest)).await.status(), 404);
    let layer_as_manifest = format!("/v2/team/python/manifests/{}", registry.layer.digest);
    assert_eq!(registry.get(&layer_as_manifest).await.status(), 404);
}

#[tokio::test]
async fn no_path_leads_out_of_the_store() {
    let registry = Registry::start().await;
    std::fs::write(registry.folder.path().join("secret"), "SECRET").unwrap();
    for path in [
        "/v2/../secret",
        "/v2/../../secret/tags/list",
        "/v2/%2e%2e/tags/list",
        "/v2/..%2f..%2fsecret/tags/list",
        "/v2/team%2Fpython/../../secret/tags/list",
        "/v2/team/python/blobs/sha256:../../../../secret",
        "/v2/team/python/blobs/sha256:..%2F..%2F..%2Fsecret",
        "/v2/team/python/blobs/..%2f..%2f..%2fsecret",
        "/v2/team/python/manifests/..%2f..%2f..%2fsecret",
        "/v2/team/python/manifests/%2e%2e",
        "/v2/team/python%00/tags/list",
        "/v2//team/python/tags/list",
    ] {
        let answer = registry.get_raw(path).await;
        let status = answer.split(' ').nth(1).unwrap();
        assert!(matches!(status, "400" | "404"), "{path}: {answer}");
        assert!(!answer.contains("SECRET"), "{path}: {answer}");
    }
    let encoded = registry.get_raw("/v2/team%2Fpython/tags/list").await;
    assert!(encoded.starts_with("HTTP/1.1 200"), "a name may be encoded as long as it is one: {encoded}");
}
