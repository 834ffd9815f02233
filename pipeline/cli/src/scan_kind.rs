//! What kind of thing a word of the command line names: found out from what is there, or said with `--type` or a scheme.
//!
//! In: a word, and what the command line says about it. Out: a [`Kind`] and the word without its scheme; of a text its form.

use std::path::Path;

use clap::ValueEnum;
use oci::{INDEX_FILE, LAYOUT_FILE};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::layer_records::STATUS_FILE;
use crate::root_folder::RootFolder;
use crate::scan_inventory::OS_RELEASE;

/// Kinds of targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// An image of a registry, of a layout (`FOLDER[:TAG|@DIGEST]`), or published by this state folder.
    Image,
    /// A tar file with images: an OCI image layout, or as `docker save` writes it.
    Archive,
    /// A folder with a root file system.
    Root,
    /// A folder with records of single packages, as `/var/lib/dpkg/status.d`.
    StatusD,
    /// dpkg's list of packages, as `/var/lib/dpkg/status`.
    Status,
    /// An SBOM in SPDX 2 (JSON).
    Spdx,
    /// An SBOM in CycloneDX (JSON).
    Cyclonedx,
    /// A lock, as `bedplate lock` writes it.
    Lock,
    /// Any text: SBOM, list of packages or lock.
    #[value(skip)]
    Text,
}

/// Words before a colon that other scanners take, and ours.
const SCHEMES: [(&str, Kind); 9] = [
    ("registry", Kind::Image),
    ("oci", Kind::Image),
    ("oci-dir", Kind::Image),
    ("oci-archive", Kind::Archive),
    ("docker-archive", Kind::Archive),
    ("dir", Kind::Root),
    ("rootfs", Kind::Root),
    ("sbom", Kind::Text),
    ("dpkg", Kind::Status),
];

/// The kind that a scheme says, and the rest of the word. A file that is there under the whole word counts as a file.
pub(crate) fn scheme(word: &str) -> Option<(Kind, String)> {
    let (scheme, rest) = word.split_once(':').filter(|_| !Path::new(word).exists())?;
    let (_, kind) = SCHEMES.iter().find(|(known, _)| *known == scheme)?;
    // A registry may be called so: `oci:5000/a`; and a tag is no path.
    let is_port =
        rest.split('/').next().is_some_and(|port| !port.is_empty() && port.bytes().all(|it| it.is_ascii_digit()));
    // A layout keeps its scheme, which tells it from a registry.
    let rest_of =
        if scheme.starts_with("oci") && *kind == Kind::Image { format!("oci:{rest}") } else { rest.to_owned() };
    let is_registry = is_port && rest.contains('/');
    (!rest.is_empty() && !is_registry).then_some((*kind, rest_of))
}

/// What a folder is; none where it is nothing that can be scanned.
pub(crate) fn of_folder(folder: &Path) -> Option<Kind> {
    let root = RootFolder::new(folder);
    let named = folder.file_name().is_some_and(|name| name == "status.d");
    match () {
        () if folder.join(LAYOUT_FILE).is_file() && folder.join(INDEX_FILE).is_file() => Some(Kind::Image),
        () if [STATUS_FILE, assemble::STATUS_FOLDER].into_iter().chain(OS_RELEASE).any(|path| root.has(path)) => {
            Some(Kind::Root)
        }
        () if named => Some(Kind::StatusD),
        () => None,
    }
}

/// What marks a JSON document.
#[derive(Debug, Deserialize)]
struct Marks {
    #[serde(rename = "spdxVersion")]
    spdx: Option<IgnoredAny>,
    #[serde(rename = "bomFormat")]
    cyclonedx: Option<IgnoredAny>,
    #[serde(rename = "@context")]
    context: Option<IgnoredAny>,
    #[serde(rename = "predicateType")]
    statement: Option<IgnoredAny>,
    schema: Option<String>,
}

/// What a text is, or what it is instead of something that can be scanned.
pub(crate) fn of_text(text: &str) -> Result<Kind, String> {
    let trimmed = text.trim_start_matches('\u{feff}').trim_start();
    if trimmed.is_empty() {
        return Err("is empty".to_owned());
    }
    if trimmed.starts_with('{') {
        let marks: Marks = serde_json::from_str(trimmed).map_err(|error| format!("is broken JSON: {error}"))?;
        return of_marks(&marks);
    }
    let others = [
        ("<", "is XML: expected CycloneDX in JSON"),
        ("SPDXVersion:", "is SPDX as tags and values: expected SPDX in JSON"),
        ("[", "is a JSON array: expected one document"),
    ];
    match others.iter().find(|(mark, _)| trimmed.starts_with(mark)) {
        Some((_, words)) => Err((*words).to_owned()),
        None if text.lines().any(|line| line.starts_with("Package:")) => Ok(Kind::Status),
        None => Err("is neither an SBOM in JSON (SPDX, CycloneDX) nor a list of dpkg's".to_owned()),
    }
}

