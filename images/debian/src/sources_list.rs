//! APT's one-line format: `deb [options] URI suite components`.
//!
//! In: the text of a `.list` file, and its name for messages. Out: a source for each line.
//! Format: <https://manpages.debian.org/trixie/apt/sources.list.5.en.html#ONE-LINE-STYLE_FORMAT>.

use crate::apt_source::{check_components, is_uri, signed_by, source_type};
use crate::{AptSource, SourcesError};

/// Reads every line; what follows a `#` is a comment.
pub fn parse_sources_list(text: &str, file: &str) -> Result<Vec<AptSource>, SourcesError> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim_ascii());
    let lines = lines.enumerate().filter(|(_, line)| !line.is_empty());
    let bad = |at, problem| SourcesError::BadLine { file: file.to_owned(), line: at + 1, problem };
    lines.map(|(at, line)| parse_line(line).map_err(|problem| bad(at, problem))).collect()
}

fn parse_line(line: &str) -> Result<AptSource, String> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let kind =
        source_type(word).ok_or_else(|| format!("`{word}` is no type of source: expected `deb` or `deb-src`"))?;
    let (options, rest) = split_options(rest.trim_ascii())?;
    let mut words = rest.split_ascii_whitespace();
    let uri = words.next().filter(|uri| is_uri(uri)).ok_or("no address: expected a URI after the type")?;
    let suites: Vec<String> = words.next().map(str::to_owned).into_iter().collect();
    let components: Vec<String> = words.map(str::to_owned).collect();
    check_components(&suites, &components)?;
    let mut source = AptSource {
        uri: uri.to_owned(),
        suites,
        components,
        signed_by: None,
        enabled: true,
        types: vec![kind],
        architectures: Vec::new(),
    };
    options.split_ascii_whitespace().try_for_each(|option| take_option(&mut source, option))?;
    Ok(source)
}

fn split_options(text: &str) -> Result<(&str, &str), String> {
    let Some(inner) = text.strip_prefix('[') else { return Ok(("", text)) };
    inner.split_once(']').ok_or_else(|| "the options have no end: expected `]`".to_owned())
}

fn take_option(source: &mut AptSource, option: &str) -> Result<(), String> {
    let (name, value) =
        option.split_once('=').ok_or_else(|| format!("`{option}` is no option: expected `name=value`"))?;
    match name.trim_end_matches(['+', '-']) {
        "signed-by" => source.signed_by = Some(signed_by(value)?),
        "arch" => source.architectures = value.split(',').map(str::to_owned).collect(),
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SignedBy, SourceType};

    #[test]
    fn reads_lines_with_options() {
        let text = "# comment\n\ndeb [arch=amd64,arm64 signed-by=/k.gpg trusted=no] https://mirror.example/debian trixie main contrib # x\n\
                    deb-src\thttp://mirror.example/debian ./\n";
        let sources = parse_sources_list(text, "a.list").unwrap();
        assert_eq!(sources[0].uri, "https://mirror.example/debian");
        assert_eq!(
            (&sources[0].suites[..], &sources[0].components[..]),
            (&["trixie".into()][..], &["main".into(), "contrib".into()][..])
        );
        assert_eq!(sources[0].signed_by, Some(SignedBy::Path("/k.gpg".into())));
        assert_eq!(sources[0].architectures, ["amd64", "arm64"]);
        assert_eq!((&sources[1].types[..], sources[1].components.len()), (&[SourceType::DebSrc][..], 0));
    }

    #[test]
    fn names_file_and_line_of_what_is_wrong() {
        let cases = [
            ("dep https://mirror.example/ x main", "`dep` is no type of source: expected `deb` or `deb-src`"),
            ("deb", "no address: expected a URI after the type"),
            ("deb [arch=amd64 https://mirror.example/ x main", "the options have no end: expected `]`"),
            ("deb [x] https://mirror.example/ x main", "`x` is no option: expected `name=value`"),
            ("deb https://mirror.example/ x", "no component: expected one such as `main`"),
            (
                "deb https://mirror.example/ x/ main",
                "a suite that ends in `/` is an exact path: expected no components with it",
            ),
            (
                "deb [signed-by=/a,/b] https://mirror.example/ x main",
                "Signed-By names several files: expected one keyring, merge them",
            ),
        ];
        for (line, problem) in cases {
            let error = parse_sources_list(&format!("\n{line}\n"), "a.list").unwrap_err();
            assert_eq!(error.to_string(), format!("a.list, line 2: {problem}"));
        }
    }
}
