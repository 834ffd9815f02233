//! Every source file is short, says first what it is for, and is finished.
//!
//! The words for unfinished work are put together from pieces here, so that this file does not hold them.

use crate::house::House;

/// A file of more lines is two files.
const MOST_LINES: usize = 300;

/// What may hold words for people or machines.
const TEXTS: [&str; 9] = [".rs", ".toml", ".yaml", ".yml", ".md", ".html", ".sh", ".ci/run", ".py"];

const UNFINISHED: [&str; 5] = [
    concat!("to", "do!"),
    concat!("unimpl", "emented!"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("for", " now"),
];

/// Files that break a rule.
pub(crate) fn complaints(house: &House) -> Vec<String> {
    let mut complaints = Vec::new();
    for (path, text) in house.files(&[".rs"]) {
        let lines = text.lines().count();
        if lines > MOST_LINES {
            complaints.push(format!("`{path}` has {lines} lines: {MOST_LINES} are enough for one thing"));
        }
        if !text.starts_with("//! ") && !text.starts_with("#![doc = include_str!(\"../README.md\")]\n") {
            complaints.push(format!("`{path}` does not open with a `//!` line that says what it is for"));
        }
    }
    for (path, text) in house.files(&TEXTS) {
        for (line, number) in text.lines().zip(1..) {
            let words = UNFINISHED.iter().filter(|word| has_word(line, word));
            complaints.extend(words.map(|word| format!("`{path}:{number}` is unfinished: it says `{word}`")));
        }
    }
    complaints
}

/// Whether the word stands there and is not the end of a longer one, or the start of one if it ends in a letter.
fn has_word(line: &str, word: &str) -> bool {
    let is_letter = |next: Option<char>| next.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
    let ends_in_letter = is_letter(word.chars().last());
    line.match_indices(word).any(|(at, _)| {
        let after = line[at + word.len()..].chars().next();
        let is_part = is_letter(line[..at].chars().last()) || (ends_in_letter && is_letter(after));
        !is_part
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_nameless_files_are_named() {
        let long = format!("//! Long.\n{}", "\n".repeat(300));
        let house =
            House::of(&[("a.rs", &long), ("b.rs", "use std::fs;\n"), ("c.rs", "//! Good.\n"), ("d.md", "# d\n")]);
        let wanted = [
            "`a.rs` has 301 lines: 300 are enough for one thing",
            "`b.rs` does not open with a `//!` line that says what it is for",
        ];
        assert_eq!(complaints(&house), wanted);
    }

    #[test]
    fn unfinished_work_is_named_with_its_line() {
        for word in UNFINISHED {
            let house = House::of(&[("a.md", &format!("fine\n({word}) more\n"))]);
            assert_eq!(complaints(&house), [format!("`a.md:2` is unfinished: it says `{word}`")]);
        }
        let fine = format!("be{} and {}here and {}Y", UNFINISHED[4], UNFINISHED[4], UNFINISHED[3]);
        assert_eq!(complaints(&House::of(&[("a.md", &fine)])), [""; 0]);
    }
}
