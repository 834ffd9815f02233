//! A pattern for paths: `*` stands for anything within a name, `**` for any folders, `?` for one letter.

use serde::{Deserialize, Serialize};

/// A pattern such as `/usr/lib/*/libminizip.so.*`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PathPattern(String);

impl PathPattern {
    /// Of a text that starts with `/`.
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a path matches; a leading `/` makes no difference.
    pub fn matches(&self, path: &str) -> bool {
        let pattern: Vec<&str> = self.0.trim_start_matches('/').split('/').collect();
        let path: Vec<&str> = path.trim_start_matches("./").trim_start_matches('/').split('/').collect();
        matches_with(&pattern, &path, |part| *part == "**", |part, name| part_matches(part, name))
    }
}

fn part_matches(part: &str, name: &str) -> bool {
    let (part, name): (Vec<char>, Vec<char>) = (part.chars().collect(), name.chars().collect());
    matches_with(&part, &name, |c| *c == '*', |c, other| *c == '?' || c == other)
}

/// Matches with wild parts, going back to the last one only: as long as pattern times text, never longer.
fn matches_with<T>(pattern: &[T], text: &[T], wild: impl Fn(&T) -> bool, same: impl Fn(&T, &T) -> bool) -> bool {
    let (mut at, mut place) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while place < text.len() {
        if pattern.get(at).is_some_and(&wild) {
            back = Some((at, place));
            at += 1;
        } else if pattern.get(at).is_some_and(|it| same(it, &text[place])) {
            (at, place) = (at + 1, place + 1);
        } else if let Some((last, taken)) = back {
            back = Some((last, taken + 1));
            (at, place) = (last + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(wild)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn matches_names_and_folders() {
        let matches = |pattern: &str, path: &str| PathPattern::new(pattern).matches(path);
        assert!(matches("/usr/lib/*/libminizip.so.*", "usr/lib/x86_64-linux-gnu/libminizip.so.1"));
        assert!(!matches("/usr/lib/*/libminizip.so.*", "/usr/lib/libminizip.so.1"));
        assert!(!matches("/usr/lib/*", "/usr/lib/a/b"));
        assert!(matches("/usr/**/x?", "/usr/a/b/c/xy") && matches("/usr/**/x", "/usr/x"));
        assert!(matches("/**", "/a/b") && !matches("/a", "/b") && !matches("/a/b", "/a"));
        assert!(matches("/a*b*c", "./aXbXbXc") && !matches("/a*b*c", "/aXbXbX"));
    }

    proptest! {
        #[test]
        fn never_panics_and_a_path_matches_itself(pattern in "(/|\\*|\\*\\*|\\?|a|é){0,20}", path in "[a-cé]{1,5}(/[a-c]{1,3}){0,5}") {
            let _ = PathPattern::new(&pattern).matches(&path);
            prop_assert!(PathPattern::new(&path).matches(&path));
        }
    }
}
