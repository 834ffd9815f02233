//! APT's deb822 format: a paragraph with `Types`, `URIs`, `Suites`, `Components`, `Signed-By`.
//!
//! In: the text of a `.sources` file, and its name for messages. Out: a source for each address.
//! Format: <https://manpages.debian.org/trixie/apt/sources.list.5.en.html#DEB822-STYLE_FORMAT>.

use crate::apt_source::{check_components, is_uri, signed_by, source_type};
use crate::{AptSource, Paragraph, SignedBy, SourceType, SourcesError};

/// Reads every paragraph; one with several addresses gives several sources.
pub fn parse_sources_deb822(text: &str, file: &str) -> Result<Vec<AptSource>, SourcesError> {
    let syntax = |source| SourcesError::Syntax { file: file.to_owned(), source };
    let paragraphs = Paragraph::parse_all(text).map_err(syntax)?;
    let mut sources = Vec::new();
    for paragraph in &paragraphs {
        let bad = |(line, problem)| SourcesError::BadLine { file: file.to_owned(), line, problem };
        sources.extend(parse_paragraph(paragraph).map_err(bad)?);
    }
    Ok(sources)
}

/// An error comes with its line: that of the field, or of the paragraph's first one.
type Problem = (usize, String);

fn parse_paragraph(paragraph: &Paragraph<'_>) -> Result<Vec<AptSource>, Problem> {
    let words = |name: &str| paragraph.get(name).unwrap_or_default().split_ascii_whitespace().map(str::to_owned);
    let (suites, components): (Vec<_>, Vec<_>) = (words("Suites").collect(), words("Components").collect());
    check_components(&suites, &components).map_err(|problem| (line_of(paragraph, "Suites"), problem))?;
    let source = AptSource {
        uri: String::new(),
        suites,
        components,
        signed_by: keys(paragraph)?,
        enabled: !paragraph.get("Enabled").is_some_and(is_no),
        types: types(paragraph)?,
        architectures: words("Architectures").collect(),
    };
    let uris: Vec<String> = words("URIs").collect();
    if uris.is_empty() || !uris.iter().all(|uri| is_uri(uri)) {
        return Err((line_of(paragraph, "URIs"), "no address: expected `URIs:` and at least one URI".to_owned()));
    }
    Ok(uris.into_iter().map(|uri| AptSource { uri, ..source.clone() }).collect())
}

fn line_of(paragraph: &Paragraph<'_>, name: &str) -> usize {
    paragraph.field(name).or(paragraph.fields().first()).map_or(1, |field| field.line)
}

fn types(paragraph: &Paragraph<'_>) -> Result<Vec<SourceType>, Problem> {
    let words = paragraph.get("Types").unwrap_or_default().split_ascii_whitespace();
    let types: Option<Vec<_>> = words.map(source_type).collect();
    let problem = || {
        (line_of(paragraph, "Types"), "no type of source: expected `Types:` with `deb`, `deb-src` or both".to_owned())
    };
    types.filter(|types| !types.is_empty()).ok_or_else(problem)
}

fn keys(paragraph: &Paragraph<'_>) -> Result<Option<SignedBy>, Problem> {
    let Some(field) = paragraph.field("Signed-By") else { return Ok(None) };
    if field.value.contains("-----BEGIN") {
        return Ok(Some(SignedBy::Inline(unfold(field.value))));
    }
    signed_by(field.value).map(Some).map_err(|problem| (field.line, problem))
}

/// An armored key stands indented by one blank, its empty lines as a dot.
fn unfold(value: &str) -> String {
    let lines = value.lines().map(str::trim_ascii).skip_while(|line| line.is_empty());
    lines.map(|line| if line == "." { "\n".to_owned() } else { format!("{line}\n") }).collect()
}

fn is_no(value: &str) -> bool {
    ["no", "false", "without", "off", "disable", "0"].contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Debian\nTypes: deb deb-src\nURIs: https://mirror.example/debian\n https://other.example/debian\n\
                        Suites: trixie trixie-updates\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.pgp\n\n\
                        Enabled: no\nTypes: deb\nURIs: https://mirror.example/x\nSuites: x/\nArchitectures: arm64\nSigned-By:\n \
                        -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abcd\n -----END PGP PUBLIC KEY BLOCK-----\n";

    #[test]
    fn reads_paragraphs_with_several_addresses() {
        let sources = parse_sources_deb822(TEXT, "debian.sources").unwrap();
        assert_eq!(sources.len(), 3);
        assert_eq!(sources[1].uri, "https://other.example/debian");
        assert_eq!(sources[1].suites, ["trixie", "trixie-updates"]);
        assert_eq!(sources[1].types, [SourceType::Deb, SourceType::DebSrc]);
        assert_eq!(sources[0].signed_by, Some(SignedBy::Path("/usr/share/keyrings/debian-archive-keyring.pgp".into())));
        assert!(sources[0].enabled && !sources[2].enabled);
    }

    #[test]
    fn unfolds_a_key_that_stands_in_the_file() {
        let sources = parse_sources_deb822(TEXT, "debian.sources").unwrap();
        let armor = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabcd\n-----END PGP PUBLIC KEY BLOCK-----\n";
        assert_eq!(sources[2].signed_by, Some(SignedBy::Inline(armor.into())));
    }

    #[test]
    fn reads_fingerprints() {
        let print = "4CB50190207B4758A3F73A796ED0E7B82643E131";
        let text = format!("Types: deb\nURIs: file:/x\nSuites: y\nComponents: main\nSigned-By: {print}!, {print}\n");
        let expected = vec![print.parse().unwrap(); 2];
        assert_eq!(parse_sources_deb822(&text, "f").unwrap()[0].signed_by, Some(SignedBy::Fingerprints(expected)));
    }

    #[test]
    fn names_file_and_line_of_what_is_wrong() {
        let cases = [
            (
                "Types: rpm\nURIs: file:/x\nSuites: y\nComponents: z\n",
                "f, line 2: no type of source: expected `Types:`",
            ),
            ("Types: deb\nURIs: x\nSuites: y\nComponents: z\n", "f, line 3: no address: expected `URIs:`"),
            ("Types: deb\nURIs: file:/x\nSuites: y\n", "f, line 4: no component: expected one such as `main`"),
            (
                "Types: deb\nURIs: file:/x\nSuites: y\nComponents: z\nSigned-By: abc\n",
                "f, line 6: Signed-By: `abc` is no fingerprint",
            ),
            ("nonsense\n", "f is no deb822 file"),
        ];
        for (text, start) in cases {
            let error = parse_sources_deb822(&format!("\n{text}"), "f").unwrap_err().to_string();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
