//! dpkg itself and its Perl library order versions as ours does: real ones, their neighbours, and composed ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use debian::Version;
use serde_json::Value;

/// Pairs that dpkg itself is asked about, a process each.
const BY_DPKG: usize = 10_000;
/// Pairs that its library is asked about.
const BY_LIBRARY: usize = 100_000;
const STATE: &[u8] = include_bytes!("../../../pipeline/scan/tests/history/state-2024-10-01.json.zst");
/// What distinguishes versions of one source, and what makes comparing hard.
const PIECES: [&str; 24] = [
    "~",
    "~~",
    "~rc1",
    "~deb13u1",
    "~bpo12+1",
    "+",
    "+b1",
    "+b10",
    "+deb12u2",
    "+really1.2",
    "+dfsg",
    "+git20240101",
    ".",
    "..",
    ".0",
    "00",
    "1",
    "10",
    "99999999999999999999",
    "a",
    "Z",
    "-0",
    "-1",
    "-1.1",
];
/// Each line: two versions and our order of them.
const DPKG: &str = r#"while read -r one operator other; do
    dpkg --compare-versions "$one" "$operator" "$other" || echo "$one $operator $other"
done"#;
const LIBRARY: &str = r#"use Dpkg::Version; my %sign = ("lt" => -1, "eq" => 0, "gt" => 1);
while (<STDIN>) { chomp; my ($one, $operator, $other) = split / /;
    my $order = version_compare($one, $other);
    print "$_\n" unless $order == $sign{$operator}; }"#;

#[test]
#[ignore = "needs dpkg and its Perl library: .ci/run has them"]
fn dpkg_orders_versions_as_we_do() {
    let pairs = pairs(BY_LIBRARY);
    let told: Vec<String> = pairs.iter().map(|(one, other)| line(one, other)).collect();
    let equal = told.iter().filter(|line| line.contains(" eq ")).count();
    assert!(equal > 500 && equal < told.len() / 2, "{equal} of {} are equal: the pairs do not ask much", told.len());
    let disputed = ask(Command::new("perl").args(["-e", LIBRARY]), &told);
    assert_eq!(disputed, "", "dpkg's library denies these");
    let step = told.len() / BY_DPKG;
    let some: Vec<String> = told.into_iter().step_by(step).collect();
    assert!(some.len() >= BY_DPKG);
    assert_eq!(ask(Command::new("sh").args(["-c", DPKG]), &some), "", "dpkg denies these");
    eprintln!("versions {} pairs by dpkg, {BY_LIBRARY} by its library, {equal} of those equal", some.len());
}

fn line(one: &Version, other: &Version) -> String {
    let operator = match one.cmp(other) {
        std::cmp::Ordering::Less => "lt",
        std::cmp::Ordering::Equal => "eq",
        std::cmp::Ordering::Greater => "gt",
    };
    format!("{one} {operator} {other}")
}

/// What it prints for these lines.
fn ask(command: &mut Command, lines: &[String]) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    for line in lines {
        writeln!(text, "{line}").unwrap();
    }
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A third are two real versions of one source, a third a real one and what was made of it, a third two that were made.
fn pairs(count: usize) -> Vec<(Version, Version)> {
    let real = real();
    let sources: Vec<&Vec<String>> = real.values().filter(|it| it.len() > 1).collect();
    let mut random = fastrand::Rng::with_seed(6);
    let mut pairs = Vec::new();
    while pairs.len() < count {
        let versions = sources[random.usize(..sources.len())];
        let one = &versions[random.usize(..versions.len())];
        let pair = match pairs.len() % 3 {
            0 => (one.clone(), versions[random.usize(..versions.len())].clone()),
            1 => (one.clone(), changed(one, &mut random)),
            _ => (changed(one, &mut random), changed(one, &mut random)),
        };
        // What is no version to us is no version to dpkg either: its own test says so.
        if let (Ok(one), Ok(other)) = (pair.0.parse(), pair.1.parse()) {
            pairs.push((one, other));
        }
    }
    pairs
}

/// Another version near this one.
fn changed(version: &str, random: &mut fastrand::Rng) -> String {
    let mut text = version.to_owned();
    for _ in 0..random.usize(1..3) {
        let at = random.usize(..=text.len());
        match random.u8(..5) {
            0 if text.len() > 2 => {
                text.remove(at.min(text.len() - 1));
            }
            1 => text.push_str(PIECES[random.usize(..PIECES.len())]),
            2 if !text.contains(':') => text.insert_str(0, ["0:", "00:", "1:", "2147483647:"][random.usize(..4)]),
            _ => text.insert_str(at, PIECES[random.usize(..PIECES.len())]),
        }
    }
    text
}

/// Fixed versions of Debian's tracker, and what is installed here, by source.
fn real() -> BTreeMap<String, Vec<String>> {
    let state: Value = serde_json::from_slice(&zstd::decode_all(STATE).unwrap()).unwrap();
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in state["rows"].as_array().unwrap() {
        if let (Some(source), Some(version)) = (row[1].as_str(), row[3].as_str()) {
            all.entry(source.to_owned()).or_default().insert(version.to_owned());
        }
    }
    let here = crate::run("dpkg-query", &["-W", "-f", "${source:Package} ${Version} ${source:Version}\n"]);
    for line in here.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        all.entry(words[0].to_owned()).or_default().extend(words[1..].iter().map(|it| (*it).to_owned()));
    }
    all.into_iter().map(|(source, versions)| (source, versions.into_iter().collect())).collect()
}
