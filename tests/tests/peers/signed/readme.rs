//! The README's lines, as they stand there: they verify an image of a running factory, and fail for one that nobody signed.
//!
//! In: the fenced block after `<!-- tested: NAME -->`. Out: what a shell says of it, with the address of this factory and the newer tools.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Output};

use super::factory::Factory;
use super::hand::Hand;
use super::{COSIGN_3, SKOPEO};
use crate::registry::brought;

/// What the README calls the factory and an image.
const ADDRESS: &str = "127.0.0.1:8080";
const IMAGE: &str = "python:3.13";

/// The lines of the block with this name.
fn block(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, rest) = text.split_once(&format!("<!-- tested: {name} -->\n```sh\n")).expect("a marked block");
    rest.split_once("```").unwrap().0.to_owned()
}

/// Runs lines in an empty home that has the tool, and stops at the first that fails.
fn shell(lines: &str, tool: &Path) -> Output {
    let home = tempfile::tempdir().unwrap();
    let programs = home.path().join("bin");
    fs::create_dir(&programs).unwrap();
    symlink(tool, programs.join(tool.file_name().unwrap())).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.display());
    let mut command = Command::new("sh");
    command.args(["-e", "-c", lines]).current_dir(home.path()).env_clear().env("HOME", home.path()).env("PATH", path);
    command.output().unwrap()
}

#[test]
#[ignore = "needs the built binary, curl, cosign 3 and a newer skopeo: tests/tools.sh brings them"]
fn the_lines_of_the_readme_verify_an_image_and_refuse_an_unsigned_one() {
    let factory = Factory::start("python", "");
    Hand::new(factory.address()).image("unsigned", "3.13", "unsigned");
    for (name, path, refusal) in
        [("cosign", COSIGN_3, "no signatures found"), ("skopeo", SKOPEO, "no signature exists")]
    {
        let lines = block(name).replace(ADDRESS, factory.address());
        assert_eq!(lines.lines().count(), 3, "{lines}");
        assert!(lines.contains(&factory.name(IMAGE)), "{lines}");
        let Some(tool) = brought(path) else { continue };
        let output = shell(&lines, &tool);
        assert!(output.status.success(), "{lines}{}", String::from_utf8_lossy(&output.stderr));
        let unsigned = lines.replace(&factory.name(IMAGE), &factory.name("unsigned:3.13"));
        let output = shell(&unsigned, &tool);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(refusal), "{unsigned}{said}");
    }
}
