//! The scripts by which a package would change the system, as something to be reviewed once and recognised again.
//!
//! In: a control archive. Out: the texts, and one digest that stays while the scripts do the same.
//! Scripts: <https://www.debian.org/doc/debian-policy/ch-maintainerscripts.html>.

use std::collections::BTreeMap;

use blob::Digest;

use crate::{Architecture, ControlArchive};

/// What a fresh installation would run or set off. `prerm` and `postrm` run when a package is removed or upgraded,
/// which never happens in an image.
const REVIEWED: [&str; 4] = ["config", "postinst", "preinst", "triggers"];

/// Names what the scripts do: the SHA-256 of `config`, `postinst`, `preinst` and `triggers`, in this order, those that exist.
///
/// Each is hashed as `NAME LENGTH\n`, its normalised bytes, `\n`; `LENGTH` is that of the normalised bytes. To normalise is:
/// 1. the package's version, then the version without epoch, then the upstream version where it has a dot, become `@VERSION@`
///    wherever no digit, and no dot beside a digit, adjoins;
/// 2. the multiarch name (`x86_64-linux-gnu`) of the package's architecture becomes `@MULTIARCH@`;
/// 3. in a line `# Automatically added by dh_…/VERSION` everything from the slash is dropped.
///
/// `None` if the package has none of the four.
pub fn script_digest(control: &ControlArchive) -> Option<Digest> {
    let mut bytes = Vec::new();
    for name in REVIEWED {
        if let Some(script) = control.scripts.get(name) {
            let script = normalise(script, control);
            bytes.extend(format!("{name} {}\n", script.len()).bytes());
            bytes.extend(script);
            bytes.push(b'\n');
        }
    }
    (!bytes.is_empty()).then(|| Digest::of(bytes))
}

/// The scripts that [`script_digest`] covers and those for removal, by name, for a person to read.
pub fn script_texts(control: &ControlArchive) -> BTreeMap<String, String> {
    let names = REVIEWED.into_iter().chain(["postrm", "prerm"]);
    let texts = names.filter_map(|name| Some((name.to_owned(), control.scripts.get(name)?)));
    texts.map(|(name, bytes)| (name, String::from_utf8_lossy(bytes).into_owned())).collect()
}

fn normalise(script: &[u8], control: &ControlArchive) -> Vec<u8> {
    let mut bytes = script.to_vec();
    if let Ok(version) = control.version() {
        for text in [version.as_str(), version.without_epoch(), version.upstream()] {
            if text.contains(['.', '-']) {
                bytes = replace(&bytes, text.as_bytes(), b"@VERSION@", adjoins_number);
            }
        }
    }
    let architecture = control.field("Architecture").ok().and_then(|name| name.parse::<Architecture>().ok());
    if let Some(multiarch) = architecture.and_then(Architecture::multiarch) {
        bytes = replace(&bytes, multiarch.as_bytes(), b"@MULTIARCH@", |_, _| false);
    }
    let lines = bytes.split_inclusive(|byte| *byte == b'\n').flat_map(without_debhelper_version);
    lines.copied().collect()
}

/// Whether the text would be part of a longer number: `1.2` in `11.2` or `1.2.3`, but not in `so.1.2` or `1.2.`.
fn adjoins_number(before: &[u8], after: &[u8]) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let dotted = |near: Option<&u8>, far: Option<&u8>| near == Some(&b'.') && digit(far);
    let last_but_one = before.len().checked_sub(2).and_then(|at| before.get(at));
    digit(before.last())
        || dotted(before.last(), last_but_one)
        || digit(after.first())
        || dotted(after.first(), after.get(1))
}

fn replace(text: &[u8], from: &[u8], to: &[u8], stays: impl Fn(&[u8], &[u8]) -> bool) -> Vec<u8> {
    let mut result = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(from) && !stays(&text[..at], &text[at + from.len()..]) {
            result.extend_from_slice(to);
            at += from.len();
        } else {
            result.push(text[at]);
            at += 1;
        }
    }
    result
}

fn without_debhelper_version(line: &[u8]) -> &[u8] {
    let slash =
        line.iter().position(|byte| *byte == b'/').filter(|_| line.starts_with(b"# Automatically added by dh_"));
    slash.map_or(line, |slash| &line[..slash])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(version: &str, architecture: &str, scripts: &[(&str, &str)]) -> ControlArchive {
        let scripts = scripts.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
        let paragraph = format!("Package: tiny\nVersion: {version}\nArchitecture: {architecture}\n");
        ControlArchive { paragraph, scripts, timestamp: jiff::Timestamp::UNIX_EPOCH }
    }

    fn postinst(version: &str, architecture: &str, text: &str) -> Option<Digest> {
        script_digest(&control(version, architecture, &[("postinst", text)]))
    }

    #[test]
    fn is_none_without_scripts_of_installation() {
        assert_eq!(script_digest(&control("1", "all", &[("md5sums", "x"), ("postrm", "x"), ("prerm", "x")])), None);
    }

    #[test]
    fn hashes_as_documented() {
        let got = script_digest(&control("1.2-3", "amd64", &[("postinst", "v 1.2-3\n"), ("config", "c")]));
        assert_eq!(got, Some(Digest::of("config 1\nc\npostinst 12\nv @VERSION@\n\n")));
    }

    #[test]
    fn stays_when_only_version_architecture_and_debhelper_change() {
        let old = "# Automatically added by dh_installdeb/13.24.2\nln -s /usr/lib/x86_64-linux-gnu/libx.so.1.2 1.2-3 1:1.2-3.\n";
        let new = "# Automatically added by dh_installdeb/13.30\nln -s /usr/lib/aarch64-linux-gnu/libx.so.1.4 1.4-1 1:1.4-1.\n";
        assert_eq!(postinst("1:1.2-3", "amd64", old), postinst("1:1.4-1", "arm64", new));
    }

    #[test]
    fn changes_when_the_script_does() {
        assert_ne!(postinst("1.2", "all", "rm x"), postinst("1.2", "all", "rm y"));
        assert_ne!(postinst("1.2", "all", "need 11.2"), postinst("1.3", "all", "need 11.3"));
        assert_ne!(postinst("1.2", "all", "need 1.2.1"), postinst("1.3", "all", "need 1.3.1"));
        assert_ne!(postinst("3", "all", "python3"), postinst("4", "all", "python4"));
        let pair =
            |one: &str, other: &str| script_digest(&control("1", "all", &[("config", one), ("postinst", other)]));
        assert_ne!(pair("a", "b"), pair("b", "a"));
    }

    #[test]
    fn gives_the_texts_by_name() {
        let texts = script_texts(&control("1", "all", &[("postrm", "r"), ("postinst", "i"), ("md5sums", "m")]));
        assert_eq!(
            texts.into_iter().collect::<Vec<_>>(),
            [("postinst".into(), "i".into()), ("postrm".into(), "r".into())]
        );
    }
}
