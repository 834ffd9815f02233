//! The catalogue's files, embedded in the program.
//!
//! In: nothing. Out: path below the catalogue's folder, and text. The schema of the YAML is the `Definition` of `assemble`.

use include_dir::{Dir, File, include_dir};

static FOLDER: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR");

/// Every YAML file and every file of the smoke tests: its path below the catalogue's folder and its text, sorted by path.
pub fn files() -> Vec<(&'static str, &'static str)> {
    let mut files = Vec::new();
    collect(&FOLDER, &mut files);
    files.sort_unstable();
    files
}

fn collect(folder: &'static Dir<'_>, files: &mut Vec<(&'static str, &'static str)>) {
    files.extend(folder.files().filter_map(path_and_text).filter(|(path, _)| is_data(path)));
    for below in folder.dirs() {
        collect(below, files);
    }
}

fn path_and_text(file: &'static File<'_>) -> Option<(&'static str, &'static str)> {
    Some((file.path().to_str()?, file.contents_utf8()?))
}

/// The rest of the folder is this crate itself.
fn is_data(path: &str) -> bool {
    path.starts_with("smoke/") || path.strip_suffix(".yaml").is_some()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;

    fn read(path: &str) -> Value {
        let (_, text) = files().into_iter().find(|(name, _)| *name == path).unwrap();
        serde_saphyr::from_str(text).unwrap()
    }

    /// Definitions and variants, by path.
    fn definitions() -> Vec<(&'static str, Value)> {
        let is_definition = |path: &str| path.starts_with("definitions/") || path.starts_with("variants/");
        let found = files().into_iter().filter(|(path, _)| is_definition(path));
        found.map(|(path, text)| (path, serde_saphyr::from_str(text).unwrap())).collect()
    }

    fn texts(value: &Value) -> Vec<&str> {
        value.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap()).collect()).unwrap_or_default()
    }

    fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
        value[key].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn is_sentence(value: &Value) -> bool {
        value.as_str().is_some_and(|text| text.len() >= 10 && text.contains(' ') && !text.contains("TODO"))
    }

    #[test]
    fn gives_data_and_nothing_else() {
        let paths: Vec<&str> = files().into_iter().map(|(path, _)| path).collect();
        assert!(paths.is_sorted());
        for wanted in ["cuts.yaml", "definitions/static.yaml", "smoke/README.md", "smoke/python/tls.py"] {
            assert!(paths.contains(&wanted), "{wanted} is missing");
        }
        assert!(!paths.iter().any(|path| path.starts_with("src") || *path == "Cargo.toml"), "{paths:?}");
        assert!(files().iter().all(|(_, text)| !text.is_empty()));
    }

    #[test]
    fn names_every_definition_after_its_file() {
        for (path, definition) in definitions() {
            let name = definition["name"].as_str().unwrap();
            assert!(path.ends_with(&format!("/{name}.yaml")), "{path} names itself {name}");
        }
    }

    #[test]
    fn knows_every_parent_and_variant() {
        let paths: BTreeSet<&str> = files().into_iter().map(|(path, _)| path).collect();
        for (path, definition) in definitions() {
            if let Some(parent) = definition["parent"].as_str() {
                assert!(paths.contains(format!("definitions/{parent}.yaml").as_str()), "{path}: {parent}");
            }
            for variant in texts(&definition["variants"]) {
                assert!(paths.contains(format!("variants/{variant}.yaml").as_str()), "{path}: {variant}");
            }
        }
    }

    #[test]
    fn has_a_smoke_test_and_a_page_for_every_image() {
        for (path, definition) in definitions() {
            assert!(!list(&definition, "smoke").is_empty(), "{path} has no smoke test");
            for test in list(&definition, "smoke") {
                assert!(is_sentence(&test["name"]), "{path}: {test}");
                assert!(test["expect"].as_str().is_some_and(|text| !text.is_empty()), "{path}: {test} expects nothing");
            }
            assert!(definition["documentation"].as_str().is_some_and(|page| page.len() > 200), "{path} has no page");
        }
    }

    #[test]
    fn runs_only_smoke_files_that_exist_and_asks_for_them() {
        let paths: BTreeSet<&str> = files().into_iter().map(|(path, _)| path).collect();
        for (path, definition) in definitions() {
            for test in list(&definition, "smoke") {
                let needs: BTreeSet<&str> = texts(&test["needs"]).into_iter().collect();
                assert!(needs.is_subset(&BTreeSet::from(["binaries", "files", "tls-server"])), "{path}: {needs:?}");
                for word in texts(&test["command"]).into_iter().chain(texts(&test["entrypoint"])) {
                    if let Some(file) = word.strip_prefix("/smoke/files/") {
                        assert!(paths.contains(format!("smoke/{file}").as_str()), "{path}: {word}");
                        assert!(needs.contains("files"), "{path}: {word}");
                    }
                    assert!(!word.starts_with("/smoke/bin/") || needs.contains("binaries"), "{path}: {word}");
                }
            }
        }
    }

    #[test]
    fn gives_a_reason_for_everything_left_out() {
        let mut cuts = vec![("cuts.yaml", read("cuts.yaml"))];
        let mut rules = vec![("drops.yaml", read("drops.yaml"))];
        for (path, mut definition) in definitions() {
            cuts.push((path, definition["cuts"].take()));
            rules.push((path, definition["drops"].take()));
            rules.push((path, definition["unresolved"].take()));
        }
        for (path, cuts) in &cuts {
            for (name, reason) in cuts.as_object().into_iter().flatten() {
                assert!(is_sentence(reason), "{path}: {name} is cut without a reason");
            }
        }
        for (path, rules) in &rules {
            for rule in rules.as_array().into_iter().flatten() {
                assert!(is_sentence(&rule["reason"]), "{path}: {rule} has no reason");
            }
        }
    }

    #[test]
    fn writes_absolute_globs() {
        let drops = read("drops.yaml");
        let drops = drops.as_array().unwrap().clone();
        let own = definitions().into_iter().flat_map(|(_, definition)| list(&definition, "drops").to_vec());
        for rule in drops.into_iter().chain(own) {
            let globs: Vec<&str> = texts(&rule["paths"]).into_iter().chain(texts(&rule["except"])).collect();
            assert!(!texts(&rule["paths"]).is_empty(), "{rule}");
            assert!(globs.iter().all(|glob| glob.starts_with("/usr/") || glob.starts_with("/etc/")), "{rule}");
        }
    }

    #[test]
    fn reviewed_with_a_digest_and_a_note() {
        let reviewed = read("reviewed.yaml");
        let packages = reviewed["packages"].as_object().unwrap();
        assert!(packages.len() > 40 && packages.contains_key("libc6"));
        for (package, reviews) in packages {
            let mut seen = BTreeSet::new();
            for review in reviews.as_array().unwrap() {
                let hex = review["digest"].as_str().and_then(|digest| digest.strip_prefix("sha256:")).unwrap();
                assert!(is_hex(hex, 64) && seen.insert(hex), "{package}: {hex}");
                assert!(is_sentence(&review["note"]), "{package}: {hex} has no note");
            }
            assert!(!seen.is_empty(), "{package} has no review");
        }
        for (trigger, note) in reviewed["triggers"].as_object().unwrap() {
            assert!(is_sentence(note), "{trigger} has no note");
        }
    }

    #[test]
    fn names_the_signers_of_every_suite() {
        let releases = read("releases.yaml");
        for (name, release) in releases.as_object().unwrap() {
            let kinds: Vec<&str> =
                list(release, "suites").iter().map(|suite| suite["kind"].as_str().unwrap()).collect();
            assert_eq!(kinds, ["main", "updates", "security"], "{name}");
            for suite in list(release, "suites") {
                let keys = texts(&suite["keys"]);
                assert!(!keys.is_empty() && keys.iter().all(|key| is_hex(&key.to_lowercase(), 40)), "{name}: {keys:?}");
            }
            assert_eq!(texts(&release["components"]), ["main"], "{name}");
        }
    }

    #[test]
    fn has_values_of_every_variable_for_every_release() {
        let releases = read("releases.yaml");
        for (path, definition) in definitions() {
            for release in releases.as_object().unwrap().keys() {
                let has = definition.get("variables").is_none_or(|variables| variables[release].is_object());
                assert!(has, "{path} has no variables for {release}");
            }
        }
    }

    fn is_hex(text: &str, length: usize) -> bool {
        text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}
