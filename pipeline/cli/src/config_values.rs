//! An image's configuration as names and values, so that two of them can be compared line by line.
//!
//! In: an [`ImageConfig`]. Out: `env PATH`, `entrypoint`, `user`, `label …` with their values; what is not set is not there.

use std::collections::{BTreeMap, BTreeSet};

use oci::ImageConfig;

/// Every value that says how a container starts or what the image says about itself.
pub(crate) fn config_values(config: &ImageConfig) -> BTreeMap<String, String> {
    let execution = &config.config;
    let mut values = BTreeMap::new();
    let mut add = |name: String, value: String| {
        if !value.is_empty() {
            values.insert(name, value);
        }
    };
    add("user".into(), execution.user.clone());
    add("working-dir".into(), execution.working_dir.clone());
    add("stop-signal".into(), execution.stop_signal.clone());
    add("entrypoint".into(), words(&execution.entrypoint));
    add("cmd".into(), words(&execution.cmd));
    add("exposed-ports".into(), set(&execution.exposed_ports));
    add("volumes".into(), set(&execution.volumes));
    for line in &execution.env {
        let (name, value) = line.split_once('=').unwrap_or((line, ""));
        add(format!("env {name}"), if value.is_empty() { "\"\"".into() } else { value.to_owned() });
    }
    for (name, value) in &execution.labels {
        add(format!("label {name}"), if value.is_empty() { "\"\"".into() } else { value.clone() });
    }
    values
}

/// As in a Dockerfile: so blanks inside a word show.
fn words(words: &[String]) -> String {
    if words.is_empty() { String::new() } else { serde_json::to_string(words).unwrap_or_default() }
}

fn set(set: &BTreeSet<String>) -> String {
    set.iter().cloned().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use oci::Platform;

    use super::*;

    #[test]
    fn names_what_is_set_and_nothing_else() {
        let mut config = ImageConfig::new(Platform::linux("amd64"), Vec::new());
        config.config.env = vec!["PATH=/usr/bin".into(), "EMPTY=".into()];
        config.config.entrypoint = vec!["/usr/bin/python3".into(), "-c".into()];
        config.config.labels.insert("a".into(), "b".into());
        let lines: Vec<String> =
            config_values(&config).iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let expected =
            [r#"entrypoint: ["/usr/bin/python3","-c"]"#, r#"env EMPTY: """#, "env PATH: /usr/bin", "label a: b"];
        assert_eq!(lines, expected);
    }
}
