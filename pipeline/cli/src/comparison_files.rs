//! Writes the files that differ for people: what became of each, in a few words.
//!
//! In: the file changes of a comparison. Out: a table of at most [`MOST_ROWS`] rows; JSON has all.

use std::collections::{BTreeMap, BTreeSet};

use crate::comparison::{Change, FileChange};
use crate::layer_entries::EntryKind;
use crate::layer_files::FileFact;
use crate::output::{Table, bytes};
use crate::shown::shown;

/// How many rows the table has at most.
const MOST_ROWS: usize = 200;

/// Changes that look the same are one row, though their digests differ from platform to platform.
pub(crate) fn files(files: &[Change<FileChange>]) -> Table {
    let mut rows: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
    for it in files {
        rows.entry((&it.name, describe(&it.what))).or_default().extend(it.platforms.iter().map(String::as_str));
    }
    let mut table = Table::new(["FILE", "CHANGE", "PLATFORMS"]);
    let more = rows.len().saturating_sub(MOST_ROWS);
    for ((path, change), platforms) in rows.into_iter().take(MOST_ROWS) {
        table.row([shown(path), shown(&change), platforms.into_iter().collect::<Vec<_>>().join(" ")]);
    }
    if more > 0 {
        table.row([format!("… and {more} more: see --format json"), String::new(), String::new()]);
    }
    table
}

fn describe(change: &FileChange) -> String {
    match change {
        FileChange::Added { to } => format!("added: {}", about(to)),
        FileChange::Removed { from } => format!("removed: {}", about(from)),
        FileChange::Changed { from, to } => {
            let mut parts = Vec::new();
            if from.kind != to.kind {
                parts.push(format!("{} → {}", about(from), about(to)));
            } else if from.target != to.target {
                parts.push(format!("{} → {}", target(from), target(to)));
            } else if from.digest != to.digest {
                parts.push(content(from.size, to.size));
            }
            if from.mode != to.mode {
                parts.push(format!("mode {:04o} → {:04o}", from.mode, to.mode));
            }
            if (from.owner, from.group) != (to.owner, to.group) {
                parts.push(format!("owner {}:{} → {}:{}", from.owner, from.group, to.owner, to.group));
            }
            parts.join(", ")
        }
    }
}

fn about(fact: &FileFact) -> String {
    match fact.kind {
        EntryKind::File => bytes(fact.size),
        EntryKind::Directory => "folder".into(),
        EntryKind::Symlink => format!("link to {}", target(fact)),
        EntryKind::Hardlink => format!("hard link to {}", target(fact)),
        EntryKind::Special => "device or pipe".into(),
    }
}

fn target(fact: &FileFact) -> &str {
    fact.target.as_deref().unwrap_or_default()
}

fn content(from: u64, to: u64) -> String {
    if from == to { format!("other content, {}", bytes(to)) } else { format!("{} → {}", bytes(from), bytes(to)) }
}
