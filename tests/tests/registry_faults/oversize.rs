//! What is too large, of the wrong kind, or broken: refused with little memory, and nothing changes.

use tests::{Content, Hash, RegistryUnderTest};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::images::Image;
use crate::process::Process;
use crate::raw;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// What the registry may have in memory beside what it had before, in kilobytes.
const MOST_MEMORY: u64 = 48 * 1024;

/// A hundred megabytes for a tag, sent as fast as they are taken; what came back, and whether all was taken.
async fn send_hundred_megabytes(address: &str, length: &str, is_chunked: bool) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("PUT /v2/a/manifests/1 HTTP/1.1\r\nHost: a\r\nContent-Type: {MANIFEST}\r\n{length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let megabyte = vec![b' '; 1_000_000];
    let piece = if is_chunked { [b"f4240\r\n".as_slice(), &megabyte, b"\r\n"].concat() } else { megabyte };
    for _ in 0..100 {
        if stream.write_all(&piece).await.is_err() {
            break;
        }
    }
    let _ = stream.write_all(if is_chunked { b"0\r\n\r\n" } else { b"" }).await;
    let _ = stream.shutdown().await;
    raw::read(&mut stream).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_of_a_hundred_megabytes_is_refused_with_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(&folder.path().join("registry"), &[]);
    let before = process.memory("VmHWM");
    let address = process.client.address();
    for (length, is_chunked) in [("Content-Length: 100000000", false), ("Transfer-Encoding: chunked", true)] {
        let answer = send_hundred_megabytes(&address, length, is_chunked).await;
        assert_eq!(raw::status(&answer), Some(413), "{length}: `{answer}`");
    }
    let many = (0..8).map(|_| send_hundred_megabytes(&address, "Transfer-Encoding: chunked", true));
    futures_util::future::join_all(many).await;
    let grown = process.memory("VmHWM") - before;
    assert!(grown < MOST_MEMORY, "{grown} kB more than before");
    process.client.get("/v2/").await.is(200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_blob_goes_through_with_little_memory() {
    let folder = tempfile::tempdir().unwrap();
    let process = Process::start(&folder.path().join("registry"), &[]);
    let blob = Content::noise(60_000_000, Hash::Sha256);
    let before = process.memory("VmHWM");
    process.client.push_blob("a", &blob).await;
    let answer = process.client.get(&format!("/v2/a/blobs/{}", blob.digest)).await.is(200);
    assert!(answer.bytes == blob.bytes);
    let grown = process.memory("VmHWM") - before;
    assert!(grown < MOST_MEMORY, "{grown} kB more than before");
}

#[tokio::test]
async fn heads_that_are_too_large_or_no_http_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let registry = RegistryUnderTest::start(&folder.path().join("registry")).await;
    let long = "x".repeat(2_000_000);
    let many: String = (0..5000).map(|number| format!("X-{number}: x\r\n")).collect();
    for text in [
        format!("GET /v2/{long} HTTP/1.1\r\nHost: a\r\n\r\n"),
        format!("GET /v2/ HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"),
        format!("GET /v2/ HTTP/1.1\r\nHost: a\r\n{many}\r\n"),
        "nonsense\r\n\r\n".to_owned(),
        "GET /v2/ HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(),
        "PUT /v2/a/manifests/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".to_owned(),
        "PUT /v2/a/manifests/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello".to_owned(),
    ] {
        let answer = raw::exchange(&registry.address(), text.as_bytes()).await;
        let start = &text[..text.len().min(60)];
        assert!(raw::status(&answer).is_none_or(|status| (400..500).contains(&status)), "{start}: {answer}");
        registry.get("/v2/").await.is(200);
    }
}

#[tokio::test]
async fn content_types_that_are_wrong_harm_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let registry = RegistryUnderTest::start(&folder.path().join("registry")).await;
    let image = Image::new(100);
    image.push(&registry, "a", "1").await;
    let (path, bytes) = ("/v2/a/manifests/1", image.manifest.bytes.clone());
    let index = "application/vnd.oci.image.index.v1+json";
    for media_type in
        ["text/html", "application/json", "", index, "application/octet-stream", "no type", "a/b; c=\u{7f}"]
    {
        let answer = registry.try_ask("PUT", path, &[("content-type", media_type)], bytes.clone()).await;
        let Ok(answer) = answer else { continue };
        assert!(matches!(answer.status, 201 | 400 | 415), "`{media_type}`: {answer}");
        image.is_pulled(&registry, "a", "1").await;
        let served = registry.get(path).await;
        assert_eq!(served.header("content-type"), MANIFEST, "`{media_type}`");
    }
    for media_type in ["text/html", "application/json", "application/vnd.docker.image.rootfs.diff.tar.gzip"] {
        let blob = Content::noise(10, Hash::Sha256);
        let target = tests::closing_path(&registry.begin("a").await, &blob.digest);
        registry.ask("PUT", &target, &[("content-type", media_type)], blob.bytes.clone()).await.is(201);
        let served = registry.get(&format!("/v2/a/blobs/{}", blob.digest)).await.is(200);
        assert_eq!(served.header("content-type"), "application/octet-stream");
    }
}
