//! Results on standard output: a table for people, JSON for programs, Markdown for pull requests.

use std::io::{self, Write};

use serde::Serialize;

use crate::arguments::Format;
use crate::progress_bars::around;

/// Rows under headings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new<H: Into<String>>(headings: impl IntoIterator<Item = H>) -> Self {
        Self { headings: headings.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// Adds a row; it should have as many cells as there are headings.
    pub(crate) fn row<C: Into<String>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Whether there is no row.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table with aligned columns.
    pub(crate) fn to_text(&self) -> String {
        let all: Vec<&Vec<String>> = std::iter::once(&self.headings).chain(&self.rows).collect();
        let widths: Vec<usize> = (0..self.headings.len())
            .map(|column| all.iter().filter_map(|row| row.get(column)).map(|cell| width(cell)).max().unwrap_or(0))
            .collect();
        let line = |row: &&Vec<String>| {
            let cells =
                row.iter().zip(&widths).map(|(cell, width_)| format!("{cell}{}", " ".repeat(width_ - width(cell))));
            format!("  {}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
        };
        all.iter().map(line).collect()
    }

    /// The table in Markdown.
    pub(crate) fn to_markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = format!("|{}\n", " --- |".repeat(self.headings.len()));
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        format!("{}{rule}{rows}", line(&self.headings))
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// Prints `value` as JSON, or `table` in the form asked for.
pub(crate) fn print(format: Format, table: &Table, value: &impl Serialize) -> anyhow::Result<()> {
    match format {
        Format::Table => print_text(&table.to_text()),
        Format::Md => print_text(&table.to_markdown()),
        _ => print_text(&(serde_json::to_string_pretty(value)? + "\n")),
    }
}

/// Prints text; a reader that went away (`| head`) is no error.
pub(crate) fn print_text(text: &str) -> anyhow::Result<()> {
    match around(|| io::stdout().write_all(text.as_bytes())) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says lines on standard error, around whatever moves there.
pub(crate) fn say_on_stderr(lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    // There is nobody to tell where standard error is closed.
    let _ = around(|| io::stderr().write_all(text.as_bytes()));
}

/// Bytes as people read them, in units of 1000.
pub(crate) fn bytes(count: u64) -> String {
    let tenths = |unit: u64| format!("{}.{}", count / unit, count % unit * 10 / unit);
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{} kB", tenths(1_000)),
        1_000_000..1_000_000_000 => format!("{} MB", tenths(1_000_000)),
        _ => format!("{} GB", tenths(1_000_000_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aligns_columns_by_characters() {
        let mut table = Table::new(["a", "b"]);
        table.row(["3.1 → 3.2", "x"]);
        table.row(["1", "y|z"]);
        assert_eq!(table.to_text(), "  a          b\n  3.1 → 3.2  x\n  1          y|z\n");
        assert_eq!(table.to_markdown(), "| a | b |\n| --- | --- |\n| 3.1 → 3.2 | x |\n| 1 | y\\|z |\n");
    }

    #[test]
    fn writes_sizes_for_people() {
        assert_eq!(
            (bytes(999).as_str(), bytes(1_540).as_str(), bytes(14_100_000).as_str()),
            ("999 B", "1.5 kB", "14.1 MB")
        );
    }
}
