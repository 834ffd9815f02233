//! Writes a comparison for people: tables for a terminal, or Markdown for a pull request.
//!
//! In: a [`Comparison`]. Out: text. Names that came out of a layer are shown without control characters.

use std::collections::BTreeSet;

use crate::arguments::Format;
use crate::comparison::{Change, Comparison, SizeChange, ValueChange};
use crate::comparison_files::files;
use crate::output::{Table, bytes};
use crate::shown::shown;

/// The whole comparison.
pub(crate) fn text(comparison: &Comparison, format: Format) -> String {
    let mut text = heading(comparison, format);
    let sections = [
        ("Packages", packages(comparison)),
        ("Files", files(comparison.files.as_deref().unwrap_or_default())),
        ("Configuration", config(comparison.config.as_deref().unwrap_or_default())),
        ("Sizes", sizes(comparison)),
        ("Layers that differ", layers(comparison)),
    ];
    for (title, table) in sections.iter().filter(|(_, table)| !table.is_empty()) {
        text += &section(title, table, format);
    }
    text + "\n" + &summary(comparison) + "\n"
}

fn section(title: &str, table: &Table, format: Format) -> String {
    match format {
        Format::Md => format!("\n### {title}\n\n{}", table.to_markdown()),
        _ => format!("\n{title}\n{}", table.to_text()),
    }
}

fn heading(comparison: &Comparison, format: Format) -> String {
    let platforms = &comparison.platforms;
    let digest = |digest: &Option<blob::Digest>| digest.as_ref().map(|it| format!(" {it}")).unwrap_or_default();
    let mut lines = vec![
        format!("from {}{}", shown(&comparison.from.name), digest(&comparison.from.digest)),
        format!("to   {}{}", shown(&comparison.to.name), digest(&comparison.to.digest)),
    ];
    for (only, which) in [(&platforms.only_from, "from"), (&platforms.only_to, "to")] {
        if !only.is_empty() {
            lines.push(format!("only in `{which}`, not compared: {}", only.join(" ")));
        }
    }
    let line = |line: &String| if format == Format::Md { format!("- {line}\n") } else { format!("{line}\n") };
    lines.iter().map(line).collect()
}

fn packages(comparison: &Comparison) -> Table {
    let mut table = Table::new(["PACKAGE", "CHANGE", "PLATFORMS"]);
    for it in &comparison.packages {
        table.row([shown(&it.name), shown(&it.what.to_string()), it.platforms.join(" ")]);
    }
    table
}

fn config(changes: &[Change<ValueChange>]) -> Table {
    let mut table = Table::new(["VALUE", "FROM", "TO", "PLATFORMS"]);
    let value = |value: &Option<String>| value.as_deref().map_or_else(|| "–".into(), shown);
    for it in changes {
        table.row([shown(&it.name), value(&it.what.from), value(&it.what.to), it.platforms.join(" ")]);
    }
    table
}

fn sizes(comparison: &Comparison) -> Table {
    let mut table = Table::new(["PLATFORM", "COMPRESSED", "UNCOMPRESSED", "LAYERS SHARED"]);
    for (platform, it) in comparison.sizes.iter().flatten().filter(|(_, size)| differs(size)) {
        let shared = it.layers.iter().filter(|layer| layer.shared);
        let (count, sum) = shared.fold((0, 0), |(count, sum), layer| {
            (count + 1, sum + layer.to.as_ref().map_or(0, |layer| layer.compressed))
        });
        table.row([
            platform.clone(),
            moved(it.from.compressed, it.to.compressed),
            moved(it.from.uncompressed, it.to.uncompressed),
            format!("{count} of {}, {}", it.layers.iter().filter(|layer| layer.to.is_some()).count(), bytes(sum)),
        ]);
    }
    table
}

fn differs(size: &SizeChange) -> bool {
    size.layers.iter().any(|layer| !layer.shared)
}

fn layers(comparison: &Comparison) -> Table {
    let mut table = Table::new(["PLATFORM", "FROM", "TO"]);
    for (platform, size) in comparison.sizes.iter().flatten() {
        for pair in size.layers.iter().filter(|layer| !layer.shared) {
            let layer = |layer: &Option<crate::comparison::LayerFact>| match layer {
                Some(layer) => format!("sha256:{} {}", layer.digest.short(), bytes(layer.compressed)),
                None => "–".into(),
            };
            table.row([platform.clone(), layer(&pair.from), layer(&pair.to)]);
        }
    }
    table
}

/// From, to, and by how much.
fn moved(from: u64, to: u64) -> String {
    let sign = if to < from { '−' } else { '+' };
    format!("{} → {} ({sign}{})", bytes(from), bytes(to), bytes(from.abs_diff(to)))
}

