//! How fast is scanning? Loading, matching, and following real changes, beside CPython and debsecan in the same run.
//!
//! `BEDPLATE_TRACKER=FILE cargo bench -p tests --bench scan [loading] [matching] [replay]`, where the file is the tracker's JSON, plain or zstd;
//! without it one of its size is composed. What a line is compared to stands above it; a peer that is not here is `not run`. `debsecan` is
//! taken from the search path, or from `BEDPLATE_DEBSECAN`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may stop, and prints")]

#[path = "../../../pipeline/scan/tests/history/data.rs"]
mod data;
mod debsecan;
mod installed;
mod loading;
mod matching;
mod python;
mod replay;

use std::time::{Duration, Instant};

fn main() {
    let chosen: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with('-')).collect();
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|it| it == name);
    println!("{:<66} {:>10} {:>8}", "what", "", "ratio");
    let bytes = loading::tracker_file();
    if is_chosen("loading") {
        loading::measure(&bytes);
    }
    if is_chosen("matching") {
        matching::measure(&bytes);
    }
    if is_chosen("replay") {
        replay::measure();
    }
}

/// Lets the kernel count the peak anew. What is in memory now.
pub(crate) fn begin_peak() -> usize {
    // Where that is not allowed, the peak is that of the whole process: larger, never smaller.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    memory("VmRSS:")
}

/// A line of `/proc/self/status`, in bytes.
pub(crate) fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<usize>().ok()).unwrap_or(0) * 1024
}

/// In megabytes.
#[expect(clippy::cast_precision_loss, reason = "sizes to print")]
pub(crate) fn mega(bytes: usize) -> f64 {
    bytes as f64 / 1e6
}

/// A line of the table.
pub(crate) fn row(what: &str, took: Duration, ratio: Option<f64>) {
    let ratio = ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default();
    println!("{what:<66} {:>7.1} ms {ratio:>8}", took.as_secs_f64() * 1e3);
}

/// The shortest of so many runs.
pub(crate) fn least(runs: usize, mut work: impl FnMut()) -> Duration {
    let mut once = || {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..runs).map(|_| once()).min().unwrap()
}
