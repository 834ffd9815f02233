//! Files of 200 MB: a whole one is kept in less memory than it has, others are refused at once.

use std::fmt::Write as _;

use scan::Advisories;

const SIZE: usize = 200_000_000;

fn error(text: &str) -> String {
    let error = Advisories::read_tracker(text.as_bytes()).unwrap_err().to_string();
    assert!(error.len() < 1_000, "{} bytes", error.len());
    error
}

#[test]
#[ignore = "takes some seconds and 500 MB: .ci/run has them"]
fn large_files_are_refused_with_their_place() {
    assert!(error(&"[".repeat(SIZE)).contains("at line 1 column"));
    let deep = format!("{{\"a\":{{\"CVE-1\":{{\"x\":{}", "[".repeat(SIZE));
    assert!(error(&deep).contains("a: CVE-1: EOF while parsing a list at line 1 column"), "{}", error(&deep));
    let name = format!("{{\"{}", "a".repeat(SIZE));
    assert!(error(&name).contains("line 1"), "{}", error(&name));
    let value = format!(r#"{{"a":{{"CVE-1":{{"releases":{{"trixie":{{"status":"{}"}}}}}}}}}}"#, "a".repeat(SIZE));
    assert!(error(&value).contains("at most 16384 are expected"), "{}", error(&value));
}

#[test]
#[ignore = "takes some seconds and 500 MB: .ci/run has them"]
fn a_large_file_is_kept_in_less_memory_than_it_has() {
    let (mut text, mut count) = (String::with_capacity(SIZE + 4_096), 0);
    text.push_str("{\"a\":{");
    let padding = "word ".repeat(200);
    while text.len() < SIZE {
        let comma = if count == 0 { "" } else { "," };
        let row = r#""releases":{"trixie":{"status":"open","urgency":"low","repositories":{"trixie":"1-1"}}}"#;
        write!(text, "{comma}\"CVE-2026-{count}\":{{\"description\":\"{count} {padding}\",{row}}}").unwrap();
        count += 1;
    }
    text.push_str("}}");
    let advisories = Advisories::read_tracker(text.as_bytes()).unwrap();
    assert_eq!(advisories.len(), count);
    let stored = advisories.to_index();
    assert!(stored.len() < SIZE / 2, "{} bytes", stored.len());
    assert_eq!(Advisories::from_index(stored).unwrap().by_id("CVE-2026-77").count(), 1);
}
