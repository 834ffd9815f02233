//! Makes text from outside fit to be shown in a terminal or a page: nothing in it acts, and it ends.
//!
//! In: any text, such as a path out of a layer or an error of a server. Out: one short line without control characters.

/// How many characters are shown.
const WIDEST: usize = 160;

/// Control characters are escaped, and what is too long is cut.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().take(WIDEST).map(escape).collect();
    if text.chars().nth(WIDEST).is_some() { short + "…" } else { short }
}

/// Control characters but line breaks are escaped; nothing is cut.
pub(crate) fn without_controls(text: &str) -> String {
    text.chars().map(|character| if character == '\n' { character.to_string() } else { escape(character) }).collect()
}

fn escape(character: char) -> String {
    if character.is_control() { character.escape_default().to_string() } else { character.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_no_escape_sequence_through_and_ends() {
        assert_eq!(shown("a\u{1b}[31mb\nc é"), "a\\u{1b}[31mb\\nc é");
        assert_eq!(without_controls("a\u{1b}\nb"), "a\\u{1b}\nb");
        assert_eq!(shown(&"x".repeat(500)).chars().count(), WIDEST + 1);
    }
}
