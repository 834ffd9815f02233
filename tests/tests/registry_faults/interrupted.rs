//! Clients that are gone in the middle of an upload.

use std::time::{Duration, Instant};

use tests::{Answer, Content, Hash, RegistryClient, RegistryUnderTest, closing_path};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const REPOSITORY: &str = "team/image";

async fn start() -> (tempfile::TempDir, RegistryUnderTest) {
    let folder = tempfile::tempdir().unwrap();
    let registry = RegistryUnderTest::start(&folder.path().join("registry")).await;
    (folder, registry)
}

/// Sends the head of a request and a part of its body, then leaves.
async fn leave_after(client: &RegistryClient, head: &str, part: &[u8]) {
    let mut stream = TcpStream::connect(client.address()).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(part).await.unwrap();
    stream.flush().await.unwrap();
    // The server sees the bytes, then the end.
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// How many bytes of an upload are there, once the server has seen that the client is gone.
async fn progress(registry: &RegistryUnderTest, path: &str) -> usize {
    let begun = Instant::now();
    loop {
        let answer = registry.get(path).await;
        if answer.status == 204 {
            let last: usize = answer.header("range").trim_start_matches("0-").parse().unwrap();
            return if last == 0 { 0 } else { last + 1 };
        }
        assert!(begun.elapsed() < Duration::from_secs(5), "{answer}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Goes on where the server says that it is.
async fn go_on(registry: &RegistryUnderTest, path: &str, blob: &Content) -> Answer {
    let start = progress(registry, path).await;
    assert!(start <= blob.bytes.len());
    let range = format!("{start}-{}", blob.bytes.len() - 1);
    let rest = blob.bytes[start..].to_vec();
    registry.ask("PUT", &closing_path(path, &blob.digest), &[("content-range", &range)], rest).await
}

#[tokio::test]
async fn a_truncated_chunk_can_be_sent_again_from_where_the_server_says() {
    let (_folder, registry) = start().await;
    for (name, length) in [("Content-Length: 100000", 60_000), ("Transfer-Encoding: chunked", 60_000)] {
        let blob = Content::noise(100_000, Hash::Sha256);
        let path = registry.begin(REPOSITORY).await;
        let head = format!("PATCH {path} HTTP/1.1\r\nHost: a\r\n{name}\r\n\r\n");
        let part = &blob.bytes[..length];
        let chunk = [format!("{length:x}\r\n").as_bytes(), part, b"\r\n"].concat();
        leave_after(&registry, &head, if name.starts_with('T') { &chunk } else { part }).await;
        registry.head(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.is(404);
        go_on(&registry, &path, &blob).await.is(201);
        registry.has_blob(REPOSITORY, &blob).await;
    }
}

#[tokio::test]
async fn a_truncated_last_chunk_makes_no_blob_and_the_upload_goes_on() {
    let (_folder, registry) = start().await;
    let blob = Content::noise(100_000, Hash::Sha256);
    let path = registry.begin(REPOSITORY).await;
    let target = closing_path(&path, &blob.digest);
    let head = format!("PUT {target} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    leave_after(&registry, &head, &blob.bytes[..99_999]).await;
    registry.head(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.is(404);
    go_on(&registry, &path, &blob).await.is(201);
    registry.has_blob(REPOSITORY, &blob).await;
}

#[tokio::test]
async fn a_truncated_single_post_leaves_nothing_visible() {
    let (folder, registry) = start().await;
    let blob = Content::noise(100_000, Hash::Sha256);
    let head = format!(
        "POST /v2/{REPOSITORY}/blobs/uploads/?digest={} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n",
        blob.digest
    );
    leave_after(&registry, &head, &blob.bytes[..50_000]).await;
    registry.head(&format!("/v2/{REPOSITORY}/blobs/{}", blob.digest)).await.is(404);
    let found = crate::reader::Found::read(&folder.path().join("registry"));
    assert!(!found.has_blob(REPOSITORY, &blob.digest));
}

#[tokio::test]
async fn a_truncated_manifest_changes_nothing() {
    let (_folder, registry) = start().await;
    let image = crate::images::Image::new(100);
    image.push(&registry, REPOSITORY, "1").await;
    let other = crate::images::Image::of(image.layers.clone());
    registry.push_blob(REPOSITORY, &other.config).await;
    let length = other.manifest.bytes.len();
    let media_type = &other.manifest.media_type;
    let head = format!(
        "PUT /v2/{REPOSITORY}/manifests/1 HTTP/1.1\r\nHost: a\r\nContent-Type: {media_type}\r\nContent-Length: {length}\r\n\r\n"
    );
    leave_after(&registry, &head, &other.manifest.bytes[..length - 1]).await;
    image.is_pulled(&registry, REPOSITORY, "1").await;
    registry.head(&format!("/v2/{REPOSITORY}/manifests/{}", other.manifest.digest)).await.is(404);
}

#[tokio::test]
async fn a_client_that_leaves_while_it_pulls_harms_nobody() {
    let (_folder, registry) = start().await;
    let image = crate::images::Image::new(3_000_000);
    image.push(&registry, REPOSITORY, "1").await;
    let path = format!("/v2/{REPOSITORY}/blobs/{}", image.layers[0].digest);
    for _ in 0..20 {
        leave_after(&registry, &format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"), b"").await;
    }
    image.is_pulled(&registry, REPOSITORY, "1").await;
}