fn of_marks(marks: &Marks) -> Result<Kind, String> {
    match marks {
        Marks { spdx: Some(_), .. } => Ok(Kind::Spdx),
        Marks { cyclonedx: Some(_), .. } => Ok(Kind::Cyclonedx),
        Marks { schema: Some(schema), .. } if schema.starts_with("bedplate.lock/") => Ok(Kind::Lock),
        Marks { schema: Some(schema), .. } if schema.starts_with("bedplate.report/") => {
            Err("is a report already: `bedplate scan` wrote it".to_owned())
        }
        Marks { statement: Some(_), .. } => {
            Err("is an in-toto statement: expected the SBOM in its `predicate`".to_owned())
        }
        Marks { context: Some(_), .. } => {
            Err("is SPDX 3 or another JSON-LD document: expected SPDX 2 or CycloneDX in JSON".to_owned())
        }
        _ => Err("is JSON, and no SBOM: expected `spdxVersion` (SPDX 2) or `bomFormat` (CycloneDX)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_by_their_marks_and_others_are_called_what_they_are() {
        for (text, expected) in [
            ("{\"spdxVersion\": \"SPDX-2.3\"}", Ok(Kind::Spdx)),
            ("\u{feff} {\"bomFormat\": \"CycloneDX\"}", Ok(Kind::Cyclonedx)),
            ("{\"schema\": \"bedplate.lock/v2\"}", Ok(Kind::Lock)),
            ("\nPackage: a\nVersion: 1\n", Ok(Kind::Status)),
            ("Version: 1\nPackage: a\n", Ok(Kind::Status)),
            ("{", Err("is broken JSON")),
            ("{}", Err("is JSON, and no SBOM")),
            ("[]", Err("is a JSON array")),
            ("{\"@context\": \"x\"}", Err("is SPDX 3")),
            ("{\"predicateType\": \"x\"}", Err("is an in-toto statement")),
            ("{\"schema\": \"bedplate.report/v1\"}", Err("is a report already")),
            ("<bom/>", Err("is XML")),
            ("SPDXVersion: SPDX-2.3", Err("is SPDX as tags")),
            ("", Err("is empty")),
            ("hello", Err("is neither an SBOM")),
        ] {
            match (of_text(text), expected) {
                (Ok(found), expected) => assert_eq!(Ok(found), expected, "{text}"),
                (Err(error), Err(expected)) => assert!(error.starts_with(expected), "{text}: {error}"),
                (Err(error), Ok(_)) => panic!("{text}: {error}"),
            }
        }
    }

    #[test]
    fn schemes_of_other_scanners_are_taken_and_ports_are_none() {
        for (word, expected) in [
            ("dir:/x", Some((Kind::Root, "/x"))),
            ("sbom:./a.json", Some((Kind::Text, "./a.json"))),
            ("registry:registry.example/a:1", Some((Kind::Image, "registry.example/a:1"))),
            ("oci-archive:x.tar", Some((Kind::Archive, "x.tar"))),
            ("registry:5000/a", None),
            ("oci-dir:out:1", Some((Kind::Image, "oci:out:1"))),
            ("python:3.13", None),
            ("dir:", None),
        ] {
            assert_eq!(scheme(word), expected.map(|(kind, rest)| (kind, rest.to_owned())), "{word}");
        }
    }

    #[test]
    fn folders_are_known_by_what_is_in_them() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_folder(folder.path()), None);
        let records = folder.path().join("var/lib/dpkg/status.d");
        std::fs::create_dir_all(&records).unwrap();
        assert_eq!((of_folder(folder.path()), of_folder(&records)), (Some(Kind::Root), Some(Kind::StatusD)));
        for name in [LAYOUT_FILE, INDEX_FILE] {
            std::fs::write(folder.path().join(name), "{}").unwrap();
        }
        assert_eq!(of_folder(folder.path()), Some(Kind::Image));
    }
}