fn summary(comparison: &Comparison) -> String {
    if !comparison.different {
        return "no difference".into();
    }
    let mut parts = vec![count(comparison.packages.len(), "package")];
    match (&comparison.files, &comparison.config) {
        (Some(files), Some(config)) => {
            let names: BTreeSet<&str> = files.iter().map(|file| file.name.as_str()).collect();
            parts.push(count(names.len(), "file"));
            parts.push(count(config.len(), "configuration value"));
        }
        _ => parts.push("files and configuration not compared, a lock has none".into()),
    }
    if comparison.definition_changed == Some(true) {
        parts.push("the definition changed".into());
    }
    parts.join(" · ")
}

fn count(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what} differs"),
        1 => format!("1 {what} differs"),
        _ => format!("{count} {what}s differ"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plan::VersionChange;

    use super::*;
    use crate::comparison::{FileChange, Named, Platforms};
    use crate::layer_entries::EntryKind;
    use crate::layer_files::FileFact;

    fn fact(size: u64, mode: u32) -> FileFact {
        let digest = Some(blob::Digest::of(size.to_string()));
        FileFact { kind: EntryKind::File, mode, owner: 0, group: 0, size, target: None, digest }
    }

    fn comparison() -> Comparison {
        let both = || vec!["linux/amd64".to_owned(), "linux/arm64".to_owned()];
        let named = |name: &str| Named { name: name.into(), digest: None };
        let file = |platform: &str, from, to| Change {
            name: "/usr/bin/\u{1b}[31mx".into(),
            what: FileChange::Changed { from, to },
            platforms: vec![platform.into()],
        };
        Comparison {
            schema: "bedplate.diff/v1",
            from: named("a"),
            to: named("b"),
            different: true,
            platforms: Platforms { both: both(), only_from: Vec::new(), only_to: vec!["linux/riscv64".into()] },
            definition_changed: None,
            packages: vec![Change {
                name: "libc6".into(),
                what: VersionChange::Changed { from: "1".into(), to: "2".into() },
                platforms: both(),
            }],
            files: Some(vec![
                file("linux/amd64", fact(1000, 0o755), fact(2000, 0o755)),
                file("linux/arm64", fact(1001, 0o755), fact(2001, 0o755)),
                file("linux/s390x", fact(5, 0o755), FileFact { owner: 65532, ..fact(5, 0o4755) }),
            ]),
            config: Some(vec![Change {
                name: "env A".into(),
                what: ValueChange { from: None, to: Some("x|y\n".into()) },
                platforms: both(),
            }]),
            sizes: Some(BTreeMap::new()),
        }
    }

    #[test]
    fn reads_as_a_person_would_say_it() {
        let expected = r"from a
to   b
only in `to`, not compared: linux/riscv64

Packages
  PACKAGE  CHANGE  PLATFORMS
  libc6    1 → 2   linux/amd64 linux/arm64

Files
  FILE                   CHANGE                                    PLATFORMS
  /usr/bin/\u{1b}[31mx  1.0 kB → 2.0 kB                           linux/amd64 linux/arm64
  /usr/bin/\u{1b}[31mx  mode 0755 → 4755, owner 0:0 → 65532:0  linux/s390x

Configuration
  VALUE  FROM  TO     PLATFORMS
  env A  –     x|y\n  linux/amd64 linux/arm64

1 package differs · 1 file differs · 1 configuration value differs
";
        assert_eq!(
            text(&comparison(), Format::Table).split_whitespace().collect::<Vec<_>>(),
            expected.split_whitespace().collect::<Vec<_>>()
        );
    }

    #[test]
    fn markdown_has_a_table_a_section() {
        let text = text(&comparison(), Format::Md);
        assert!(
            text.contains("### Packages\n\n| PACKAGE | CHANGE | PLATFORMS |\n| --- | --- | --- |\n| libc6 | 1 → 2 |"),
            "{text}"
        );
        assert!(text.contains("| env A | – | x\\|y\\n |"), "{text}");
    }

    #[test]
    fn stops_after_many_rows_and_says_so() {
        let mut many = comparison();
        let add = |count: usize| Change {
            name: format!("/f{count:04}"),
            what: FileChange::Added { to: fact(1, 0o644) },
            platforms: vec!["linux/amd64".into()],
        };
        many.files = Some((0..250).map(add).collect());
        let text = text(&many, Format::Table);
        assert!(text.contains("… and 50 more: see --format json") && text.contains("250 files differ"), "{text}");
    }

    #[test]
    fn says_that_nothing_differs() {
        let mut same = comparison();
        (same.different, same.packages, same.files, same.config) = (false, Vec::new(), None, None);
        assert!(text(&same, Format::Table).ends_with("\nno difference\n"));
    }
}
