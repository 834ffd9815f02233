//! Ids in a line of a changelog, and words that turn a mention into its opposite.

/// Said of an item or of the one that it stands under.
const DENIALS: [&str; 10] = [
    "not affected",
    "not-affected",
    "unaffected",
    "not affect",
    "n't affect",
    "not vulnerable",
    "not applicable",
    "not exploitable",
    "false positive",
    "not yet fixed",
];

/// Said of an item itself. "Incomplete" alone is no such word: it names a kind of weakness (incomplete clean-up).
const REVERSALS: [&str; 9] = [
    "revert",
    "back out",
    "backed out",
    "incomplete fix",
    "does not fix",
    "not fixed",
    "unfixed",
    "still vulnerable",
    "remains vulnerable",
];

/// Whether words say that something is not concerned.
pub(super) fn denies(words: &str) -> bool {
    DENIALS.iter().any(|it| words.contains(it))
}

/// Whether words say that something was undone or is not done.
pub(super) fn reverses(words: &str) -> bool {
    REVERSALS.iter().any(|it| words.contains(it))
}

/// Every `CVE-YYYY-NNNN…` in a line, in capitals, each once.
pub(super) fn ids(line: &str) -> Vec<String> {
    let bytes = line.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = find(bytes, at) {
        at = start + 4;
        if let Some(end) = end_of_id(bytes, at) {
            let id = String::from_utf8_lossy(&bytes[start..end]).to_ascii_uppercase();
            if !found.contains(&id) && found.len() < 200 {
                found.push(id);
            }
            at = end;
        }
    }
    found
}

fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(4).position(|window| window.eq_ignore_ascii_case(b"CVE-")).map(|at| from + at)
}

/// Four digits, a hyphen, four to ten digits (CVE Record Format 5, `cveId`, has at most 19; no year needs more than ten).
fn end_of_id(bytes: &[u8], start: usize) -> Option<usize> {
    let digits =
        |from: usize| bytes.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let number = start + 5;
    (digits(start) == 4 && bytes.get(start + 4) == Some(&b'-')).then_some(())?;
    let length = digits(number);
    (4..=10).contains(&length).then_some(number + length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn finds_every_id_of_a_line_and_expands_none() {
        let line = "CVE-2024-45490, cve-2024-45491.patch (CVE-2024-45490) CVE-2026-1000 / -1001 CVE-2024-XXXX CVE-99-1 CVE-2024-123";
        assert_eq!(ids(line), ["CVE-2024-45490", "CVE-2024-45491", "CVE-2026-1000"]);
        assert_eq!(ids("xCVE-CVE-2026-1001é"), ["CVE-2026-1001"]);
    }

    #[test]
    fn a_kind_of_weakness_is_no_reversal() {
        assert!(!reverses("cve-2026-106366: incomplete cleanup in customtabs."));
        assert!(reverses("cve-2026-1000: incomplete fix"));
        assert!(denies("stable is not affected by cve-2026-1000") && !denies("affected by cve-2026-1000"));
    }

    proptest! {
        #[test]
        fn never_panics(line in "(CVE-|cve-|2026|-|1000|0|é|.){0,20}") {
            for id in ids(&line) { prop_assert!(id.starts_with("CVE-")); }
        }
    }
}
