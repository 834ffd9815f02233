//! Trees of findings as text: for people, for pages, and in one line for containerd.
//!
//! In: a [`Finding`]. Out: text. The tree for terminals is the finding's own.

use std::fmt::Write as _;

use signing::{Finding, Outcome};

/// So long may the line be.
const LONGEST_LINE: usize = 1000;

/// A nested list in Markdown.
pub(crate) fn markdown(finding: &Finding) -> String {
    let mut text = String::new();
    write_item(&mut text, finding, 0);
    text
}

fn write_item(text: &mut String, finding: &Finding, depth: usize) {
    let indentation = "  ".repeat(depth);
    // Text takes everything.
    let _ = writeln!(text, "{indentation}- {} {}", finding.outcome.mark(), escaped(&finding.text));
    for below in &finding.because {
        write_item(text, below, depth + 1);
    }
}

/// What came from outside makes no headings, links or pages of its own.
fn escaped(text: &str) -> String {
    let plain = text.replace(['\n', '\r'], " ");
    plain
        .chars()
        .flat_map(|letter| matches!(letter, '<' | '[' | '*' | '|').then_some('\\').into_iter().chain([letter]))
        .collect()
}

/// Why it was refused, in one line: what is bad and has nothing bad behind it, with the evidence that did not count.
pub(crate) fn reason(finding: &Finding) -> String {
    let mut reasons = Vec::new();
    collect(finding, &mut reasons);
    let line = reasons.join("; ").split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_LINE).collect()
}

fn collect(finding: &Finding, reasons: &mut Vec<String>) {
    let is_deepest = finding.outcome == Outcome::Bad && !finding.because.iter().any(Finding::is_bad);
    if is_deepest && !reasons.contains(&finding.text) {
        reasons.push(finding.text.clone());
    }
    finding.because.iter().for_each(|below| collect(below, reasons));
    let is_evidence = finding.outcome == Outcome::Ignored && finding.because.is_empty() && reasons.len() < 6;
    if is_evidence && !reasons.is_empty() && !reasons.contains(&finding.text) {
        reasons.push(finding.text.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Finding {
        let leaf = |outcome, text: &str| Finding::new(outcome, "leaf", text);
        let middle = Finding::new(Outcome::Bad, "middle", "an image is refused").because([
            leaf(Outcome::Good, "fine"),
            leaf(Outcome::Bad, "nobody\nsigned it"),
            leaf(Outcome::Ignored, "a bundle does not count"),
        ]);
        Finding::new(Outcome::Bad, "root", "<it> is refused").because([middle])
    }

    #[test]
    fn markdown_is_a_list_in_which_nothing_is_special() {
        let expected = "- ✗ \\<it> is refused\n  - ✗ an image is refused\n    - ✓ fine\n    - ✗ nobody signed it\n    - · a bundle does not count\n";
        assert_eq!(markdown(&tree()), expected);
    }

    #[test]
    fn the_reason_is_one_line_with_what_is_bad_at_the_bottom() {
        assert_eq!(reason(&tree()), "nobody signed it; a bundle does not count");
        let long = Finding::new(Outcome::Bad, "x", "é".repeat(5000));
        assert_eq!(reason(&long).chars().count(), 1000);
        assert_eq!(reason(&Finding::new(Outcome::Good, "x", "y")), "");
    }
}
