//! Adds one review to the text of `reviewed.yaml`; every other line stays as a person wrote it.
//!
//! In: the text, a package, a digest, a note. Out: the new text, or why it cannot be done. What comes out is read again
//! and must hold what went in and the review, and nothing else: a file in a form that is not expected is never spoilt.

use assemble::{Review, Reviewed, YamlError, read_yaml};
use blob::Digest;

/// Why the review is not in the file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ReviewFileError {
    /// The file is none.
    #[error(transparent)]
    Yaml(#[from] YamlError),
    /// Nobody says what the scripts do.
    #[error("the note is empty: say what the scripts do, and which effect does it instead")]
    NoNote,
    /// A name that no package has.
    #[error("`{0}` is no name of a package: expected lower-case letters, digits, `+`, `-` and `.`")]
    NoPackage(String),
    /// The file is written in a way that lines cannot be added to.
    #[error("the review cannot be added without changing other lines: add it by hand, as\n\n{0}")]
    ByHand(String),
}

/// What became of the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// The new text.
    Text(String),
    /// It says so already.
    Known,
}

/// Adds a review at its place: packages by name, reviews of one package in the order in which they were made.
pub(crate) fn add_review(text: &str, package: &str, digest: &Digest, note: &str) -> Result<Added, ReviewFileError> {
    let note = note.trim();
    if note.is_empty() {
        return Err(ReviewFileError::NoNote);
    }
    check_name(package)?;
    let mut wanted: Reviewed =
        if text.trim().is_empty() { Reviewed::default() } else { read_yaml("reviewed.yaml", text)? };
    let reviews = wanted.packages.entry(package.to_owned()).or_default();
    if reviews.iter().any(|review| review.digest == *digest) {
        return Ok(Added::Known);
    }
    reviews.push(Review { digest: digest.clone(), note: note.to_owned() });
    let added = insert(text, package, &entry(digest, note));
    match read_yaml::<Reviewed>("reviewed.yaml", &added) {
        Ok(read) if read == wanted => Ok(Added::Text(added)),
        _ => Err(ReviewFileError::ByHand(format!("  {package}:\n{}", entry(digest, note)))),
    }
}

/// Debian Policy 5.6.1.
fn check_name(package: &str) -> Result<(), ReviewFileError> {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let good =
        package.bytes().all(|byte| word(byte) || b"+-.".contains(&byte)) && package.bytes().next().is_some_and(word);
    if good { Ok(()) } else { Err(ReviewFileError::NoPackage(package.chars().take(80).collect())) }
}

/// JSON's strings are YAML's, too.
fn entry(digest: &Digest, note: &str) -> String {
    let note = serde_json::Value::from(note);
    format!("    - digest: \"{digest}\"\n      note: {note}\n")
}

fn insert(text: &str, package: &str, entry: &str) -> String {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let heading = format!("  {package}:\n");
    let Some(start) = lines.iter().position(|line| line.trim_end() == "packages:") else {
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        return format!("{text}{end}packages:\n{heading}{entry}");
    };
    let end = lines.iter().skip(start + 1).position(|line| line.starts_with(|c: char| !c.is_whitespace() && c != '#'));
    let end = end.map_or(lines.len(), |length| start + 1 + length);
    let names: Vec<(usize, &str)> = (start + 1..end).filter_map(|at| Some((at, package_name(lines[at])?))).collect();
    let next = names.iter().position(|(_, name)| *name > package);
    let next_line = next.map_or(end, |next| names[next].0);
    let at = before_comments(&lines, start + 1, next_line);
    let known = names.iter().find(|(_, name)| *name == package).map(|(line, _)| *line);
    let added = match known {
        Some(line) => {
            let following = names.iter().map(|(line, _)| *line).find(|other| *other > line).unwrap_or(end);
            let at = before_comments(&lines, line + 1, following);
            return put(&lines, at, entry);
        }
        None => format!("{heading}{entry}"),
    };
    put(&lines, at, &added)
}

/// The name in a line such as `  libc6:`.
fn package_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix("  ")?.trim_end().strip_suffix(':')?;
    let name = name.trim_matches(['"', '\'']);
    check_name(name).ok().map(|()| name)
}

