//! Parts of blobs.
//! Format: <https://www.rfc-editor.org/rfc/rfc9110#section-14>.

use tests::{Content, Hash};

use crate::server::{REPOSITORY, Registry};

const LENGTH: usize = 2048;

#[tokio::test]
async fn one_range_is_answered_with_that_part() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(LENGTH, hash);
        registry.push_blob(REPOSITORY, &blob).await;
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        for (range, first, end) in [
            ("500-1499", 500, 1500),
            ("500-", 500, LENGTH),
            ("-500", LENGTH - 500, LENGTH),
            ("2000-5000", 2000, LENGTH),
        ] {
            let answer = registry.ask("GET", &path, &[("range", &format!("bytes={range}"))], "").await.is(206);
            assert!(answer.bytes == blob.bytes[first..end], "{range}: {answer}");
            assert_eq!(answer.header("content-length"), (end - first).to_string(), "{range}: {answer}");
            let expected = format!("bytes {first}-{}/{LENGTH}", end - 1);
            assert_eq!(answer.header("content-range"), expected, "{answer}");
            assert_eq!(answer.header("docker-content-digest"), blob.digest, "{answer}");
        }
    }
}

#[tokio::test]
async fn a_range_that_is_not_there_is_refused() {
    let registry = Registry::start().await;
    for hash in Hash::ALL {
        let blob = Content::noise(LENGTH, hash);
        registry.push_blob(REPOSITORY, &blob).await;
        let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
        for range in ["bytes=500-0", "bytes=5000-10000", "bytes=2048-"] {
            let answer = registry.ask("GET", &path, &[("range", range)], "").await.is(416);
            assert_eq!(answer.header("content-range"), format!("bytes */{LENGTH}"), "{range}: {answer}");
        }
        registry.has_and_deletes(REPOSITORY, &blob).await;
    }
}

#[tokio::test]
async fn several_ranges_come_in_parts() {
    let registry = Registry::start().await;
    let blob = Content::noise(LENGTH, Hash::Sha256);
    registry.push_blob(REPOSITORY, &blob).await;
    let path = format!("/v2/{REPOSITORY}/blobs/{}", blob.digest);
    let answer = registry.ask("GET", &path, &[("range", "bytes=0-9,2000-")], "").await.is(206);
    assert!(answer.header("content-type").starts_with("multipart/byteranges; boundary="), "{answer}");
    let holds = |part: &[u8]| answer.bytes.windows(part.len()).any(|window| window == part);
    assert!(holds(&blob.bytes[..10]) && holds(&blob.bytes[2000..]) && !holds(&blob.bytes[10..30]));
}
