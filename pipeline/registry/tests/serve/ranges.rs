//! Parts of blobs, as clients ask that resume a download or take only the files they lack.

use crate::fixture::{Registry, layer};

async fn range(registry: &Registry, header: &str) -> reqwest::Response {
    registry.ask("GET", &registry.blob(), &[("range", header)]).await
}

#[tokio::test]
async fn one_range_is_a_part_of_the_file() {
    let (registry, bytes) = (Registry::start().await, layer());
    for (header, expected, start) in [
        ("bytes=500-1499", &bytes[500..1500], 500),
        ("bytes=500-", &bytes[500..], 500),
        ("bytes=-500", &bytes[bytes.len() - 500..], bytes.len() - 500),
        ("bytes=599999-9999999", &bytes[599_999..], 599_999),
    ] {
        let response = range(&registry, header).await;
        assert_eq!(response.status(), 206, "{header}");
        let content_range = format!("bytes {start}-{}/600000", start + expected.len() - 1);
        assert_eq!(response.headers()["content-range"], content_range.as_str());
        assert_eq!(response.headers()["content-length"], expected.len().to_string().as_str());
        assert_eq!(response.bytes().await.unwrap(), expected, "{header}");
    }
}

#[tokio::test]
async fn several_ranges_are_parts_of_one_answer() {
    let (registry, bytes) = (Registry::start().await, layer());
    let response = range(&registry, "bytes=0-9,300000-599990,-5").await;
    assert_eq!(response.status(), 206);
    let content_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    let boundary = content_type.strip_prefix("multipart/byteranges; boundary=").unwrap();
    let announced: usize = response.headers()["content-length"].to_str().unwrap().parse().unwrap();
    let mut expected = Vec::new();
    for (start, end) in [(0, 9), (300_000, 599_990), (599_995, 599_999)] {
        let line = if expected.is_empty() { "" } else { "\r\n" };
        let head = "Content-Type: application/octet-stream\r\nContent-Range: bytes";
        expected.extend(format!("{line}--{boundary}\r\n{head} {start}-{end}/600000\r\n\r\n").into_bytes());
        expected.extend(&bytes[start..=end]);
    }
    expected.extend(format!("\r\n--{boundary}--\r\n").into_bytes());
    let body = response.bytes().await.unwrap();
    assert_eq!(announced, body.len());
    assert!(body == expected);
}

#[tokio::test]
async fn bytes_that_do_not_exist_are_refused() {
    let registry = Registry::start().await;
    for header in ["bytes=600000-", "bytes=500-0", "bytes=-0"] {
        let response = range(&registry, header).await;
        assert_eq!(response.status(), 416, "{header}");
        assert_eq!(response.headers()["content-range"], "bytes */600000");
    }
}

#[tokio::test]
async fn a_range_that_must_be_ignored_gives_the_whole() {
    let registry = Registry::start().await;
    for header in ["lines=0-1", "bytes=x", "bytes=0-,0-"] {
        assert_eq!(range(&registry, header).await.status(), 200, "{header}");
    }
    let headers = [("range", "bytes=0-1"), ("if-range", "\"of another blob\"")];
    assert_eq!(registry.ask("GET", &registry.blob(), &headers).await.status(), 200);
    let response = registry.ask("HEAD", &registry.blob(), &[("range", "bytes=0-1")]).await;
    assert_eq!((response.status().as_u16(), &response.headers()["content-length"]), (200, &"600000".parse().unwrap()));
}
