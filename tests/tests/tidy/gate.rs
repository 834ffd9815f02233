//! The gate runs every test, and the programs hold one TLS implementation.

use crate::house::House;

/// How a test is marked that does not run by itself; put together, so that this file has no such mark.
const MARK: &str = concat!("#[", "ignore");

/// A second TLS beside rustls.
const OTHER_TLS: [&str; 3] = ["openssl", "openssl-sys", "native-tls"];

/// Tests that nothing runs, and packages that bring a second TLS.
pub(crate) fn complaints(house: &House) -> Vec<String> {
    let mut complaints = ignored(house);
    complaints.extend(second_tls(house.get("Cargo.lock").unwrap_or_default()));
    complaints
}

/// `.ci/run` starts ignored tests with the switch for it, and by the name of their file or folder.
fn ignored(house: &House) -> Vec<String> {
    let gate = house.get(".ci/run").unwrap_or_default();
    let starts = |name: &str| {
        gate.lines().any(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            let all = words.contains(&"--ignored") || words.contains(&"--include-ignored");
            all && !line.trim_start().starts_with('#') && (words.contains(&name) || !words.contains(&"--test"))
        })
    };
    let marked = house.files(&[".rs"]).filter(|(_, text)| text.contains(MARK));
    let left_out = marked.filter(|(path, _)| !starts(target(path)));
    left_out.map(|(path, _)| format!("`{path}` has an ignored test that `.ci/run` does not run")).collect()
}

/// The name of the test that a file belongs to: `tests/tests/peers/main.rs` and `tests/tests/peers.rs` are `peers`.
fn target(path: &str) -> &str {
    let inside = path.rsplit_once("/tests/").map_or(path, |(_, inside)| inside);
    let first = inside.split('/').next().unwrap_or(inside);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// `ring` is listed where a package could use it in place of `aws-lc-rs`; who lists it alone really uses it.
fn second_tls(lock: &str) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in lock.split("[[package]]").skip(1) {
        let name = package.lines().find_map(|line| line.strip_prefix("name = ")).unwrap_or_default().trim_matches('"');
        if OTHER_TLS.contains(&name) {
            complaints.push(format!("`Cargo.lock` holds `{name}`: rustls is the one TLS"));
        }
        let lists = |dependency: &str| package.contains(&format!("\n \"{dependency}\""));
        if lists("ring") && !lists("aws-lc-rs") {
            complaints.push(format!("`{name}` uses `ring`: aws-lc-rs is the one provider of cryptography for TLS"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(gate: &str, path: &str) -> Vec<String> {
        let text = format!("//! x\n{MARK} = \"slow\"]\n#[test]\nfn x() {{}}\n");
        complaints(&House::of(&[(".ci/run", gate), (path, &text)]))
    }

    #[test]
    fn an_ignored_test_that_the_gate_does_not_start_is_named() {
        let wanted = ["`tests/tests/peers/main.rs` has an ignored test that `.ci/run` does not run"];
        assert_eq!(found("cargo test --workspace\n", "tests/tests/peers/main.rs"), wanted);
        assert_eq!(found("cargo test --test other -- --ignored\n", "tests/tests/peers/main.rs"), wanted);
        assert_eq!(found("# cargo test -- --ignored\n", "tests/tests/peers/main.rs"), wanted);
    }

    #[test]
    fn an_ignored_test_that_the_gate_starts_is_fine() {
        for gate in ["cargo test -p tests --test peers -- --ignored\n", "cargo test -- --include-ignored\n"] {
            assert_eq!(found(gate, "tests/tests/peers/main.rs"), [""; 0]);
            assert_eq!(found(gate, "tests/tests/peers.rs"), [""; 0]);
        }
    }

    #[test]
    fn a_second_tls_is_named() {
        let lock = "[[package]]\nname = \"native-tls\"\n\n[[package]]\nname = \"quinn\"\ndependencies = [\n \"aws-lc-rs\",\n \
            \"ring\",\n]\n\n[[package]]\nname = \"odd\"\ndependencies = [\n \"ring\",\n]\n";
        let wanted = [
            "`Cargo.lock` holds `native-tls`: rustls is the one TLS",
            "`odd` uses `ring`: aws-lc-rs is the one provider of cryptography for TLS",
        ];
        assert_eq!(complaints(&House::of(&[("Cargo.lock", lock)])), wanted);
    }
}
