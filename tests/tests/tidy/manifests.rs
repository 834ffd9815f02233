//! What stands in every crate's manifest and beside it, and what pure crates may not depend on.

use crate::house::{House, Room};

/// Rooms that take values and give values: no files, network, clock, environment, processes, randomness.
const PURE: [&str; 6] = ["images/blob", "images/debian", "images/oci", "images/assemble", "signing", "pipeline/plan"];

/// What only the edges use.
const IMPURE: [&str; 21] = [
    "axum",
    "clap",
    "fastrand",
    "fs-err",
    "futures-util",
    "getrandom",
    "glob",
    "hyper",
    "indicatif",
    "nix",
    "rand",
    "reqwest",
    "rustix",
    "sqlx",
    "tempfile",
    "tokio",
    "tokio-cron-scheduler",
    "tokio-util",
    "tracing-subscriber",
    "ureq",
    "walkdir",
];

/// Rooms whose errors are only ever read by people.
const MAY_USE_ANYHOW: [&str; 2] = ["pipeline/cli", "tests"];

/// Lines that stand in every manifest.
const LINES: [&str; 2] = ["publish.workspace = true", "[lints]\nworkspace = true"];

/// What is wrong with manifests and with the files that stand beside them.
pub(crate) fn complaints(house: &House) -> Vec<String> {
    let mut complaints: Vec<_> = house.rooms().flat_map(|room| of_room(house, &room)).collect();
    for folder in PURE.iter().filter(|folder| house.get(&format!("{folder}/Cargo.toml")).is_some()) {
        complaints.extend(bans(house, folder));
    }
    complaints
}

fn of_room(house: &House, room: &Room<'_>) -> Vec<String> {
    let (folder, dependencies) = (room.folder, room.dependencies());
    let mut complaints = Vec::new();
    if PURE.contains(&folder) {
        let impure = dependencies.iter().filter(|name| IMPURE.contains(name));
        complaints.extend(impure.map(|name| format!("`{folder}` is pure and may not use `{name}`")));
    }
    if dependencies.contains(&"anyhow") && !MAY_USE_ANYHOW.contains(&folder) {
        complaints
            .push(format!("`{folder}` may not use `anyhow`: one error type of its own beside what it fails to make"));
    }
    let lines = LINES.iter().filter(|line| !room.manifest.contains(*line));
    complaints.extend(lines.map(|line| format!("`{folder}/Cargo.toml` lacks `{}`", line.replace('\n', " "))));
    complaints.extend(readme(house, folder));
    complaints
}

/// Every crate has a README, which is also its documentation.
fn readme(house: &House, folder: &str) -> Vec<String> {
    if house.get(&format!("{folder}/README.md")).is_none() {
        return vec![format!("`{folder}` has no README.md")];
    }
    let roots = ["lib.rs", "main.rs"].map(|root| format!("{folder}/src/{root}"));
    let includes = |root: &String| house.get(root).is_some_and(|text| text.contains("include_str!(\"../README.md\")"));
    if roots.iter().any(includes) {
        vec![]
    } else {
        vec![format!("`{folder}` does not include its README.md as documentation")]
    }
}

/// A pure crate has the same bans as all others.
fn bans(house: &House, folder: &str) -> Option<String> {
    let Some(text) = house.get(&format!("{folder}/clippy.toml")) else {
        return Some(format!("`{folder}` is pure and has no clippy.toml with bans"));
    };
    let first = house.get(&format!("{}/clippy.toml", PURE[0]));
    (first != Some(text)).then(|| format!("`{folder}/clippy.toml` is another one than `{}/clippy.toml`", PURE[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\npublish.workspace = true\n[lints]\nworkspace = true\n[dependencies]\n";
    const DOCUMENTED: &str = "#![doc = include_str!(\"../README.md\")]\n";

    fn found(folder: &str, dependencies: &str) -> Vec<String> {
        let path = |file: &str| format!("{folder}/{file}");
        complaints(&House::of(&[
            (&path("Cargo.toml"), &format!("{GOOD}{dependencies}")),
            (&path("README.md"), "# x\n"),
            (&path("src/lib.rs"), DOCUMENTED),
            (&path("clippy.toml"), "bans"),
            ("images/blob/clippy.toml", "bans"),
        ]))
    }

    #[test]
    fn impure_dependencies_of_pure_rooms_are_named() {
        assert_eq!(found("pipeline/plan", "jiff.workspace = true\n"), [""; 0]);
        assert_eq!(
            found("pipeline/plan", "tokio.workspace = true\n"),
            ["`pipeline/plan` is pure and may not use `tokio`"]
        );
        assert_eq!(found("pipeline/worker", "tokio.workspace = true\n"), [""; 0]);
    }

    #[test]
    fn anyhow_stays_at_the_edge() {
        assert!(found("pipeline/worker", "anyhow = \"1\"\n")[0].starts_with("`pipeline/worker` may not use `anyhow`"));
        assert_eq!(found("pipeline/cli", "anyhow = \"1\"\n"), [""; 0]);
    }

    #[test]
    fn missing_lines_and_files_are_named() {
        let house = House::of(&[("images/oci/Cargo.toml", "[package]\nname = \"oci\"\n")]);
        let wanted = [
            "`images/oci/Cargo.toml` lacks `publish.workspace = true`",
            "`images/oci/Cargo.toml` lacks `[lints] workspace = true`",
            "`images/oci` has no README.md",
            "`images/oci` is pure and has no clippy.toml with bans",
        ];
        assert_eq!(complaints(&house), wanted);
        let house = House::of(&[("tests/Cargo.toml", GOOD), ("tests/README.md", ""), ("tests/src/lib.rs", "//! x\n")]);
        assert_eq!(complaints(&house), ["`tests` does not include its README.md as documentation"]);
    }

    #[test]
    fn pure_rooms_have_the_same_bans() {
        let house = House::of(&[
            ("images/oci/Cargo.toml", GOOD),
            ("images/oci/README.md", ""),
            ("images/oci/src/lib.rs", DOCUMENTED),
            ("images/oci/clippy.toml", "fewer"),
            ("images/blob/clippy.toml", "bans"),
        ]);
        assert_eq!(complaints(&house), ["`images/oci/clippy.toml` is another one than `images/blob/clippy.toml`"]);
    }
}