/// Comments and blank lines above a package belong to it.
fn before_comments(lines: &[&str], first: usize, mut at: usize) -> usize {
    let is_package_comment = |line: &str| {
        let text = line.trim_start_matches(' ');
        text.trim().is_empty() || (text.starts_with('#') && line.len() - text.len() <= 2)
    };
    while at > first && is_package_comment(lines[at - 1]) {
        at -= 1;
    }
    at
}

fn put(lines: &[&str], at: usize, added: &str) -> String {
    let (before, after) = (lines[..at].concat(), lines[at..].concat());
    let end = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    format!("{before}{end}{added}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# by hand
triggers:
  ldconfig: nothing
packages:
  # about bzip2
  libbz2-1.0:
    # trixie
    - digest: \"sha256:5e764b37266fc270a82bf148c882ef77e7f1791666d7c894924fc833d2ed8dd0\"
      note: \"old\"

  # about zlib
  zlib1g:
    - { digest: \"sha256:5e764b37266fc270a82bf148c882ef77e7f1791666d7c894924fc833d2ed8dd1\", note: old }
";

    fn added(text: &str, package: &str) -> String {
        match add_review(text, package, &Digest::of("new"), "makes \"links\": all\n") {
            Ok(Added::Text(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    fn lines() -> String {
        format!("    - digest: \"{}\"\n      note: \"makes \\\"links\\\": all\"\n", Digest::of("new"))
    }

    #[test]
    fn a_new_package_goes_where_its_name_belongs() {
        let expected = FILE.replace("\n  # about zlib", &format!("  libc6:\n{}\n  # about zlib", lines()));
        assert_eq!(added(FILE, "libc6"), expected);
        let expected = FILE.replace("  # about bzip2", &format!("  apt:\n{}  # about bzip2", lines()));
        assert_eq!(added(FILE, "apt"), expected);
        assert_eq!(added(FILE, "zstd"), format!("{FILE}  zstd:\n{}", lines()));
    }

    #[test]
    fn a_known_package_gets_one_more_review_after_the_others() {
        let expected = FILE.replace("note: \"old\"\n", &format!("note: \"old\"\n{}", lines()));
        assert_eq!(added(FILE, "libbz2-1.0"), expected);
        assert_eq!(added(FILE, "zlib1g"), format!("{FILE}{}", lines()));
    }

    #[test]
    fn begins_a_file_and_a_list_where_there_is_none() {
        assert_eq!(added("", "apt"), format!("packages:\n  apt:\n{}", lines()));
        assert_eq!(added("triggers: {}", "apt"), format!("triggers: {{}}\npackages:\n  apt:\n{}", lines()));
    }

    #[test]
    fn does_nothing_twice() {
        let once = added(FILE, "libc6");
        assert_eq!(add_review(&once, "libc6", &Digest::of("new"), "again"), Ok(Added::Known));
    }

    #[test]
    fn never_spoils_a_file_of_another_form() {
        let flow = format!("packages: {{ apt: [{{ digest: \"{}\", note: x }}] }}\n", Digest::of("old"));
        let error = add_review(&flow, "apt", &Digest::of("new"), "note").unwrap_err();
        assert!(error.to_string().contains("by hand, as\n\n  apt:\n    - digest"), "{error}");
    }

    #[test]
    fn refuses_an_empty_note_and_what_is_no_package() {
        let try_it = |package: &str, note: &str| add_review(FILE, package, &Digest::of("new"), note).unwrap_err();
        assert_eq!(try_it("apt", " "), ReviewFileError::NoNote);
        assert_eq!(try_it("a: b\n", "note"), ReviewFileError::NoPackage("a: b\n".into()));
    }

    #[test]
    fn adds_to_the_file_of_the_catalogue_built_in() {
        let text = catalog::files().into_iter().find(|(path, _)| *path == "reviewed.yaml").unwrap().1;
        for package in ["base-files", "libc6", "aaa", "zzz", "libssl3t64"] {
            let more = added(text, package);
            assert_eq!(
                more.lines().filter(|line| !text.contains(line)).count(),
                more.lines().count() - text.lines().count(),
                "{package}"
            );
        }
    }
}
