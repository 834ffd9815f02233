//! `bedplate keys export`: what one reader needs, on standard output or in files.
//!
//! In: what is handed out, and to whom. Out: a text, or several. What was there under these names is replaced.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Context as _;
use serde_json::{Map, Value, json};
use signing::{containerd_config, containerd_verifier};

use crate::arguments::{Audience, Format, KeysExport};
use crate::key_texts::Handout;
use crate::output::{self, Table};

/// The program that containerd runs.
const PROGRAM: &str = "bedplate-verifier";

/// The policy that it reads.
const POLICY: &str = "verify.yaml";

/// A name and a text.
type Named = (&'static str, String);

/// Prints or writes.
pub(crate) fn run(format: Format, handout: &Handout, command: &KeysExport) -> anyhow::Result<()> {
    let files = files(handout, command.audience)?;
    match &command.output {
        None => print(format, &files),
        Some(path) => {
            let written = write(&files, path)?;
            let mut table = Table::new(["FILE"]);
            for path in &written {
                table.row([path]);
            }
            output::print(format, &table, &json!({"schema": "bedplate.keys-export/v1", "files": written}))
        }
    }
}

/// The files of a reader; an error while there is no key.
fn files(handout: &Handout, audience: Audience) -> anyhow::Result<Vec<Named>> {
    let wanted: &[&str] = match audience {
        Audience::Cosign => &["cosign.pub"],
        Audience::Containers => &["containers-policy.json", "registries.d.yaml"],
        Audience::Kyverno => &["kyverno.yaml"],
        Audience::PolicyController => &["policy-controller.yaml"],
        Audience::Bedplate | Audience::Containerd => &["policy.yaml"],
        Audience::TrustedRoot => &["trusted_root.json"],
    };
    // The policy names the trusted root, where there is one.
    let has_root = wanted.contains(&"policy.yaml") && handout.known.trusted_root().is_some();
    let is_wanted = |name: &str| wanted.contains(&name) || has_root && name == "trusted_root.json";
    let texts = handout.texts();
    anyhow::ensure!(
        !texts.is_empty(),
        "there is no key: `bedplate up` makes them, or name one in the settings under `signing`"
    );
    let texts: Vec<Named> =
        texts.into_iter().filter(|text| is_wanted(text.name)).map(|text| (text.name, text.text)).collect();
    anyhow::ensure!(
        !texts.is_empty(),
        "images are signed by certificates of an identity, which this reader cannot be told here: see `bedplate keys list` for the identity, \
         and hand out `bedplate keys export --for trusted-root`"
    );
    if audience != Audience::Containerd {
        return Ok(texts);
    }
    let named = |(name, text)| (if name == "policy.yaml" { POLICY } else { name }, text);
    let beside = [("config.toml", containerd_config()), (PROGRAM, containerd_verifier())];
    Ok(beside.into_iter().chain(texts.into_iter().map(named)).collect())
}

/// One text as it is; several with their names, as `head` shows files.
fn print(format: Format, files: &[Named]) -> anyhow::Result<()> {
    if format == Format::Json {
        let texts: Map<String, Value> = files.iter().map(|(name, text)| ((*name).to_owned(), json!(text))).collect();
        let value = json!({"schema": "bedplate.keys-export/v1", "texts": texts});
        return output::print_text(&(serde_json::to_string_pretty(&value)? + "\n"));
    }
    let shown = |(name, text): &Named| match format {
        Format::Md => format!("`{name}`:\n\n```\n{text}```\n"),
        _ => format!("==> {name} <==\n{text}"),
    };
    match files {
        [(_, text)] if format == Format::Table => output::print_text(text),
        files => output::print_text(&files.iter().map(shown).collect::<Vec<_>>().join("\n")),
    }
}

/// One text into a file, or into a folder that is there; several into a folder.
fn write(files: &[Named], path: &Path) -> anyhow::Result<Vec<String>> {
    let single = files.len() == 1 && !path.is_dir();
    let mut written = Vec::new();
    for (name, text) in files {
        let target = if single { path.to_owned() } else { path.join(name) };
        worker::write_atomically(&target, text.as_bytes())?;
        if *name == PROGRAM {
            let executable = std::fs::set_permissions(&target, PermissionsExt::from_mode(0o755));
            executable.with_context(|| format!("cannot make `{}` executable", target.display()))?;
        }
        written.push(target.display().to_string());
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key_texts::tests::handout;

    fn names(files: &[Named]) -> Vec<&str> {
        files.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn every_reader_gets_its_files() {
        let state = tempfile::tempdir().unwrap();
        let handout = handout(state.path());
        for (audience, expected) in [
            (Audience::Cosign, vec!["cosign.pub"]),
            (Audience::Containers, vec!["containers-policy.json", "registries.d.yaml"]),
            (Audience::Kyverno, vec!["kyverno.yaml"]),
            (Audience::PolicyController, vec!["policy-controller.yaml"]),
            (Audience::Containerd, vec!["config.toml", "bedplate-verifier", "verify.yaml"]),
            (Audience::Bedplate, vec!["policy.yaml"]),
            (Audience::TrustedRoot, vec!["trusted_root.json"]),
        ] {
            assert_eq!(names(&files(&handout, audience).unwrap()), expected);
        }
    }

    #[test]
    fn one_text_becomes_a_file_and_several_a_folder_with_a_program_that_runs() {
        let state = tempfile::tempdir().unwrap();
        let (handout, folder) = (handout(state.path()), tempfile::tempdir().unwrap());
        let one = folder.path().join("release.pub");
        write(&files(&handout, Audience::Cosign).unwrap(), &one).unwrap();
        assert!(std::fs::read_to_string(&one).unwrap().starts_with("-----BEGIN PUBLIC KEY-----"));
        let written = write(&files(&handout, Audience::Containerd).unwrap(), &folder.path().join("new")).unwrap();
        assert_eq!(written.len(), 3);
        let program = std::fs::metadata(folder.path().join("new/bedplate-verifier")).unwrap();
        assert_eq!(program.permissions().mode() & 0o111, 0o111);
    }

    #[test]
    fn where_an_identity_signs_readers_of_keys_are_told_so() {
        let folder = tempfile::tempdir().unwrap();
        let handout = crate::key_texts::tests::keyless_handout(folder.path());
        assert_eq!(names(&files(&handout, Audience::TrustedRoot).unwrap()), ["trusted_root.json"]);
        let containerd = files(&handout, Audience::Containerd).unwrap();
        assert_eq!(names(&containerd), ["config.toml", "bedplate-verifier", "verify.yaml", "trusted_root.json"]);
        write(&containerd, &folder.path().join("out")).unwrap();
        let believing = crate::verify_policy::Believing::of_file(&folder.path().join("out/verify.yaml")).unwrap();
        assert!(believing.root.is_some() && believing.policy.identities().len() == 1);
        let error = files(&handout, Audience::Kyverno).unwrap_err().to_string();
        assert!(error.starts_with("images are signed by certificates of an identity"), "{error}");
    }

    #[test]
    fn without_keys_it_says_who_makes_them() {
        let none = Handout { known: worker::KnownKeys::default(), name: "a.example".into(), mirrors: vec![] };
        let error = files(&none, Audience::Cosign).unwrap_err().to_string();
        assert!(error.starts_with("there is no key: `bedplate up` makes them"), "{error}");
    }
}
