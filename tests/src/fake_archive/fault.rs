//! What goes wrong, and with which request.
//!
//! It takes the path of a request, counts it, and says whether a fault meets it. `answer` carries the fault out.

use std::time::Duration;

/// What goes wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// This status and a short text: 404, 500, 503.
    Status(u16),
    /// This status, and the time in seconds after which to ask again: 429 or 503.
    RetryAfter(u16, u64),
    /// 302 to another address.
    Redirect(String),
    /// 200 and these bytes.
    Replace(Vec<u8>),
    /// 200 and only so many bytes, with a length that fits them.
    Truncate(usize),
    /// 200 and one bit of the byte at this place turned over.
    FlipBit(usize),
    /// The right answer, but only after this time.
    Delay(Duration),
    /// The right answer, in pieces of so many bytes with a pause after each.
    Drip(usize, Duration),
    /// The connection is closed after so many bytes, though more were announced.
    CloseAfter(usize),
    /// The connection is reset (TCP RST) after so many bytes.
    ResetAfter(usize),
    /// Nothing more comes after so many bytes, and the connection stays open.
    StallAfter(usize),
    /// 200, no length, and zeros that never end.
    Endless,
}

/// Which of the requests that a rule's pattern matches, counted from one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Only the n-th.
    Nth(usize),
    /// The first n.
    First(usize),
    /// The n-th and all that follow.
    From(usize),
    /// Each.
    Always,
}

impl When {
    fn hits(self, count: usize) -> bool {
        match self {
            Self::Nth(n) => count == n,
            Self::First(n) => count <= n,
            Self::From(n) => count >= n,
            Self::Always => true,
        }
    }
}

/// A fault and the requests that it meets.
#[derive(Debug, Clone)]
pub(crate) struct Rule {
    pattern: String,
    when: When,
    fault: Fault,
    count: usize,
}

impl Rule {
    pub(crate) fn new(pattern: &str, when: When, fault: Fault) -> Self {
        Self { pattern: pattern.into(), when, fault, count: 0 }
    }

    /// Counts a request, and gives the fault if it meets this one.
    pub(crate) fn meet(&mut self, path: &str) -> Option<Fault> {
        if !matches(&self.pattern, path) {
            return None;
        }
        self.count += 1;
        self.when.hits(self.count).then(|| self.fault.clone())
    }
}

/// Whether a path fits a pattern, in which each `*` stands for any text, also with slashes.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return pattern == path };
    let Some(path) = path.strip_prefix(start) else { return false };
    let mut ends = path.char_indices().map(|(at, _)| at).chain([path.len()]);
    ends.any(|at| matches(rest, &path[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_with_and_without_stars() {
        assert!(matches("dists/x/InRelease", "dists/x/InRelease"));
        assert!(!matches("InRelease", "dists/x/InRelease"));
        assert!(matches("*InRelease", "dists/x/InRelease"));
        assert!(matches("*/by-hash/*", "dists/x/main/binary-amd64/by-hash/SHA256/00"));
        assert!(!matches("pool/*.deb", "pool/a.dsc"));
        assert!(matches("*", ""));
    }

    #[test]
    fn meets_the_requests_that_were_named() {
        let hits = |when| {
            let mut rule = Rule::new("*a", when, Fault::Status(500));
            ["a", "b", "xa", "a"].map(|path| rule.meet(path).is_some())
        };
        assert_eq!(hits(When::Nth(2)), [false, false, true, false]);
        assert_eq!(hits(When::First(2)), [true, false, true, false]);
        assert_eq!(hits(When::From(2)), [false, false, true, true]);
        assert_eq!(hits(When::Always), [true, false, true, true]);
    }
}
