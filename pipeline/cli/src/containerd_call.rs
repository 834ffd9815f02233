//! What containerd's image verifier plug-in asks: `PROGRAM -name REF -digest DIGEST -stdin-media-type TYPE`.
//!
//! In: the program's arguments. Out: a [`Call`] if they are such a question. Flags have one dash, so they are read before clap sees them.
//! Specification: <https://github.com/containerd/containerd/blob/main/docs/image-verification.md>.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The program is asked, and nothing else, under this name.
const PLUGIN_NAME: &str = "bedplate-verifier";
/// The flags by which containerd is known.
const ASKED: [&str; 3] = ["name", "digest", "stdin-media-type"];

/// A question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Call {
    /// The image as it was asked for.
    pub(crate) name: Option<String>,
    /// What that turned out to be.
    pub(crate) digest: Option<String>,
    /// The policy file, where the command line names one.
    pub(crate) policy: Option<PathBuf>,
}

/// The question, if it is one: the program has the plug-in's name, or `verify --containerd` is asked for, or the first flag is containerd's.
pub(crate) fn read(arguments: impl IntoIterator<Item = OsString>) -> Option<Call> {
    let mut words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    let program = words.next().unwrap_or_default();
    let words: Vec<String> = words.collect();
    let is_plugin = Path::new(&program).file_name().is_some_and(|name| name == PLUGIN_NAME);
    let first = words.first().map_or("", String::as_str);
    let is_flag = flag(first).is_some_and(|(name, _)| ASKED.contains(&name));
    let is_command = first == "verify" && words.iter().any(|word| word == "--containerd");
    // `--help` is clap's to answer.
    let is_help = words.iter().any(|word| word == "--help" || word == "-h");
    ((is_plugin || is_flag || is_command) && !is_help).then(|| Call::of(&words))
}

/// A flag with one dash or two, and the value after `=`.
fn flag(word: &str) -> Option<(&str, Option<&str>)> {
    let word = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    Some(word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value))))
}

impl Call {
    /// Flags that are not known are passed over: later versions of containerd may say more.
    fn of(words: &[String]) -> Self {
        let mut call = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let Some((name, value)) = flag(word) else { continue };
            if name != "policy" && !ASKED.contains(&name) {
                continue;
            }
            let value = value.map(str::to_owned).or_else(|| words.next().cloned());
            match name {
                "name" => call.name = value,
                "digest" => call.digest = value,
                "policy" => call.policy = value.map(PathBuf::from),
                _ => {}
            }
        }
        call
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Call> {
        read(line.split(' ').map(OsString::from))
    }

    fn call(policy: Option<&str>) -> Call {
        let policy = policy.map(PathBuf::from);
        Call { name: Some("r.example/a:1".to_owned()), digest: Some("sha256:0".to_owned()), policy }
    }

    #[test]
    fn every_way_of_being_called_is_understood() {
        let flags = "-name r.example/a:1 -digest sha256:0 -stdin-media-type application/vnd.oci.descriptor.v1+json";
        for (program, policy) in [
            ("/opt/bin/bedplate-verifier", None),
            ("/opt/bin/bedplate", None),
            ("bedplate verify --containerd", None),
            ("bedplate verify --policy /p.yaml --containerd", Some("/p.yaml")),
            ("bedplate verify --containerd --policy=/p.yaml", Some("/p.yaml")),
        ] {
            assert_eq!(asked(&format!("{program} {flags}")), Some(call(policy)), "{program}");
        }
        assert_eq!(asked("bedplate -name=r.example/a:1 --digest=sha256:0 -later x"), Some(call(None)));
    }

    #[test]
    fn what_people_type_is_left_to_clap() {
        for line in
            ["bedplate", "bedplate verify r.example/a", "bedplate -v verify x", "bedplate verify --containerd --help"]
        {
            assert_eq!(asked(line), None, "{line}");
        }
        assert_eq!(asked("bedplate-verifier"), Some(Call::default()));
        assert_eq!(asked("bedplate-verifier -name"), Some(Call::default()));
    }
}
